import { expect, it } from 'vitest'
import { diagnose } from '../../../server/diagnosis/diagnose.js'
import { traceCheck, traceOf } from '../../../server/session/inquiry/check-trace.js'
import { read } from '../../check/cases.js'
import { standardRack } from '../../check/state-builder.js'
import { Journey, ScriptedGround } from '../../trace/journey.js'

const { state } = standardRack()
const question = (reach: object) => traceOf(read({ reach }), state, 'node1')

it('asks as the check does', () => {
  expect(question({ from: 'web', to: 'db' })).toEqual({
    from: 'web',
    to: 'db',
    protocol: 'icmp',
    by: 'address',
    home: 'node1',
  })
  expect(question({ from: 'laptop', to: 'node1', port: 8080, with: 'http' })).toMatchObject({
    protocol: 'tcp',
    port: 8080,
  })
  expect(question({ from: 'laptop', to: 'node1', with: 'http' })).toMatchObject({ protocol: 'tcp', port: 80 })
  expect(question({ from: 'web', to: 'db', port: 53, with: 'udp' })).toMatchObject({ protocol: 'udp', port: 53 })
  expect(question({ from: 'web', to: 'db', port: 3306, by: 'name' })).toMatchObject({ protocol: 'tcp', by: 'name' })
})

it('goes to the address on the network that the check names, where there is one', () => {
  const web = state.hosts[0]!.engine!.containers.find(({ name }) => name === 'web')!
  const { network, address } = web.endpoints[0]!
  expect(question({ from: 'db', to: 'web', network })).toMatchObject({ to: address })
  expect(question({ from: 'db', to: 'web', network: 'elsewhere' })).toMatchObject({ to: 'web' })
  expect(question({ from: 'db', to: 'nobody', network })).toMatchObject({ to: 'nobody' })
})

it('asks for one cell of a prediction, and for none that asks nothing', () => {
  const ask = { en: 'Who reaches whom?', zh: '谁能访问谁？' }
  const check = read({
    prediction: {
      id: 'q',
      ask,
      from: ['web', 'db'],
      to: [
        { to: 'db', port: 6379 },
        { to: 'laptop', by: 'name' },
      ],
    },
  })
  expect(traceOf(check, state, 'node1', { row: 0, column: 0 })).toEqual({
    ...{ from: 'web', to: 'db', protocol: 'tcp', port: 6379, by: 'address', home: 'node1' },
  })
  expect(traceOf(check, state, 'node1', { row: 1, column: 1 })).toMatchObject({ from: 'db', to: 'laptop', by: 'name' })
  for (const cell of [undefined, { row: 1, column: 0 }, { row: 2, column: 0 }, { row: 0, column: 2 }]) {
    expect(() => traceOf(check, state, 'node1', cell)).toThrow(expect.objectContaining({ code: 'argument.invalid' }))
  }
})

it('is for checks about reaching somebody alone', () => {
  expect(() => traceOf(read({ container: { name: 'web' } }), state, 'node1')).toThrow(
    expect.objectContaining({ code: 'argument.invalid' }),
  )
})

/** Counts how often the rack is captured: most of what a learner waits for. */
class CountedGround extends ScriptedGround {
  captures = 0
  override capture() {
    this.captures++
    return super.capture()
  }
}

it('captures once for a trace of a check, and twice for a diagnosis with all of its traces', async () => {
  const rack = standardRack()
  const lost = () =>
    new Journey(rack, { source: '172.20.0.2', destination: '172.20.0.3' }).by('node1/web', 'eth0', 'out').ends('silent')
  const ground = new CountedGround(rack, [lost()])
  const story = await traceCheck(
    ground,
    read({ reach: { from: 'web', to: 'api' } }),
    'node1',
    AbortSignal.timeout(9000),
  )
  expect(story.outcome).toBe('stopped')
  expect(ground.captures).toBe(1)
  const asked = new CountedGround(rack, Array.from({ length: 8 }, lost))
  const report = await diagnose(asked, { container: 'web', home: 'node1' })
  expect(report.outcome).toBe('faulty')
  expect(asked.packets.length).toBeGreaterThan(1)
  // What looks faulty is looked at a second time: an Engine may be restarting.
  expect(asked.captures).toBe(2)
})
