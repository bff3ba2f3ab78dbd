import { parseUpstreams, type Upstream } from '../network/parse-upstreams.js'
import { readInRoots } from './read-in-roots.js'

/** Where nginx and HAProxy have their configuration, in their own images and in Debian. */
const files = ['etc/nginx/nginx.conf', 'usr/local/etc/haproxy/haproxy.cfg', 'etc/haproxy/haproxy.cfg']
const directories = ['etc/nginx/conf.d/', 'etc/nginx/sites-enabled/']
const mostFiles = 20
const largestFileBytes = 64 * 1024

/**
 * Whom a proxy passes requests on to, as the files say that a process sees: read with its host's rights, and nothing of it is run.
 * What can't be read says nothing.
 * @param user path of the host's user namespace
 */
export async function upstreamsOf(user: string, process: number): Promise<Upstream[]> {
  const looked = await readInRoots(user, [process], directories, largestFileBytes)
  const found = directories.flatMap((directory) =>
    textOf(looked.answers.get(`${process} ${directory}`))
      .split('\n')
      .filter((name) => /^[\w.-]{1,100}$/.test(name))
      .toSorted()
      .map((name) => `${directory}${name}`),
  )
  const paths = [...files, ...found].slice(0, mostFiles)
  const { answers } = await readInRoots(user, [process], paths, largestFileBytes)
  return paths.flatMap((path) => parseUpstreams(`/${path}`, textOf(answers.get(`${process} ${path}`))))
}

function textOf(answer: { status: string; bytes: Buffer } | undefined): string {
  return answer?.status === 'read' ? answer.bytes.toString('utf8') : ''
}
