import { expect, it } from 'vitest'
import { publishedPorts } from '../../../server/session/terminals/published-ports.js'
import { standardRack } from '../../check/state-builder.js'

it('lists TCP ports of running containers by their numbers, each once', () => {
  const { state } = standardRack()
  const [node1] = state.hosts
  const [web, db] = node1!.engine!.containers
  const port = { protocol: 'tcp' as const, containerPort: 80, hostAddress: '0.0.0.0', hostPort: 8080 }
  web!.ports = [
    port,
    { ...port, hostAddress: '::' },
    { ...port, hostPort: 0 },
    { ...port, protocol: 'udp', hostPort: 53 },
  ]
  db!.ports = [{ ...port, hostPort: 6379 }]
  expect(publishedPorts(state)).toEqual([
    { host: 'node1', port: 6379, container: db!.name },
    { host: 'node1', port: 8080, container: web!.name },
  ])
  db!.state = 'exited'
  expect(publishedPorts(state)).toHaveLength(1)
  web!.ports = Array.from({ length: 5000 }, (_, n) => ({ ...port, hostPort: n + 1 }))
  expect(publishedPorts(state).length).toBeLessThan(100)
  delete node1!.engine
  expect(publishedPorts(state)).toEqual([])
})
