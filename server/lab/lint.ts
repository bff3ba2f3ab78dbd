import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asksForm, familyOf } from '../check/checks.js'
import { didYouMean } from '../error/schema-issue.js'
import { imagesIn } from './docker-images.js'
import { answerId, commandsOf, type Lab, type Problem, sameCommand } from './lab.js'
import { lintFiles } from './lint-files.js'
import type { Page, RunBlock, Section } from './page.js'

/**
 * What is wrong with a lab that can be read: what would mislead a learner, or could not be tested.
 * @param images names of the images that lab hosts have
 */
export async function lintLab(lab: Lab, images: readonly string[]): Promise<Problem[]> {
  const problems: Problem[] = []
  const say = (file: string, line: number, what: string, cure: string) =>
    problems.push({ file: file.startsWith(lab.directory) ? file : join(lab.directory, file), line, what, cure })
  differences(lab, say)
  checks(lab, say)
  steps(lab, say)
  await lintFiles(lab, say)
  for (const [language, page] of Object.entries(lab.pages)) {
    translated(language, page, say)
    await links(lab, `${language}.md`, page, say)
    if (page.mermaid === 0) say(`${language}.md`, 1, 'has no diagram', 'Add a ```mermaid block.')
  }
  const untagged = images.filter((name) => !name.split('/').at(-1)!.includes(':'))
  for (const { file, blocks } of allBlocks(lab)) {
    for (const block of blocks) {
      for (const image of imagesIn(block.text)) {
        if (images.includes(image.replace(/:latest$/, ''))) continue
        say(
          file,
          block.line,
          `there is no image "${image}" in lab hosts`,
          `${didYouMean(image, [...images])}Images are: ${untagged.join(', ')}.`,
        )
      }
    }
  }
  return problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
}

type Say = (file: string, line: number, what: string, cure: string) => void

function allBlocks(lab: Lab): { file: string; blocks: RunBlock[] }[] {
  return [
    ...Object.entries(lab.pages).map(([language, page]) => ({
      file: `${language}.md`,
      blocks: page.sections.flatMap((section) => section.blocks),
    })),
    ...lab.steps.map((step) => ({ file: `solution/${step.id}.md`, blocks: step.solution })),
    ...[...lab.alternatives, ...lab.mistakes],
  ]
}

/** Learners of one language must not do other things than those of another. */
function differences(lab: Lab, say: Say): void {
  const { en, zh } = lab.pages
  for (const english of en.sections) {
    const chinese = zh.sections.find((section) => section.id === english.id)
    if (!chinese) {
      say('zh.md', 1, `has no section "${english.id}", which en.md has`, 'Translate it.')
      continue
    }
    const most = Math.max(english.blocks.length, chinese.blocks.length)
    for (let n = 0; n < most; n++) {
      const [a, b] = [english.blocks[n], chinese.blocks[n]]
      if (a && b && sameCommand(a, b)) continue
      const line = b?.line ?? chinese.line
      say(
        'zh.md',
        line,
        `run block ${n + 1} of section "${english.id ?? ''}" is not that of en.md:${a?.line ?? english.line}`,
        'Make them the same.',
      )
      break
    }
  }
}

