import { z } from 'zod'
import { ChanceForm, ChanceName, mostChances } from '../check/chance.js'
import { because, flag } from '../check/fields.js'
import { Points } from '../check/points.js'
import { ValueSpec } from '../check/values.js'
import { featureNames } from '../machine/features.js'
import { parseImageName } from '../network/image-name.js'
import { isLabId } from '../protocol/lab-address.js'
import { languages } from '../wording/text.js'
import { Parameters } from './parameters/parameter.js'
import { wordsOfGo } from './placeholder.js'

/** What an author writes in `lab.yaml`. Checks and the rack have readers of their own. */

export const TextOf = z
  .strictObject({ en: z.string().trim().min(1).optional(), zh: z.string().trim().min(1).optional() })
  .refine(({ en, zh }) => en !== undefined || zh !== undefined, 'has no text')
  .transform(({ en, zh }) => ({ en: en ?? zh!, zh: zh ?? en! }))
  .describe('the same in the languages of the lab')

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
  'forwarding',
  'firewall',
  'swarm',
  'troubleshooting',
  'design',
  'other',
] as const
export const levels = ['beginner', 'intermediate', 'advanced'] as const

/** Ids stand in page headings, file names and URLs. */
export const Id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is no id: lower-case letters, digits and "-", at most 40, a letter first')

/** Whoever a file on a host belongs to: `user` or `user:group`, by name or number. */
const Owner = z
  .string()
  .regex(
    /^(?:[a-z_][a-z0-9_-]{0,31}|\d{1,5})(?::(?:[a-z_][a-z0-9_-]{0,31}|\d{1,5}))?$/,
    'is no owner: write a user, or `user:group`',
  )

const FileRights = z.strictObject({
  owner: Owner.default('root:root').describe('to whom it belongs, by name or number; root by default'),
  mode: z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((mode) => /^0?[0-7]{3,4}$/.test(mode), 'is no mode such as "0640"')
    .optional()
    .describe(
      'its mode, in quotes, such as "0640"; by default 0755 where the file of the lab is executable, else 0644',
    ),
})

const StepFile = z.strictObject({
  id: Id.describe('ties the step to its section of the page, `## Heading {#id}`'),
  points: Points.optional().describe(
    'what the step counts when it is graded, all or nothing; 1 by default. Where its checks have points, it counts their sum',
  ),
  optional: flag
    .default(false)
    .describe('yes: a learner may leave it out: the lab is done without it, and grading counts nothing for it'),
  whenAsked: flag
    .default(false)
    .describe(
      'yes: it is never looked at by itself, only when the learner has it checked or hands in an answer, for pages that have counters or logs read',
    ),
  needs: z
    .array(Id)
    .optional()
    .describe('earlier steps whose work this one builds on, all of them; without it every earlier step'),
  reads: because.describe(
    'why everything but its answers may be right before it is begun, such as a step that only looks',
  ),
  checks: z
    .array(z.unknown())
    .describe(
      'what must be true; all of them. Without one, `[]`, it is a step to read, which the learner ends; it counts nothing',
    ),
})

/** That a lab may name as needed. */
export const mostImages = 50

export const LabFile = z.strictObject({
  title: TextOf.describe('title of the lab'),
  summary: TextOf.describe('one sentence for the catalogue'),
  topic: z.enum(topics).describe('where it stands in the catalogue, if it is on no path'),
  order: z
    .int()
    .min(0)
    .max(10_000)
    .describe('its place among the labs that are on no path, and in lists, small ones first'),
  level: z.enum(levels).describe('how much it takes for granted'),
  languages: z
    .array(z.enum(languages))
    .min(1)
    .default([...languages])
    .describe('the languages that it is in, `[en]` or `[zh]` where it is in one alone; both by default'),
  buildsOn: z
    .array(z.string().refine(isLabId, 'is no id of a lab'))
    .max(10)
    .default([])
    .describe('ids of labs whose matter it takes for granted; shown, and never in the way of anybody'),
  minutes: z.int().min(1).max(600).describe('how long a learner needs'),
  requires: z.array(z.enum(featureNames)).default([]).describe('kernel features, as `vethlab doctor` names them'),
  images: z
    .array(
      z.string().refine((name) => parseImageName(name) !== undefined && !name.includes('@'), 'is no name of an image'),
    )
    .max(mostImages)
    .default([])
    .describe(
      'images that its hosts must have and that do not come with vethlab, such as `[shop/web:1]`; who runs the lab adds them by `vethlab images add`',
    ),
  rack: z.unknown().describe('the hosts and LANs, such as `{hosts: {node1: docker}}`'),
  explain: z
    .enum(['at-once', 'after-hint'])
    .default('at-once')
    .describe(
      'when a learner is told why a check fails: at once, or, where finding that out is the task, with the first hint of the check',
    ),
  values: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,39}$/, 'is no name of a value')
        .refine((name) => !wordsOfGo.includes(name), "is a word of Go's templates"),
      ValueSpec,
    )
    .default({})
    .describe('live values that run blocks use as {{name}}'),
  chance: z
    .record(ChanceName, ChanceForm)
    .refine((all) => Object.keys(all).length <= mostChances, `are more than ${mostChances}`)
    .default({})
    .describe(
      'values of chance, another one in each rack: each "#" becomes a digit. `setup.sh` has them in its environment, in capitals; answers and `values` name them with `chance`',
    ),
  parameters: Parameters.default({}).describe(
    'numbers of the task, others for each learner, that stand as {{name}} in texts, checks, commands, answers and `setup.sh`',
  ),
  files: z
    .record(z.string(), FileRights)
    .default({})
    .describe('owner and mode of what lies in `files/`, by its path there, such as `node1/root/app/config`'),
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
