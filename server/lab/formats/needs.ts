import { isAmong } from '../../check/image.js'
import { parseImageName } from '../../network/image-name.js'
import { imagesIn } from '../docker-images.js'
import type { Note } from './draft.js'

/** Commands that fetch something from elsewhere, and what they fetch. */
const fetching: [RegExp, string][] = [
  [/\b(?:docker|podman|nerdctl|crictl)\s+(?:image\s+)?pull\s+(\S+)/, 'pulls an image'],
  [/\b(?:apt|apt-get|yum|dnf|apk|zypper)\s+(?:-\S+\s+)*(?:install|add|update|upgrade)\b/, 'installs packages'],
  [/\bsnap\s+install\b/, 'installs packages'],
  [/\b(?:pip3?|npm|gem|go|cargo)\s+(?:install|i|get)\b/, 'installs packages'],
  [/\bgit\s+clone\b/, 'clones a repository'],
  [
    /\b(?:curl|wget)\b[^|;&\n]*\bhttps?:\/\/(?!localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\$|\[|[a-z0-9-]+[:/\s"']|[a-z0-9-]+$)/,
    'downloads something',
  ],
]

/** Programs that a lab's hosts do not have, and that packages lean on. */
const missing: [RegExp, string][] = [
  [/(?:^|[;&|]\s*|\bsudo\s+)(?:kubectl|kubeadm|minikube|helm|k3s|crictl)\s/m, 'Kubernetes'],
  [/(?:^|[;&|]\s*|\bsudo\s+)podman\s/m, 'Podman'],
  [/\b(?:vtysh|frr|quagga|zebra|bgpd|ospfd)\b/, 'a routing daemon'],
]

/** What lines of shell need that a rack has not: the internet, images, programs. Pure. */
export function needsOf(text: string, file: string, firstLine: number, images: readonly string[]): Note[] {
  const notes: Note[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*#/.test(line)) continue
    const say = (kind: Note['kind'], what: string) => notes.push({ kind, file, line: firstLine + at, what })
    const fetched = fetching.find(([pattern]) => pattern.test(line))
    if (fetched) {
      const pulled = /pull\s+(?:-\S+\s+)*([^\s;&|]+)/.exec(line)?.[1]
      if (fetched[1] !== 'pulls an image' || pulled === undefined || !isAmong(images, pulled))
        say('internet', `${fetched[1]}: ${line.trim().slice(0, 100)}`)
    }
    const program = missing.find(([pattern]) => pattern.test(line))
    if (program) say('lost', `${program[1]} is not in a lab's hosts: ${line.trim().slice(0, 100)}`)
  }
  for (const image of new Set(imagesIn(text))) {
    if (isAmong(images, image)) continue
    const at = text.split('\n').findIndex((line) => line.includes(image))
    notes.push({
      kind: 'internet',
      file,
      line: firstLine + Math.max(0, at),
      ...missed(image),
    })
  }
  return notes
}

function missed(image: string): Pick<Note, 'what' | 'image'> {
  const what = `the image ${image} does not come with vethlab`
  // What a lab needs it names by a tag: that is what is in its hosts then.
  if (!parseImageName(image) || image.includes('@')) return { what }
  return { what: `${what}; the lab is opened once it is added: \`vethlab images add ${image}\``, image }
}
