import type { Container, HostState } from '../network/state.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'

/** How a container gets onto a network, by what it was made with: docker-network-connect(1), and what the Engine refuses. */
export function howToJoin(container: Container, network: string): Text {
  const connect = code(`docker network connect ${network} ${container.name}`)
  const mode = container.networkMode
  if (mode === 'host' || mode.startsWith('container:')) {
    return text(
      `a container without a network namespace of its own can't join a network: remove it and run it again with ${code(`--network ${network}`)}`,
      `没有独立网络命名空间的容器不能接入网络：要删掉它，再用 ${code(`--network ${network}`)} 重新运行`,
    )
  }
  if (network !== 'none' && container.endpoints.some((leg) => leg.network === 'none')) {
    const leave = code(`docker network disconnect none ${container.name}`)
    return text(
      `a container on ${code('none')} can't be on another network: ${leave} first, then ${connect}`,
      `接在 ${code('none')} 上的容器不能再接入其他网络：先执行 ${leave}，再执行 ${connect}`,
    )
  }
  return text(`${connect} adds one`, `可以用 ${connect} 加入`)
}

/** Why it has no leg on a network. */
export function whyNotOn(who: string, network: string, is: Container): Text {
  const name = code(network)
  // The Engine has the leg, and the kernel has no link for it.
  if (is.endpoints.some((leg) => leg.network === network)) {
    return {
      en: `the Engine has ${who} on ${name}, but the kernel has no such link in it any more: disconnect and connect it again`,
      zh: `引擎里 ${who} 接在 ${name} 上，但内核中它已经没有这个接口：先断开，再重新接入`,
    }
  }
  const join = howToJoin(is, network)
  const byDefault = (is.networkMode === 'bridge' || is.networkMode === 'default') && network !== 'none'
  return byDefault
    ? {
        en: `${who} has no leg on ${name}: without \`--network\` a container lands on the default \`bridge\`; ${join.en}`,
        zh: `${who} 在 ${name} 上没有接口：不加 \`--network\` 时容器会落在默认的 \`bridge\` 上；${join.zh}`,
      }
    : { en: `${who} is not on ${name}: ${join.en}`, zh: `${who} 不在网络 ${name} 上：${join.zh}` }
}

/** Of an id, as much as `docker ps` shows. */
const idEnd = 'container:'.length + 12

/** What `--network` said, with names where the Engine keeps ids. */
export function modeOf({ networkMode, sharesWith }: Container, { engine }: HostState): string {
  if (networkMode.startsWith('container:'))
    return `container:${sharesWith ?? networkMode.slice('container:'.length, idEnd)}`
  return engine?.networks.find(({ id }) => id === networkMode)?.name ?? networkMode
}
