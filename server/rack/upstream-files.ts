import { closeSync, constants, readdirSync } from 'node:fs'
import { openInRoot } from '../kernel/system-calls.js'
import { parseUpstreams, type Upstream } from '../network/parse-upstreams.js'
import { readInRoot } from './resolver-files.js'

/** Where nginx and HAProxy have their configuration, in their own images and in Debian. */
const files = ['etc/nginx/nginx.conf', 'usr/local/etc/haproxy/haproxy.cfg', 'etc/haproxy/haproxy.cfg']
const directories = ['etc/nginx/conf.d', 'etc/nginx/sites-enabled']
const mostFiles = 20

/** Whom a proxy passes requests on to, as the files say that a process sees: read, and nothing of it is run. */
export function upstreamsOf(root: string): Upstream[] {
  const paths = [
    ...files,
    ...directories.flatMap((directory) => namesIn(root, directory).map((name) => `${directory}/${name}`)),
  ]
  return paths.slice(0, mostFiles).flatMap((path) => parseUpstreams(`/${path}`, readInRoot(root, path)))
}

function namesIn(root: string, path: string): string[] {
  let directory: number | undefined
  try {
    directory = openInRoot(root, path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK)
    return readdirSync(`/proc/self/fd/${directory}`)
      .filter((name) => /^[\w.-]{1,100}$/.test(name))
      .toSorted()
      .slice(0, mostFiles)
  } catch {
    return []
  } finally {
    if (directory !== undefined) closeSync(directory)
  }
}
