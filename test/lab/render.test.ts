import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../server/lab/lab.js'
import { parsePage } from '../../server/lab/page.js'
import { placeholder } from '../../server/lab/placeholder.js'
import { loadLab } from '../../server/lab/read-lab.js'
import { type RenderedSection, renderPage } from '../../server/lab/render.js'
import { fromPackage } from '../../server/package-root.js'
import { languages } from '../../server/wording/text.js'

/** A page that is all of a lab that matters here. */
function rendered(markdown: string, base = ''): RenderedSection[] {
  const page = parsePage(markdown, 'en.md')
  return renderPage({ home: 'node1', pages: { en: page, zh: page } } as Lab, 'en', base)
}

const html = (markdown: string) => rendered(markdown)[0]!.html

const fenced = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\`\n`

function dom(markup: string): Element {
  return new JSDOM(`<body>${markup}</body>`).window.document.body
}

const labs = readdirSync(fromPackage('labs'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'images')
  .map((entry) => entry.name)

describe('the labs', () => {
  it('are there', () => {
    expect(labs.length).toBeGreaterThanOrEqual(9)
  })

  it.each(labs)('%s: every block of its pages is shown once, the same in both languages', async (name) => {
    const lab = await loadLab(join(fromPackage('labs'), name))
    const shown = languages.map((language) => {
      const page = lab.pages[language]
      const sections = renderPage(lab, language)
      expect(sections.map(({ id }) => id)).toEqual(page.sections.map(({ id }) => id))
      const found = sections.flatMap((section, n) => {
        const body = dom(section.html)
        expectHarmless(body)
        const blocks = [...body.querySelectorAll<HTMLElement>('[data-block]')]
        expect(blocks.map((block) => Number(block.dataset.block))).toEqual(page.sections[n]!.blocks.map((b) => b.index))
        return blocks
      })
      const all = page.sections.flatMap((section) => section.blocks)
      for (const [n, block] of all.entries()) {
        const element = found[n]!
        // What is read is what runs, live values by their names.
        expect(element.textContent).toBe(block.text.replace(placeholder, '$1'))
        expect(element.dataset.host).toBe(block.host ?? lab.home)
        expect('fails' in element.dataset).toBe(block.fails)
        expect(element.dataset.answer).toBe(block.answer)
        expect('live' in element.dataset).toBe(element.querySelector('.live') !== null)
      }
      const whole = sections.map((section) => section.html).join('')
      expect(whole.match(/<figure class="mermaid" data-drawing="[0-9a-f]{16}">/g) ?? []).toHaveLength(
        page.diagrams.length,
      )
      expect(whole).not.toMatch(/<script|javascript:|<[^>]*\son[a-z]+=|<[^>]*\sstyle=/i)
      return found.map((block) => [block.dataset.block, block.dataset.host])
    })
    expect(shown[0]).toEqual(shown[1])
    expect(shown[0]!.length).toBeGreaterThan(0)
  })
})

describe('a block', () => {
  it('that runs names its place, its host and what it does', () => {
    expect(html(fenced('bash run', 'echo "hi" <there>'))).toBe(
      '<div class="block" data-block="0" data-host="node1"><pre><code class="hljs language-bash">' +
        '<span class="hljs-built_in">echo</span> <span class="hljs-string">&quot;hi&quot;</span> &lt;there&gt;' +
        '</code></pre></div>\n',
    )
    expect(html(fenced('bash run laptop fails', 'x'))).toBe(
      '<div class="block" data-block="0" data-host="laptop" data-fails>' +
        '<pre><code class="hljs language-bash"><span class="hljs-built_in">x</span></code></pre></div>\n',
    )
    expect(html(fenced('bash run answer=gateway', 'x'))).toBe(
      '<div class="block" data-block="0" data-host="node1" data-answer="gateway">' +
        '<pre><code class="hljs language-bash"><span class="hljs-built_in">x</span></code></pre></div>\n',
    )
  })

  it('with live values shows their names', () => {
    expect(html(fenced('bash run', 'enter {{token}} \ue000 {{peer}}'))).toBe(
      '<div class="block" data-block="0" data-host="node1" data-live><pre><code class="hljs language-bash">' +
        '<span class="hljs-built_in">enter</span> <span class="live">token</span> \ufffd <span class="live">peer</span></code></pre></div>\n',
    )
    const quoted = dom(html(fenced('bash run', 'echo "a {{token}} b" \'{{x}}\' $({{y}})')))
    expect([...quoted.querySelectorAll('.live')].map((live) => live.textContent)).toEqual(['token', 'x', 'y'])
  })

  it('that is only read has its colours, if its language is known', () => {
    expect(html(fenced('json', '{"a": 1}'))).toContain('<div class="block"><pre><code class="hljs language-json"><span')
    expect(html(fenced('', 'a < b'))).toBe('<div class="block"><pre><code class="hljs">a &#60; b</code></pre></div>\n')
    expect(html(fenced('klingon"><b', 'a'))).toBe('<div class="block"><pre><code class="hljs">a</code></pre></div>\n')
    expect(html('text\n\n    indented <b>\n')).toContain(
      '<div class="block"><pre><code class="hljs">indented &#60;b&#62;</code></pre></div>',
    )
  })

  it('that is a diagram keeps its source', () => {
    expect(html(fenced('mermaid', 'a["x<br>y"] --> b'))).toBe(
      '<figure class="mermaid" data-drawing="ad7a0b78d0b6e86a"><pre>a[&#34;x&#60;br&#62;y&#34;] --&#62; b\n</pre></figure>\n',
    )
    // In prose, for those who don't see it: on one line or over several.
    expect(html(fenced('mermaid', 'graph LR\n  accDescr: a <b>'))).toContain('</pre><p>a &#60;b&#62;</p></figure>')
    expect(html(fenced('mermaid', 'graph LR\n  accDescr {\n    a\n    b\n  }'))).toContain('</pre><p>a b</p></figure>')
  })

  it('that the learner types says on which host', () => {
    expect(html(fenced('bash type laptop', 'curl x'))).toContain('<div class="block" data-host="laptop"><pre>')
    expect(html(fenced('bash type', 'curl x'))).toMatch(/<div class="block" data-host="\w+"><pre>/)
    expect(html(fenced('bash', 'type laptop'))).toContain('<div class="block"><pre>')
  })

  it('has the index of its page, in any section, list or quote', () => {
    const sections = rendered(
      `${fenced('bash run', 'a')}\n## One {#one}\n\n${fenced('bash', 'read')}\n- item\n\n  \`\`\`bash run\n  b\n  \`\`\`\n` +
        `\n## Two {#two}\n\n> \`\`\`bash run node2\n> c\n> \`\`\`\n`,
    )
    expect(sections.map((s) => [...s.html.matchAll(/data-block="(\d+)"/g)].map((match) => match[1]))).toEqual([
      ['0'],
      ['1'],
      ['2'],
    ])
  })
})

describe('Markdown', () => {
  it('keeps its parts', () => {
    expect(html('A *b* **c** `d <e>`.')).toBe(
      '<p>A <em>b</em> <strong>c</strong> <code><span class="whole">d &#60;e&#62;</span></code>.</p>\n',
    )
    expect(html('> note')).toBe('<blockquote class="note">\n<p>note</p>\n</blockquote>\n')
    expect(html('|a|b|\n|---|--:|\n|1|2|')).toBe(
      '<div class="table"><table>\n<thead>\n<tr>\n<th>a</th>\n<th class="align-right">b</th>\n</tr>\n</thead>\n' +
        '<tbody>\n<tr>\n<td>1</td>\n<td class="align-right">2</td>\n</tr>\n</tbody>\n</table></div>\n',
    )
    expect(html('# big\n\n### small')).toBe('<h3>big</h3>\n<h3>small</h3>\n')
  })

  it('has no spaces where lines of Chinese end', () => {
    expect(html('主机\n网络')).toBe('<p>主机网络</p>\n')
    expect(html('主机，\n网络。\n“桥”\n与**桥**\n*桥*\n[桥](#a)')).toBe(
      '<p>主机，网络。“桥”与<strong>桥</strong><em>桥</em><a href="#a">桥</a></p>\n',
    )
    expect(html('主机，\n`ip`（\nnode1\n）')).toBe('<p>主机，<code>ip</code>（node1）</p>\n')
    expect(html('𠀀\n𠀁')).toBe('<p>𠀀𠀁</p>\n')
    // Between other words, and at their borders, they are spaces still.
    for (const text of ['a\nb', '主机\nnode1', 'node1\n主机', '主机\n`ip`', '“a”\n“b”', 'a —\n“b”']) {
      expect(dom(html(text)).textContent).toBe(`${text.replaceAll('`', '')}\n`)
    }
    expect(html('主机  \n网络')).toContain('<br>')
  })

  it('has headings of plain text', () => {
    const page = rendered('x\n\n## Whose `127.0.0.1`? *Mine* & [yours](#a) <b> {#loopback}\n')
    expect(page.map(({ id, heading }) => [id, heading])).toEqual([
      [undefined, ''],
      ['loopback', 'Whose 127.0.0.1? Mine & yours <b>'],
    ])
  })

  it('has links to the web, to labs and to sections', () => {
    expect(html('[a](https://docs.docker.com/x?y=1&z "t")')).toBe(
      '<p><a href="https://docs.docker.com/x?y=1&amp;z" target="_blank" rel="noopener noreferrer">a</a></p>\n',
    )
    for (const target of ['../macvlan/', '../macvlan', '../macvlan/en.md']) {
      expect(html(`[a](${target})`)).toBe('<p><a href="/labs/macvlan">a</a></p>\n')
    }
    expect(rendered('[a](../macvlan/#parent)', '/learn')[0]!.html).toBe(
      '<p><a href="/learn/labs/macvlan#parent">a</a></p>\n',
    )
    expect(html('[a](../macvlan/#parent)')).toBe('<p><a href="/labs/macvlan#parent">a</a></p>\n')
    expect(html('[a](#names)')).toBe('<p><a href="#names">a</a></p>\n')
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    '&#106;avascript:alert(1)',
    'java&#10;script:alert(1)',
    '%6aavascript:alert(1)',
    'data:text/html;base64,PHNjcmlwdD4=',
    'vbscript:x',
    'file:///etc/passwd',
    'http://example.com',
    'mailto:a@b.c',
    '//example.com',
    '/api/catalogue',
    '\\\\example.com',
    'https:example.com',
    'https://docs.docker.com@example.com/',
    '../../etc/passwd',
    '../a/../../b',
    '..//example.com',
    '#"onclick=alert(1)',
  ])('has no link to %s', (target) => {
    expect(html(`[a *b*](<${target}>) c`)).toBe('<p>a <em>b</em> c</p>\n')
    expect(html(`[a *b*][r] c\n\n[r]: <${target}>`)).toBe('<p>a <em>b</em> c</p>\n')
    expect(dom(html(`<${target}>`)).querySelector('a')).toBeNull()
  })

  it('has no pictures', () => {
    expect(html('![a *b* "c"](https://example.com/x.png "t")')).toBe('<p>a b &#34;c&#34;</p>\n')
    expect(html('[![<b>](x.png)](https://example.com/)')).toBe(
      '<p><a href="https://example.com/" target="_blank" rel="noopener noreferrer">&#60;b&#62;</a></p>\n',
    )
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)" onclick="x">a</a>',
    '<svg/onload=alert(1)>',
    '<style>*{display:none}</style>',
    '<iframe src="https://example.com"></iframe>',
    'a `<img onerror=x>` b',
    '[<img src=x onerror=alert(1)>](https://example.com)',
    '[a](https://example.com/"onmouseover="alert(1))',
    '[a](https://example.com "x\\" onclick=\\"alert(1)")',
    '![" onerror="alert(1)](x)',
    '| <img onerror=x> |\n|:-:|\n| <b onclick=x> |',
    '## <img onerror=x> {#x}\n\n<img onerror=x>',
    fenced('bash run answer="><img/onerror=x>', '<img onerror=x>'),
    fenced('bash run', '{{a}}<img onerror=x>\'"{{b}}'),
    fenced('"onclick="x run', 'x'),
    fenced('mermaid', '</pre><script>alert(1)</script>'),
    fenced('nginx', '</code></pre><script>alert(1)</script>'),
    fenced('<script>', '</code></pre><script>alert(1)</script>'),
    '    </code></pre><script>alert(1)</script>',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
  ])('is harmless, whatever it says: %s', (markdown) => {
    for (const section of rendered(markdown)) expectHarmless(dom(section.html))
  })

  it('comes to an end, however deep', () => {
    expect(html('>'.repeat(5000) + '['.repeat(5000))).toContain('<blockquote')
  })
})

const elements =
  'a blockquote br code div em figure h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul'.split(' ')
const attributes = ['class', 'href', 'target', 'rel', 'start']

/** Nothing but the elements and attributes that Markdown needs. */
function expectHarmless(body: Element): void {
  for (const element of body.querySelectorAll('*')) {
    expect(elements).toContain(element.localName)
    for (const { name } of element.attributes) {
      expect(attributes.includes(name) || /^data-(block|host|fails|answer|live|drawing)$/.test(name), name).toBe(true)
    }
    const href = element.getAttribute('href')
    if (href !== null) expect(href).toMatch(/^(https:\/\/[^@]*|\/labs\/[\w-]+(#[\w-]+)?|#[\w-]+)$/)
  }
}
