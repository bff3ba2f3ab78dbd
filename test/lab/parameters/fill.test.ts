import { describe, expect, it } from 'vitest'
import { labOf, withSeed } from '../../../server/lab/read-lab.js'
import { startStateOf } from '../../../server/lab/replace-lab.js'
import { problemsOf, sourcesWith } from './own-lab.js'

const parameters = `  front: {subnet: {prefix: 24}, practice: 10.1.0.0/24}
  door: {address: {in: front, host: 254}}
  web_port: {port: {from: 8000, to: 8999}, practice: 8080}
  shop: {name: [store, market, kiosk], practice: shop}
  fault: {oneOf: [{cut: ip link set eth0 down, cure: ip link set eth0 up, reason: port.published}, {cut: "true", cure: "false", reason: port.published}]}
  wires:
    oneOf:
      - {lan: {subnet: 192.168.1.0/24, at: {node1: .11}}}
      - {lan: {subnet: 192.168.2.0/24, at: {node1: .12}}}`

const rich = {
  parameters,
  more: 'values:\n  own: {container: web, fact: address}\n',
  checks: `      - port: {container: "{{shop}}", port: 80, published: "{{web_port}}"}
        form: The lab is about it, which is reason enough.
        hint: {en: "It is {{web_port}} on {{shop}}.", zh: "是 {{shop}} 的 {{web_port}}。"}
      - network: {name: front, subnet: "{{front}}", gateway: "{{door}}"}
        hint: {en: Make it., zh: 创建它。}
      - reach: {from: node1, to: web, with: http, port: 80, path: "/{{nonce}}", body: "{{nonce}} {{web}} {{shop}}"}
        hint: {en: Ask., zh: 试试。}
      - answer:
          id: where
          ask: {en: "Which port of {{shop}}?", zh: "{{shop}} 的哪个端口？"}
          equals: "{{web_port}}"
          known: It is on the page, to be found.
        hint: {en: Look., zh: 看看。}`,
  body: 'Publish **{{web_port}}** of `{{shop}}`.\n\n```bash run\ndocker run --name {{shop}} -p {{web_port}}:80 nginx; ping {{own}}; docker inspect -f "{{.Id}} {{end}}" {{shop}}\n```',
  setup: 'case $HOST in node1) {{fault.cut}} ;; esac',
  mistake:
    '---\nstep: do\ncheck: 1\nreason: "{{fault.reason}}"\nanswers: {where: "{{web_port}}"}\n---\n\n```bash run\ndocker run -p 80:{{web_port}} nginx\n```\n',
}
const sources = sourcesWith({ ...rich })
// A whole topology may be one of several.
sources.texts['lab.yaml'] = {
  text: (sources.texts['lab.yaml'] as { text: string }).text.replace(/ {2}lans: .*\n/, '  lans: "{{wires}}"\n'),
}

