import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fromPackage } from '../../package-root.js'

/** What the golden system is made from. A version is a hash of content, so a change rebuilds just what it touches. */

/** How it is laid out on disk: a system that hosts share, and a disk that each begins with. */
const layout = '4'

export const suite = 'trixie'

export const hostPackages = [
  ...['docker.io', 'docker-cli', 'docker-compose', 'containerd', 'runc', 'tini'],
  ...['iproute2', 'iputils-ping', 'iputils-arping', 'iputils-tracepath', 'traceroute', 'tcpdump', 'bind9-dnsutils'],
  ...['curl', 'netcat-openbsd', 'socat', 'iperf3', 'conntrack', 'nftables', 'iptables', 'ipset', 'ipvsadm', 'ethtool'],
  ...['jq', 'less', 'nano', 'vim-tiny', 'bash-completion', 'procps', 'psmisc', 'kmod', 'ca-certificates'],
]

/** The root of the lab images' common base. */
export const basePackages = ['ca-certificates']

/** Manuals and translations are half of the files and none of the lessons. */
export const leanOptions = ['doc', 'man', 'info', 'locale', 'lintian', 'linda'].map(
  (part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`,
)

export const imagesDirectory = fromPackage('labs', 'images')
export const filesDirectory = fromPackage('server', 'rack', 'golden', 'files')

/** Further names of an image, as guides on the web call it. */
export const furtherTags: Record<string, string[]> = { netshoot: ['nicolaka/netshoot'] }

export interface GoldenInputs {
  /** mmdebstrap's host system. */
  system: string
  /** The files that are laid over it. */
  files: string
  /** The images' common base. */
  base: string
  /** Each lab image, by name, its base included. */
  images: Record<string, string>
  /** All of it. */
  version: string
}

const imageNames = () =>
  readdirSync(imagesDirectory)
    .filter((name) => existsSync(join(imagesDirectory, name, 'Dockerfile')))
    .toSorted()

/** All names by which a learner can call the lab images. */
export function labImages(): string[] {
  return imageNames().flatMap((name) => [name, ...(furtherTags[name] ?? [])])
}

export function goldenInputs(): GoldenInputs {
  const system = digest(['1', process.arch, suite, ...hostPackages, ...leanOptions])
  const base = digest([process.arch, suite, ...basePackages, ...leanOptions])
  const files = digest(treeOf(filesDirectory))
  const images: Record<string, string> = {}
  for (const name of imageNames()) {
    images[name] = digest([base, ...treeOf(join(imagesDirectory, name)), ...(furtherTags[name] ?? [])])
  }
  return { system, files, base, images, version: digest([layout, system, files, JSON.stringify(images)]) }
}

/** Path, mode and content of every file below, in a fixed order. */
function treeOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .flatMap((path) => {
      const executable = (statSync(path).mode & 0o100) !== 0
      return [relative(directory, path), `${executable}`, readFileSync(path, 'utf8')]
    })
}

function digest(parts: string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex').slice(0, 12)
}
