import type { IDisposable, IParser } from '@xterm/headless'

/** Either emulator's: with a page or without. */
type Parser = Pick<IParser, 'registerCsiHandler' | 'registerDcsHandler' | 'registerOscHandler'>

/**
 * Swallows what programs ask of the emulator while `answers` says no: device attributes, status and cursor reports, modes,
 * settings, colours. Every window that shows a terminal has an emulator, and each would answer; the program would take all
 * answers but the first for something typed. So only the window used last answers, and none answers what is replayed.
 *
 * Handlers that give false leave it to the emulator's own.
 */
export function swallowQueries(parser: Parser, answers: () => boolean): IDisposable {
  const swallow = () => !answers()
  const isColourQuery = (data: string) => data.split(';').includes('?') && !answers()
  const handlers = [
    parser.registerCsiHandler({ final: 'c' }, swallow),
    parser.registerCsiHandler({ prefix: '>', final: 'c' }, swallow),
    parser.registerCsiHandler({ prefix: '=', final: 'c' }, swallow),
    parser.registerCsiHandler({ final: 'n' }, swallow),
    parser.registerCsiHandler({ prefix: '?', final: 'n' }, swallow),
    parser.registerCsiHandler({ prefix: '>', final: 'q' }, swallow),
    parser.registerCsiHandler({ intermediates: '$', final: 'p' }, swallow),
    parser.registerCsiHandler({ prefix: '?', intermediates: '$', final: 'p' }, swallow),
    parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow),
    ...[4, 10, 11, 12].map((code) => parser.registerOscHandler(code, isColourQuery)),
  ]
  return { dispose: () => handlers.forEach((handler) => void handler.dispose()) }
}
