import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { fromPackage } from '../../server/package-root.js'
import { readSubmission, type SubmissionRefused } from '../../server/trial/submission.js'
import { type Packed, tar, zip } from './archives.js'

let lab: Lab
let scratch: string

beforeAll(async () => {
  lab = await loadLab(fromPackage('test/trial/exam'))
})
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-archive-'))
  return () => rmSync(scratch, { recursive: true, force: true })
})

const handIn = (bytes: Buffer, name = 'work') => {
  writeFileSync(join(scratch, name), bytes)
  return readSubmission(join(scratch, name), lab)
}

const work = [
  { name: 'README.pdf', text: Buffer.alloc(300_000, 7) },
  { name: 'web/10-node1.sh', text: 'docker ps\r\n' },
  { name: 'network/node1.sh', text: 'true\n' },
  { name: '.git/config', text: 'x' },
]
const inFolder = work.map((file) => ({ ...file, name: `ada lovelace/${file.name}` }))
const read = {
  parts: [
    { step: 'network', scripts: [{ file: 'network/node1.sh', host: 'node1', text: 'true\n' }] },
    { step: 'web', scripts: [{ file: 'web/10-node1.sh', host: 'node1', text: 'docker ps\n' }] },
  ],
  answers: {},
  notes: [{ en: 'README.pdf: is no script, and was left out' }],
}

describe('An archive', () => {
  it.each<[string, () => Buffer | Promise<Buffer>]>([
    ['zip', () => zip(work)],
    ['zip, without packing', () => zip(work.map((file) => ({ ...file, method: 0 })))],
    ['zip of a folder', () => zip(inFolder)],
    [
      'zip of a folder, with what Finder puts beside it',
      () => zip([{ name: 'ada lovelace/', mode: 0o040755 }, ...inFolder, { name: '__MACOSX/ada/._x', text: 'x' }]),
    ],
    ['tar.gz', () => tar(work)],
    ['tar', () => tar(work, false)],
    ['tar.gz of a folder', () => tar([{ name: './', type: 'directory' }, ...inFolder])],
    ['tar.gz whose names begin with a dot', () => tar(work.map((file) => ({ ...file, name: `./${file.name}` })))],
  ])('is read as the folder that was packed: %s', async (_, make) => {
    expect(await handIn(await make())).toMatchObject(read)
    expect(readdirSync(scratch)).toEqual(['work'])
  })

  it('that has the folder of one step keeps it', async () => {
    const { parts } = await handIn(zip([{ name: 'web/node1.sh', text: 'true' }]))
    expect(parts).toMatchObject([{ step: 'web', scripts: [{ file: 'web/node1.sh' }] }])
  })

  const one = (file: Packed) => zip([{ name: 'node1.sh', text: 'true' }, file])
  const many = Array.from({ length: 1001 }, (_, n) => ({ name: `${n}.txt` }))
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)
  const zeros = Buffer.alloc(70 * 1024 ** 2)

  it.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
    ['a name that leads out, zip', () => one({ name: '../../etc/cron.d/x' }), /^x: has a name that leads out/],
    ['a name that leads out in its middle, zip', () => one({ name: 'a/../../x' }), /leads out/],
    ['an absolute name, zip', () => one({ name: '/etc/passwd' }), /leads out/],
    ['backslashes, zip', () => one({ name: '..\\..\\x' }), /leads out/],
    ['a name that leads out, tar', () => tar([{ name: '../x', text: 'x' }]), /leads out/],
    ['an absolute name, tar', () => tar([{ name: '/x', text: 'x' }]), /leads out/],
    ['folders without end', () => one({ name: `${'a/'.repeat(30)}x` }), /leads out of the archive, or is too long/],
    ['a link, zip', () => one({ name: 'node2.sh', text: '/etc/shadow', mode: 0o120777 }), /node2\.sh: is a link/],
    ['a link, tar', () => tar([{ name: 'node1.sh', type: 'symlink', linkname: '/etc/shadow' }]), /is a link/],
    ['a hard link, tar', () => tar([{ name: 'node1.sh', type: 'link', linkname: '/etc/shadow' }]), /is a link/],
    ['a device', () => tar([{ name: 'node1.sh', type: 'block-device' }]), /neither a file nor a folder/],
    ['a pipe, zip', () => one({ name: 'node2.sh', mode: 0o010644 }), /neither a file nor a folder/],
    [
      'a file that is there twice',
      () => one({ name: 'node1.sh', text: 'false' }),
      /node1\.sh: is in the archive twice/,
    ],
    ['a file that is a folder as well', () => one({ name: 'node1.sh/x', text: 'x' }), /twice/],
    ['a password', () => one({ name: 'x', flags: 0x801 }), /is encrypted/],
    ['too many files, zip', () => zip(many), /has more than 1000 files/],
    ['too many files, tar', () => tar(many), /has more than 1000 files/],
    ['a bomb, zip', () => zip([{ name: 'x', text: zeros }]), /has more than 64 MiB in it/],
    [
      'a bomb in parts',
      () => zip(['a', 'b', 'c'].map((name) => ({ name, text: zeros.subarray(0, 30 * 1024 ** 2) }))),
      /more than 64/,
    ],
    ['a bomb, tar', () => tar([{ name: 'x', text: zeros }]), /has more than 64 MiB in it/],
    ['a bomb of heads alone', () => gzipSync(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), zeros])), /./],
    ['a lie about its length', () => zip([{ name: 'x', text: 'x'.repeat(5000), bytes: 10 }]), /is no whole archive/],
    ['half of it, zip', () => half(zip(work)), /is no whole archive/],
    ['half of it, tar.gz', async () => half(await tar(work)), /is no whole archive/],
    ['100 MB', () => Buffer.concat([zip([]), Buffer.alloc(100 * 1024 ** 2)]), /is larger than 16 MiB/],
    ['a packer that is not read', () => Buffer.from('Rar!\x1a\x07'), /Hand in a zip or a tar\.gz/],
    ['nothing', () => zip([]), /is a folder without a script/],
    ['a script that is too long', () => one({ name: 'laptop.sh', text: '#'.repeat(102_401) }), /has 102401 bytes/],
  ])('is refused in one line with %s', async (_, make, said) => {
    const error = (await handIn(await make()).then(
      () => undefined,
      (refused: unknown) => refused,
    )) as SubmissionRefused
    expect(error?.code).toBe('submission.invalid')
    expect(error.said.en).toMatch(said)
    expect(error.said.zh).toMatch(/\p{Script=Han}/u)
    expect(error.message).not.toContain('\n')
    expect(readdirSync(scratch)).toEqual(['work'])
  })

  it('has no name that turns a message around', async () => {
    await expect(handIn(one({ name: '../\u202egnp\n\u001b[2Jx' }))).rejects.toMatchObject({
      message: expect.not.stringMatching(/[\u202e\n\u001b]/),
    })
  })
})

it('a folder with too many files, or with a link for a script, is refused', async () => {
  for (let n = 0; n <= 1000; n++) writeFileSync(join(scratch, `${n}.txt`), '')
  await expect(readSubmission(scratch, lab)).rejects.toMatchObject({ what: 'has more than 1000 files in it' })
  rmSync(scratch, { recursive: true })
  scratch = mkdtempSync(join(tmpdir(), 'vethlab-archive-'))
  symlinkSync('/etc/passwd', join(scratch, 'node1.sh'))
  await expect(readSubmission(scratch, lab)).rejects.toMatchObject({ what: 'is no regular file' })
})
