import ipaddr from 'ipaddr.js'

/** IPv4 networks as ranges of numbers, for what is drawn. */

/** Both ends belong to it. */
export interface Range {
  first: number
  last: number
}

/** An address as one of 32 bits. */
export function numberOf(address: string): number {
  return Buffer.from(ipaddr.IPv4.parse(address).toByteArray()).readUInt32BE()
}

export function addressOf(number: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return [...bytes].join('.')
}

/** Of a network such as `10.20.0.0/24`, or of an address alone. */
export function rangeOf(text: string): Range {
  const [address = '', prefix = '32'] = text.split('/')
  const size = 2 ** (32 - Number(prefix))
  const first = Math.floor(numberOf(address) / size) * size
  return { first, last: first + size - 1 }
}

export function meet(one: Range, other: Range): boolean {
  return one.first <= other.last && other.first <= one.last
}

/** The same numbers in as few ranges as possible, in order. */
export function joined(ranges: readonly Range[]): Range[] {
  const all: Range[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = all.at(-1)
    if (last && range.first <= last.last + 1) last.last = Math.max(last.last, range.last)
    else all.push({ ...range })
  }
  return all
}

/** Whether a range meets one of many. @param all as `joined` gives them */
export function meetsOne(range: Range, all: readonly Range[]): boolean {
  // The last one that begins in time is the only one that can.
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (all[middle]!.first <= range.last) low = middle + 1
    else high = middle
  }
  return low > 0 && all[low - 1]!.last >= range.first
}
