import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { asksForm, familyOf, reasonsOf } from '../check/checks.js'
import { notHeld } from '../check/holding.js'
import { notSurvived } from '../check/surviving.js'
import { didYouMean } from '../error/schema-issue.js'
import { lintBuildsOn } from './builds-on.js'
import { foldersOf, type LabShelves } from './catalogue.js'
import { hollowChecks } from './hollow.js'
import { answerId, commandsOf, type Lab, type Problem, restartsOf, type Say, sameCommand } from './lab.js'
import { lintDiagrams } from './lint-diagrams.js'
import { lintFiles } from './lint-files.js'
import { type ImageGround, lintImages } from './lint-images.js'
import { lintParameters } from './lint-parameters.js'
import { type Commands, lintRack } from './lint-rack.js'
import type { Page, RunBlock, Section } from './page.js'
import { type Draft, emptyPage } from './read-lab.js'
import type { Position } from './yaml-file.js'

/** What lint has to know beside the lab's own files. */
export interface LintGround extends ImageGround, LabShelves {}

/**
 * What is wrong with a lab that can be read: what would mislead a learner, or could not be tested.
 * @param lacks what is not in it since it can't be read, and says nothing by that
 */
export async function lintLab(
  lab: Lab,
  ground: LintGround,
  lacks: Draft['lacks'] = { checks: false, pages: false },
): Promise<Problem[]> {
  const problems: Problem[] = []
  const say: Say = (file, at, what, cure) => {
    const position = typeof at === 'number' ? { line: at } : at
    problems.push({ file: file.startsWith(lab.directory) ? file : join(lab.directory, file), ...position, what, cure })
  }
  const commands = lintWork(lab, lacks, say)
  lintImages(lab, commands, ground, say)
  if (!lacks.checks && !lacks.pages) lintParameters(lab, (other, tell) => lintWork(other, lacks, tell), say)
  await lintFiles(lab, say)
  await lintBuildsOn(lab, foldersOf(ground), say)
  for (const language of lab.languages) {
    const page = lab.pages[language]
    if (page === emptyPage) continue
    translated(language, page, say)
    await links(lab, `${language}.md`, page, say)
    lintDiagrams(`${language}.md`, page, language === 'zh', say)
    typedBlocks(lab, `${language}.md`, page, say)
  }
  return problems
}

/** What can be told of checks and commands alone, with whatever numbers are in them. @returns all commands */
function lintWork(lab: Lab, lacks: Draft['lacks'], say: Say): Commands {
  checks(lab, say)
  if (!lacks.checks) {
    reasons(lab, say)
    proofs(lab, say)
  }
  if (!lacks.pages) {
    differences(lab, say)
    steps(lab, say)
  }
  const all = allBlocks(lab)
  const texts = [...all.flatMap(({ blocks }) => blocks.map(({ text }) => text)), lab.setup ?? '']
  const commands = { all, text: texts.join('\n') }
  lintRack(lab, commands, say)
  return commands
}

