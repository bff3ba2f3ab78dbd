import { describe, expect, it } from 'vitest'
import { meet, numberOf, rangeOf } from '../../../server/lab/parameters/range.js'
import { loadLab, withSeed } from '../../../server/lab/read-lab.js'
import { fromPackage } from '../../../server/package-root.js'
import { problemsOf, valuesOf } from './own-lab.js'

const seeds = Array.from({ length: 300 }, (_, n) => `seed-${n}`)

const shop = {
  parameters: `  front: {subnet: {within: 10.64.0.0/16, prefix: 20}, practice: 10.64.16.0/20}
  back: {subnet: {within: 10.64.0.0/16, prefix: 20}, practice: 10.64.32.0/20}
  door: {address: {in: front, host: 254}}
  db: {address: {in: back, from: 20, to: 24}, practice: 10.64.32.20}
  api: {address: {in: back, from: 20, to: 24}, practice: 10.64.32.21}
  on_lan: {address: {in: 192.168.1.0/24, from: 10, to: 13}, practice: 192.168.1.99}
  web_port: {port: {from: 8080, to: 8085}, practice: 8080}
  api_port: {port: {from: 8080, to: 8085}, practice: 8081}
  copies: {count: {from: 2, to: 4}, practice: 3}
  one: {name: [shop, store, market, web], practice: shop}
  two: {name: "kiosk-#", practice: kiosk}
  fault:
    oneOf:
      - {name: drop, cure: "iptables -D INPUT -p tcp --dport {{web_port}} -j DROP"}
      - {name: route, cure: "ip route del blackhole {{back}}"}
      - {name: link, cure: ip link set eth0 up}`,
  // What it names by itself: 192.168.1.12 and 8082 must be drawn for nobody, nor the network around 10.64.128.7.
  body: 'Never 192.168.1.12, 8082 or 10.64.128.7. {{door}} {{db}} {{api}} {{on_lan}} {{web_port}} {{api_port}} {{copies}} {{one}} {{two}} {{fault.cure}}',
}

describe('The numbers of many seeds', () => {
  const all = seeds.map((seed) => valuesOf(shop, seed))

  it('are the same for the same seed, and mostly others for another', () => {
    expect(seeds.slice(0, 20).map((seed) => valuesOf(shop, seed))).toEqual(all.slice(0, 20))
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBeGreaterThan(295)
  })

  it('never collide: with each other, with what the lab names, with Docker, with those of practice', () => {
    for (const one of all) {
      const [front, back] = [rangeOf(`${one.front}`), rangeOf(`${one.back}`)]
      expect(meet(front, back)).toBe(false)
      for (const other of ['10.64.16.0/20', '10.64.32.0/20', '10.64.128.7', '172.16.0.0/12', '192.168.0.0/16'])
        for (const own of [front, back]) expect(meet(own, rangeOf(other)), JSON.stringify(one)).toBe(false)
      expect(one.db).not.toBe(one.api)
      for (const address of [one.db, one.api]) expect(meet(back, rangeOf(`${address}`))).toBe(true)
      expect(numberOf(`${one.door}`)).toBe(front.first + 254)
      // .11 is the host's, .12 is named, and of 10 and 13 both are drawn.
      expect(['192.168.1.10', '192.168.1.13']).toContain(one.on_lan)
      expect(one.web_port).not.toBe(one.api_port)
      for (const port of [one.web_port, one.api_port]) expect([8083, 8084, 8085]).toContain(port)
      expect([2, 3, 4]).toContain(one.copies)
      // `web` is a container of the lab, and `shop` what practice has.
      expect(['store', 'market']).toContain(one.one)
      expect(one.two).toMatch(/^kiosk-\d$/)
    }
  })

  it('reach all that may be', () => {
    const met = (name: string) => new Set(all.map((one) => JSON.stringify(one[name]))).size
    expect([met('on_lan'), met('web_port'), met('api_port'), met('copies'), met('one'), met('two')]).toEqual([
      2, 3, 3, 3, 2, 10,
    ])
    expect(new Set(all.map(({ fault }) => (fault as { name: string }).name))).toEqual(
      new Set(['drop', 'route', 'link']),
    )
    // 16 networks less two of practice and one that the lab names.
    expect(met('front')).toBe(13)
  })

  it('stand in what an entry of several says', () => {
    for (const { fault, web_port, back } of all) {
      const { name, cure } = fault as { name: string; cure: string }
      if (name === 'drop') expect(cure).toBe(`iptables -D INPUT -p tcp --dport ${web_port} -j DROP`)
      if (name === 'route') expect(cure).toBe(`ip route del blackhole ${back}`)
    }
  })

  it('do not change when a parameter is added or taken away', () => {
    const without = { ...shop, parameters: shop.parameters.replace(/ {2}copies: .*\n/, '') }
    const body = shop.body.replace('{{copies}} ', '')
    for (const seed of seeds.slice(0, 30)) {
      const { copies: _, ...rest } = valuesOf(shop, seed)
      expect(valuesOf({ ...without, body }, seed)).toEqual(rest)
    }
  })
})

