import { parentPort } from 'node:worker_threads'
import { networkState } from '../network/assemble.js'
import type { StateAnswer, StateQuestion } from './state-thread.js'

// A thread of StateThread's: it makes one picture after another, of what it is sent.

parentPort?.on('message', ({ id, captures, rack }: StateQuestion) => {
  parentPort?.postMessage({ id, state: networkState(captures, rack) } satisfies StateAnswer)
})
