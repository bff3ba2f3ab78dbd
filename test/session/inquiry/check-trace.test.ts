import { expect, it } from 'vitest'
import { traceOf } from '../../../server/session/inquiry/check-trace.js'
import { read } from '../../check/cases.js'
import { standardRack } from '../../check/state-builder.js'

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

it('is for reach checks alone', () => {
  expect(() => traceOf(read({ container: { name: 'web' } }), state, 'node1')).toThrow(
    expect.objectContaining({ code: 'argument.invalid' }),
  )
})