function allBlocks(lab: Lab): { file: string; blocks: RunBlock[] }[] {
  return [
    ...lab.languages.map((language) => ({
      file: `${language}.md`,
      blocks: lab.pages[language].sections.flatMap((section) => section.blocks),
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
      if (check.hints.length === 0)
        say('lab.yaml', step.checksAt[n]!, `${name} has no hint`, 'Add `hint: {en: ..., zh: ...}`.')
      if (asksForm(check) && check.form === undefined) {
        const cure = 'Ask for the effect (`reach`, `firewall`, `networks`), or say with `form` why the form counts.'
        say('lab.yaml', step.checksAt[n]!, `${name} asks for a form and does not say why`, cure)
      }
      if (!asksForm(check) && check.form !== undefined) {
        say(
          'lab.yaml',
          step.checksAt[n]!,
          `${name} says why it asks for a form, and asks for none`,
          'Take `form` away.',
        )
      }
      if (check.survives !== undefined && restartsOf(lab, [check]).length === 0) {
        say(
          'lab.yaml',
          step.checksAt[n]!,
          `${name} has to survive a restart of Docker, and no host has Docker`,
          'Take `survives` away.',
        )
      }
      const known = familyOf(check).knowable?.(check.spec)
      if (known && known.why === undefined) {
        const cure = 'Ask for a `value` of the rack, or say with `known` why it may be known without a look.'
        say('lab.yaml', step.checksAt[n]!, `${name} has the same answer in every rack`, cure)
      }
      for (const chance of familyOf(check).chances?.(check.spec) ?? [])
        noChance(lab, chance, name, step.checksAt[n]!, say)
      for (const host of familyOf(check).hosts(check.spec)) {
        if (hosts.includes(host)) continue
        say(
          'lab.yaml',
          step.checksAt[n]!,
          `${name} names a host "${host}" that is not there`,
          `${didYouMean(host, hosts)}Hosts are: ${hosts.join(', ')}.`,
        )
      }
    }
  }
  for (const [name, value] of Object.entries(lab.values)) {
    if ('chance' in value) noChance(lab, value.chance, `the value "${name}"`, 1, say)
  }
}

function reasons(lab: Lab, say: Say): void {
  for (const mistake of lab.mistakes) {
    for (const { check: index, reason, line } of mistake.fails) {
      const check = lab.steps.find((step) => step.id === mistake.step)?.checks[index]
      const reasons = check ? reasonsOf(check) : []
      if (!check || reasons.length === 0 || reasons.includes(reason)) continue
      if (check.holds !== undefined && reason === notHeld) continue
      if (check.survives !== undefined && reason === notSurvived) continue
      const cure = `${didYouMean(reason, reasons)}It fails with: ${reasons.join(', ')}.`
      say(mistake.file, line, `${check.family} never fails with "${reason}"`, cure)
    }
  }
}

/** A check that fails only where nothing is, and one that says why it does and does not. */
function proofs(lab: Lab, say: Say): void {
  for (const { step, index, what, cure } of hollowChecks(lab)) {
    const name = `check ${index + 1} (${step.checks[index]!.family}) of step "${step.id}"`
    say('lab.yaml', step.checksAt[index]!, `${name} ${what}`, `${cure[0]!.toUpperCase()}${cure.slice(1)}.`)
  }
}

function noChance({ chance }: Lab, name: string, who: string, at: number | Position, say: Say): void {
  const names = Object.keys(chance)
  if (names.includes(name)) return
  const cure = `${didYouMean(name, names)}Draw it: \`chance: {${name}: "1###"}\`.`
  say('lab.yaml', at, `${who} names a value of chance "${name}" that is not drawn`, cure)
}

/** What could not be proved by `vethlab test`. */
function steps(lab: Lab, say: Say): void {
  for (const step of lab.steps) {
    const blocks = commandsOf(lab, step)
    if (blocks.length === 0 && step.checks.length > 0) {
      say('lab.yaml', step.at, `step "${step.id}" has no run block to solve it`, `Write solution/${step.id}.md.`)
    }
    for (const [n, check] of step.checks.entries()) {
      const id = answerId(check)
      if (id === undefined || blocks.some((block) => block.answer === id)) continue
      say(
        'lab.yaml',
        step.checksAt[n]!,
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

/** The page offers to bring them into a terminal of their host. */
function typedBlocks(lab: Lab, file: string, page: Page, say: Say): void {
  const hosts = lab.plan.hosts.map((host) => host.name)
  for (const { host = lab.home, line } of page.typed) {
    if (hosts.includes(host)) continue
    const cure = `${didYouMean(host, hosts)}Hosts are: ${hosts.join(', ')}.`
    say(file, line, `a block is to be typed on a host "${host}" that is not there`, cure)
  }
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
      // Where the lab is named from its parent's folder, or from within.
      const folder = resolve(lab.directory)
      const path = join(folder, decodeURI(target.split('#')[0]!))
      const inside = path.startsWith(`${dirname(folder)}/`)
      if (inside && (await stat(path).catch(() => undefined))) continue
      say(file, line, `the link ${target} is dead`, `Link to a lab beside this one, such as ../${lab.id}/en.md.`)
    }
  }
}
