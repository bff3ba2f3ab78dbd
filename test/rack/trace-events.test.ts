import { describe, expect, it } from 'vitest'
import { parseRuleTexts, parseTraceEvent, ruleKey, verdictOf } from '../../server/rack/trace-events.js'

function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16LE(4 + value.length, 0)
  header.writeUInt16LE(type, 2)
  return Buffer.concat([header, value, Buffer.alloc(-value.length & 3)])
}
const number = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}
const handle = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
/** A netlink message as nf_tables_trace.c makes it. */
function message(family: number, ...attributes: Buffer[]): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt16LE(0x0a11, 4)
  head[16] = family
  return Buffer.concat([head, ...attributes])
}
const names = [attribute(1, Buffer.from('filter\0')), attribute(2, Buffer.from('DOCKER-USER\0'))]

describe('parseTraceEvent', () => {
  it('reads a rule that drops', () => {
    const verdict = Buffer.concat([attribute(1, number(0))])
    expect(
      parseTraceEvent(
        message(
          2,
          ...names,
          attribute(4, number(3)),
          attribute(6, number(77)),
          attribute(3, handle(9n)),
          attribute(0x8005, verdict),
          attribute(10, number(2)),
          attribute(8, Buffer.alloc(20, 1)),
          attribute(9, Buffer.alloc(20, 2)),
        ),
      ),
    ).toEqual({
      id: 77,
      family: 'ip',
      table: 'filter',
      chain: 'DOCKER-USER',
      kind: 'rule',
      handle: 9n,
      verdict: 'drop',
      in: 2,
      headers: { network: Buffer.alloc(20, 1), transport: Buffer.alloc(20, 2) },
    })
  })

  it('reads a jump with its chain, a policy, and the end of a chain as newer kernels tell it', () => {
    const jump = Buffer.concat([attribute(1, number(-3)), attribute(2, Buffer.from('INNER\0'))])
    const told = (...more: Buffer[]) => parseTraceEvent(message(10, ...names, attribute(6, number(1)), ...more))
    expect(told(attribute(4, number(3)), attribute(3, handle(1n)), attribute(5, jump))?.verdict).toBe('jump INNER')
    expect(told(attribute(4, number(1)), attribute(16, number(0)))).toMatchObject({ kind: 'policy', verdict: 'drop' })
    expect(told(attribute(4, number(3)))).toMatchObject({ kind: 'end', family: 'ip6' })
  })

  it('takes no other message, and none that is cut off', () => {
    const whole = message(2, ...names, attribute(4, number(3)), attribute(6, number(77)))
    expect(parseTraceEvent(whole)).toBeDefined()
    for (let length = 0; length < 20; length++) expect(parseTraceEvent(whole.subarray(0, length))).toBeUndefined()
    for (let length = 20; length < whole.length; length++) parseTraceEvent(whole.subarray(0, length))
    const other = Buffer.from(whole)
    other.writeUInt16LE(0x0a00, 4)
    expect(parseTraceEvent(other)).toBeUndefined()
  })
})

describe('rules by their handles', () => {
  const listing = [
    'table ip filter { # handle 1',
    '\tchain DOCKER-USER { # handle 4',
    '\t\tip saddr 10.0.0.1 counter drop # handle 9',
    '\t\tip daddr 10.0.0.2 comment "# handle 7" accept # handle 10',
    '\t}',
    '}',
    'table inet filter { # handle 2',
    '\tchain input { # handle 1',
    '\t\treject with tcp reset # handle 9',
    '\t}',
    '}',
  ].join('\n')

  it('are told apart by family and table, and a comment is no handle', () => {
    const rules = parseRuleTexts(listing)
    expect(rules.get(ruleKey({ family: 'ip', table: 'filter', handle: 9n }))).toEqual({
      text: 'ip saddr 10.0.0.1 counter drop',
      position: 1,
    })
    expect(rules.get(ruleKey({ family: 'inet', table: 'filter', handle: 9n }))).toEqual({
      text: 'reject with tcp reset',
      position: 1,
    })
    expect(rules.get('ip filter 10')).toEqual({
      text: 'ip daddr 10.0.0.2 comment "# handle 7" accept',
      position: 2,
    })
    expect(rules.has('ip filter 7')).toBe(false)
  })

  it.each([
    ['drop', 'reject with tcp reset', 'reject'],
    ['drop', 'counter drop comment "reject"', 'drop'],
    ['accept', 'dnat to 172.17.0.2:80', 'dnat'],
    ['accept', 'masquerade', 'masquerade'],
    ['accept', 'comment "snat" accept', 'accept'],
    ['accept', undefined, 'accept'],
  ])('%s of the rule %s is %s', (verdict, rule, said) => {
    expect(verdictOf(verdict, rule)).toBe(said)
  })
})
