import { familyOf, withInner } from '../check/checks.js'
import { isAmong } from '../check/image.js'
import { didYouMean } from '../error/schema-issue.js'
import { imagesIn, makesImage } from './docker-images.js'
import type { Lab, Say } from './lab.js'
import type { RunBlock } from './page.js'

/** Which images there are. */
export interface ImageGround {
  /** Names of the images that come with vethlab. */
  images: readonly string[]
  /** Names of those that were added on this machine; missing where that can't be known. */
  added?: readonly string[]
}

/** Images that commands and checks name and hosts do not have, and those that the lab says it needs and this machine has not. */
export function lintImages(
  lab: Lab,
  commands: { all: readonly { file: string; blocks: RunBlock[] }[]; text: string },
  { images, added }: ImageGround,
  say: Say,
): void {
  const untagged = images.filter((name) => !name.split('/').at(-1)!.includes(':'))
  /** What is wrong with naming it, if anything is. */
  const wrong = (image: string, what: string, all: readonly string[]): [what: string, cure: string] | undefined => {
    if (isAmong(images, image) || isAmong(lab.images, image)) return undefined
    if (added && isAmong(added, image)) {
      return [`the image "${image}" does not come with vethlab`, 'Name it under `images` in lab.yaml.']
    }
    return [what, `${didYouMean(image, images)}Images are: ${all.join(', ')}.`]
  }
  const inText = (file: string, line: number, image: string) => {
    const problem = wrong(image, `there is no image "${image}" in lab hosts`, untagged)
    if (problem && !makesImage(commands.text, image)) say(file, line, ...problem)
  }
  for (const { file, blocks } of commands.all) {
    for (const { text, line } of blocks) for (const image of imagesIn(text)) inText(file, line, image)
  }
  const setup = lab.setup ?? ''
  for (const image of imagesIn(setup)) inText('setup.sh', lineWith(setup, image), image)
  for (const step of lab.steps) {
    for (const [n, check] of step.checks.entries()) {
      const name = `check ${n + 1} (${check.family}) of step "${step.id}"`
      for (const image of withInner(check).flatMap((one) => familyOf(one).images?.(one.spec) ?? [])) {
        const problem = wrong(image, `names an image "${image}" that lab hosts do not have`, images)
        if (!problem || makesImage(commands.text, image)) continue
        say(
          'lab.yaml',
          step.checksAt[n]!,
          `${name}${problem[0].startsWith('names') ? '' : ':'} ${problem[0]}`,
          problem[1],
        )
      }
    }
  }
  for (const image of lab.images) {
    if (isAmong(images, image)) {
      say('lab.yaml', 1, `the image "${image}" comes with vethlab`, 'Take it from `images`.')
    } else if (added && !isAmong(added, image)) {
      const cure = `Add it: \`vethlab images add ${image}\`, or an archive of it.`
      say('lab.yaml', 1, `the lab needs the image "${image}", which was not added on this machine`, cure)
    }
  }
}

/** From 1, the first that has a word in it. */
function lineWith(text: string, word: string): number {
  return (
    Math.max(
      0,
      text.split('\n').findIndex((line) => line.split(/\s+/).includes(word)),
    ) + 1
  )
}
