import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, deleteTry, dropOf, plain, subject, verb } from './dropped.js'
import type { Trail } from './trail.js'

function find(trail: Trail): Dropped | undefined {
  const drop = dropOf(trail)
  return drop?.chain === 'DOCKER-USER' ? plain(drop, trail.seen !== undefined) : undefined
}

export const dockerUserDrop = define<Dropped>({
  code: 'docker-user-drop',
  byState: find,
  bySight: find,
  say: (drop) => {
    const what = subject(drop)
    return {
      what: {
        en: `a rule in chain ${code('DOCKER-USER')} on ${code(drop.host)} ${verb(drop).en} ${what.en}: that chain is the administrator's own, and is read before all rules of Docker`,
        zh: `${code(drop.host)} 上 ${code('DOCKER-USER')} 链中的规则${verb(drop).zh}了${what.zh}：这条链归管理员所有，先于 Docker 的所有规则执行`,
      },
      evidence: [drop.shown],
      tries: [deleteTry(drop)],
    }
  },
  broken: '`iptables -I DOCKER-USER -s 192.168.1.50 -p tcp --dport 80 -j DROP`',
  asked: '`laptop` to `node1:8080`, tcp',
  example: {
    ...{
      host: 'node1',
      family: 'ip',
      table: 'filter',
      chain: 'DOCKER-USER',
      rejects: false,
      role: 'request',
      seen: true,
    },
    text: '-A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 80 -j DROP',
    shown: 'node1: filter: -A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 80 -j DROP',
  },
})
