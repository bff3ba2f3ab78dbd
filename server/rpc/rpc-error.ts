import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node'
import { z } from 'zod'
import { messageOf } from '../error/message-of.js'
import { safeParse } from '../error/safe-parse.js'
import { type ErrorCode, VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

/** What travels of a VethlabError; stacks and causes stay in the process they belong to. */
const carriedError = z.object({ code: z.string(), what: z.string(), place: z.string(), cure: z.string() })

/** Turns whatever a handler threw into the reply. */
export function toResponseError(error: unknown): ResponseError<unknown> {
  if (error instanceof VethlabError) {
    const { code, what, place, cure, message } = error
    return new ResponseError(ErrorCodes.UnknownErrorCode, message, { code, what, place, cure })
  }
  return new ResponseError(ErrorCodes.InternalError, oneLine(messageOf(error)))
}

/** Turns a reply's error back into what the handler threw, or into a plain Error when that was a bug. */
export function fromResponseError(error: unknown): Error {
  if (!(error instanceof ResponseError)) return error instanceof Error ? error : new Error(oneLine(String(error)))
  const carried = safeParse(carriedError, error.data)
  if (!carried.success) return new Error(oneLine(error.message))
  const { code, what, place, cure } = carried.data
  return new VethlabError(code as ErrorCode, what, { place, cure })
}

/** Parses a message's parameters; the first thing wrong is named as `method.key`. */
export function parseParams<S extends z.ZodType>(method: string, schema: S, params: unknown): z.output<S> {
  const parsed = safeParse(schema, params)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const keys = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? [])
  throw new VethlabError('argument.invalid', issue?.message ?? 'Invalid input', {
    place: [method, ...keys].map(String).join('.'),
    cure: 'Correct this value and ask again.',
  })
}
