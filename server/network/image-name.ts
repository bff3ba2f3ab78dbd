/** Names of images, as Docker reads them (github.com/distribution/reference). */

export interface ImageName {
  /** Such as `docker.io`, `localhost:5000`. */
  registry: string
  /** Such as `library/alpine`. */
  repository: string
  tag?: string
  /** `sha256:` and 64 hexadecimal digits. */
  digest?: string
}

const longestName = 255
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const domain = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/

/** @returns undefined for what Docker would not take as a name */
export function parseImageName(text: string): ImageName | undefined {
  if (text.length > longestName) return undefined
  const [, named = '', tag, digest] = /^([^@]*?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text) ?? []
  const [first = '', ...rest] = named.split('/')
  const isRegistry = rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')
  if (isRegistry && !domain.test(first)) return undefined
  const path = isRegistry ? rest : [first, ...rest]
  if (!path.every((part) => component.test(part))) return undefined
  const registry = isRegistry ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io'
  const repository = registry === 'docker.io' && path.length === 1 ? `library/${path[0]}` : path.join('/')
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

/** As the Engine writes a name down: without Docker's own registry, and with a tag; a digest is left out. */
export function imageInFull(image: string): string {
  const short = image
    .replace(/@.*$/, '')
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
  return short.split('/').at(-1)!.includes(':') ? short : `${short}:latest`
}
