/** Numbers as people and tools write them, with their units: `1.5 ms`, `20%`, `1,500 B`. Pure. */

/** How much of the first unit of its dimension one of each unit is. */
const dimensions: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  time: { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9, min: 60, h: 3600 },
  size: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  rate: { 'bit/s': 1, 'kbit/s': 1e3, 'Mbit/s': 1e6, 'Gbit/s': 1e9 },
  share: { '%': 1 },
}

/** What else tools and people call them; all in lower case. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ sec: 's', second: 's', seconds: 's', 秒: 's', msec: 'ms', millisecond: 'ms', milliseconds: 'ms', 毫秒: 'ms' },
  ...{
    μs: 'µs',
    usec: 'us',
    microseconds: 'us',
    微秒: 'us',
    minutes: 'min',
    minute: 'min',
    分钟: 'min',
    hours: 'h',
    小时: 'h',
  },
  ...{
    bytes: 'B',
    byte: 'B',
    b: 'B',
    字节: 'B',
    kb: 'kB',
    k: 'KiB',
    mb: 'MB',
    gb: 'GB',
    kib: 'KiB',
    mib: 'MiB',
    gib: 'GiB',
  },
  ...{
    'bits/sec': 'bit/s',
    'kbits/sec': 'kbit/s',
    'mbits/sec': 'Mbit/s',
    'gbits/sec': 'Gbit/s',
    mbps: 'Mbit/s',
    gbps: 'Gbit/s',
  },
  ...{
    kbps: 'kbit/s',
    'mbit/s': 'Mbit/s',
    'gbit/s': 'Gbit/s',
    mbit: 'Mbit/s',
    gbit: 'Gbit/s',
    percent: '%',
    百分之: '%',
  },
}

/** All units that a question can be asked in. */
export const units: readonly string[] = Object.values(dimensions).flatMap((of) => Object.keys(of))

export interface Quantity {
  value: number
  /** As it is called here; missing where none was written. `unknown` where it is none that we know. */
  unit?: string
}

/** The numbers in a text, each with the unit behind it. */
export function quantitiesIn(text: string): Quantity[] {
  const flat = text
    .normalize('NFKC')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .trim()
  const number =
    /(?<![\w.])([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d+)?(?:e[-+]?\d{1,3})?)\s*([%a-zµμ\p{Script=Han}]+(?:\/[a-z]+)?)?/giu
  return [...flat.matchAll(number)].map(([, digits = '', name]) => {
    const value = Number(digits.replace(/,(?=\d{3}(?!\d))/g, '').replace(',', '.'))
    return name === undefined ? { value } : { value, unit: unitCalled(name) }
  })
}

function unitCalled(name: string): string {
  return units.find((unit) => unit === name) ?? otherNames[name.toLowerCase()] ?? 'unknown'
}

/** A quantity in another unit of the same dimension; undefined where it has none of it. Without a unit it is in that one already. */
export function inUnit({ value, unit }: Quantity, wanted: string | undefined): number | undefined {
  if (unit === undefined || unit === wanted) return value
  const dimension = Object.values(dimensions).find((of) => wanted !== undefined && wanted in of)
  const [from, to] = [dimension?.[unit], dimension?.[wanted ?? '']]
  return from === undefined || to === undefined ? undefined : (value * from) / to
}
