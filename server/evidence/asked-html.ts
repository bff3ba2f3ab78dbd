import { z } from 'zod'
import { safeParse } from '../error/safe-parse.js'
import { ProbeRequest } from '../network/question.js'
import { escapeHtml } from '../report/html.js'
import { manyLines, oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import type { StepRecord } from './record.js'

type Asked = StepRecord['asked'][number]

/** Words with HTML in them: what is given to them is escaped already. */
const words = {
  en: {
    container: (name: string, host: string) => `container ${name} on ${host}`,
    namespace: (id: string, host: string) => `network namespace ${id} on ${host}`,
    ping: (address: string, size: number | undefined) =>
      `ping of ${address}${size === undefined ? '' : ` with ${size} bytes, not to be fragmented`}`,
    tcp: (to: string) => `a TCP connection to ${to}`,
    udp: (to: string) => `a UDP datagram to ${to}`,
    http: (url: string, host: string | undefined) =>
      `an HTTP request to ${url}${host === undefined ? '' : ` for ${host}`}`,
    dns: (name: string, type: string, server: string) => `the name ${name} (${type}), asked of ${server}`,
    script: (file: string) => `the lab's own check ${file}`,
    command: (text: string) => `the command ${text}`,
    yes: 'it answers',
    no: 'no',
    refused: 'it is refused',
    silent: 'no answer',
    unroutable: 'no way leads there',
    failed: 'it could not be asked',
    status: (code: number) => `status ${code}`,
    exit: (code: number) => `exit code ${code}`,
    signal: (name: string) => `ended by the signal ${name}`,
    timeout: 'ended, since its time was over',
    output: 'ended, since it printed too much',
    memory: 'ended, since it took too much memory',
    kept: 'As it was kept',
    inBrackets: (text: string) => ` (${text})`,
    colon: ': ',
    comma: ', ',
  },
  zh: {
    container: (name: string, host: string) => `${host} 上的容器 ${name}`,
    namespace: (id: string, host: string) => `${host} 上的网络命名空间 ${id}`,
    ping: (address: string, size: number | undefined) =>
      `ping ${address}${size === undefined ? '' : `，${size} 字节，禁止分片`}`,
    tcp: (to: string) => `TCP 连接 ${to}`,
    udp: (to: string) => `向 ${to} 发送 UDP 数据报`,
    http: (url: string, host: string | undefined) => `访问 ${url}${host === undefined ? '' : `，主机名 ${host}`}`,
    dns: (name: string, type: string, server: string) => `向 ${server} 查询名称 ${name}（${type}）`,
    script: (file: string) => `实验自带的检查 ${file}`,
    command: (text: string) => `执行命令 ${text}`,
    yes: '有应答',
    no: '没有结果',
    refused: '被拒绝',
    silent: '没有应答',
    unroutable: '没有路由通向那里',
    failed: '没能探测',
    status: (code: number) => `状态码 ${code}`,
    exit: (code: number) => `退出码 ${code}`,
    signal: (name: string) => `被信号 ${name} 终止`,
    timeout: '超时，被终止',
    output: '输出过多，被终止',
    memory: '占用内存过多，被终止',
    kept: '原始记录',
    inBrackets: (text: string) => `（${text}）`,
    colon: '：',
    comma: '，',
  },
} as const satisfies Record<Language, unknown>

/** Of what an answer says that is shown: the rest is in the record below it. */
const mostShown = 500
const mostKept = 20_000

/** Of a picture of the network what tells whose a namespace is. Whoever signed it may have put anything there. */
const Owners = z.object({
  hosts: z.array(
    z.object({
      name: z.string(),
      namespaces: z.array(
        z.object({
          id: z.string(),
          owner: z.union([
            z.object({ kind: z.literal('container'), containers: z.array(z.string()).min(1) }),
            z.object({ kind: z.string() }).transform(({ kind }) => ({ kind, containers: undefined })),
          ]),
        }),
      ),
    }),
  ),
})

/**
 * A question that was asked in a grading, and what came back, in words; as it was kept below that, folded.
 * @param picture of the network at that time, as JSON has it; undefined where there is none
 */
export function askedHtml(asked: Asked, picture: unknown, language: Language): string {
  const say = words[language]
  const parts = [...questionWords(asked, picture, language), ...answerWords(asked.answer, language)]
  const { to: _, ...kept } = asked
  const json = manyLines(JSON.stringify(kept, null, 2), mostKept)
  return [
    parts.join(say.colon),
    `<details class="kept"><summary>${say.kept}</summary><pre dir="ltr">${escapeHtml(json)}</pre></details>`,
  ].join('\n')
}

function questionWords(asked: Asked, picture: unknown, language: Language): string[] {
  const say = words[language]
  if (asked.to === 'script') return [say.script(code(asked.file))]
  const host = escapeHtml(oneLine(asked.host, 64))
  if (asked.to === 'host') return [host, say.command(code(asked.command))]
  // Whoever signed it may have put anything there.
  const read = safeParse(ProbeRequest, asked.question)
  if (!read.success) return [host]
  const { data } = read
  const at = whoAsks(asked.host, data.namespace, picture, language)
  if (data.kind === 'dns') return [at, say.dns(code(data.name), data.type, code(data.server))]
  if (data.kind === 'ping') return [at, say.ping(code(data.address), data.size)]
  const to = `${data.address.includes(':') ? `[${data.address}]` : data.address}:${data.port}`
  if (data.kind !== 'http') return [at, say[data.kind](code(to))]
  return [at, say.http(code(`http://${to}${data.path}`), data.host === undefined ? undefined : code(data.host))]
}

/** A question is asked from a host, or from a container in it. */
function whoAsks(host: string, namespace: string | undefined, picture: unknown, language: Language): string {
  const say = words[language]
  const name = escapeHtml(oneLine(host, 64))
  if (namespace === undefined) return name
  const hosts = safeParse(Owners, picture).data?.hosts ?? []
  const owner = hosts.find((one) => one.name === host)?.namespaces.find(({ id }) => id === namespace)?.owner
  if (owner?.kind === 'host') return name
  return owner?.containers === undefined
    ? say.namespace(code(namespace), name)
    : say.container(owner.containers.map(code).join(say.comma), name)
}

/** Each as far as it is there and as vethlab writes it. */
const Answer = z.looseObject({
  failure: z.string().optional().catch(undefined),
  outcome: z.enum(['yes', 'no', 'error']).optional().catch(undefined),
  detail: z.string().catch(''),
  cause: z.enum(['refused', 'silent', 'unroutable']).optional().catch(undefined),
  records: z.array(z.string()).optional().catch(undefined),
  http: z.object({ status: z.int(), body: z.string() }).optional().catch(undefined),
  ended: z.enum(['exit', 'timeout', 'output', 'memory']).optional().catch(undefined),
  timedOut: z.boolean().optional().catch(undefined),
  exitCode: z.int().nullish().catch(undefined),
  signal: z.string().nullish().catch(undefined),
  stdout: z.string().catch(''),
  stderr: z.string().catch(''),
})

function answerWords(answer: object, language: Language): string[] {
  const say = words[language]
  const read = Answer.parse(answer)
  const { failure, outcome, detail, cause, records = [], http, ended, timedOut, exitCode, signal } = read
  const because = (text: string) => (text === '' ? '' : say.inBrackets(code(text)))
  if (failure !== undefined) return [`${say.failed}${because(failure)}`]
  if (outcome === 'error') return [`${say.failed}${because(detail)}`]
  if (outcome === 'no') return [`${cause === undefined ? say.no : say[cause]}${because(detail)}`]
  if (outcome === 'yes') {
    return [
      `${say.yes}${because(detail)}`,
      ...(records.length === 0 ? [] : [records.map(code).join(say.comma)]),
      ...(http ? [say.status(http.status), ...shown(http.body)] : []),
    ]
  }
  const stopped = timedOut ? 'timeout' : ended
  const end =
    stopped !== undefined && stopped !== 'exit'
      ? [say[stopped]]
      : typeof signal === 'string'
        ? [say.signal(code(signal))]
        : typeof exitCode === 'number'
          ? [say.exit(exitCode)]
          : []
  return [...end, ...shown(read.stdout), ...shown(read.stderr)]
}

function shown(text: string): string[] {
  return text.trim() === '' ? [] : [code(text)]
}

function code(text: string): string {
  return `<code><bdi>${escapeHtml(oneLine(text, mostShown))}</bdi></code>`
}
