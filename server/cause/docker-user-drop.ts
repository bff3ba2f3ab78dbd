import { code } from '../wording/wording.js'
import { define } from './cause.js'
import { type Dropped, deed, dropOf, plain } from './dropped.js'
import { passTry } from './pass-command.js'
import type { Trail } from './trail.js'

interface Found extends Dropped {
  /** A rule before it that lets the port through by the number that was asked for, which the packet no longer has. */
  tooLate?: { text: string; asked: number; now: number }
}

function find(trail: Trail): Found | undefined {
  const drop = dropOf(trail)
  if (drop?.chain !== 'DOCKER-USER') return undefined
  const tooLate = acceptedByFormerPort(trail)
  return { ...plain(drop, trail), ...(tooLate ? { tooLate } : {}) }
}

/** The port was translated in nat PREROUTING, before any rule of FORWARD sees the packet. */
function acceptedByFormerPort({ drop, port, destinationPort }: Trail): Found['tooLate'] {
  if (!drop?.rule || !drop.place || port === undefined || destinationPort === undefined || port === destinationPort)
    return undefined
  const { chain, table, family, position } = drop.rule
  const before = drop.place.namespace.rules.find(
    (rule) =>
      rule.chain === chain &&
      rule.table === table &&
      rule.family === family &&
      rule.position < position &&
      rule.destinationPort === `${port}` &&
      /^(ACCEPT|RETURN)$/.test(rule.target),
  )
  return before && { text: before.text, asked: port, now: destinationPort }
}

export const dockerUserDrop = define<Found>({
  code: 'docker-user-drop',
  byState: find,
  bySight: find,
  say: (drop) => {
    const { tooLate } = drop
    const late = tooLate
      ? {
          en: `; the rule before it that lets ${tooLate.asked} through does not see that number any more: NAT has made it ${tooLate.now} by then`,
          zh: `；它前面放行 ${tooLate.asked} 的规则已经看不到这个端口号：到那里时 NAT 已把它改成 ${tooLate.now}`,
        }
      : { en: '', zh: '' }
    return {
      what: {
        en: `a rule in chain ${code('DOCKER-USER')} on ${code(drop.host)} ${deed(drop).en}: that chain is the administrator's own, and is read before all rules of Docker${late.en}`,
        zh: `${code(drop.host)} 上 ${code('DOCKER-USER')} 链中的规则${deed(drop).zh}：这条链归管理员所有，先于 Docker 的所有规则执行${late.zh}`,
      },
      evidence: [drop.shown, ...(tooLate ? [tooLate.text] : [])],
      tries: [passTry(drop)],
    }
  },
  broken: '`iptables -I DOCKER-USER -s 192.168.1.50 -p tcp --dport 80 -j DROP`',
  asked: '`laptop` to `node1:8080`, tcp',
  example: {
    ...{ host: 'node1', where: 'node1', family: 'ip', table: 'filter', chain: 'DOCKER-USER' },
    ...{ rejects: false, role: 'request', seen: true },
    shown: 'node1: filter: -A DOCKER-USER -s 192.168.1.50/32 -p tcp -m tcp --dport 80 -j DROP',
    command:
      'iptables -I DOCKER-USER -i eth0 -s 192.168.1.50 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j ACCEPT',
  },
})
