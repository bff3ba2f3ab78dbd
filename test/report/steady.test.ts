import { expect, it } from 'vitest'
import { steady } from '../../server/report/steady.js'

it.each([
  ['`veth1a2b3c4` is a port of `br-52d0aec2ea8e`', '`veth…` is a port of `br-…`'],
  ['container 18993f866ab7 runs', 'container … runs'],
  [`id ${'18993f866ab77a5851ec01696650083799dcd65df9cbba030cf80cda00c8dd45'}`, 'id …'],
  [
    '`my_net` has 172.20.0.1 and 02:42:ac:14:00:02 on `eth0`',
    '`my_net` has 172.20.0.1 and 02:42:ac:14:00:02 on `eth0`',
  ],
  ['port 8080, 123456789012 bytes, facade', 'port 8080, 123456789012 bytes, facade'],
])('%s', (text, short) => {
  expect(steady({ en: text, zh: text })).toEqual({ en: short, zh: short })
})
