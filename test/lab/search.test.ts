import { beforeAll, describe, expect, it } from 'vitest'
import { excerptOf } from '../../server/lab/excerpt.js'
import type { Lab } from '../../server/lab/lab.js'
import { textOf } from '../../server/lab/render.js'
import { LabSearch, mostSearched, plainText } from '../../server/lab/search.js'
import { readShelf, type Shelf } from '../../server/lab/shelf.js'
import { fromPackage } from '../../server/package-root.js'
import { foundLab } from '../../server/session/catalogue.js'
import { glossary } from '../../server/wording/glossary.js'
import { type Language, languages } from '../../server/wording/text.js'

let shelf: Shelf
let search: LabSearch
beforeAll(async () => {
  shelf = await readShelf([fromPackage('labs')])
  search = await LabSearch.of(shelf.labs, shelf.paths)
}, 60_000)

const labsOf = (words: string) => search.find(words).map(({ lab }) => lab)
/** The sections that a search finds, as `lab#section`. */
const sectionsOf = (words: string) =>
  search.find(words).flatMap(({ lab, sections }) => sections.map(({ id = '' }) => `${lab}#${id}`))

/** Sections in which a text stands as it is. */
function containing(text: string, language: Language): string[] {
  const wanted = text.toLowerCase()
  return shelf.labs.flatMap((lab) =>
    lab.pages[language].sections
      .filter((section) => `${section.heading}\n${plainText(section)}`.toLowerCase().includes(wanted))
      .map(({ id = '' }) => `${lab.id}#${id}`),
  )
}

describe('what the pages say is found', () => {
  it.each([
    ['--dns-search', 'dns#options'],
    ['127.0.0.11', 'dns#behind'],
    ['/etc/resolv.conf', 'dns#loopback'],
    ['resolv.conf', 'dns#loopback'],
    ['DOCKER-USER', 'firewall#chains'],
    ['docker user', 'firewall#chains'],
    ['iptables -t nat', 'default-bridge#nat'],
    ['iptab', 'default-bridge#nat'],
    ['docker network create', 'user-bridge#create'],
    ['网桥', 'user-bridge#create'],
    ['发布端口', 'published-ports#publish'],
    ['轮询', 'aliases#several'],
    ['dns 别名', 'aliases#roles'],
  ])('%s', (words, section) => {
    expect(sectionsOf(words)).toContain(section)
  })

  it('each term of the glossary in every section that has it, in both languages', () => {
    const looked = glossary.flatMap(({ zh }) => zh.split(/[，、,（]/)).filter((term) => /^\p{Script=Han}+$/u.test(term))
    expect(looked.length).toBeGreaterThan(30)
    let found = 0
    for (const term of looked) {
      const there = containing(term, 'zh')
      found += there.length
      expect(sectionsOf(term), term).toEqual(expect.arrayContaining(there))
    }
    expect(found).toBeGreaterThan(300)
    for (const term of ['bridge', 'gateway', 'namespace', 'veth', 'masquerade', 'overlay', 'hostname']) {
      const whole = containing(term, 'en').filter((section) => new RegExp(`\\b${term}\\b`, 'i').test(textAt(section)))
      expect(sectionsOf(term), term).toEqual(expect.arrayContaining(whole))
    }
  })

  it('in the lab first whose matter it is', () => {
    expect(labsOf('macvlan')[0]).toBe('macvlan')
    expect(labsOf('overlay')[0]).toBe('overlay')
    expect(labsOf('DOCKER-USER')[0]).toBe('firewall')
    expect(labsOf('发布端口')[0]).toBe('published-ports')
  })

  it('what only the catalogue says of a lab finds the lab, and none of its sections', () => {
    const found = search.find('On the LAN').find(({ lab }) => lab === 'macvlan')
    expect(found).toBeDefined()
    expect(search.find('shared-namespace')).toContainEqual({ lab: 'shared-namespace', sections: [] })
  })

  it('Chinese words that stand side by side without blanks, and a single character', () => {
    expect(labsOf('网桥端口')).toContain('published-ports')
    expect(labsOf('怎么发布端口')[0]).toBe('published-ports')
    expect(labsOf('桥')).toContain('user-bridge')
    const [bridge] = search.find('桥')
    expect(bridge!.sections[0]!.terms).toEqual(['桥'])
  })

  it('a letter that is wrong, where nothing has the word as it is typed', () => {
    expect(labsOf('iptabels')).toEqual(expect.arrayContaining(['firewall', 'published-ports']))
    expect(search.find('zzzz')).toEqual([])
  })

  it('all words have to be in one section', () => {
    expect(sectionsOf('dnat laptop').length).toBeGreaterThan(0)
    for (const section of sectionsOf('masquerade tcpdump')) {
      expect(textAt(section)).toMatch(/masquerade/i)
      expect(textAt(section)).toMatch(/tcpdump/i)
    }
  })

  it('the word as it is typed, rather than what begins with it', () => {
    const firewall = search.find('iptables').find(({ lab }) => lab === 'firewall')!
    expect(textAt('firewall#nft')).toContain('iptables-legacy')
    expect(firewall.sections.find(({ id }) => id === 'nft')!.terms).toEqual(['iptables'])
  })

  it('nothing that may not be read', () => {
    const found = search.find('iptables', (lab, section) => lab === 'firewall' && section === 'nft')
    expect(found.map(({ lab, sections }) => [lab, sections.map(({ id }) => id)])).toEqual([['firewall', ['nft']]])
  })
})

