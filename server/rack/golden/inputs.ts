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
  ...['sudo', 'bridge-utils', 'net-tools', 'telnet', 'tree', 'openssh-client', 'openssh-server'],
  // For the user of openssh-server; without a word of ours apt would take all of systemd.
  'systemd-standalone-sysusers',
]

/** The root of the lab images' common base. */
export const basePackages = ['ca-certificates']

/** Manuals and translations are half of the files and none of the lessons. */
export const leanOptions = ['doc', 'man', 'info', 'locale', 'lintian', 'linda'].map(
  (part) => `--dpkgopt=path-exclude=/usr/share/${part}/*`,
)

/**
 * How apt in images keeps little: no caches, and indexes as they come. As in Docker's own images of Debian.
 * Content of a file of /etc/apt/apt.conf.d.
 */
export const aptInImages = [
  'Dir::Cache::pkgcache "";',
  'Dir::Cache::srcpkgcache "";',
  'Acquire::Languages "none";',
  'Acquire::GzipIndexes "true";',
  'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };',
]

export const imagesDirectory = fromPackage('labs', 'images')
export const filesDirectory = fromPackage('server', 'rack', 'golden', 'files')

/** The word that hosts have in place of a package manager, as images have it: file of a host, source. */
export const packageManagers = ['apt', 'apt-get', 'apk', 'yum', 'dnf'].map((name) => `usr/local/sbin/${name}`)
export const packageManagerSource = join(imagesDirectory, 'debian', 'packages')

const tagged = (name: string, ...tags: string[]) => tags.map((tag) => `${name}:${tag}`)
const upTo = (last: number, first = 0) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** What an image is called, besides its folder's name: as tutorials call it, whatever version they mean. */
const furtherNames: Record<string, string[]> = {
  alpine: tagged('alpine', '3', 'edge', ...upTo(22, 6).map((minor) => `3.${minor}`)),
  busybox: tagged('busybox', '1', '1.36', 'stable', 'musl', 'glibc'),
  centos: tagged('centos', '7', '8'),
  debian: tagged('debian', '11', '12', '13', 'bullseye', 'bookworm', 'trixie', 'bookworm-slim', 'trixie-slim'),
  elasticsearch: tagged('elasticsearch', '2'),
  haproxy: tagged('haproxy', 'alpine', 'lts', '2.4', '2.6', '2.8', '3.0'),
  httpd: tagged('httpd', '2', '2.4', 'alpine', '2.4-alpine'),
  mariadb: tagged('mariadb', '10', '11', 'lts'),
  memcached: tagged('memcached', '1', 'alpine'),
  mysql: tagged('mysql', '5.7', '8', '8.0', '8.4'),
  netshoot: ['nicolaka/netshoot'],
  nginx: tagged('nginx', '1', 'alpine', 'mainline', 'stable', 'stable-alpine'),
  node: tagged('node', '18', '20', 'lts', 'alpine', 'slim', '18-alpine', '20-alpine', 'lts-alpine', '20-slim'),
  postgres: tagged('postgres', ...upTo(17, 13).flatMap((major) => [`${major}`, `${major}-alpine`]), 'alpine'),
  python: tagged('python', '3', 'alpine', 'slim', ...upTo(13, 8).map((minor) => `3.${minor}`), '3-alpine', '3-slim'),
  redis: tagged('redis', '5', '6', '7', 'alpine', '6-alpine', '7-alpine'),
  registry: tagged('registry', '2'),
  ubuntu: [
    ...tagged('ubuntu', '16.04', '18.04', '20.04', '22.04', '24.04', 'bionic', 'focal', 'jammy', 'noble'),
    // The oldest tutorials' name for it, and a name of one with network tools, which ours has.
    'base',
    'collabnixlabs/ubuntu-nettools:v1.0',
  ],
}

/** Images that nobody calls by their folder's name. */
const otherNames: Record<string, string[]> = {
  alertmanager: ['prom/alertmanager'],
  'alpine-curl': ['byrnedo/alpine-curl'],
  // Web pages of tutorials' own.
  'demo-web': [
    'chrch/web',
    'chrch/admin',
    'instavote/vote',
    'jpetazzo/trainingwheels',
    'katacoda/redis-node-docker-example',
    'selaworkshops/python-app:2.0',
  ],
  'node-exporter': ['prom/node-exporter'],
  prometheus: ['prom/prometheus'],
  'training-postgres': ['training/postgres'],
  whoami: ['traefik/whoami', 'containous/whoami'],
}

/** Names of the image that a folder of labs/images makes; `:latest` is not written out. */
export function namesOf(folder: string): string[] {
  return otherNames[folder] ?? [folder, ...(furtherNames[folder] ?? [])]
}

export interface GoldenInputs {
  /** mmdebstrap's host system. */
  system: string
  /** The files that are laid over it. */
  files: string
  /** The images' common base. */
  base: string
  /** Each lab image, by its folder, its base and parents included. */
  images: Record<string, string>
  /** All of it. */
  version: string
}

const imageFolders = () =>
  readdirSync(imagesDirectory)
    .filter((name) => existsSync(join(imagesDirectory, name, 'Dockerfile')))
    .toSorted()

/** All names by which a learner can call the lab images. */
export function labImages(): string[] {
  return imageFolders().flatMap(namesOf)
}

/** Folders of the images that an image begins from or takes files of, from its Dockerfile. */
export function imageParents(folder: string): string[] {
  const text = readFileSync(join(imagesDirectory, folder, 'Dockerfile'), 'utf8')
  const named = [...text.matchAll(/^FROM\s+(\S+)|--from=(\S+)/gm)].map((match) => match[1] ?? match[2]!)
  return imageFolders().filter((parent) => [parent, ...namesOf(parent)].some((name) => named.includes(name)))
}

export function goldenInputs(): GoldenInputs {
  const system = digest(['1', process.arch, suite, ...hostPackages, ...leanOptions])
  const base = digest([process.arch, suite, ...basePackages, ...leanOptions, ...aptInImages])
  const files = digest([...treeOf(filesDirectory), readFileSync(packageManagerSource, 'utf8'), ...packageManagers])
  const images: Record<string, string> = {}
  const imageDigest = (folder: string): string => {
    const parents = imageParents(folder).map(imageDigest)
    images[folder] ??= digest([base, ...parents, ...treeOf(join(imagesDirectory, folder)), ...namesOf(folder)])
    return images[folder]
  }
  for (const folder of imageFolders()) imageDigest(folder)
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
