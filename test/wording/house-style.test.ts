import { describe, expect, it } from 'vitest'
import { glossary } from '../../server/wording/glossary.js'
import { styleFaults, termFaults } from '../../server/wording/house-style.js'
import { tidy } from '../../server/wording/phrase.js'
import type { Language } from '../../server/wording/text.js'
import { cleanText } from '../../server/wording/wording.js'
import { expectPrinted } from '../house/printed.js'
import { betweenParts, saidInSource } from './said-in-source.js'

describe('The glossary', () => {
  it('is printed in docs/glossary.md', () => {
    const cell = (text: string) => text.replaceAll('|', '\\|')
    const forms = (not: readonly string[] = []) => not.map((form) => `\`${cell(form)}\``).join(' ')
    const rows = glossary.map(
      ({ en, zh, means, not }) => `| ${en} | ${zh} | ${cell(means)} | ${forms(not?.en)} | ${forms(not?.zh)} |`,
    )
    const head = ['| English | Chinese | what it means | not in English | not in Chinese |', '|---|---|---|---|---|']
    expectPrinted('docs/glossary.md', 'glossary', `${[...head, ...rows].join('\n')}\n`)
  })

  it('does not use forms that it forbids', () => {
    const own = (language: Language) => glossary.flatMap((term) => termFaults(term[language], language))
    expect([own('en'), own('zh')]).toEqual([[], []])
  })
})

describe('The style of the house', () => {
  it.each<[string, Language, string[]]>([
    ['The rack is open.', 'en', ['hosts of a lab']],
    ['`rack` as code', 'en', []],
    ['Docker Engine 没有应答。', 'zh', ['引擎']],
    ['加入 swarm', 'zh', ['集群']],
    ['进入 swarm 模式', 'zh', []],
    ['管理节点（manager）', 'zh', []],
    ['由 manager 分配', 'zh', ['管理节点']],
    ['端口:80', 'zh', ['full-width punctuation (，；：？！)']],
    ['完成了。 再来', 'zh', ['no blank beside full-width punctuation']],
    ['第1步', 'zh', Array(2).fill('a blank between Chinese and Latin letters, digits or code')],
    ['用`-p`发布', 'zh', Array(2).fill('a blank between Chinese and Latin letters, digits or code')],
    ['称为"端点"', 'zh', Array(2).fill('Chinese quotation marks “”')],
    ['用 `docker port "a":1` 查看：第 1 步。', 'zh', []],
  ])('of %s', (text, language, instead) => {
    expect(styleFaults(text, language).map((fault) => fault.instead)).toEqual(instead)
  })

  it('is kept by all sentences of the server and of the page', () => {
    const said = saidInSource()
    expect(said.filter(({ language }) => language === 'zh').length).toBeGreaterThan(1000)
    expect(said.filter(({ language }) => language === 'en').length).toBeGreaterThan(1000)
    const faults = said.flatMap(({ at, text, language }) =>
      styleFaults(text, language).map(({ found, instead }) => `${at}: ${found} -> ${instead}`),
    )
    expect(faults).toEqual([])
  })
})

describe('Parts that a page puts together', () => {
  it('have the punctuation of their language between them: `marks`', () => {
    const between = betweenParts()
    expect(between.length).toBeGreaterThan(50)
    // A button may be called as its key.
    const faults = between.filter(({ text }) => text !== '?' && /[:;,.?!()"]/.test(text))
    expect(faults).toEqual([])
  })
})

describe('A Chinese sentence that is put together', () => {
  it.each([
    ['地址`10.0.0.1`的包', '地址 `10.0.0.1` 的包'],
    ['`web` （`node1`） ：已停止。 然后', '`web`（`node1`）：已停止。然后'],
    ['共3次', '共 3 次'],
    ['`web`、`db`等 9 个', '`web`、`db` 等 9 个'],
    ['保留 `a  （b） c` 不变', '保留 `a  （b） c` 不变'],
  ])('has blanks where they belong: %s', (raw, written) => {
    expect(tidy(raw)).toBe(written)
    expect(cleanText({ en: '', zh: raw }).zh).toBe(written)
    expect(styleFaults(written, 'zh')).toEqual([])
  })
})
