import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { oneLine } from '../errors.js'
import type { CaptureQuestion, HostCapture, NamespaceCapture } from '../network/capture.js'
import type { Cgroups } from './cgroup.js'
import { machinePath } from './command.js'
import { captureEngine } from './engine-capture.js'
import type { Host } from './host.js'
import { inNetworkNamespace } from './kernel.js'
import { type FoundNamespace, withNamespaces } from './namespaces.js'
import { containerFiles, hostFilesOf } from './resolver-files.js'

/**
 * Asks everything about one network namespace. After each answer comes a line with the boundary, the question's name and
 * the tool's exit status; the boundary is random and only in our environment, so that no rule's comment and no link's
 * name can forge it. The files below /proc/sys/net are those of the reader's namespace (proc(5)).
 *
 * One `ip` answers for links, both families of routes (`root` chooses the family) and neighbours, each on a line. It goes
 * on after a failure (-force), and then the number of lines tells. nft's JSON names an iptables extension and leaves out
 * what it was told, so that alone makes iptables speak; or that nft fails: older ones crash on the sets of newer ones.
 */
const script = `
said() { printf '\\n%s %s %d\\n' "$boundary" "$1" "$2"; }
ip -json -details -force -batch - <<'END'
address show
route show table all root 0.0.0.0/0
route show table all root ::/0
neighbour show
END
said ip $?
bridge -json fdb show; said forwarding $?
rules=$(nft --json list ruleset); status=$?
printf %s "$rules"; said rules $status
case $status$rules in [!0]*|*'"xt":'*)
  iptables-nft-save; said iptables $?
  ip6tables-nft-save; said ip6tables $?
esac
ss --no-header --numeric --listening --tcp --udp; said sockets $?
for file in ipv4/ip_forward ipv6/conf/all/forwarding; do
  value=
  read -r value < /proc/sys/net/$file
  printf '%s %s\\n' $file "$value"
done
said sysctls 0
`

const questions: readonly CaptureQuestion[] = [
  'links',
  'routes',
  'routes6',
  'neighbours',
  'forwarding',
  'rules',
  'iptables',
  'ip6tables',
  'sockets',
  'sysctls',
]
/** The lines of the first answer. */
const ipQuestions = ['links', 'routes', 'routes6', 'neighbours'] as const

/** A learner can fill a namespace with anything, and a capture goes through rackd's socket in one piece of 8 MiB. */
const largestAnswersBytes = 2 * 1024 ** 2
const largestKernelBytes = 4 * 1024 ** 2
const largestComplaintBytes = 4096
/** A namespace needs some 10 ms; a large set of rules seconds. */
const namespaceTimeoutMs = 5000
/** For all namespaces of a host: what isn't begun by then is not asked. */
const captureTimeoutMs = 10_000
/** Namespaces of one host at a time. The tools need a processor and hardly ever wait. */
const concurrency = 3

/** Reads every network namespace of a host, and asks its Engine at the same time. */
export async function captureHost(cgroups: Cgroups, host: Host, name: string): Promise<HostCapture> {
  const started = performance.now()
  const takenAt = new Date().toISOString()
  const { kind } = host.record
  return withNamespaces(cgroups, host, async (found) => {
    const [namespaces, engine] = await Promise.all([
      askAll(found),
      kind === 'docker' ? captureEngine(host.engine) : undefined,
    ])
    const containers = engine && 'containers' in engine ? engine.containers : []
    const files = { '': hostFilesOf(`/proc/${host.pid}/root`), ...containerFiles(containers, found) }
    const durationMs = performance.now() - started
    return { host: name, kind, takenAt, durationMs, namespaces, files, ...(engine ? { engine } : {}) }
  })
}

