import { canonicalAddress, canonicalNetwork, isAddress, isCidr } from '../network/addresses.js'

/**
 * What a learner typed, read as what was asked for. Tools print values with more around them, such as `172.17.0.2/16`,
 * `9: veth1f2e3d4@if8:` or `"Gateway": "172.17.0.1",`: that is an answer as well. Pure.
 */

/** What kind of thing an answer is. */
export type Kind = 'address' | 'network' | 'mac' | 'link' | 'number' | 'word'

export interface Reading {
  /** One way of writing it: equal readings are equal things. */
  value: string
  /** An address that was given with a length. */
  prefix?: number
}

/** The kind of a right answer that an author wrote down. */
export function kindOfWord(word: string): Kind {
  if (isAddress(word)) return 'address'
  if (isCidr(word)) return 'network'
  if (/^\d+$/.test(word)) return 'number'
  return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(word) ? 'mac' : 'word'
}

/**
 * The values of a kind that a text holds, each once. None where it holds nothing of the kind, and several where it can't be
 * told which of them is meant.
 * @param label words that stand before the value in the output of tools, such as `mtu`
 */
export function readAs(kind: Kind, typed: string, label: readonly string[] = []): Reading[] {
  const text = plain(typed)
  const found = {
    address: () => addresses(text),
    network: () => networks(text),
    mac: () => macs(text),
    link: () => links(text),
    number: () => numbers(text, label),
    word: () => [word(text)],
  }[kind]()
  const different = new Map<string, Reading>()
  for (const one of found) if (different.get(one.value)?.prefix === undefined) different.set(one.value, one)
  return [...different.values()]
}

/** Full-width signs, invisible ones, and the dashes and quotes of word processors (UAX 15, NFKC). */
function plain(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2018-\u201b\u2032]/g, "'")
    .replace(/[\u201c-\u201f\u300c-\u300f\u00ab\u00bb\u2033]/g, '"')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
}

/** What a sentence, a list or JSON puts around a value. */
function stripped(text: string): string {
  return text.replace(/^[\s"'`(<]+/, '').replace(/[\s"'`)>.,:;、。!?]+$/, '')
}

const between = /[\s"'`()<>{},;=|、。\p{Script=Han}]+/u

function tokens(text: string): string[] {
  return text.split(between).filter((token) => token !== '')
}

/** Broadcast addresses are printed beside an address, and a mask in place of its length (ip-address(8), ifconfig(8)). */
function addresses(text: string): Reading[] {
  let length: number | undefined
  const rest = text
    .replace(/\b(?:brd|bcast:|broadcast)\s*[0-9a-f.:]+/g, ' ')
    .replace(/\b(?:netmask|mask:)\s*(\d+\.\d+\.\d+\.\d+)/g, (_, mask: string) => {
      length = lengthOf(mask)
      return ' '
    })
  const found = tokens(rest).flatMap((token): Reading[] => {
    const one = addressIn(token)
    return one ? [one] : []
  })
  const [only] = found
  if (found.length === 1 && length !== undefined && only!.prefix === undefined) return [{ ...only!, prefix: length }]
  // In tables of routes and sockets, the address of nobody stands where there is none.
  const real = found.filter(({ value }) => value !== '0.0.0.0' && value !== '::')
  return real.length > 0 ? real : found
}

function addressIn(token: string): Reading | undefined {
  const host = token.replace(/^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/]*).*$/, '$1')
  const tries = [host, stripped(host), stripped(host).replace(/^[a-z]+:/, '')]
  for (const one of tries) {
    const four = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?(?:[:.](?:\d{1,5}|\*|[a-z][a-z-]*))?-?$/.exec(one)
    const six = /^\[?([0-9a-f:.]*:[0-9a-f:.]*)(?:%[^\]/]+)?(?:\/(\d{1,3}))?(?:\](?::\d{1,5})?)?$/.exec(one)
    const [, address, length] = four ?? six ?? []
    if (address === undefined || !isAddress(address)) continue
    const value = canonicalAddress(address)!
    return length === undefined ? { value } : { value, prefix: Number(length) }
  }
  return undefined
}

function lengthOf(mask: string): number | undefined {
  const bits = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits) && bits.length === 32 ? bits.replaceAll('0', '').length : undefined
}

/** A network is an address with a length; an address alone stays one, so that it can be told that the length is missing. */
function networks(text: string): Reading[] {
  const found = addresses(text)
  const whole = found.filter(({ prefix }) => prefix !== undefined)
  return (whole.length > 0 ? whole : found).map(({ value, prefix }) => {
    const written = `${value}/${prefix}`
    return { value: prefix !== undefined && isCidr(written) ? canonicalNetwork(written)! : value }
  })
}

