/** Cuts control characters and length, so that hostile names and output are safe to print. */
export function oneLine(text: string, most = 600): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat
}
