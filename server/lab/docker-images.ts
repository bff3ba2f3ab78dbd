import { parse } from 'shell-quote'
import { isAmong } from '../check/image.js'

/** Options of `docker run` that take no value; all others do (docker-run(1)). */
const flags = new Set([
  ...['--detach', '--init', '--interactive', '--no-healthcheck', '--oom-kill-disable', '--privileged', '--publish-all'],
  ...['--quiet', '--read-only', '--rm', '--sig-proxy', '--tty', '--disable-content-trust', '--no-resolve-image'],
])
const shortFlags = /^-[dPitq]+$/

/** The words of a shell text; none of a text that a shell refuses too, such as `${{x}}`. */
function wordsOf(text: string): ReturnType<typeof parse> {
  try {
    return parse(text, (name) => `$${name}`)
  } catch {
    return []
  }
}

/** Images that the `docker run`, `docker create` and `docker service create` of a shell text name. */
export function imagesIn(text: string): string[] {
  // Continued lines are one command; the end of a line ends it, which the parser does not see.
  const joined = text.replace(/\\\n/g, ' ').replace(/\n/g, ' ;\n')
  const images: string[] = []
  let words: string[] = []
  const end = () => {
    const image = imageOf(words)
    if (image !== undefined) images.push(image)
    words = []
  }
  for (const token of wordsOf(joined)) {
    if (typeof token === 'string') words.push(token)
    else if ('op' in token && token.op !== 'glob') end()
    else if ('pattern' in token) words.push(token.pattern)
  }
  end()
  // What a variable holds, only the shell knows.
  return images.filter((image) => !/[$`*]/.test(image))
}

/**
 * Whether a shell text makes an image of that name itself: builds, tags, commits or imports it. One that loads an archive may make any.
 */
export function makesImage(text: string, image: string): boolean {
  const commands = text
    .replace(/\\\n/g, ' ')
    .matchAll(/\bdocker\s+(?:(?:image|buildx|container)\s+)?(build|tag|commit|import|load)\b([^\n;&|]*)/g)
  for (const [, verb, rest = ''] of commands) {
    if (verb === 'load') {
      // Not a word of a sentence.
      if (/^\s*(?:$|-|<)/.test(rest)) return true
      continue
    }
    const words = wordsOf(rest).filter((word) => typeof word === 'string')
    const named = words.flatMap(
      (word, n) => /^(?:-t|--tag=)(.+)$/.exec(word)?.[1] ?? (/^(?:-t|--tag)$/.test(words[n - 1] ?? '') ? word : []),
    )
    if (isAmong(verb === 'build' ? named : words.slice(-1), image)) return true
  }
  return false
}

function imageOf(words: string[]): string | undefined {
  const at = words.findIndex((word) => word === 'docker' || word.endsWith('$(docker') || word === '/usr/bin/docker')
  if (at < 0) return undefined
  const rest = words.slice(at + 1).filter((word, n) => !(n === 0 && word === 'container'))
  const makes = rest[0] === 'run' || rest[0] === 'create' || (rest[0] === 'service' && rest[1] === 'create')
  if (!makes) return undefined
  let n = rest[0] === 'service' ? 2 : 1
  while (n < rest.length && rest[n]!.startsWith('-')) {
    const option = rest[n]!
    const takesValue =
      !flags.has(option) &&
      !shortFlags.test(option) &&
      !option.includes('=') &&
      !/^-[a-zA-Z].+$/.test(option.replace(/^--.*/, ''))
    n += takesValue ? 2 : 1
  }
  return rest[n]
}
