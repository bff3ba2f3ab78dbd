import { spawn } from 'node:child_process'
import { closeSync, constants, fstatSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { VethlabError } from '../../error/vethlab-error.js'
import { openBeneath } from '../../kernel/system-calls.js'
import { oneLine } from '../../wording/one-line.js'
import { machinePath } from '../command.js'
import { execInHost } from '../exec.js'
import { inBuilder } from '../golden/bake-disk.js'
import type { HostGround } from '../host/host.js'
import type { HostBase } from './pack-record.js'
import { refused } from './pack-set.js'
import { invalid, largestSourceBytes, tooLarge } from './source-files.js'

const buildMs = 900_000
const built = 'root/built.tar'

/**
 * Builds a folder's Dockerfile in a host of its own, which has no network: what the file runs is nobody's on the machine. FROM is one of
 * the images that hosts have.
 * @param target a file that is made: an archive of the image, of which whoever could escape the build made what he likes
 * @throws VethlabError image.failed, image.invalid, image.too-large, host.*
 */
export async function buildFolder(
  ground: HostGround,
  base: HostBase,
  folder: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await inBuilder(ground, base, async (builder) => {
    const name = 'vethlab-built'
    const context = spawn('tar', ['--create', '--one-file-system', '--directory', folder, '.'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: machinePath, LC_ALL: 'C.UTF-8' },
    })
    try {
      const result = await execInHost(ground, builder, ['docker', 'build', '--force-rm', '--tag', name, '-'], {
        stdin: context.stdout,
        timeoutMs: buildMs,
        env: { DOCKER_BUILDKIT: '0' },
        signal,
      })
      signal.throwIfAborted()
      if (result.failed) throw whyNotBuilt(folder, result.timedOut ? 'no end in time' : result.stderr || result.stdout)
    } finally {
      context.stdout.destroy()
      context.kill('SIGKILL')
    }
    const saved = await execInHost(ground, builder, ['docker', 'save', '--output', `/${built}`, name], {
      timeoutMs: buildMs,
      signal,
    })
    signal.throwIfAborted()
    if (saved.failed) throw refused(folder, saved.stderr)
    // From here on nothing runs that could change what is read.
    await builder.shutDown()
    await copyOut(folder, builder.disk.upper, target)
  })
}

async function copyOut(folder: string, layer: string, target: string): Promise<void> {
  const file = openBeneath(layer, built)
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw invalid(folder, 'left no archive of what was built', 'Look what its RUN lines do.')
    if (found.size > largestSourceBytes) throw tooLarge(folder, `${Math.ceil(found.size / 1024 ** 2)} MiB`)
    await copyFile(`/proc/self/fd/${file}`, target, constants.COPYFILE_FICLONE)
  } finally {
    closeSync(file)
  }
}

function whyNotBuilt(folder: string, said: string): VethlabError {
  if (!/proxyconnect|registry-1\.docker\.io|dial tcp/.test(said)) return refused(folder, said)
  return new VethlabError('image.failed', `the Dockerfile needs what is not here: ${oneLine(lastLine(said), 300)}`, {
    place: oneLine(folder, 200),
    cure: 'It is built without the internet: begin it FROM one of `vethlab images list`, or add that one first.',
  })
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1) ?? ''
}
