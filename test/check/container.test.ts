import { cases, onNone, unverified } from './cases.js'
import type { StateBuilder } from './state-builder.js'

const becomes = (state: string) => (rack: StateBuilder) => {
  rack.find(rack.host('node1'), 'web').state = state
}

function neverStarted(rack: StateBuilder): void {
  rack.stop(rack.host('node1'), 'web')
  Object.assign(rack.find(rack.host('node1'), 'web'), { state: 'created', exitCode: 127 })
}

/** By another name of the same image. */
function calledOtherwise(rack: StateBuilder): void {
  const imageNames = ['nginx:latest', 'nginx:alpine', 'nginx:stable']
  Object.assign(rack.find(rack.host('node1'), 'web'), { image: 'nginx:alpine', imageNames })
}

/** More containers than a capture asks about. */
function crowded(rack: StateBuilder): void {
  rack.host('node1').engine!.unasked = 5
}

cases('container', [
  { gives: 'pass', spec: { name: 'web' } },
  {
    gives: 'pass',
    spec: {
      name: 'node1/web',
      image: 'docker.io/library/nginx:latest',
      mode: 'my_net',
      networks: ['my_net'],
      only: 'yes',
      address: { my_net: '172.20.0.2' },
      aliases: { my_net: ['www', 'web'] },
      unprivileged: true,
      restart: 'always',
    },
  },
  { gives: 'pass', spec: { name: 'web', image: 'nginx' }, given: calledOtherwise },
  { gives: 'pass', spec: { name: 'web', image: 'docker.io/library/nginx:stable' }, given: calledOtherwise },
  {
    gives: 'container.image',
    spec: { name: 'web', image: 'nginx:1.26' },
    given: calledOtherwise,
    says: 'nginx:alpine',
  },
  { gives: 'pass', spec: { name: 'tools', sharesWith: 'web', mode: 'container' } },
  { gives: 'pass', spec: { name: 'mon', mode: 'host' } },
  { gives: 'pass', spec: { name: 'lone', mode: 'none' } },
  { gives: 'pass', spec: { name: 'db', mode: 'bridge' } },
  { gives: 'pass', spec: { name: 'old', state: 'exited' } },
  { gives: 'pass', spec: { name: 'nobody', expect: 'no' } },
  { gives: 'container.missing', spec: { name: 'nobody' } },
  { gives: 'container.missing', spec: { name: 'nobody' }, says: 'there is no Docker on `laptop`' },
  { gives: 'container.missing', spec: { name: 'nobody' }, never: 'docker images' },
  { gives: 'container.missing', spec: { name: 'nobody', image: 'nginx' }, says: '`docker images` lists those' },
  ...(['yes', 'no'] as const).map((expect) => ({
    gives: 'error state.incomplete',
    spec: { name: 'nobody', expect },
    given: crowded,
    says: 'docker container prune',
  })),
  { gives: 'pass', spec: { name: 'web' }, given: crowded },
  {
    gives: 'error state.incomplete',
    spec: { name: 'web' },
    given: (rack) => {
      delete rack.find(rack.host('node1'), 'web').namespace
      rack.host('node1').unseen = true
    },
    says: '/sys/fs/cgroup',
  },
  { gives: 'container.missing', spec: { name: 'node2/web' }, says: '`node2`' },
  { gives: 'container.exists', spec: { name: 'old', expect: 'no' } },
  { gives: 'container.state', spec: { name: 'old' }, says: '137' },
  { gives: 'container.state', spec: { name: 'web', state: 'paused' } },
  { gives: 'container.image', spec: { name: 'web', image: 'redis' } },
  { gives: 'container.mode', spec: { name: 'web', mode: 'host' } },
  {
    gives: 'container.mode',
    spec: { name: 'mon', mode: 'host' },
    given: (rack) => {
      rack.find(rack.host('node1'), 'mon').namespace = rack.find(rack.host('node1'), 'db').namespace!
    },
  },
  {
    gives: 'container.mode',
    spec: { name: 'lone', mode: 'none' },
    given: (rack) =>
      rack
        .host('node1')
        .disagreements.push({ about: 'container lone', engine: 'network mode none', kernel: 'has eth0' }),
  },
  {
    gives: 'container.state',
    spec: { name: 'web' },
    given: (rack) => delete rack.find(rack.host('node1'), 'web').namespace,
    says: 'has just ended',
  },
  { gives: 'container.network', spec: { name: 'db', networks: ['my_net'] } },
  {
    gives: 'container.network',
    spec: { name: 'web', networks: ['my_net'] },
    given: (rack) => delete rack.find(rack.host('node1'), 'web').endpoints[0]!.link,
  },
  { gives: 'container.extra-network', spec: { name: 'web', networks: [], only: 'yes' } },
  { gives: 'container.address', spec: { name: 'web', address: { my_net: '172.20.0.9' } } },
  { gives: 'container.address', spec: { name: 'db', address: { my_net: '172.20.0.9' } } },
  { gives: 'container.alias', spec: { name: 'web', aliases: { my_net: ['shop'] } } },
  { gives: 'container.shares', spec: { name: 'api', sharesWith: 'web' } },
  { gives: 'container.shares', spec: { name: 'api', sharesWith: 'old' } },
  {
    gives: 'container.privileged',
    spec: { name: 'web', unprivileged: 'yes' },
    given: (rack) => {
      rack.find(rack.host('node1'), 'web').privileged = true
    },
  },
  {
    gives: 'container.privileged',
    spec: { name: 'web', unprivileged: 'yes' },
    given: (rack) => rack.find(rack.host('node1'), 'web').capabilitiesAdded.push('CAP_SYS_ADMIN'),
  },
  { gives: 'container.restart', spec: { name: 'db', restart: 'always' } },
  // Nothing is said that is not so.
  {
    gives: 'container.missing',
    spec: { name: 'shop' },
    given: (rack) => rack.container(rack.host('node1'), 'shop1'),
    says: 'the nearest is `shop1`',
  },
  {
    gives: 'container.missing',
    spec: { name: 'app1' },
    given: (rack) => rack.container(rack.host('node1'), 'app2'),
    never: 'app2',
  },
  {
    gives: 'container.missing',
    spec: { name: 'shop' },
    given: (rack) => rack.container(rack.host('node2'), 'shop'),
    says: 'the Engine of `node2` has one',
  },
  {
    gives: 'container.missing',
    spec: { name: 'shop' },
    given: (rack) => rack.container(rack.host('node1'), 'eager_tesla'),
    says: 'options go before the image',
  },
  {
    gives: 'container.state',
    spec: { name: 'web' },
    given: neverStarted,
    says: 'its start failed (exit code 127)',
    never: 'docker logs',
  },
  { gives: 'container.state', spec: { name: 'web' }, given: becomes('created'), says: 'not been started' },
  { gives: 'container.state', spec: { name: 'web' }, given: becomes('paused'), says: 'docker unpause' },
  { gives: 'container.state', spec: { name: 'web' }, given: becomes('restarting'), says: 'again and again' },
  { gives: 'container.exists', spec: { name: 'web', expect: 'no' }, never: 'stopped' },
  { gives: 'container.network', spec: { name: 'web', networks: ['none'] }, never: 'default `bridge`' },
  { gives: 'container.network', spec: { name: 'web', networks: ['inner'] }, never: 'default `bridge`' },
  { gives: 'container.network', spec: { name: 'mon', networks: ['my_net'] }, says: 'run it again' },
  { gives: 'container.network', spec: { name: 'lone', networks: ['my_net'] }, given: onNone, says: 'disconnect none' },
  {
    gives: 'container.network',
    spec: { name: 'web', networks: ['my_net'] },
    given: (rack) => delete rack.find(rack.host('node1'), 'web').endpoints[0]!.link,
    says: 'the kernel has no such link',
    never: 'docker network connect',
  },
  { gives: 'container.address', spec: { name: 'db', address: { my_net: '172.20.0.9' } }, never: 'next free' },
  { gives: 'container.mode', spec: { name: 'tools', mode: 'host' }, says: '`container:web`' },
  {
    gives: 'container.mode',
    spec: { name: 'mon', mode: 'host' },
    given: (rack) => {
      rack.find(rack.host('node1'), 'mon').namespace = rack.find(rack.host('node1'), 'db').namespace!
    },
    says: "is not in the host's network namespace",
  },
  // Its partner is gone: an id says nothing to a learner.
  {
    gives: 'container.shares',
    spec: { name: 'tools', sharesWith: 'web' },
    given: (rack) => {
      const tools = rack.find(rack.host('node1'), 'tools')
      tools.namespace = rack.find(rack.host('node1'), 'db').namespace!
      tools.networkMode = `container:${'0123456789abcdef'.repeat(4)}`
      delete tools.sharesWith
    },
    says: 'a container that has been removed since',
    never: '0123456789abcdef',
  },
  {
    gives: 'container.address',
    spec: { name: 'web', address: { my_net: '172.20.0.9' } },
    says: 'the first that the Engine',
  },
  {
    gives: 'container.shares',
    spec: { name: 'tools', sharesWith: 'web' },
    given: (rack) => {
      rack.find(rack.host('node1'), 'tools').namespace = rack.find(rack.host('node1'), 'db').namespace!
    },
    says: '`web` has been started again since',
  },
  { gives: 'pass', spec: { name: 'web', guests: ['tools'] } },
  { gives: 'container.guests', spec: { name: 'web', guests: [] }, says: '`tools`' },
  { gives: 'container.guests', spec: { name: 'api', guests: ['tools'] }, says: 'somebody is missing' },
  { gives: 'pass', spec: { name: 'client', startedAfter: 'web' } },
  { gives: 'container.older', spec: { name: 'web', startedAfter: 'client' }, says: 'has not been restarted' },
  { gives: 'container.older', spec: { name: 'web', startedAfter: 'nobody' }, says: 'no container' },
  { gives: 'container.older', spec: { name: 'lone', startedAfter: 'web' }, says: 'not on a bridge' },
  {
    gives: 'container.kernel',
    spec: { name: 'mac', address: { lan_net: '192.168.1.70' } },
    given: (rack) =>
      rack
        .host('node1')
        .disagreements.push({ about: 'container mac on lan_net', engine: '192.168.1.71', kernel: '192.168.1.70' }),
    says: '192.168.1.71',
  },
  {
    gives: 'pass',
    spec: { name: 'mac', image: 'busybox' },
    given: (rack) =>
      rack
        .host('node1')
        .disagreements.push({ about: 'container mac on lan_net', engine: '192.168.1.71', kernel: '192.168.1.70' }),
  },
  { gives: 'error engine.unverified', spec: { name: 'web', expect: 'no' }, given: unverified },
  { gives: 'error reference.no-host', spec: { name: 'node9/web' } },
])
