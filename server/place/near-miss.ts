import leven from 'leven'
import type { Container, HostState, NetworkState } from '../network/state.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
import { code, codes } from '../wording/wording.js'

/** What there is in place of something that is missing, as far as the state shows it. Pure. */

/** Names as the Engine makes them up: moby/pkg/namesgenerator, a word of either list and perhaps a digit. */
const madeUp = /^[a-z]{3,16}_[a-z]{3,16}\d?$/

/**
 * Why there is no container of a name on a host.
 * @param image what it should have been made from, where that is known
 */
export function noContainer(name: string, host: HostState, state: NetworkState | undefined, image?: string): Text {
  const [what, where] = [code(name), code(host.name)]
  const base = text(
    `the Engine of ${where} has no container ${what}`,
    `${where} 的 Docker 引擎中没有名为 ${what} 的容器`,
  )
  const own = host.engine?.containers ?? []
  return (
    elsewhere(base, name, host, state, (other) => other.engine?.containers) ??
    nearest(base, name, own) ??
    unnamed(base, own) ??
    nothingLike(base, host, state, image)
  )
}

/** What is true whatever was typed: which hosts have Docker at all, and where to see the images. */
function nothingLike(base: Text, host: HostState, state: NetworkState | undefined, image: string | undefined): Text {
  const where = code(host.name)
  const plain = codes((state?.hosts ?? []).filter(({ kind }) => kind === 'plain').map(({ name }) => name))
  const without = state?.hosts.some(({ kind }) => kind === 'plain')
    ? text(
        `; type ${code('docker')} on ${where}, since there is no Docker on ${plain.en}`,
        `；${code('docker')} 命令要在 ${where} 上输入，${plain.zh} 上没有 Docker`,
      )
    : text('', '')
  const images =
    image === undefined
      ? text('', '')
      : text(
          `; where ${code('docker run')} said ${code('Unable to find image')}, ${code('docker images')} lists those that ${where} has, and ${code(image)} is the one to use`,
          `；如果 ${code('docker run')} 提示 ${code('Unable to find image')}，用 ${code('docker images')} 看 ${where} 上有哪些镜像，这里要用的是 ${code(image)}`,
        )
  return text(
    `${base.en}: names count exactly as written${without.en}${images.en}`,
    `${base.zh}：名称必须完全一致${without.zh}${images.zh}`,
  )
}

/** Why there is no Docker network of a name on a host; undefined where nothing is like it. */
export function networkLike(name: string, host: HostState, state: NetworkState): Text | undefined {
  const [what, where] = [code(name), code(host.name)]
  const base = text(`${where} has no network ${what}`, `${where} 上没有网络 ${what}`)
  return (
    elsewhere(base, name, host, state, (other) => other.engine?.networks) ??
    nearest(base, name, host.engine?.networks ?? [])
  )
}

type Named = readonly { name: string }[]

function elsewhere(
  base: Text,
  name: string,
  host: HostState,
  state: NetworkState | undefined,
  named: (host: HostState) => Named | undefined,
): Text | undefined {
  const other = state?.hosts.find((one) => one !== host && named(one)?.some((thing) => thing.name === name))
  if (!other) return undefined
  return text(
    `${base.en}; the Engine of ${code(other.name)} has one, and each Engine knows only its own`,
    `${base.zh}；${code(other.name)} 的引擎中有一个，而每个引擎只知道自己的`,
  )
}

function nearest(base: Text, name: string, named: Named): Text | undefined {
  const near = named.find((one) => isNear(one.name, name))
  if (!near) return undefined
  return text(
    `${base.en}: names count exactly as written, and the nearest is ${code(near.name)}`,
    `${base.zh}：名称必须完全一致，最接近的是 ${code(near.name)}`,
  )
}

/** `Web`, `web1`, `web-1` and `wbe` for `web`; `app2` is no slip for `app1`. */
function isNear(is: string, meant: string): boolean {
  const [a, b] = [is.toLowerCase(), meant.toLowerCase()]
  const stem = (one: string) => one.replace(/[-_]?\d+$/, '')
  if (a === b || stem(a) === b) return true
  if (/\d/.test(a) || /\d/.test(b) || b.length < 4) return false
  return leven(a, b) <= (b.length < 6 ? 1 : 2)
}

/** Options behind the image are words for the program in it: docker-run(1). */
function unnamed(base: Text, containers: readonly Container[]): Text | undefined {
  const found = containers.find(({ name }) => madeUp.test(name))
  if (!found) return undefined
  const [is, image] = [code(found.name), code(found.image)]
  return text(
    `${base.en}; ${is}, made from ${image}, has a name such as the Engine makes up where it is given none: options go before the image, since what follows it is the command`,
    `${base.zh}；用 ${image} 创建的 ${is} 像是引擎在没有指定名称时自动起的名字：选项要写在镜像名前面，写在后面的会被当作命令`,
  )
}