it('an address that is drawn is never one that another parameter always has, wherever that stands', () => {
  const parameters = `  net: {subnet: {within: 10.64.0.0/12, prefix: 28}, practice: 10.1.0.0/28}
  db: {address: {in: net, from: 2, to: 6}, practice: 10.1.0.4}
  api: {address: {in: net, from: 2, to: 6}, practice: 10.1.0.3}
  door: {address: {in: net, host: 5}}`
  for (const seed of seeds.slice(0, 100)) {
    const { net, db, api, door } = valuesOf({ parameters, body: '{{db}} {{api}} {{door}}' }, seed)
    const hosts = [db, api, door].map((address) => numberOf(`${address}`) - rangeOf(`${net}`).first)
    // 3 and 4 are those of practice.
    expect(hosts.toSorted()).toEqual([2, 5, 6])
  }
})

it('with the seed of practice are those that the author wrote', () => {
  expect(valuesOf(shop)).toMatchObject({
    front: '10.64.16.0/20',
    door: '10.64.16.254',
    db: '10.64.32.20',
    on_lan: '192.168.1.99',
    web_port: 8080,
    copies: 3,
    one: 'shop',
    fault: { name: 'drop' },
  })
})

it('are drawn in the same way by every version of vethlab', async () => {
  const lines: string[] = []
  for (const id of ['user-bridge', 'published-ports']) {
    const lab = await loadLab(fromPackage('labs', id))
    for (const seed of ['practice', 'proof-1', 'proof-2', 'ada', '0'.repeat(64)])
      lines.push(`${id} ${seed} ${JSON.stringify(withSeed(lab, seed).drawn!.values)}`)
  }
  for (const seed of seeds.slice(0, 5)) lines.push(`shop ${seed} ${JSON.stringify(valuesOf(shop, seed))}`)
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('drawn.txt')
})

it.each([
  [
    'no network is left',
    '  a: {subnet: {within: 172.16.0.0/12}, practice: 10.1.0.0/24}',
    'no network of /24 is left in 172.16.0.0/12',
  ],
  [
    'no port is left',
    '  a: {port: {from: 8080, to: 8081}, practice: 8080}\n  b: {port: {from: 8080, to: 8081}, practice: 8081}',
    'no port is left from 8080 to 8081',
  ],
  ['no name is left', '  a: {name: [web, shop], practice: shop}', 'no name is left'],
  [
    'no address is left',
    '  a: {address: {in: 192.168.1.0/24, from: 11, to: 11}, practice: 192.168.1.30}',
    'no address is left in 192.168.1.0/24',
  ],
  [
    'there is no such host',
    '  a: {subnet: {prefix: 26}, practice: 10.1.0.0/26}\n  b: {address: {in: a, host: 70}}',
    'has no host 70',
  ],
])('%s: it is told with its place', (_, parameters, what) => {
  expect(problemsOf({ parameters }, 'x').join('\n')).toMatch(new RegExp(`^lab.yaml:\\d+: .*${what}`, 'm'))
})
