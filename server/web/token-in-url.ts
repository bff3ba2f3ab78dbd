/** The token that an address has behind `?token=`. */
export function tokenIn(url: string): string | undefined {
  const mark = url.indexOf('?')
  return mark < 0 ? undefined : (new URLSearchParams(url.slice(mark)).get('token') ?? undefined)
}
