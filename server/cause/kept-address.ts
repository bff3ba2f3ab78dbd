import type { Upstream } from '../network/parse-upstreams.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'
import { type Cause, define } from './cause.js'
import { restartText } from './restart.js'

interface Found {
  /** Whose program it is, and by which name the Engine knows it. */
  proxy: string
  container?: string
  /** What restarts it; as many commands as that takes. */
  restart?: string[]
  /** Whom its configuration names, and where that name leads now. */
  upstream: Upstream
  now: string[]
  /** Whom it connects to instead, with the port where that was seen. */
  dialled: string
  /** Who has that address now. */
  holder?: string
  /** Why nobody answered there; missing where somebody did. */
  why?: Text
  shown: string[]
}

export const keptAddress = define<Found>({
  code: 'kept-address',
  say: ({ proxy, container, restart, upstream, now, dialled, holder, why, shown }) => {
    const [who, name, where, list] = [code(proxy), code(upstream.name), code(dialled), codes(now)]
    const whose = holder
      ? { en: `which is an address of ${code(holder)}`, zh: `那是 ${code(holder)} 的地址` }
      : { en: 'which nobody has', zh: '没有谁拥有这个地址' }
    const so = why ? { en: `: ${why.en}`, zh: `：${why.zh}` } : { en: '', zh: '' }
    const isNginx = upstream.file.startsWith('/etc/nginx/')
    const reload = container === undefined ? undefined : code(`docker exec ${container} nginx -s reload`)
    const command = isNginx && reload ? { en: reload, zh: reload } : restart && restartText(restart)
    return {
      what: {
        en: `the program in ${who} still connects to ${where}, ${whose.en}, while ${name} in its configuration means ${list.en} now: it looked the name up once, and not for this request${so.en}`,
        zh: `${who} 里的程序仍在连接 ${where}，${whose.zh}，而它配置里的 ${name} 现在指的是 ${list.zh}：它以前查过一次这个名字，这次请求并没有再查${so.zh}`,
      },
      evidence: [
        `${proxy}: ${upstream.file}: ${upstream.line}`,
        `${proxy}: ${upstream.name} resolves to ${now.join(', ')}`,
        ...shown,
      ],
      tries: [
        command
          ? { en: `let it look the name up again: ${command.en}`, zh: `让它重新查询这个名字：${command.zh}` }
          : {
              en: 'let it look the name up again: reload or restart that program',
              zh: '让它重新查询这个名字：重新加载或重启那个程序',
            },
        ...(isNginx
          ? [
              {
                en: `to be safe from that, have nginx ask for each request: ${code('resolver 127.0.0.11;')} and a variable in ${code('proxy_pass')}`,
                zh: `要避免再次发生，可以让 nginx 每次请求时查询：使用 ${code('resolver 127.0.0.11;')}，并在 ${code('proxy_pass')} 中使用变量`,
              },
            ]
          : []),
      ],
    }
  },
  broken:
    'nginx passes on to `api`; `api` is stopped, another container takes its address, and `api` comes back with another one; asked with `--http`',
  hidden: {
    state: 'whom a program connects to is seen only while it does so',
    sight: 'the traced packet is its own: what a proxy sends on is heard where it is spoken to, with `--http`',
    check: 'a check says which status came back, and does not listen to what the proxy does meanwhile',
    diagnose: 'a diagnosis asks whether a connection comes about, and speaks to no program',
    netdiag: 'it asks whether a connection comes about, and speaks to no program',
  },
  example: {
    ...{
      proxy: 'node1/front',
      container: 'front',
      restart: ['docker restart front'],
      now: ['172.20.0.4'],
      dialled: '172.20.0.2:80',
      holder: 'node1/squatter',
    },
    upstream: { file: '/etc/nginx/conf.d/default.conf', line: 'proxy_pass http://api:80;', name: 'api', port: 80 },
    shown: [],
  },
})

export function keptAddressCause(found: Found): Cause {
  return keptAddress.tell(found)
}