/** The host's own comes first, so that what a learner fills the others with can't silence it. */
async function askAll(found: FoundNamespace[]): Promise<NamespaceCapture[]> {
  const deadline = performance.now() + captureTimeoutMs
  const captures: NamespaceCapture[] = []
  let left = largestKernelBytes
  let next = 0
  const worker = async () => {
    for (let index = next++; index < found.length; index = next++) {
      const namespace = found[index]!
      const limits = {
        timeoutMs: Math.min(namespaceTimeoutMs, deadline - performance.now()),
        maxBytes: Math.min(largestAnswersBytes, left),
      }
      const { answers, size } = await ask(namespace, limits)
      left -= size
      const { inode, processes, names } = namespace
      captures[index] = { inode, pids: processes.map((process) => process.host), names, answers }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return captures
}

async function ask(
  namespace: FoundNamespace,
  limits: { timeoutMs: number; maxBytes: number },
): Promise<{ answers: NamespaceCapture['answers']; size: number }> {
  const boundary = randomBytes(16).toString('hex')
  const said = await runScript(namespace.path, boundary, limits)
  const answers: Partial<NamespaceCapture['answers']> = {}
  const complaint = said.fault ?? oneLine(said.complaints, 300)
  let rest = said.text
  for (const match of said.text.matchAll(new RegExp(`\\n${boundary} (\\w+) (\\d+)\\n`, 'g'))) {
    const text = rest.slice(0, rest.indexOf(match[0]))
    rest = rest.slice(text.length + match[0].length)
    const failed = match[2] !== '0'
    if (match[1] === 'ip') Object.assign(answers, ipAnswers(text, complaint))
    else answers[match[1] as CaptureQuestion] = { failed, text: failed ? complaint : text }
  }
  // Nobody asked iptables when nft could say it all.
  const unasked = answers.rules && !answers.iptables && !said.fault
  for (const question of questions) {
    answers[question] ??=
      unasked && /^ip6?tables$/.test(question)
        ? { failed: false, text: '' }
        : { failed: true, text: complaint || 'the tool gave no answer' }
  }
  return { answers: answers as NamespaceCapture['answers'], size: said.size }
}

/** A command of the batch that fails writes no line; which one, only the number of lines can tell. */
function ipAnswers(text: string, complaint: string) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const whole = lines.length === ipQuestions.length
  return Object.fromEntries(
    ipQuestions.map((question, index) => [
      question,
      whole
        ? { failed: false, text: lines[index]! }
        : { failed: true, text: complaint || `ip gave ${lines.length} answers to ${ipQuestions.length} questions` },
    ]),
  )
}

interface Said {
  text: string
  /** Bytes, as they travel on. */
  size: number
  complaints: string
  /** Why it was cut off. */
  fault?: string
}

const nothing: Said = { text: '', size: 0, complaints: '' }

/**
 * Like `runIn`, for what is done for every namespace of every host at each check: without the milliseconds that execa
 * adds. The script leads a process group, so that its end is the tools' end too.
 */
function runScript(path: string, boundary: string, limits: { timeoutMs: number; maxBytes: number }): Promise<Said> {
  if (limits.timeoutMs <= 0) return Promise.resolve({ ...nothing, fault: 'no time was left to ask' })
  if (limits.maxBytes <= 0) return Promise.resolve({ ...nothing, fault: 'other answers were too large' })
  return new Promise((resolve) => {
    const child = inNetworkNamespace(path, () =>
      spawn('/bin/sh', ['-c', script], {
        env: { PATH: machinePath, LC_ALL: 'C.UTF-8', boundary },
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: '/',
        detached: true,
      }),
    )
    const text: Buffer[] = []
    const complaints: Buffer[] = []
    let size = 0
    let fault: string | undefined
    const end = (why: string) => {
      fault ??= why
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const timer = setTimeout(() => end(`no answer within ${Math.round(limits.timeoutMs)} ms`), limits.timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.maxBytes) end(`the answers are larger than ${limits.maxBytes} bytes`)
      else text.push(chunk)
    })
    let complained = 0
    child.stderr.on('data', (chunk: Buffer) => {
      if (complained < largestComplaintBytes) complaints.push(chunk)
      complained += chunk.length
    })
    child.on('error', (error) => end(error.message))
    child.on('close', () => {
      clearTimeout(timer)
      const whole = Buffer.concat(text).toString('utf8')
      resolve({
        text: whole,
        // Bytes that are no UTF-8 become three.
        size: Buffer.byteLength(whole),
        complaints: Buffer.concat(complaints).toString('utf8'),
        ...(fault === undefined ? {} : { fault }),
      })
    })
  })
}