/** Two digits a byte with colons or dashes, four in groups with dots, or all in one. */
function macs(text: string): Reading[] {
  const rest = text.replace(/\b(?:brd|broadcast)\s*[0-9a-f:]+|\b(?:mac|addr|lladdr|ether|hwaddr)[:=]/g, ' ')
  const start = '(?<![0-9a-z]|[0-9a-f][:.-])'
  const end = '(?![0-9a-z]|[:.-][0-9a-f])'
  const forms = [
    `[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}`,
    `[0-9a-f]{1,2}(?:-[0-9a-f]{1,2}){5}`,
    `(?:[0-9a-f]{4}\\.){2}[0-9a-f]{4}`,
  ]
  const found = rest.match(new RegExp(`${start}(?:${forms.join('|')})${end}`, 'g')) ?? []
  const alone = stripped(rest)
  const all = found.length === 0 && /^[0-9a-f]{12}$/.test(alone) ? [alone] : found
  return all.map((one) => ({
    value: /[:-]/.test(one)
      ? one
          .split(/[:-]/)
          .map((byte) => byte.padStart(2, '0'))
          .join(':')
      : one.replaceAll('.', '').match(/../g)!.join(':'),
  }))
}

const and = /\s*(?:,|、|;|\/|\band\b|\bor\b|和|或者?)\s*/

/** Name and other end as ip-link(8) prints them, `9: veth1f2e3d4@if8: <...>`, or the first word of `ip -br`, `bridge`, `brctl`. */
function links(text: string): Reading[] {
  const lines = [...text.matchAll(/(?:^| )\d+: ?([^\s:@]+)(?:@[^\s:]+)?:?(?= |$)/g)]
  if (lines.length > 0) return lines.map((line) => ({ value: line[1]! }))
  const row = /^([^\s@]+)(?:@\S+)? +(?:up|down|unknown|lowerlayerdown|[0-9a-f]{4}\.[0-9a-f]{12})(?: |$)/.exec(text)
  if (row) return [{ value: row[1]! }]
  const name = (one: string) => stripped(one).replace(/@[^@\s]*$/, '')
  const alone = named(valueOfField(text))
  const list = alone.split(and).map(name)
  const isList = list.length > 1 && list.every((one) => /^[a-z][a-z0-9_.-]*$/.test(one))
  return (isList ? list : [name(alone)]).map((value) => ({ value }))
}

/** `"Name": "x",` as `docker inspect` prints a field. */
function valueOfField(text: string): string {
  return /^"[^"]+": *(.+)$/.exec(text)?.[1] ?? text
}

const nouns =
  'the|a|an|name|called|chain|network|program|process|command|bridge|link|interface|device|dev|container|链|网络|程序|进程|网桥|接口|网卡|容器|名字|名称'
const before = new RegExp(`^(?:(?:${nouns})(?:[ :]+|(?<=[^a-z])))+(?=.)`)
const after = new RegExp(`(?<=.)(?:(?: +|(?<![a-z])(?=[^a-z]))(?:${nouns}|是))+$`)

/** Without the word for the thing that is named: `chain X`, `the X network`, `X 网络`. */
function named(text: string): string {
  return stripped(stripped(text).replace(before, '').replace(after, ''))
}

const units =
  'bytes?|octets?|b|lines?|routes?|entries|rows?|times?|orders?|containers?|字节|行|条|个|次|路由|条路由|行数据|个字节'

function numbers(text: string, label: readonly string[]): Reading[] {
  for (const one of label) {
    const labelled = [...text.matchAll(new RegExp(`(?<![a-z])${one}["']?[\\s:=[]+["']?(\\d+)(?!\\d)`, 'g'))]
    if (labelled.length > 0) return labelled.map(([, digits]) => ({ value: `${Number(digits)}` }))
  }
  const flat = stripped(valueOfField(text)).replace(/(?<=\d),(?=\d{3}(?!\d))/g, '')
  // `grep -c` and `wc -l` name the file that they counted in.
  const counted = /^[\w./-]*[a-z][\w./-]*:(\d+)$/.exec(flat) ?? /^(\d+) [\w./-]*\.[a-z]+$/.exec(flat)
  const alone = new RegExp(`^(\\d+) *(?:${units})?$`).exec(flat) ?? counted
  if (alone) return [{ value: `${Number(alone[1])}` }]
  const list = flat.split(new RegExp(`${and.source}| `))
  return list.length > 1 && list.every((one) => /^\d+$/.test(one))
    ? list.map((one) => ({ value: `${Number(one)}` }))
    : []
}

/** A name in the forms in which tools show it: ss(8), ps(1), iptables(8), `docker network ls`; else the words as they stand. */
function word(text: string): Reading {
  const programs = [...new Set([...text.matchAll(/\("([^"]+)",pid=/g)].map(([, name]) => name!))]
  if (programs.length === 1) return { value: programs[0]! }
  const form =
    /^-[ain] (\S+) /.exec(text) ??
    /^:(\S+) \S+ \[\d+:\d+\]$/.exec(text) ??
    /^chain (\S+) \(/.exec(text) ??
    /^[0-9a-f]{12} +(\S+) +(?:bridge|host|null|overlay|macvlan|ipvlan) +(?:local|swarm|global)$/.exec(text) ??
    /^([\w-]+): (?:master|worker) process(?: |$)/.exec(text) ??
    /^(?:\/[\w.-]+)*\/([\w.-]+)(?: -.*)?$/.exec(text)
  return { value: form?.[1] ?? stripped(valueOfField(text)) }
}

/** Whether words are those of a right answer, with or without the word for what they name: `chain X`, `the X network`. */
export function isWord(typed: string, right: string): boolean {
  const { value } = word(plain(typed))
  const short = named(value)
  return [value, short, short.replace(/^\d+\//, '')].includes(stripped(plain(right)))
}
