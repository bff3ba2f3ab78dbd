import { canonicalAddress, canonicalNetwork } from '../network/addresses.js'
import type { NetworkState } from '../network/state.js'
import type { Text } from '../wording/text.js'
import { code } from '../wording/wording.js'
import { lengthsOf } from './owners.js'
import { isWord, type Kind, type Reading, readAs } from './typed.js'

/** What was typed, compared with what is right: the same value, or the same but for its length. Pure. */

/** Something that is right, or known to be wrong. */
export interface Value {
  kind: Kind
  value: string
  label?: readonly string[] | undefined
}

/** What is wrong with an answer. */
export interface Fault {
  reason: string
  why: Text
}

/** The address of the other family in the same paste does not count. */
export function readingsOf({ kind, value, label }: Value, typed: string): Reading[] {
  const all = readAs(kind, typed, label)
  if (kind !== 'address') return all
  const family = all.filter((one) => one.value.includes(':') === value.includes(':'))
  return family.length > 0 ? family : all
}

export function sameAs({ kind, value }: Value, reading: Reading): boolean {
  switch (kind) {
    case 'address':
      return canonicalAddress(value) === reading.value
    case 'network':
      return canonicalNetwork(value) === reading.value
    case 'number':
      return `${Number(value)}` === reading.value
    default:
      return value.toLowerCase() === reading.value
  }
}

/** Whether what was typed is this value and no other. */
export function means(typed: string, value: Value): boolean {
  if (value.kind === 'word') return isWord(typed, value.value)
  const readings = readingsOf(value, typed)
  return readings.length === 1 && sameAs(value, readings[0]!)
}

/** A length of 32 or 128 is the address alone, as iptables(8) prints it. */
export function lengthFault(kind: Kind, reading: Reading, state: NetworkState): Fault | undefined {
  const { value, prefix } = reading
  if (kind !== 'address' || prefix === undefined || prefix === (value.includes(':') ? 128 : 32)) return undefined
  const known = lengthsOf(value, state)
  if (known.length === 0 || known.includes(prefix)) return undefined
  return {
    reason: 'answer.length',
    why: {
      en: `the address ${code(value)} is right, but ${code(`/${prefix}`)} is not the prefix length of its network: enter only the address`,
      zh: `地址 ${code(value)} 正确，但 ${code(`/${prefix}`)} 不是它所在子网的前缀长度：只填地址即可`,
    },
  }
}

/** A network with the right address, and without its length or with another. */
export function networkFault({ value }: Reading, right: readonly Value[]): Fault | undefined {
  const [address, length] = value.split('/')
  if (!right.some((one) => canonicalNetwork(one.value)?.split('/')[0] === address)) return undefined
  return {
    reason: 'answer.length',
    why:
      length === undefined
        ? {
            en: `${code(value)} is right, but its prefix length is missing: a network is written with the number of its fixed bits after a slash`,
            zh: `${code(value)} 正确，但缺少前缀长度：子网要在斜杠后面写上固定的位数`,
          }
        : {
            en: `${code(address!)} is right, but ${code(`/${length}`)} is not the prefix length of this network`,
            zh: `${code(address!)} 正确，但 ${code(`/${length}`)} 不是这个子网的前缀长度`,
          },
  }
}
