import { readFile } from 'node:fs/promises'
import { imageInFull } from '../../network/image-name.js'

/** Names of the images that a host began with by their ids, as they were written down before it began: out of reach of any host. */
export class HostImages {
  private names: Promise<Map<string, string[]>> | undefined

  /** @param readNames ids, `sha256:` and 64 digits, with all names of each */
  constructor(private readonly readNames: () => Promise<ReadonlyMap<string, readonly string[]>>) {}

  /**
   * What an image is rightly called. A learner can give any image any name (`docker tag`), so the id decides: an image that
   * the host began with keeps the names it had, and another one that goes by such a name is called by its own id.
   * @param called as whoever made the container wrote it
   * @param id sha256:...
   * @throws Error where the names can't be read
   */
  async nameOf(called: string, id: string): Promise<string> {
    const names = await this.read()
    const right = names.get(id)
    if (right) return right.includes(imageInFull(called)) ? called : (right[0] ?? called)
    const taken = [...names.values()].flat().includes(imageInFull(called))
    return taken ? id.replace(/^sha256:/, '').slice(0, 12) : called
  }

  /** All names of an image, undefined for one that the host did not begin with. @throws Error as `nameOf` */
  async namesOf(id: string): Promise<string[] | undefined> {
    return (await this.read()).get(id)
  }

  /** All names of the image that had this one when the host began. @throws Error as `nameOf` */
  async namesLike(name: string): Promise<string[] | undefined> {
    const full = imageInFull(name)
    return [...(await this.read()).values()].find((names) => names.includes(full))
  }

  /** Each image once, by the name that it is called by first, without `:latest`. @throws Error as `nameOf` */
  async firstNames(): Promise<string[]> {
    return [...(await this.read()).values()].flatMap(([first]) => first?.replace(/:latest$/, '') ?? []).toSorted()
  }

  private read(): Promise<Map<string, string[]>> {
    this.names ??= this.readNames().then(
      (names) => new Map([...names].map(([id, all]) => [id, inOrder(all)])),
      (error: unknown) => {
        this.names = undefined
        throw error
      },
    )
    return this.names
  }
}

/** Names of golden's images by their ids, as its own Engine wrote them down. @param disk its fresh disk */
export async function goldenNames(disk: string): Promise<Map<string, string[]>> {
  const { Repositories } = JSON.parse(await readFile(`${disk}/docker/image/overlay2/repositories.json`, 'utf8')) as {
    Repositories: Record<string, Record<string, string>>
  }
  const names = new Map<string, string[]>()
  for (const [name, id] of Object.values(Repositories).flatMap((repository) => Object.entries(repository))) {
    // Where an image came with a digest, that stands there too.
    if (!name.includes('@')) names.set(id, [...(names.get(id) ?? []), name])
  }
  return names
}

/** What an image is called where nothing else is said of it comes first. */
export function inOrder(names: readonly string[]): string[] {
  return names.toSorted((a, b) => Number(isLatest(b)) - Number(isLatest(a)) || a.length - b.length || (a < b ? -1 : 1))
}

function isLatest(name: string): boolean {
  return name.endsWith(':latest')
}
