import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { afterAll, describe, expect, it } from 'vitest'
import { archiveOf, imageArchitecture, imagesOf, mostLayers } from '../../../server/rack/images/image-archive.js'
import { archiveFiles, folderFiles } from '../../../server/rack/images/source-files.js'
import { configOf, dockerArchive, type Entry, layerOf, ociArchive, sha256, tarOf, write } from './made-archive.js'

const scratch = mkdtempSync(join(tmpdir(), 'vethlab-archives-'))
afterAll(() => rmSync(scratch, { recursive: true }))

const layers = [await layerOf('etc/one', 'one'), await layerOf('etc/two', 'two')]
const config = configOf(layers)
const good = dockerArchive(config, layers, ['docker.io/library/shop:1', 'shop:latest'])
let count = 0

function made(entries: readonly Entry[], options?: { gzip?: boolean }): Promise<string> {
  return write(join(scratch, `${count++}.tar`), entries, options)
}

async function read(entries: readonly Entry[], options?: { gzip?: boolean }) {
  return imagesOf(archiveFiles(await made(entries, options)))
}

/** Names and contents of an archive. */
async function contentsOf(archive: Readable): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  const entries = extract()
  archive.on('error', (error) => entries.destroy(error)).pipe(entries)
  for await (const entry of entries) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    found.set(entry.header.name, Buffer.concat(chunks))
  }
  return found
}

describe('an archive', () => {
  const image = {
    id: `sha256:${sha256(config)}`,
    names: ['shop:1', 'shop:latest'],
    layers: ['0/layer.tar', '1/layer.tar'],
  }

  it.each([false, true])('of docker save is read, packed by gzip: %s', async (gzip) => {
    expect(await read(good, { gzip })).toMatchObject([image])
  })

  it('of an older docker save has links between layers', async () => {
    const twice = [layers[0]!, layers[0]!]
    const entries = dockerArchive(configOf(twice), twice, ['shop:1'])
    entries[1] = { name: '1/layer.tar', type: 'symlink', linkname: '../0/layer.tar' }
    expect(await read(entries)).toMatchObject([{ layers: ['0/layer.tar', '0/layer.tar'] }])
  })

  it('of an OCI layout is read, by the name that it is called in full', async () => {
    const named = { 'org.opencontainers.image.ref.name': '1', 'io.containerd.image.name': 'docker.io/library/shop:1' }
    expect(await read(ociArchive(config, layers, named))).toMatchObject([{ id: image.id, names: ['shop:1'] }])
    expect(await read(ociArchive(config, layers, { 'org.opencontainers.image.ref.name': '1' }))).toMatchObject([
      { names: [] },
    ])
  })

  it('may be a folder', async () => {
    const folder = join(scratch, 'layout')
    for (const { name, content = '' } of ociArchive(config, layers, {})) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
    symlinkSync('/etc/passwd', join(folder, 'blobs/sha256/elsewhere'))
    expect(await imagesOf(folderFiles(folder, 'layout'))).toMatchObject([{ id: image.id }])
  })

  it('is given on with nothing in it but the image, in names of ours', async () => {
    const more: Entry[] = [...good, { name: 'repositories', content: '{}' }, { name: 'surplus', content: 'x' }]
    const source = archiveFiles(await made(more))
    const [found] = await imagesOf(source)
    const given = await contentsOf(archiveOf(source, found!))
    expect([...given.keys()].toSorted()).toEqual(['config.json', 'layer-0.tar', 'layer-1.tar', 'manifest.json'])
    expect(given.get('layer-1.tar')).toEqual(layers[1])
    expect(JSON.parse(given.get('manifest.json')!.toString())).toEqual([
      { Config: 'config.json', RepoTags: [], Layers: ['layer-0.tar', 'layer-1.tar'] },
    ])
  })

  it('that changes while it is read gives nothing on', async () => {
    const path = await made(good)
    const source = archiveFiles(path)
    const [found] = await imagesOf(source)
    writeFileSync(path, await tarOf(good.slice(1)))
    await expect(contentsOf(archiveOf(source, found!))).rejects.toMatchObject({
      code: 'image.invalid',
      what: 'has changed while it was read',
    })
  })
})

