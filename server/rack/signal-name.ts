import { constants } from 'node:os'

const names = new Map<number, string>(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** As signal(7) calls it; undefined for a number that is none. */
export function signalName(number: number): string | undefined {
  return names.get(number)
}
