import { z } from 'zod'
import { ChanceForm, ChanceName } from '../check/chance.js'
import { ValueSpec } from '../check/values.js'
import { featureNames } from '../machine/features.js'

/** What an author writes in `lab.yaml`. Checks and the rack have readers of their own. */

const TextOf = z
  .strictObject({ en: z.string().trim().min(1), zh: z.string().trim().min(1) })
  .describe('the same in both languages')

export const topics = [
  'bridge',
  'ports',
  'host',
  'none',
  'sharing',
  'overlay',
  'macvlan',
  'dns',
  'ipam',
  'ipv6',
  'firewall',
  'swarm',
  'troubleshooting',
  'design',
] as const
export const levels = ['beginner', 'intermediate', 'advanced'] as const

/** Ids stand in page headings, file names and URLs. */
export const Id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is no id: lower-case letters, digits and "-", at most 40, a letter first')

const StepFile = z.strictObject({
  id: Id.describe('ties the step to its section of the page, `## Heading {#id}`'),
  points: z.int().min(0).max(100).default(1).describe('what the step counts when it is graded'),
  needs: z
    .array(Id)
    .optional()
    .describe('earlier steps whose work this one builds on, all of them; without it every earlier step'),
  reads: z
    .string()
    .trim()
    .min(10)
    .max(300)
    .optional()
    .describe('why everything but its answers may be right before it is begun, such as a step that only looks'),
  checks: z.array(z.unknown()).min(1).describe('what must be true; all of them'),
})

export const LabFile = z.strictObject({
  title: TextOf.describe('title of the lab'),
  summary: TextOf.describe('one sentence for the catalogue'),
  topic: z.enum(topics).describe('where it stands in the catalogue'),
  order: z.int().min(0).max(10_000).describe('its place in the catalogue, small ones first'),
  level: z.enum(levels).describe('how much it takes for granted'),
  minutes: z.int().min(1).max(600).describe('how long a learner needs'),
  requires: z.array(z.enum(featureNames)).default([]).describe('kernel features, as `vethlab doctor` names them'),
  rack: z.unknown().describe('the hosts and LANs, such as `{hosts: {node1: docker}}`'),
  explain: z
    .enum(['at-once', 'after-hint'])
    .default('at-once')
    .describe(
      'when a learner is told why a check fails: at once, or, where finding that out is the task, with the first hint of the check',
    ),
  values: z
    .record(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is no name of a value'), ValueSpec)
    .default({})
    .describe('live values that run blocks use as {{name}}'),
  chance: z
    .record(ChanceName, ChanceForm)
    .default({})
    .describe(
      'values of chance, another one in each rack: each "#" becomes a digit. `setup.sh` has them in its environment, in capitals; answers and `values` name them with `chance`',
    ),
  steps: z.array(StepFile).min(1).max(50).describe('the tasks, in order'),
})
export type LabFile = z.infer<typeof LabFile>

const Reason = z
  .string()
  .regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/, 'is no reason: write one of docs/checks.md, such as network.missing')

/** What stands above the run blocks of `mistakes/NAME.md`. */
export const MistakeFront = z.strictObject({
  step: Id.describe('the step in which it is made'),
  check: z.union([z.int().min(1), Id]).describe('number within the step, from 1, or id of the check that must fail'),
  reason: Reason.describe('with which it must fail'),
  also: z
    .record(z.string(), Reason)
    .default({})
    .describe('other checks of the step that must fail as well: numbers or ids, and the reason of each'),
  answers: z.record(Id, z.string()).default({}).describe('what the learner types, by the id of the answer'),
})

/** What stands above the run blocks of `alternatives/NAME.md`. */
export const AlternativeFront = z.strictObject({ step: Id, answers: z.record(Id, z.string()).default({}) })
