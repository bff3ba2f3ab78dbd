import { expect, it } from 'vitest'
import { isNews } from '../../../server/session/life/engine-watch.js'

it('knows which events of an Engine may change a network', () => {
  for (const Action of [
    'start',
    'die',
    'connect',
    'create',
    'destroy',
    'restart',
    'update',
    'health_status: unhealthy',
  ]) {
    expect(isNews({ Type: 'container', Action }), Action).toBe(true)
  }
  for (const Action of ['exec_create: ping -c 1 web', 'exec_start: sh', 'exec_die', 'top']) {
    expect(isNews({ Type: 'container', Action }), Action).toBe(false)
  }
  for (const strange of [null, undefined, 7, 'x', {}, { Action: 7 }]) expect(isNews(strange)).toBe(false)
})
