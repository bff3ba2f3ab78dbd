import { familyOf, withInner } from '../check/checks.js'
import type { Check } from '../check/family.js'
import { didYouMean } from '../error/schema-issue.js'
import type { Lab, Say } from './lab.js'
import type { RunBlock } from './page.js'

/** What the lab's commands are, wherever they stand. */
export interface Commands {
  all: { file: string; blocks: RunBlock[] }[]
  /** All of it as one text, the setup too. */
  text: string
}

/**
 * What checks and commands ask of hosts that the rack does not give: an Engine where there is none, hosts that do not exist.
 */
export function lintRack(lab: Lab, commands: Commands, say: Say): void {
  const plain = lab.plan.hosts.filter(({ kind }) => kind === 'plain').map(({ name }) => name)
  for (const step of lab.steps) {
    for (const [n, check] of step.checks.entries()) {
      const name = `check ${n + 1} (${check.family}) of step "${step.id}"`
      const told = (what: string, cure: string) => say('lab.yaml', step.checksAt[n]!, `${name} ${what}`, cure)
      engines(lab, withInner(check), plain, commands, told)
    }
  }
  for (const { file, blocks } of commands.all) {
    for (const { host, text, fails, line } of blocks) {
      if (host === undefined || fails || !plain.includes(host) || !/^\s*docker\s/m.test(text)) continue
      const cure = 'Let it run in a docker host, or say with `fails` that it is to fail.'
      say(file, line, `runs docker in "${host}", which is a plain host without Docker`, cure)
    }
  }
}

function engines(
  { plan }: Lab,
  checks: readonly Check[],
  plain: readonly string[],
  { text }: Commands,
  told: (what: string, cure: string) => void,
): void {
  const hosts = plan.hosts.map(({ name }) => name)
  const cure = 'Make it a docker host: `hosts: {node1: docker}`.'
  if (plain.length === hosts.length && checks.some((check) => familyOf(check).needsEngine)) {
    told('asks an Engine, and no host of the rack has one', cure)
    return
  }
  for (const check of checks) {
    const family = familyOf(check)
    const references = family.references?.(check.spec) ?? []
    const asked = family.needsEngine ? family.hosts(check.spec) : []
    for (const host of new Set([
      ...asked,
      ...references.flatMap((one) => (one.includes('/') ? one.split('/')[0]! : [])),
    ])) {
      if (plain.includes(host)) told(`asks the Engine of "${host}", which is a plain host without one`, cure)
    }
    for (const name of new Set(references.filter((one) => !one.includes('/') && !hosts.includes(one)))) {
      const near = didYouMean(name, hosts)
      if (plain.length === hosts.length) {
        told(
          `names "${name}", which is no host, and no host of the rack has containers`,
          `${near}Hosts are: ${hosts.join(', ')}.`,
        )
      } else if (near !== '' && !text.includes(name)) {
        told(
          `names "${name}", which is no host, and nothing in the lab makes such a container`,
          `${near}Hosts are: ${hosts.join(', ')}.`,
        )
      }
    }
  }
}
