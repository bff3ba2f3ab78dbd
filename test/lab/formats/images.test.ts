import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Imported, importLab } from '../../../server/lab/formats/import-lab.js'
import { lintedLab } from '../../../server/lab/reading.js'
import { fromPackage } from '../../../server/package-root.js'
import { images, made } from './package.js'

/** The lab that becomes of a scenario with one page. */
async function imported(page: string, more: Record<string, string> = {}): Promise<Imported> {
  const index = {
    title: 'Images',
    description: 'Of them.',
    details: { steps: [{ text: 'a.md' }], ...JSON.parse(more.details ?? '{}') },
  }
  const { details: _, ...files } = more
  const folder = made({ 'index.json': JSON.stringify(index), 'a.md': page, ...files })
  return importLab(folder, mkdtempSync(join(tmpdir(), 'imported-')), { images })
}

const named = ({ folder }: Imported) =>
  (parse(readFileSync(join(folder, 'lab.yaml'), 'utf8')) as { images?: string[] }).images
const linted = async ({ folder }: Imported, added: string[]) =>
  (await lintedLab(folder, { images, bundled: fromPackage('labs'), added })).problems.map(({ what }) => what)
const block = (...commands: string[]) => `\`\`\`\n${commands.join('\n')}\n\`\`\`{{exec}}\n`

it('a lab names the images that its commands need and that do not come with vethlab', async () => {
  const lab = await imported(
    block(
      'docker run -d nginx',
      'docker run -d --name w wordpress',
      'docker run docker.io/library/wordpress:latest true',
      'docker create ghcr.io/x/y:2',
    ),
    { details: '{"intro": {"background": "bg.sh"}}', 'bg.sh': 'docker service create --name s shop/api\n' },
  )
  expect(named(lab)).toEqual(['wordpress', 'ghcr.io/x/y:2', 'shop/api'])
  expect(readFileSync(join(lab.folder, 'IMPORT.md'), 'utf8')).toContain(
    '- a.md:3: the image wordpress does not come with vethlab; the lab is opened once it is added: `vethlab images add wordpress`',
  )
  expect(await linted(lab, ['shop/api', 'wordpress'])).toEqual([
    'the lab needs the image "ghcr.io/x/y:2", which was not added on this machine',
  ])
  expect(await linted(lab, ['shop/api:latest', 'wordpress:latest', 'ghcr.io/x/y:2'])).toEqual([])
})

it('names none that it makes itself, none that is there, and nothing that is no name', async () => {
  const lab = await imported(
    block(
      'docker build --pull=false -t app \\',
      '  --build-arg X=1 /root/app',
      'docker tag nginx other/nginx:2 && docker commit w kept:1',
      'docker run app',
      'docker run other/nginx:2',
      'docker run kept:1',
      'docker run nginx:latest',
      'docker run "$image"',
      'docker run NoName',
      `docker run alpine@sha256:${'a'.repeat(64)}`,
    ),
  )
  expect(named(lab)).toBeUndefined()
  const said = lab.notes.map(({ what }) => what)
  expect(said).not.toContainEqual(expect.stringContaining('image app'))
  expect(said).toContainEqual(expect.stringContaining('the image NoName does not come with vethlab'))
  expect((await linted(lab, [])).filter((what) => /"(?:app|kept:1|other\/nginx:2|nginx:latest)"/.test(what))).toEqual(
    [],
  )
})

it('names as many as a lab may', async () => {
  const lab = await imported(block(...Array.from({ length: 60 }, (_, n) => `docker run image-${n}`)))
  expect(named(lab)).toHaveLength(50)
  expect(lab.notes.map(({ what }) => what)).toContain('only 50 of 60 images are named under `images` in lab.yaml')
  expect(await linted(lab, [])).not.toContainEqual(expect.stringMatching(/most|50 items/))
})
