import { z } from 'zod'
import { isLabId } from '../protocol/lab-address.js'
import type { Requests } from '../protocol/protocol.js'
import { COLS_RANGE, ROWS_RANGE } from '../terminal/protocol.js'

/** Longest piece of input in one request, in bytes. */
export const writeBytes = 32 * 1024

const session = z.string().min(1).max(64)
const lab = z.string().refine(isLabId)
const name = z.string().min(1).max(64)
/** A reference, a name or an address. */
const place = z.string().min(1).max(253)
const terminal = z.string().regex(/^[0-9a-f]{32}$/)
const index = z.int().min(0).max(10_000)
const offset = z.int().nonnegative()
const clamped = ([least, most]: readonly [number, number]) =>
  z.number().transform((value) => Math.min(most, Math.max(least, Math.trunc(value))))
const size = { cols: clamped(COLS_RANGE), rows: clamped(ROWS_RANGE) }
const block = z.union([z.strictObject({ page: index }), z.strictObject({ step: name, solution: index })])

export type RequestName = Exclude<keyof Requests, 'terminal.acknowledge'>
export type Asked<K extends RequestName> = Parameters<Requests[K]>[0]

/** What a browser may ask, and nothing else. */
export const requests = {
  'session.join': z.strictObject({ lab, open: z.boolean() }),
  'session.reopen': z.strictObject({ session, replay: z.boolean() }),
  'session.leave': z.strictObject({ session }),
  'session.startOver': z.strictObject({ session }),
  'session.stay': z.strictObject({ session }),
  'step.check': z.strictObject({ session, step: name }),
  'step.answer': z.strictObject({ session, step: name, id: name, text: z.string().max(2000) }),
  'step.hint': z.strictObject({ session, step: name, check: index }),
  'step.show': z.strictObject({ session, step: name }),
  'step.do': z.strictObject({ session, step: name }),
  'step.skip': z.strictObject({ session, step: name }),
  'rack.reset': z.strictObject({ session, host: name.optional() }),
  'rack.replay': z.strictObject({ session, step: name }),
  'rack.preview': z.strictObject({ session, host: name, port: z.int().min(1).max(65_535) }),
  'block.run': z.strictObject({ session, block, terminal: terminal.optional() }),
  'block.text': z.strictObject({ session, block }),
  'network.follow': z.strictObject({ session }),
  'network.at': z.strictObject({ session, entry: z.int().nonnegative() }),
  'trace.run': z.strictObject({
    session,
    from: place,
    to: place,
    port: z.int().min(1).max(65_535).optional(),
    protocol: z.enum(['icmp', 'tcp', 'udp']).optional(),
  }),
  'trace.check': z.strictObject({ session, step: name, check: index }),
  'trace.cancel': z.strictObject({ session }),
  'diagnose.run': z.strictObject({ session, container: place }),
  'terminal.open': z.strictObject({ session, host: name, ...size }),
  'terminal.close': z.strictObject({ session, terminal }),
  'terminal.attach': z.strictObject({ session, terminal, fromOffset: offset.optional() }),
  'terminal.detach': z.strictObject({ terminal }),
  'terminal.write': z.strictObject({
    terminal,
    bytes: z.instanceof(Uint8Array).refine((bytes) => bytes.length <= writeBytes),
  }),
  'terminal.resize': z.strictObject({ terminal, ...size }),
} satisfies { [K in RequestName]: z.ZodType<Asked<K>> }

/** Terminal and offset: the one event that nobody answers. */
export const acknowledgement = z.tuple([terminal, offset])
