import { cases, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const redirect =
  (port: string, source = '') =>
  (rack: StateBuilder) => {
    const { rules } = rack.host('node1').namespaces[0]!
    rules.unshift({
      family: 'ip',
      table: 'nat',
      chain: 'PREROUTING',
      position: 0,
      protocol: 'tcp',
      destinationPort: port,
      ...(source === '' ? {} : { source }),
      target: 'REDIRECT',
      text: `-A PREROUTING ${source && `-s ${source} `}-p tcp -m tcp --dport ${port} -j REDIRECT --to-ports 9999`,
    })
  }

cases('port', [
  { gives: 'pass', spec: { container: 'web', port: 80 } },
  { gives: 'pass', spec: { container: 'web', port: 80, published: 8080, address: '0.0.0.0' } },
  { gives: 'pass', spec: { container: 'db', port: 6379, expect: 'no' } },
  { gives: 'pass', spec: { container: 'web', port: 80, address: '127.0.0.1', expect: 'no' } },
  { gives: 'port.missing', spec: { container: 'db', port: 6379 } },
  { gives: 'port.missing', spec: { container: 'web', port: 80, protocol: 'udp' } },
  { gives: 'port.published', spec: { container: 'web', port: 80, published: 80 }, says: '`8080`' },
  { gives: 'port.address', spec: { container: 'web', port: 80, address: '127.0.0.1' } },
  {
    gives: 'port.rule',
    spec: { container: 'web', port: 80 },
    given: (rack) => {
      const own = rack.host('node1').namespaces[0]!
      own.rules = own.rules.filter(({ target }) => target !== 'DNAT')
    },
    says: 'DNAT',
  },
  // A rule of their own, in front of that of the Engine.
  ...['', '192.168.1.50/32'].map((source) => ({
    gives: 'port.rule',
    spec: { container: 'web', port: 80, published: 8080 },
    given: redirect('8080', source),
    says: 'REDIRECT',
  })),
  { gives: 'pass', spec: { container: 'web', port: 80, published: 8080 }, given: redirect('8081') },
  { gives: 'pass', spec: { container: 'web', port: 80, published: 8080 }, given: redirect('8080', '10.9.9.9/32') },
  { gives: 'port.present', spec: { container: 'web', port: 80, expect: 'no' } },
  { gives: 'port.no-such', spec: { container: 'old', port: 80 } },
  { gives: 'port.no-such', spec: { container: 'laptop', port: 80 } },
  // Nothing is said that is not so.
  { gives: 'port.missing', spec: { container: 'web', port: 8080, published: 80 }, says: 'swapped', never: 'EXPOSE' },
  { gives: 'port.missing', spec: { container: 'web', port: 443 }, says: 'EXPOSE' },
  { gives: 'port.missing', spec: { container: 'web', port: 80, protocol: 'udp' }, says: '/udp', never: 'EXPOSE' },
  {
    gives: 'port.missing',
    spec: { container: 'mon', port: 80 },
    given: (rack) =>
      rack
        .find(rack.host('node1'), 'mon')
        .wants.push({ protocol: 'tcp', containerPort: 80, hostPort: 80, hostAddress: '' }),
    says: 'has no effect',
    never: 'EXPOSE',
  },
  { gives: 'error engine.unverified', spec: { container: 'web', port: 80, expect: 'no' }, given: unverified },
])