function checks(lab: Lab, say: Say): void {
  const hosts = lab.plan.hosts.map((host) => host.name)
  for (const step of lab.steps) {
    for (const [n, check] of step.checks.entries()) {
      const name = `check ${n + 1} (${check.family}) of step "${step.id}"`
      if (check.hints.length === 0) say('lab.yaml', step.line, `${name} has no hint`, 'Add `hint: {en: ..., zh: ...}`.')
      if (asksForm(check) && check.form === undefined) {
        const cure = 'Ask for the effect (`reach`, `firewall`, `networks`), or say with `form` why the form counts.'
        say('lab.yaml', step.line, `${name} asks for a form and does not say why`, cure)
      }
      if (!asksForm(check) && check.form !== undefined) {
        say('lab.yaml', step.line, `${name} says why it asks for a form, and asks for none`, 'Take `form` away.')
      }
      const known = familyOf(check).knowable?.(check.spec)
      if (known && known.why === undefined) {
        const cure = 'Ask for a `value` of the rack, or say with `known` why it may be known without a look.'
        say('lab.yaml', step.line, `${name} has the same answer in every rack`, cure)
      }
      for (const chance of familyOf(check).chances?.(check.spec) ?? []) noChance(lab, chance, name, step.line, say)
      for (const host of familyOf(check).hosts(check.spec)) {
        if (hosts.includes(host)) continue
        say(
          'lab.yaml',
          step.line,
          `${name} names a host "${host}" that is not there`,
          `${didYouMean(host, hosts)}Hosts are: ${hosts.join(', ')}.`,
        )
      }
    }
  }
  for (const [name, value] of Object.entries(lab.values)) {
    if ('chance' in value) noChance(lab, value.chance, `the value "${name}"`, 1, say)
  }
  for (const mistake of lab.mistakes) {
    const check = lab.steps.find((step) => step.id === mistake.step)?.checks[mistake.check]
    const reasons = check ? familyOf(check).reasons : []
    if (!check || reasons.length === 0 || reasons.includes(mistake.reason)) continue
    say(
      mistake.file,
      1,
      `${check.family} never fails with "${mistake.reason}"`,
      `${didYouMean(mistake.reason, reasons)}It fails with: ${reasons.join(', ')}.`,
    )
  }
}

function noChance({ chance }: Lab, name: string, who: string, line: number, say: Say): void {
  const names = Object.keys(chance)
  if (names.includes(name)) return
  const cure = `${didYouMean(name, names)}Draw it: \`chance: {${name}: "1###"}\`.`
  say('lab.yaml', line, `${who} names a value of chance "${name}" that is not drawn`, cure)
}

/** What could not be proved by `vethlab test`. */
function steps(lab: Lab, say: Say): void {
  for (const step of lab.steps) {
    const blocks = commandsOf(lab, step)
    if (blocks.length === 0) {
      say('lab.yaml', step.line, `step "${step.id}" has no run block to solve it`, `Write solution/${step.id}.md.`)
    }
    for (const check of step.checks) {
      const id = answerId(check)
      if (id === undefined || blocks.some((block) => block.answer === id)) continue
      say(
        'lab.yaml',
        step.line,
        `nothing answers "${id}"`,
        `Add a run block with answer=${id} to solution/${step.id}.md.`,
      )
    }
  }
}

function translated(language: string, page: Page, say: Say): void {
  for (const section of page.sections) {
    const prose = proseOf(section)
    const chinese = /\p{Script=Han}/u.test(prose)
    if (prose.trim() === '' || chinese === (language === 'zh')) continue
    const what = language === 'zh' ? 'has no Chinese in it' : 'has Chinese in it'
    say(`${language}.md`, section.line, `the section "${section.heading || 'introduction'}" ${what}`, 'Translate it.')
  }
}

function proseOf(section: Section): string {
  return `${section.heading}\n${section.markdown.replace(/^```[\s\S]*?^```/gm, '')}`
}

/** Links to other files and sections; those to the web can't be followed offline, and have to be https. */
async function links(lab: Lab, file: string, page: Page, say: Say): Promise<void> {
  const ids = page.sections.flatMap((section) => section.id ?? [])
  for (const { target, line } of page.links) {
    if (/^https:/i.test(target)) continue
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
      say(file, line, `a link to ${target}`, 'Link to https pages, sections or other labs.')
    } else if (target.startsWith('#')) {
      if (!ids.includes(target.slice(1)))
        say(file, line, `there is no section ${target}`, `Sections are: ${ids.join(', ')}.`)
    } else {
      const path = join(lab.directory, decodeURI(target.split('#')[0]!))
      const inside = path.startsWith(dirname(lab.directory))
      if (inside && (await stat(path).catch(() => undefined))) continue
      say(file, line, `the link ${target} is dead`, `Link to ../${basename(lab.directory)} or the like.`)
    }
  }
}
