import type { CaptureQuestion, EngineCapture, HostCapture, NamespaceCapture } from '../network/capture.js'
import type { Cgroups } from './cgroup.js'
import { captureEngine } from './engine-capture.js'
import type { Host } from './host/host.js'
import type { KnownRules } from './known-rules.js'
import { type Said, walkNamespaces } from './namespace-walk.js'
import { type FoundNamespace, withNamespaces } from './namespaces.js'
import { filesOfContainers, readResolverFiles } from './resolver-files.js'

const questions: readonly CaptureQuestion[] = [
  'links',
  'routes',
  'routes6',
  'neighbours',
  'routingRules',
  'routingRules6',
  'linkSettings',
  'disciplines',
  'forwarding',
  'rules',
  'iptables',
  'ip6tables',
  'iptablesLegacy',
  'ip6tablesLegacy',
  'sockets',
  'sysctls',
]
/** The lines of ip's answer. */
const ipQuestions = ['links', 'routes', 'routes6', 'neighbours', 'routingRules', 'linkSettings'] as const

/** A learner can fill a namespace with anything, and a capture goes through rackd's socket in one piece of 8 MiB. */
const largestAnswersBytes = 2 * 1024 ** 2
const largestKernelBytes = 4 * 1024 ** 2
/** A namespace needs some 10 ms; a large set of rules seconds. */
const namespaceTimeoutMs = 5000
/** For all namespaces of a host: what isn't begun by then is not asked. */
const captureTimeoutMs = 10_000
/** Walks through one host's namespaces, side by side, where one would have more than so many. The tools need a processor and hardly ever wait. */
const mostWalks = 2
const mostOfOneWalk = 4

/** Reads every network namespace of a host, and asks its Engine at the same time. */
export async function captureHost(cgroups: Cgroups, host: Host, name: string): Promise<HostCapture> {
  const capture = await captureOnce(cgroups, host, name)
  // A container that starts meanwhile would look like one that the Engine only says is there.
  return hasUnseenProcess(capture) ? captureOnce(cgroups, host, name) : capture
}

function hasUnseenProcess({ engine, namespaces }: HostCapture): boolean {
  if (!engine || 'fault' in engine) return false
  const pids = new Set(namespaces.flatMap((namespace) => namespace.pids))
  return (engine.containers as ({ State?: { Pid?: unknown } } | null)[]).some((container) => {
    const pid = Number(container?.State?.Pid)
    return pid > 0 && !pids.has(pid)
  })
}

/** What the Engine of a host says; undefined for one that has none. */
export async function askEngine({ record, engine, images }: Host): Promise<EngineCapture | undefined> {
  return record.kind === 'docker' ? captureEngine(engine, images) : undefined
}

/** @param ask what its Engine says, which is asked as soon as the namespaces are found */
export async function captureOnce(
  cgroups: Cgroups,
  host: Host,
  name: string,
  ask: () => Promise<EngineCapture | undefined> = () => askEngine(host),
): Promise<HostCapture> {
  const started = performance.now()
  const takenAt = new Date().toISOString()
  const { kind } = host.record
  return withNamespaces(cgroups, host, async (found, whole) => {
    const user = `/proc/${host.pid}/ns/user`
    const asked = ask()
    const [namespaces, engine, files] = await Promise.all([
      askAll(user, found, host.knownRules),
      asked,
      asked.then((engine) => {
        const containers = engine && 'containers' in engine ? engine.containers : []
        return readResolverFiles(user, [{ id: '', process: host.pid }, ...filesOfContainers(containers, found)])
      }),
    ])
    const durationMs = performance.now() - started
    const unseen = whole ? {} : { unseen: true as const }
    return { host: name, kind, takenAt, durationMs, namespaces, files, ...(engine ? { engine } : {}), ...unseen }
  })
}

/** The host's own comes first, so that what a learner fills the others with can't silence it. */
async function askAll(user: string, found: FoundNamespace[], knownRules: KnownRules): Promise<NamespaceCapture[]> {
  knownRules.keepOnly(found.map(({ inode }) => inode))
  const deadline = performance.now() + captureTimeoutMs
  const captures: NamespaceCapture[] = []
  let left = largestKernelBytes
  const limits = () => {
    const timeoutMs = Math.min(namespaceTimeoutMs, deadline - performance.now())
    const maxBytes = Math.min(largestAnswersBytes, left)
    if (timeoutMs <= 0) return { fault: 'no time was left to ask' }
    return maxBytes <= 0 ? { fault: 'other answers were too large' } : { timeoutMs, maxBytes }
  }
  const places = found.map((namespace) => ({ ...namespace, known: knownRules.get(namespace.inode) }))
  const walks = places.length > mostOfOneWalk ? mostWalks : 1
  const shares = Array.from({ length: walks }, (_, walk) => places.filter((__, index) => index % walks === walk))
  await Promise.all(
    shares.map((share, walk) =>
      walkNamespaces(
        user,
        share.map(({ path, known }) => ({ path, rulesGeneration: known?.generation ?? '' })),
        limits,
        (index, said) => {
          const { inode, processes, names, known } = share[index]!
          left -= said.size
          knownRules.complete(inode, known, said.answers, said.fault !== undefined)
          const pids = processes.map((process) => process.host)
          captures[index * walks + walk] = { inode, pids, names, answers: answersOf(said) }
        },
      ),
    ),
  )
  return captures
}

function answersOf({ answers: said, complaints, fault }: Said): NamespaceCapture['answers'] {
  const why = fault ?? complaints
  const answers: Partial<NamespaceCapture['answers']> = {}
  for (const [question, { failed, text, reason = why }] of said) {
    if (question === 'ip') Object.assign(answers, ipAnswers(text, reason))
    else answers[question as CaptureQuestion] = { failed, text: failed ? reason : text }
  }
  for (const question of questions) {
    // Nobody asked iptables when nft could say it all, nor iptables-legacy where it keeps nothing; they are asked last.
    // Nor tc where the links say enough; entries of bridges are asked for behind it.
    const unasked =
      question === 'disciplines' ? answers.forwarding !== undefined : isRules(question) && fault === undefined
    answers[question] ??= unasked
      ? { failed: false, text: '' }
      : { failed: true, text: why || 'the tool gave no answer' }
  }
  return answers as NamespaceCapture['answers']
}

function isRules(question: CaptureQuestion): boolean {
  return /^ip6?tables(?:Legacy)?$/.test(question)
}

/** A command of the batch that fails writes no line; which one, only the number of lines can tell. */
function ipAnswers(text: string, why: string) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const whole = lines.length === ipQuestions.length
  return Object.fromEntries(
    ipQuestions.map((question, index) => [
      question,
      whole
        ? { failed: false, text: lines[index]! }
        : { failed: true, text: why || `ip gave ${lines.length} answers to ${ipQuestions.length} questions` },
    ]),
  )
}
