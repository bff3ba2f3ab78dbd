import { cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packageRoot } from '../../dist/package-root.js'
import { runContained } from './tool.mjs'

/** What the guest needs of the project; terminals it opens none, so node-pty's binary need not fit its Node. */
const parts = [
  'package.json',
  'dist',
  'labs',
  'server/rack/eyes',
  'server/rack/golden/files',
  'test/stock-kernel/guest',
]

/** The project as it is now, with what it depends on, as a disk of the same layout. */
export async function makeProjectDisk(scratch, signal) {
  const tree = join(scratch, 'project')
  for (const part of [...parts, ...(await dependencies())]) {
    await mkdir(dirname(join(tree, part)), { recursive: true })
    await cp(join(packageRoot, part), join(tree, part), { recursive: true })
  }
  const disk = join(scratch, 'project.img')
  await runContained(['mkfs.ext4', '-q', '-O', '^has_journal', '-L', 'project', '-d', tree, disk, '512M'], {
    signal,
    timeoutMs: 60_000,
  })
  return disk
}

/** Directories of the packages that are no development's, as far as npm installed them for this machine. */
async function dependencies() {
  const installed = JSON.parse(await readFile(join(packageRoot, 'node_modules/.package-lock.json'), 'utf8'))
  return Object.entries(installed.packages)
    .filter(([path, { dev }]) => !dev && path !== 'node_modules/node-pty')
    .map(([path]) => path)
}
