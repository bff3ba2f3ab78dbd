import { Packr } from 'msgpackr'
import { Message } from 'vscode-jsonrpc/node'
import { MAX_FRAME_BYTES } from './frames.js'

/** msgpackr grows its scratch buffer to four times the largest message and keeps it; above this it is given back. */
const KEPT_SCRATCH_BYTES = 512 * 1024
const FRESH_SCRATCH_BYTES = 64 * 1024

// Plain maps, no record extension: a frame must be readable without the frames before it.
const packr = new Packr({ useRecords: false, mapsAsObjects: true })

/** MessagePack instead of JSON, so that terminal bytes travel as bytes. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = packr.pack(message)
  if (bytes.buffer.byteLength > KEPT_SCRATCH_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(FRESH_SCRATCH_BYTES))
  if (bytes.length > MAX_FRAME_BYTES) {
    throw new Error(`the message has ${bytes.length} bytes, more than ${MAX_FRAME_BYTES}`)
  }
  return bytes
}

/** Throws for what is no message. */
export function decodeMessage(bytes: Uint8Array): Message {
  const message: Message | undefined = packr.unpack(bytes)
  if (Message.isRequest(message) || Message.isNotification(message) || Message.isResponse(message)) return message
  throw new Error('not a JSON-RPC message')
}
