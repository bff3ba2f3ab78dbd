/** Reads an option that may be given several times. */
export function several(value: string, before: string[]): string[] {
  return [...before, value]
}