describe('A lab with the numbers of a seed', () => {
  const read = labOf(sources)
  const practice = read.lab!
  const mine = withSeed(practice, 'mine')
  const { web_port: port, shop, front, door } = mine.drawn!.values as Record<string, string>

  it('is read without a fault', () => {
    expect(read.problems).toEqual([])
    expect(practice.drawn).toMatchObject({ seed: 'practice', unused: [] })
    expect(mine.drawn).toMatchObject({ seed: 'mine', sources: practice.drawn!.sources })
  })

  it('has them in its checks, as what they are', () => {
    const [first, second, third, fourth] = mine.steps[0]!.checks
    expect(first).toMatchObject({ spec: { container: shop, published: port } })
    expect(typeof port).toBe('number')
    expect(first!.hints[0]).toEqual({ en: `It is ${port} on ${shop}.`, zh: `是 ${shop} 的 ${port}。` })
    expect(second).toMatchObject({ spec: { subnet: front, gateway: door } })
    // What `reach` fills by itself stays.
    expect(third).toMatchObject({ spec: { path: '/{{nonce}}', body: `{{nonce}} {{web}} ${shop}` } })
    expect(JSON.stringify(fourth)).toContain(`${port}`)
  })

  it('has them in its pages, beside live values and templates of others', () => {
    for (const language of ['en', 'zh'] as const) {
      const section = mine.pages[language].sections[1]!
      expect(section.markdown).toContain(`Publish **${port}** of \`${shop}\`.`)
      expect(section.blocks[0]!.text).toBe(
        `docker run --name ${shop} -p ${port}:80 nginx; ping {{own}}; docker inspect -f "{{.Id}} {{end}}" ${shop}`,
      )
    }
  })

  it('has them in its set-up, its mistakes and their answers', () => {
    const { cut } = mine.drawn!.values.fault as { cut: string }
    expect(mine.setup).toBe(`case $HOST in node1) ${cut} ;; esac`)
    expect(mine.mistakes[0]).toMatchObject({
      fails: [{ check: 0, reason: 'port.published' }],
      answers: { where: `${port}` },
    })
    expect(mine.mistakes[0]!.blocks[0]!.text).toBe(`docker run -p 80:${port} nginx`)
  })

  it('can have another topology, and is made of something else', () => {
    const subnets = new Set(Array.from({ length: 10 }, (_, n) => withSeed(practice, `s${n}`).plan.lans[0]!.subnet))
    expect(subnets).toEqual(new Set(['192.168.1.0', '192.168.2.0']))
    expect(startStateOf(mine)).not.toBe(startStateOf(withSeed(practice, 'other')))
  })

  it('is made of nothing but the lab and the seed', () => {
    expect(withSeed(mine, 'practice')).toEqual(practice)
    expect(withSeed(withSeed(practice, 'other'), 'mine')).toEqual(mine)
    expect(mine.contentHash).toBe(practice.contentHash)
  })
})

it('a lab without parameters is the same for every seed', () => {
  const plain = sourcesWith({ parameters: '' })
  plain.texts['lab.yaml'] = { text: (plain.texts['lab.yaml'] as { text: string }).text.replace('parameters:\n\n', '') }
  const { lab, problems } = labOf(plain)
  expect(problems).toEqual([])
  expect(withSeed(lab!, 'mine')).toBe(lab)
  expect(lab).not.toHaveProperty('drawn')
})

