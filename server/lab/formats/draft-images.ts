import { imageInFull } from '../../network/image-name.js'
import { makesImage } from '../docker-images.js'
import { mostImages } from '../lab-file.js'
import type { Draft, Note } from './draft.js'

/**
 * Which images a lab of this draft needs, by what its notes miss; those that the package makes itself, as by `docker build`, are none. Pure.
 * @returns images, each once; notes without those about images that it makes
 */
export function imagesOf(draft: Draft): { images: string[]; notes: Note[] } {
  const text = textOf(draft)
  const notes = draft.notes.filter(({ image }) => image === undefined || !makesImage(text, image))
  const images = new Map<string, string>()
  for (const { image } of notes)
    if (image !== undefined && !images.has(imageInFull(image))) images.set(imageInFull(image), image)
  if (images.size > mostImages) {
    const what = `only ${mostImages} of ${images.size} images are named under \`images\` in lab.yaml`
    notes.push({ kind: 'lost', file: '.', line: 0, what })
  }
  return { images: [...images.values()].slice(0, mostImages), notes }
}

/** All that may have commands in it. */
function textOf({ introduction, steps, finish, setup, files }: Draft): string {
  return [
    introduction,
    ...steps.flatMap(({ markdown, verify, solution }) => [
      markdown,
      verify?.text ?? '',
      ...solution.map(({ text }) => text),
    ]),
    finish,
    ...Object.values(setup),
    ...files.map(({ content }) => content.toString()),
  ].join('\n')
}