describe('a search is only a text', () => {
  it.each(['', '   ', '.*', '\\', '"', '<script>', '[', '-- --', '\u0000', '💥', '\u202e', '__proto__', 'constructor'])(
    '%j breaks nothing',
    (words) => {
      expect(Array.isArray(search.find(words))).toBe(true)
    },
  )

  it('a page may have what JavaScript has names for', async () => {
    const lab = shelf.labs[0]!
    const { sections } = lab.pages.en
    const hostile = [{ ...sections[0]!, markdown: 'Of __proto__, constructor and toString in 1 line.' }]
    const own = await LabSearch.of([
      { ...lab, languages: ['en'], pages: { ...lab.pages, en: { ...lab.pages.en, sections: hostile } } },
    ])
    for (const words of ['constructor', 'toString', '__proto__', 'proto constructor'])
      expect([words, own.find(words).length <= 1]).toEqual([words, true])
    expect(own.find('constructor')[0]!.sections[0]!.terms).toEqual(['constructor'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('the longest ones are answered quickly', () => {
    const cases = ['a '.repeat(50), '1.'.repeat(50), '容器'.repeat(50), 'x'.repeat(mostSearched), 'a-b:'.repeat(25)]
    for (const words of cases) {
      const begin = performance.now()
      search.find(words.slice(0, mostSearched))
      expect(performance.now() - begin, words).toBeLessThan(2_000)
    }
  })
})

describe('a lab that was found', () => {
  const viewOf = (words: string, language: Language, id?: string) => {
    const found = search.find(words).find(({ lab }) => id === undefined || lab === id)!
    return foundLab(labOf(found.lab), found, language)
  }

  it('shows the step, and what stands around what was found, in the learner’s language', () => {
    const english = viewOf('--dns-search', 'en').sections[0]!
    expect(english).toMatchObject({ id: 'options', step: 3, heading: 'What options do', language: 'en' })
    expect(english.excerpt.find(({ isFound }) => isFound)).toEqual({ text: 'dns-search', isFound: true })
    expect(viewOf('--dns-search', 'zh').sections[0]).toMatchObject({ id: 'options', step: 3, language: 'zh' })
  })

  it('in the other language, where only that has it', () => {
    for (const section of viewOf('轮询', 'en').sections) {
      expect(section.language).toBe('zh')
      expect(section.excerpt.some(({ text, isFound }) => isFound && text.includes('轮询'))).toBe(true)
    }
  })

  it('shows a few sections, and says how many more there are', () => {
    const { sections, more } = viewOf('iptables', 'en', 'firewall')
    expect(sections).toHaveLength(4)
    expect(more).toBeGreaterThan(0)
    const all = search.find('iptables').find(({ lab }) => lab === 'firewall')!
    expect(sections.length + more).toBe(all.sections.length)
  })

  it('every section leads to a heading of the page', () => {
    for (const { lab, sections } of search.find('docker')) {
      for (const { id } of sections) {
        for (const language of languages) {
          expect(labOf(lab).pages[language].sections.some((section) => section.id === id)).toBe(true)
        }
      }
    }
  })
})

describe('an excerpt', () => {
  const shown = (text: string, terms: string[], isChinese = false) =>
    excerptOf(text, terms, isChinese)
      .map(({ text, isFound }) => (isFound ? `[${text}]` : text))
      .join('')

  it('marks whole words, and parts of Chinese', () => {
    expect(shown('docker -p and ping', ['p'])).toBe('docker -[p] and ping')
    expect(shown('默认网桥上', ['网桥', '桥上'], true)).toBe('默认[网桥上]')
  })

  it('takes the place where most stands together, and cuts no word', () => {
    const text = `dns is first. ${'filler '.repeat(60)}here dns meets aliases at last ${'filler '.repeat(60)}`
    const excerpt = shown(text, ['dns', 'aliases'])
    expect(excerpt).toMatch(/^…filler .*here \[dns\] meets \[aliases\] at last .*filler…$/)
    expect(excerpt.length).toBeLessThan(220)
  })

  it('is the beginning where nothing is found, and nothing of nothing', () => {
    expect(shown('Short text', ['absent'])).toBe('Short text')
    expect(shown('', ['absent'])).toBe('')
    // Lower case may be longer than the text itself: places would not be the same.
    expect(shown('İ docker', ['docker'])).toBe('İ [docker]')
  })
})

it('text of Markdown has commands, and of a diagram what it shows in words', () => {
  const markdown = [
    'Say **this** and `that`.',
    '',
    '```bash run',
    'ping {{address}}',
    '```',
    '',
    '```mermaid',
    'flowchart LR',
    'accDescr: web stands behind node1',
    'a --> b',
    '```',
  ].join('\n')
  const text = textOf(markdown)
  expect(text).toBe('Say this and that.\nping address\nweb stands behind node1')
})

function labOf(id: string): Lab {
  return shelf.labs.find((lab) => lab.id === id)!
}

/** The text of `lab#section`, in English. */
function textAt(place: string): string {
  const [lab, id] = place.split('#')
  const section = labOf(lab!).pages.en.sections.find((one) => (one.id ?? '') === id)!
  return `${section.heading}\n${plainText(section)}`
}