const port = '  web_port: {port: {from: 8000, to: 8999}, practice: 8080}'
it.each([
  [
    'a name that is none',
    { body: '{{web_prot}}' },
    'en.md:11: there is no parameter or value "web_prot". Did you mean "web_port"?',
  ],
  [
    'such a name in a check',
    { checks: '      - container: {name: web}\n        hint: {en: "{{prt}}", zh: 看}' },
    'lab.yaml:16: there is no parameter or value "prt"',
  ],
  [
    'a field that is none',
    { parameters: '  f: {oneOf: [{a: 1}, {a: 2}]}', body: '{{f.b}}' },
    'en.md:11: {{f.b}} is not there. Did you mean "f.a"?',
  ],
  [
    'a map within a text',
    { parameters: '  f: {oneOf: [{a: 1}, {a: 2}]}', body: '{{f}}' },
    'en.md:11: {{f}} is no word. Name one of its fields: a.',
  ],
  [
    'nothing within a text',
    { parameters: '  f: {oneOf: [{a: }, {a: 1}]}', body: '{{f.a}}' },
    'en.md:11: {{f.a}} is empty',
  ],
  [
    'several lines within a text',
    { parameters: '  f: {oneOf: ["a\\nb", "a\\nb"]}', body: '{{f}}' },
    'en.md:11: {{f}} has several lines',
  ],
  [
    'a live value of the same name',
    { more: 'values: {web_port: {container: web, fact: address}}\n' },
    'lab.yaml:10: "web_port" is a parameter as well',
  ],
  [
    'no kind',
    { parameters: '  a: {practice: 1}' },
    'lab.yaml:11: parameters.a: is no parameter: write one of `subnet`',
  ],
  [
    'two kinds',
    { parameters: '  a: {port: {from: 8000, to: 8001}, count: {from: 1, to: 2}, practice: 8000}' },
    'is no parameter: write one of',
  ],
  [
    'a misspelt key',
    { parameters: '  a: {port: {from: 8000, to: 8001}, practise: 8000}' },
    'unknown key "practise". Did you mean "practice"?',
  ],
  ['nothing for practice', { parameters: '  a: {port: {from: 8000, to: 8001}}' }, 'has no `practice`'],
  [
    'a practice of another kind',
    { parameters: '  a: {subnet: {}, practice: 8080}' },
    'must be an IPv4 network such as',
  ],
  [
    'a network with host bits',
    { parameters: '  a: {subnet: {}, practice: 10.1.0.7/24}' },
    'must be an IPv4 network such as',
  ],
  [
    'a range of too many networks',
    { parameters: '  a: {subnet: {within: 10.0.0.0/8, prefix: 28}, practice: 10.1.0.0/28}' },
    'must be longer than that of `within`, by at most 16',
  ],
  [
    'a port of the kernel',
    { parameters: '  a: {port: {from: 32000, to: 40000}, practice: 8080}' },
    'must be at most 32767, and is 40000',
  ],
  [
    'an address of no network',
    { parameters: '  a: {address: {in: nowhere}, practice: 10.1.0.9}' },
    '"nowhere" is no network above it',
  ],
  [
    'an address of a network below',
    { parameters: '  a: {address: {in: net}, practice: 10.1.0.9}\n  net: {subnet: {}, practice: 10.1.0.0/24}' },
    '"net" is no network above it',
  ],
  ['entries of different fields', { parameters: '  a: {oneOf: [{a: 1}, {b: 1}]}' }, 'has entries with other fields'],
  [
    'two networks that overlap in practice',
    { parameters: '  a: {subnet: {}, practice: 10.1.0.0/24}\n  b: {subnet: {}, practice: 10.1.0.0/24}' },
    '10.1.0.0/24 overlaps another parameter',
  ],
  [
    'a name in capitals',
    { parameters: '  Port: {port: {from: 8000, to: 8001}, practice: 8000}' },
    'the name "Port" is no name',
  ],
  [
    'a word of templates',
    { parameters: '  end: {count: {from: 1, to: 2}, practice: 1}' },
    "is a word of Go's templates",
  ],
  [
    'the word of chance',
    { parameters: '  nonce: {count: {from: 1, to: 2}, practice: 1}' },
    'is what `reach` calls its word of chance',
  ],
  ['no map', { parameters: '  - a' }, 'must be a map, and is a list'],
])('refuses %s', (_, lab, said) => {
  expect(problemsOf({ parameters: port, ...lab }).join('\n')).toContain(said)
})

it('a hostile lab grows no further than a limit, and is read in time', () => {
  const long = 'x'.repeat(8000)
  const started = performance.now()
  const doubled = ['a', 'b', 'c', 'd', 'e'].map(
    (name, n, all) => `  ${name}: {oneOf: ["${n === 0 ? long : `{{${all[n - 1]}}}`.repeat(1000)}", "y"]}`,
  )
  expect(problemsOf({ parameters: doubled.join('\n'), body: '{{e}}' }).join('\n')).toContain('makes the lab longer')
  const many = '{{a}}'.repeat(100_000)
  expect(problemsOf({ parameters: `  a: {oneOf: ["${long}", y]}`, body: many })).toEqual([
    expect.stringContaining('makes the lab longer'),
  ])
  const unknown = Array.from({ length: 50_000 }, (_, n) => `{{x${n}}} 10.${n >> 8}.${n & 255}.1 ${n}`).join('\n')
  expect(problemsOf({ parameters: port, body: unknown }).length).toBeLessThan(50)
  expect(performance.now() - started).toBeLessThan(50_000)
})
