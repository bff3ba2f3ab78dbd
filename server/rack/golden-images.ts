import { readFile } from 'node:fs/promises'

/** Names of golden's images by their ids, as golden's own Engine wrote them down: out of reach of any host. */
export class GoldenImages {
  private names: Promise<Map<string, string[]>> | undefined

  /** @param disk the fresh disk of the golden system */
  constructor(private readonly disk: string) {}

  /**
   * What an image is rightly called. A learner can give any image any name (`docker tag`), so the id decides: an image of
   * golden keeps the names it has there, and another one that goes by such a name is called by its own id.
   * @param called as whoever made the container wrote it
   * @param id sha256:...
   * @throws Error where golden's names can't be read
   */
  async nameOf(called: string, id: string): Promise<string> {
    const names = await this.read()
    const right = names.get(id)
    if (right) return right.includes(inFull(called)) ? called : (right[0] ?? called)
    const taken = [...names.values()].flat().includes(inFull(called))
    return taken ? id.replace(/^sha256:/, '').slice(0, 12) : called
  }

  private read(): Promise<Map<string, string[]>> {
    this.names ??= readNames(`${this.disk}/docker/image/overlay2/repositories.json`).catch((error: unknown) => {
      this.names = undefined
      throw error
    })
    return this.names
  }
}

async function readNames(file: string): Promise<Map<string, string[]>> {
  const { Repositories } = JSON.parse(await readFile(file, 'utf8')) as {
    Repositories: Record<string, Record<string, string>>
  }
  const names = new Map<string, string[]>()
  for (const [name, id] of Object.values(Repositories).flatMap((repository) => Object.entries(repository))) {
    names.set(
      id,
      [...(names.get(id) ?? []), name].toSorted(
        (a, b) => Number(isLatest(b)) - Number(isLatest(a)) || a.length - b.length || (a < b ? -1 : 1),
      ),
    )
  }
  return names
}

/** What an image is called where nothing else is said of it. */
function isLatest(name: string): boolean {
  return name.endsWith(':latest')
}

/** As the Engine writes a name down: without Docker's own registry, and with a tag. */
function inFull(image: string): string {
  const short = image
    .replace(/@sha256:[0-9a-f]+$/, '')
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
  return short.split('/').at(-1)!.includes(':') ? short : `${short}:latest`
}