const many = Array.from({ length: mostLayers + 1 }, () => layers[0]!)
const link = (linkname: string): Entry[] => [...good, { name: 'a/link', type: 'symlink', linkname }]
const replaced = (name: string, content: string): Entry[] =>
  good.map((entry) => (entry.name === name ? { name, content } : entry))

describe('an archive is refused', () => {
  it.each<[string, readonly Entry[], string, RegExp]>([
    ['with a path up', [...good, { name: '../../etc/cron.d/x', content: 'x' }], 'image.invalid', /path that leads out/],
    [
      'with a path up in between',
      [...good, { name: 'a/../../x', content: '' }],
      'image.invalid',
      /path that leads out/,
    ],
    ['with a path of the machine', [...good, { name: '/etc/passwd', content: '' }], 'image.invalid', /leads out/],
    ['with a folder up', [...good, { name: '../x', type: 'directory' }], 'image.invalid', /leads out/],
    ['with a link of the machine', link('/etc/shadow'), 'image.invalid', /link that leads out/],
    ['with a link up', link('../../x'), 'image.invalid', /link that leads out/],
    ['with a hard link', [...good, { name: 'x', type: 'link', linkname: 'config.json' }], 'image.invalid', /is a link/],
    ['with a device', [...good, { name: 'x', type: 'block-device' }], 'image.invalid', /is a block-device/],
    ['with a pipe', [...good, { name: 'x', type: 'fifo' }], 'image.invalid', /is a fifo/],
    ['with a name twice', [...good, { name: 'config.json', content: config }], 'image.invalid', /in it twice/],
    ['without a manifest', good.slice(0, -1), 'image.invalid', /neither manifest\.json nor index\.json/],
    ['with another manifest', replaced('manifest.json', '{"a":1}'), 'image.invalid', /manifest\.json/],
    ['with no JSON', replaced('manifest.json', '[nonsense'), 'image.invalid', /manifest\.json/],
    ['with a layer that is not there', good.slice(1), 'image.invalid', /"0\/layer\.tar" that is not in it/],
    [
      'with a layer too few',
      dockerArchive(config, layers.slice(1), null),
      'image.invalid',
      /1 layers of an image of 2/,
    ],
    ['with a name that is none', dockerArchive(config, layers, ['../x']), 'image.invalid', /which is no name/],
    ['with too many layers', dockerArchive(configOf(many), many, null), 'image.too-large', /126 layers/],
    [
      'for another machine',
      dockerArchive(configOf(layers, { architecture: 's390x' }), layers, null),
      'image.invalid',
      new RegExp(`linux/s390x, and this machine is linux/${imageArchitecture}`),
    ],
    ['for Windows', dockerArchive(configOf(layers, { os: 'windows' }), layers, null), 'image.invalid', /windows/],
    [
      'with other content than its digest says',
      ociArchive(config, layers, {}).map((entry) =>
        entry.content === config ? { ...entry, content: `${config} ` } : entry,
      ),
      'image.invalid',
      /other content/,
    ],
  ])('%s', async (_what, entries, code, what) => {
    await expect(read(entries)).rejects.toMatchObject({ code, what: expect.stringMatching(what) })
  })

  it('that breaks off', async () => {
    const path = join(scratch, 'broken.tar')
    writeFileSync(path, (await tarOf(good)).subarray(0, 700))
    await expect(imagesOf(archiveFiles(path))).rejects.toMatchObject({ code: 'image.invalid' })
  })

  it('of another packer, with the command that unpacks it', async () => {
    const path = join(scratch, 'packed.tar')
    writeFileSync(path, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0]))
    await expect(imagesOf(archiveFiles(path))).rejects.toMatchObject({
      code: 'image.invalid',
      cure: expect.stringMatching(/zstd -d/),
    })
  })

  it('that is none', async () => {
    const path = join(scratch, 'text')
    writeFileSync(path, 'some text\n'.repeat(200))
    await expect(imagesOf(archiveFiles(path))).rejects.toMatchObject({ code: 'image.invalid' })
    await expect(imagesOf(archiveFiles(scratch))).rejects.toMatchObject({ code: 'image.unreadable' })
    await expect(imagesOf(archiveFiles('/dev/zero'))).rejects.toMatchObject({ code: 'image.unreadable' })
  })
})
