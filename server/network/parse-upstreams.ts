import { oneLine } from '../wording/one-line.js'

/** Whom a proxy passes requests on to, as its configuration has it. */
export interface Upstream {
  /** Its file, as the proxy itself sees it. */
  file: string
  /** The line, without blanks around it. */
  line: string
  /** A name or an address. */
  name: string
  port: number
}

/** More than a proxy on a rack has. */
const mostUpstreams = 50

const name = String.raw`([A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9a-fA-F:]+\])`
/**
 * Names with a variable in them are looked up for each request, and are left out (ngx_http_proxy_module, "proxy_pass"); those of
 * `server` within `upstream` are looked up when nginx starts or reloads (ngx_http_upstream_module).
 */
const nginx = [
  new RegExp(String.raw`^(?:proxy|grpc|uwsgi|scgi)_pass\s+(?:(https?|grpcs?)://)?${name}(?::(\d{1,5}))?[/;]`),
  new RegExp(String.raw`^(fastcgi)_pass\s+${name}(?::(\d{1,5}))?;`),
  new RegExp(String.raw`^(server)\s+${name}(?::(\d{1,5}))?(?:\s[^{]*)?;`),
]
/** `server NAME ADDRESS:PORT`; looked up at start, unless it has `resolvers` (HAProxy Configuration Manual, "server"). */
const haproxy = [new RegExp(String.raw`^server()\s+\S+\s+${name}:(\d{1,5})(?!.*\bresolvers\b)`)]

/** Reads the directives of nginx or HAProxy that say to whom requests go. Several may stand on one line. */
export function parseUpstreams(file: string, text: string): Upstream[] {
  const forms = file.endsWith('.cfg') ? haproxy : nginx
  const parts = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => (forms === haproxy ? [line] : line.split(/(?<=[;{}])/)))
  return parts
    .flatMap((part) => {
      const line = part.trim()
      const found = forms.map((form) => form.exec(line)).find((match) => match !== null)
      if (!found || found[2] === undefined) return []
      const secure = /^(https|grpcs)$/.test(found[1] ?? '')
      const port = Number(found[3] ?? (secure ? 443 : 80))
      return port < 1 || port > 65_535
        ? []
        : [{ file, line: oneLine(line, 200), name: found[2].replace(/^\[|\]$/g, ''), port }]
    })
    .slice(0, mostUpstreams)
}
