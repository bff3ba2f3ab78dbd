import { signal } from '@preact/signals'
import type { PreviewView } from '../../server/protocol/author.js'
import { socket } from './connection.js'

/** The lab as its files are now, in a preview; undefined for learners. */
export const preview = signal<PreviewView | undefined>(undefined)

socket.on('preview', (view) => {
  preview.value = view
})
