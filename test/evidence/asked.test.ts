import { JSDOM } from 'jsdom'
import { expect, it } from 'vitest'
import { askedHtml } from '../../server/evidence/asked-html.js'
import type { StepRecord } from '../../server/evidence/record.js'

type Asked = StepRecord['asked'][number]

const toNetwork = (question: object, answer: object): Asked => ({
  ...{ to: 'network', host: 'node1' },
  question: { ...question },
  answer: { ...answer },
})
const picture = {
  hosts: [
    {
      name: 'node1',
      namespaces: [
        { id: '4026531', owner: { kind: 'host' } },
        { id: '4026532', owner: { kind: 'container', containers: ['web'] } },
      ],
    },
  ],
}
const said = (asked: Asked, language: 'en' | 'zh') => {
  const { document } = new JSDOM(askedHtml(asked, picture, language)).window
  document.querySelector('details.kept')?.remove()
  return document.body.textContent!.replace(/\s+/g, ' ').trim()
}
const yes = { outcome: 'yes', detail: '', durationMs: 1 }
const no = (cause?: string) => ({ outcome: 'no', detail: '', durationMs: 1, cause })
const ran = { exitCode: 0, signal: null, stdout: '', stderr: '' }

it.each<[Asked, string, string]>([
  [
    toNetwork({ kind: 'ping', address: '10.0.0.1', size: 1472 }, yes),
    'node1: ping of 10.0.0.1 with 1472 bytes, not to be fragmented: it answers',
    'node1：ping 10.0.0.1，1472 字节，禁止分片：有应答',
  ],
  [
    toNetwork({ kind: 'ping', address: '10.0.0.1', namespace: '4026531' }, no('silent')),
    'node1: ping of 10.0.0.1: no answer',
    'node1：ping 10.0.0.1：没有应答',
  ],
  [
    toNetwork({ kind: 'ping', address: '10.0.0.1', namespace: '9' }, no('silent')),
    'network namespace 9 on node1: ping of 10.0.0.1: no answer',
    'node1 上的网络命名空间 9：ping 10.0.0.1：没有应答',
  ],
  [
    toNetwork({ kind: 'tcp', address: 'fd00::1', port: 80 }, no('refused')),
    'node1: a TCP connection to [fd00::1]:80: it is refused',
    'node1：TCP 连接 [fd00::1]:80：被拒绝',
  ],
  [
    toNetwork({ kind: 'udp', address: '10.0.0.1', port: 53, namespace: '4026532' }, no('unroutable')),
    'container web on node1: a UDP datagram to 10.0.0.1:53: no way leads there',
    'node1 上的容器 web：向 10.0.0.1:53 发送 UDP 数据报：没有路由通向那里',
  ],
  [
    toNetwork(
      { kind: 'http', address: '10.0.0.1', port: 8080, path: '/a', host: 'shop' },
      { ...yes, http: { status: 404, body: 'none' } },
    ),
    'node1: an HTTP request to http://10.0.0.1:8080/a for shop: it answers: status 404: none',
    'node1：访问 http://10.0.0.1:8080/a，主机名 shop：有应答：状态码 404：none',
  ],
  [
    toNetwork({ kind: 'dns', server: '127.0.0.11', name: 'web' }, { ...yes, records: ['10.0.0.2', '10.0.0.3'] }),
    'node1: the name web (A), asked of 127.0.0.11: it answers: 10.0.0.2, 10.0.0.3',
    'node1：向 127.0.0.11 查询名称 web（A）：有应答：10.0.0.2，10.0.0.3',
  ],
  [
    toNetwork({ kind: 'dns', server: '127.0.0.11', name: 'web' }, { ...no(), detail: 'NXDOMAIN' }),
    'node1: the name web (A), asked of 127.0.0.11: no (NXDOMAIN)',
    'node1：向 127.0.0.11 查询名称 web（A）：没有结果（NXDOMAIN）',
  ],
  [
    toNetwork({ kind: 'tcp', address: '10.0.0.1', port: 80 }, { failure: 'rackd is away' }),
    'node1: a TCP connection to 10.0.0.1:80: it could not be asked (rackd is away)',
    'node1：TCP 连接 10.0.0.1:80：没能探测（rackd is away）',
  ],
  [
    { to: 'script', file: 'check.py', answer: { ...ran, ended: 'exit', stdout: 'done' } },
    "the lab's own check check.py: exit code 0: done",
    '实验自带的检查 check.py：退出码 0：done',
  ],
  [
    { to: 'script', file: 'check.py', answer: { ...ran, ended: 'timeout', exitCode: null } },
    "the lab's own check check.py: ended, since its time was over",
    '实验自带的检查 check.py：超时，被终止',
  ],
  [
    { to: 'host', host: 'node1', command: 'docker ps', answer: { ...ran, timedOut: false, exitCode: 1, stderr: 'no' } },
    'node1: the command docker ps: exit code 1: no',
    'node1：执行命令 docker ps：退出码 1：no',
  ],
])('says in words: %o', (asked, en, zh) => {
  expect([said(asked, 'en'), said(asked, 'zh')]).toEqual([en, zh])
})

it('shows as it was kept what is not as vethlab writes it, and no code of others', () => {
  const hostile = '<script>alert(1)</script>\u202e'
  for (const asked of [
    toNetwork({ kind: hostile }, { outcome: hostile }),
    toNetwork({ kind: 'tcp', address: hostile, port: 80 }, { outcome: 'yes', detail: hostile, http: 5 }),
    toNetwork({ kind: 'tcp', address: '10.0.0.1', port: 80 }, { outcome: 'no', detail: hostile, cause: hostile }),
    { to: 'host', host: hostile, command: hostile, answer: { exitCode: hostile, stdout: hostile } },
  ] satisfies Asked[]) {
    for (const language of ['en', 'zh'] as const) {
      const { document } = new JSDOM(askedHtml(asked, { hosts: [{}] }, language)).window
      expect(document.querySelector('script')).toBeNull()
      expect(document.body.textContent).not.toContain('\u202e')
      expect(JSON.parse(document.querySelector('details.kept pre')!.textContent!)).toHaveProperty('answer')
    }
  }
})
