import { describe, expect, it } from 'vitest'
import { innermost, parseFrame } from '../../server/network/packet.js'
import { frames } from './fixtures/frames.js'

const bytesOf = (name: keyof typeof frames) => Buffer.from(frames[name], 'hex')
const parsed = (name: keyof typeof frames, length?: number) => parseFrame(bytesOf(name), length)

describe('a frame is read', () => {
  it('with an echo request in it', () => {
    expect(parsed('echoRequest')).toEqual({
      ...{ length: 50, source: '02:00:00:00:00:0a', destination: '02:00:00:00:00:0b' },
      ip: {
        ...{ version: 4, source: '10.0.0.1', destination: '10.0.0.2', hops: 64, length: 36, dontFragment: true },
        ...{ protocol: 'icmp', icmp: { type: 8, code: 0 } },
      },
    })
    expect(parsed('echoReply6').ip).toMatchObject({
      version: 6,
      source: 'fd00::2',
      destination: 'fd00::1',
      icmp: { type: 129, code: 0 },
      length: 56,
    })
  })

  it('with a TCP segment', () => {
    const syn = parsed('syn').ip!
    expect(syn).toMatchObject({ protocol: 'tcp', destinationPort: 99, tcp: { flags: 'S', acknowledgement: 0 } })
    expect(parsed('reset').ip!.tcp).toEqual({ flags: 'RA', sequence: 0, acknowledgement: syn.tcp!.sequence + 1 })
    expect(parsed('reset').ip!.sourcePort).toBe(99)
  })

  it('with an error about a packet', () => {
    expect(parsed('portUnreachable').ip!.icmp).toEqual({
      ...{ type: 3, code: 3 },
      about: expect.objectContaining({
        source: '10.0.0.1',
        destination: '10.0.0.2',
        protocol: 'udp',
        destinationPort: 99,
      }),
    })
    expect(parsed('portUnreachable6').ip!.icmp).toMatchObject({
      type: 1,
      code: 4,
      about: { version: 6, destinationPort: 99 },
    })
    const tooLong = parsed('fragmentationNeeded', 590)
    expect(tooLong).toMatchObject({
      length: 590,
      ip: {
        length: 576,
        icmp: { type: 3, code: 4, mtu: 600, about: { destination: '10.3.0.9', length: 728, icmp: { type: 8 } } },
      },
    })
  })

  it('of ARP and of neighbour discovery', () => {
    expect(parsed('arpQuestion').neighbour).toEqual({
      ...{ kind: 'question', target: '10.0.0.1', senderMac: '02:00:00:00:00:0b', senderAddress: '10.0.0.2' },
    })
    expect(parsed('arpAnswer').neighbour).toEqual({
      ...{ kind: 'answer', target: '10.0.0.1', senderMac: '02:00:00:00:00:0a', senderAddress: '10.0.0.1' },
    })
    expect(parsed('solicitation').neighbour).toEqual({
      ...{ kind: 'question', target: 'fd00::2', senderMac: '02:00:00:00:00:0a', senderAddress: 'fd00::1' },
    })
    expect(parsed('advertisement').neighbour).toEqual({
      ...{ kind: 'answer', target: 'fd00::2', senderMac: '02:00:00:00:00:0b', senderAddress: 'fd00::2' },
    })
  })

  it('in a tunnel', () => {
    const echo = parsed('echoInVxlan')
    expect(echo).toMatchObject({
      length: 100,
      ip: { source: '10.0.0.1', protocol: 'udp', destinationPort: 4789 },
      vxlan: { id: 4097, inner: { length: 50 } },
    })
    expect(innermost(echo)).toMatchObject({
      source: '02:00:00:00:01:0a',
      ip: { source: '10.1.0.1', destination: '10.1.0.2', icmp: { type: 8 } },
    })
    expect(innermost(parsed('arpInVxlan')).neighbour).toMatchObject({ kind: 'question', target: '10.1.0.2' })
    const elsewhere = bytesOf('echoInVxlan')
    elsewhere.writeUInt16BE(4790, 36)
    expect(parseFrame(elsewhere).vxlan?.id).toBe(4097)
    elsewhere[42] = 0x48
    expect(parseFrame(elsewhere).vxlan).toBeUndefined()
  })

  it('with tags of VLANs', () => {
    const plain = bytesOf('echoRequest')
    const tag = Buffer.from('8100202a', 'hex')
    const one = Buffer.concat([plain.subarray(0, 12), tag, plain.subarray(12)])
    expect(parseFrame(one)).toMatchObject({ vlan: 42, length: 54, ip: { destination: '10.0.0.2' } })
    const two = Buffer.concat([plain.subarray(0, 12), Buffer.from('88a80007', 'hex'), tag, plain.subarray(12)])
    expect(parseFrame(two)).toMatchObject({ vlan: 7, ip: { destination: '10.0.0.2' } })
  })

  it('behind extension headers, and in fragments', () => {
    const echo = bytesOf('echoReply6')
    const hop = Buffer.from('3a00050200000100', 'hex')
    const behind = Buffer.concat([echo.subarray(0, 54), hop, echo.subarray(54)])
    behind[20] = 0
    expect(parseFrame(behind).ip).toMatchObject({ protocol: 'icmp', icmp: { type: 129 } })
    const later = bytesOf('syn')
    later.writeUInt16BE(0x2005, 20)
    expect(parseFrame(later).ip).not.toHaveProperty('tcp')
    expect(parseFrame(later).ip).toMatchObject({ protocol: 'tcp', dontFragment: false })
  })
})

describe('whatever comes', () => {
  it('cut off anywhere, is read as far as it goes', () => {
    for (const name of Object.keys(frames) as (keyof typeof frames)[]) {
      const bytes = bytesOf(name)
      for (let end = 0; end <= bytes.length; end++) {
        const frame = parseFrame(bytes.subarray(0, end), bytes.length)
        expect(frame.length).toBe(bytes.length)
        if (end < 14) expect(Object.keys(frame)).toEqual(['length'])
      }
    }
  })

  it('in any form, throws nothing', () => {
    // Park and Miller's generator: the same bytes each time.
    let seed = 20_000
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const names = Object.keys(frames) as (keyof typeof frames)[]
    for (let round = 0; round < 20_000; round++) {
      const bytes = bytesOf(names[random(names.length)]!)
      for (let changes = random(6); changes >= 0; changes--) bytes[random(bytes.length)] = random(256)
      parseFrame(bytes.subarray(0, random(bytes.length + 1)))
    }
  })

  it('nested without end, ends', () => {
    const header = bytesOf('echoInVxlan').subarray(0, 50)
    let nested: Buffer = bytesOf('echoInVxlan')
    for (let depth = 0; depth < 20; depth++) nested = Buffer.concat([header, nested])
    let depth = 0
    for (let frame = parseFrame(nested); frame.vxlan; frame = frame.vxlan.inner) depth++
    expect(depth).toBeGreaterThan(1)
    expect(depth).toBeLessThan(5)
  })
})
