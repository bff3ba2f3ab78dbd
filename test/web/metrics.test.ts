import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { requests } from '../../server/protocol/requests.js'
import type { Session } from '../../server/session/session.js'
import type { Sessions } from '../../server/session/sessions.js'
import { Metrics, serveMetrics } from '../../server/web/metrics.js'

let tell: (session: Session) => void
let metrics: Metrics
beforeEach(() => {
  const sessions = {
    mostRacks: 7,
    count: (phase: string) => (phase === 'open' ? 3 : 0),
    follow(listener: typeof tell) {
      tell = listener
      return () => {}
    },
    followRecords(listener: (standing: string) => void) {
      listener('current')
      return () => {}
    },
  } as unknown as Sessions
  metrics = new Metrics(sessions)
})
afterEach(() => metrics.close())

async function lines(): Promise<string[]> {
  return (await metrics.registry.metrics()).split('\n')
}

it('has every value of every label from the start', async () => {
  const all = await lines()
  for (const request of Object.keys(requests)) {
    expect(all).toContain(`vethlab_requests_refused_total{request="${request}"} 0`)
    expect(all).toContain(`vethlab_request_duration_seconds_count{request="${request}"} 0`)
  }
  for (const line of [
    'vethlab_sessions{phase="open"} 3',
    'vethlab_sessions{phase="waiting"} 0',
    'vethlab_racks_most 7',
    'vethlab_records_standing{standing="current"} 1',
    'vethlab_records_standing{standing="behind"} 0',
    'vethlab_http_responses_total{status="5xx"} 0',
    'vethlab_rack_open_duration_seconds_count{outcome="failed"} 0',
  ]) {
    expect(all).toContain(line)
  }
})

it('counts openings once, by how they ended', async () => {
  const at = (id: string, phase: string) => tell({ id, phase } as Session)
  for (const phase of ['waiting', 'opening', 'opening', 'open', 'open']) at('a', phase)
  for (const phase of ['opening', 'failed']) at('b', phase)
  for (const phase of ['opening', 'closed', 'closed']) at('c', phase)
  const all = await lines()
  for (const outcome of ['open', 'failed', 'left']) {
    expect(all).toContain(`vethlab_rack_open_duration_seconds_count{outcome="${outcome}"} 1`)
  }
})

it('times a check from the wish for it to its answer, and none that got no answer', async () => {
  const at = (id: string, asked: string | undefined, phase = 'open') => tell({ id, phase, asked } as Session)
  at('a', undefined)
  at('a', 'first')
  at('a', 'first')
  await new Promise((resolve) => setTimeout(resolve, 120))
  at('b', 'second')
  at('a', undefined)
  at('a', undefined)
  at('b', undefined, 'closed')
  const all = await lines()
  expect(all).toContain('vethlab_check_duration_seconds_count 1')
  expect(all).toContain('vethlab_check_duration_seconds_bucket{le="0.1"} 0')
  expect(all).toContain('vethlab_check_duration_seconds_bucket{le="5"} 1')
})

it('is served to this machine, and nothing else is', async () => {
  metrics.request('step.check', 300, true)
  metrics.http(404)
  const served = await serveMetrics(metrics, 0)
  onTestFinished(() => served.close())
  const at = `http://127.0.0.1:${served.port}`
  const got = await fetch(`${at}/metrics`)
  expect(got.headers.get('content-type')).toContain('text/plain')
  const text = await got.text()
  expect(text).toContain('vethlab_request_duration_seconds_bucket{le="0.5",request="step.check"} 1')
  expect(text).toContain('vethlab_requests_refused_total{request="step.check"} 1')
  expect(text).toContain('vethlab_http_responses_total{status="4xx"} 1')
  for (const [path, method] of [
    ['/', 'GET'],
    ['/metrics', 'POST'],
  ] as const) {
    expect((await fetch(`${at}${path}`, { method })).status).toBe(404)
  }
  await expect(serveMetrics(metrics, served.port)).rejects.toThrow(`127.0.0.1:${served.port}`)
})
