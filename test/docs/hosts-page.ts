import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostPackages, imagesDirectory, namesOf, suite } from '../../server/rack/golden/inputs.js'
import { defaultHostLimits } from '../../server/racks/topology.js'

/** docs/hosts.md, written from what the golden system is made from. */

/** Debian's docker.io in the suite; a host test compares it with the Engine that runs. */
export const engineVersion = '26.1.5'

const imageFolders = readdirSync(imagesDirectory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted()

export function hostsPage(): string {
  const { docker, plain } = defaultHostLimits
  const mebibytes = (bytes: number) => `${bytes / 1024 ** 2} MiB`
  return `${[
    '# Hosts and images',
    `What there is in the hosts of a rack. All are made from one system, Debian ${suite}, and what it lacks can't be installed: without \`internet: true\` a rack has no way to a package archive.`,
    '## Hosts',
    `A docker host runs Docker Engine ${engineVersion}, as Debian packages it; a plain host is the same system without one. Root is logged in, so no command needs sudo.`,
    `Packages: ${hostPackages.toSorted().join(', ')}, and what they depend on. Manuals and translations are left out.`,
    [
      '| | docker | plain |',
      '|---|---|---|',
      `| memory and swap together | ${mebibytes(docker.memoryBytes)} | ${mebibytes(plain.memoryBytes)} |`,
      `| disk that it may write | ${mebibytes(docker.diskBytes)} | ${mebibytes(plain.diskBytes)} |`,
      `| processes and threads | ${docker.pids} | ${plain.pids} |`,
    ].join('\n'),
    '[topology.md](topology.md) says how a lab asks for more.',
    '## Images',
    'Each docker host has these, ready to run: `docker run nginx` needs no pull. There is no registry to ask, so `docker pull`, `docker run --pull always` and `docker compose pull` fail, also for an image that is here; the error says so, and which are here. `docker images` shows them with all their names. [`vethlab images add`](operate.md#images) adds more to all hosts. Names go with `:latest` or without.',
    ['| image | also called | made from | runs |', '|---|---|---|---|', ...imageFolders.map(imageRow)].join('\n'),
    "A lab can't bring an image along; under `images` in lab.yaml it names those that whoever runs it has to add. What a container needs besides goes into it as its own Docker would do it: a `Dockerfile` with `FROM nginx` and `COPY`, built by `setup.sh` in the host, or a folder of the host that is mounted. An image that needs Debian's packages is a folder with a `Dockerfile` below `labs/images`, `FROM vethlab/base`; `vethlab setup` builds it into the golden system, with the internet.",
  ]
    .map(wrapped)
    .join('\n\n')}\n`
}

function imageRow(folder: string): string {
  const [name, ...others] = namesOf(folder)
  const origin = /vethlab\.origin="([^"]+)"/.exec(dockerfile(folder))?.[1] ?? ''
  const { entrypoint, command } = runOf(folder)
  const runs = [...entrypoint, ...command].map((word) => (/^$|\s/.test(word) ? `'${word}'` : word)).join(' ')
  const also = others.map((other) => `\`${other}\``).join(', ')
  return `| \`${name}\` | ${also} | ${origin} | \`${runs}\` |`
}

const dockerfile = (folder: string) => readFileSync(join(imagesDirectory, folder, 'Dockerfile'), 'utf8')

/** What a container runs: an image has it from the one below where it says nothing itself; its own ENTRYPOINT takes the CMD below away. */
function runOf(folder: string): { entrypoint: string[]; command: string[] } {
  const last = dockerfile(folder)
    .split(/^(?=FROM )/m)
    .at(-1)!
  const own = (instruction: string): string[] | undefined => {
    const words = new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(last)?.[1]
    return words === undefined ? undefined : (JSON.parse(words) as string[])
  }
  const from = /^FROM (\S+)/.exec(last)?.[1] ?? ''
  const parent = imageFolders.find((other) => namesOf(other).includes(from))
  const below = parent === undefined ? { entrypoint: [], command: [] } : runOf(parent)
  const entrypoint = own('ENTRYPOINT')
  return { entrypoint: entrypoint ?? below.entrypoint, command: own('CMD') ?? (entrypoint ? [] : below.command) }
}

function wrapped(text: string): string {
  if (text.includes('\n')) return text
  return text.replace(/(?![^\n]{1,120}$)([^\n]{1,120})\s/g, '$1\n')
}
