// Runs in a network namespace that plays the internet: a web server on every address, and a name server.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'

createServer((_, answer) => answer.end('internet')).listen(8000, '0.0.0.0')
const dns = createSocket('udp4')
dns.on('message', (question, from) => {
  // The question as it came, and one A record: 203.0.113.10.
  const end = question.indexOf(0, 12) + 5
  const header = Buffer.concat([question.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])])
  const isA = question.readUInt16BE(end - 4) === 1
  if (!isA) header.writeUInt16BE(0, 6)
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 10])
  dns.send(Buffer.concat([header, question.subarray(12, end), ...(isA ? [answer] : [])]), from.port, from.address)
})
dns.bind(53, '0.0.0.0', () => console.log('ready'))
