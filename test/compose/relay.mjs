// An HTTP proxy for prove.sh: its outer half asks Debian's archive and npm's registry alone, its inner half listens where the Engine's
// containers reach it. Between them is a unix socket.
import { createServer, request } from 'node:http'
import { connect, createServer as listen } from 'node:net'

const [, , half, socket] = process.argv
const allowed = /^(?:deb\.debian\.org|security\.debian\.org|registry\.npmjs\.org)$/
const quiet = (stream) => stream.on('error', () => stream.destroy())

if (half === 'inside') {
  listen((from) => {
    const to = connect(socket)
    for (const stream of [from, to]) quiet(stream)
    from.pipe(to).pipe(from)
  }).listen(3128, '0.0.0.0')
} else {
  const server = createServer((asked, answer) => {
    const url = URL.canParse(asked.url) ? new URL(asked.url) : undefined
    if (url?.protocol !== 'http:' || !allowed.test(url.hostname)) return answer.writeHead(403).end()
    const { method, headers } = asked
    const passed = request(url, { method, headers }, (from) => {
      answer.writeHead(from.statusCode, from.headers)
      from.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  server.on('connect', ({ url }, from) => {
    const [, host] = /^([^:]+):443$/.exec(url) ?? []
    quiet(from)
    if (host === undefined || !allowed.test(host)) return from.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const to = connect(443, host, () => from.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    quiet(to)
    from.pipe(to).pipe(from)
  })
  server.listen(socket)
}
