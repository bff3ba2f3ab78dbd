import { z } from 'zod'

/** Sizes a terminal may have, in character cells. */
export const COLS_RANGE = [2, 500] as const
export const ROWS_RANGE = [1, 300] as const

/** Most input that waits for a program to read it, in bytes. */
export const INPUT_BYTES = 4 * 1024 * 1024

/** Most characters of a text that is run. */
export const RUN_CHARACTERS = 64 * 1024

const terminalId = z.string().regex(/^[0-9a-f]{32}$/)
const offset = z.int().nonnegative()
const bytes = z.instanceof(Uint8Array)
/** Chosen by the client, so that it knows the attachment before the first bytes arrive; unique within a connection. */
const attachment = z.int().nonnegative()

/** NaN and infinities are refused, everything else is brought into range. */
const clamped = ([least, most]: readonly [number, number]) =>
  z.number().transform((value) => Math.min(most, Math.max(least, Math.trunc(value))))
const size = { cols: clamped(COLS_RANGE), rows: clamped(ROWS_RANGE) }

/** Requests to the pty host, and their parameters. */
export const requests = {
  open: z.strictObject({ host: z.string(), ...size }),
  list: z.strictObject({}),
  attach: z.strictObject({ terminal: terminalId, attachment, fromOffset: offset.optional() }),
  detach: z.strictObject({ attachment }),
  write: z.strictObject({ attachment, bytes }),
  resize: z.strictObject({ attachment, ...size }),
  close: z.strictObject({ terminal: terminalId }),
  /** Types the text and Enter at a waiting prompt. */
  run: z.strictObject({ terminal: terminalId, text: z.string().max(RUN_CHARACTERS) }),
  /** From now on the client is asked `changes`, with each terminal at first. */
  watch: z.strictObject({}),
  shutdown: z.strictObject({}),
}

/** Notifications to the pty host. */
export const acknowledgeParams = z.strictObject({ attachment, offset })

/** Notifications from the pty host to a viewer. */
export const viewerEvents = {
  data: z.object({ attachment, offset, bytes }),
  gap: z.object({ attachment, from: offset, to: offset }),
  resized: z.object({ attachment, cols: z.number(), rows: z.number() }),
  exit: z.object({ attachment, exitCode: z.number().nullable(), signal: z.string().nullable() }),
}

export const terminalExit = z.object({ exitCode: z.number().nullable(), signal: z.string().nullable() })

/** How a terminal's program ended: by exit, or by a signal (a name such as SIGHUP). */
export type TerminalExit = z.infer<typeof terminalExit>

export const terminalInfo = z.object({
  id: terminalId,
  host: z.string(),
  cols: z.number(),
  rows: z.number(),
  /** Absolute offsets of the record: the first byte kept, and after the last one. */
  startOffset: offset,
  endOffset: offset,
  /** The shell waits for a command, as far as its marks say. */
  atPrompt: z.boolean(),
  exited: terminalExit.optional(),
})

export type TerminalInfo = z.infer<typeof terminalInfo>

/** A command of a terminal's shell; the text is missing where the shell does not tell it. */
const terminalCommand = z.object({ terminal: terminalId, text: z.string().optional() })
const endedCommand = terminalCommand.extend({ exitCode: z.number().optional() })

/**
 * What a watcher is told, as a request: as long as it has not answered, changes are gathered, so that a slow one costs no
 * memory. A terminal comes in several of the lists when several things happened. Of several commands of a terminal the last
 * that ended is told, and after it the one that runs now; the first list of all has those that run already.
 */
export const watcherRequests = {
  changes: z.object({
    terminals: z.array(terminalInfo),
    commandEnds: z.array(endedCommand),
    commandStarts: z.array(terminalCommand),
    closed: z.array(terminalId),
  }),
}

export type TerminalChanges = z.infer<typeof watcherRequests.changes>
