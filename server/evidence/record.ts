import { z } from 'zod'

const Text = z.strictObject({ en: z.string(), zh: z.string() })

const Finding = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('pass'), observed: Text }),
  z.strictObject({
    outcome: z.literal('fail'),
    reason: z.string(),
    because: z.array(z.string()).optional(),
    cells: z
      .array(
        z.strictObject({
          row: z.int().min(0),
          column: z.int().min(0),
          measured: z.boolean(),
          why: Text.optional(),
        }),
      )
      .optional()
      .describe('of a prediction: what was measured otherwise'),
    expected: Text,
    observed: Text,
    why: Text,
  }),
  z.strictObject({ outcome: z.literal('error'), reason: z.string(), why: Text }),
])

/** Written by us and signed: what is within is as it was then. */
const answer = z.looseObject({})
const Asked = z.discriminatedUnion('to', [
  z.strictObject({ to: z.literal('network'), host: z.string(), question: answer, answer }),
  z.strictObject({ to: z.literal('script'), file: z.string(), answer }),
  z.strictObject({ to: z.literal('host'), host: z.string(), command: z.string(), answer }),
])

const Check = z.strictObject({
  id: z.string(),
  family: z.string(),
  finding: Finding,
  repeats: z
    .boolean()
    .describe(
      'whether the picture and the answers alone give this verdict: not where it rests on time, such as something that did not stay',
    ),
})

const Step = z.strictObject({
  id: z.string(),
  state: z
    .string()
    .optional()
    .describe('file of the picture of the network that decided; missing where none could be taken'),
  answers: z.record(z.string(), z.string()).describe('what was answered until then, by the ids of the questions'),
  checks: z.array(Check),
  asked: z.array(Asked).describe('what was asked while that picture stood, and what came back'),
})

/** What verdicts were found by: `checks.json` of a bundle. */
export const VerdictsSchema = z.strictObject({
  version: z.literal(1),
  chance: z.record(z.string(), z.string()).describe("the rack's values of chance"),
  steps: z.array(Step),
})
export type Verdicts = z.infer<typeof VerdictsSchema>
export type StepRecord = Verdicts['steps'][number]
export type CheckRecord = StepRecord['checks'][number]

/** `difference.json`. */
export const ChangesSchema = z.array(Text)
export type Change = z.infer<typeof Text>

/** `timeline.json`, of live work: what was done until it was judged, and what each of it changed. */
export const MomentsSchema = z.array(
  z.strictObject({
    at: z.iso.datetime(),
    host: z.string().optional(),
    command: z.string().optional().describe('missing for what happened by itself'),
    changes: z.array(Text),
  }),
)
export type Moment = z.infer<typeof MomentsSchema>[number]

/** An event of a transcript: seconds since its beginning, `o` for output, and what was printed. */
export const EventSchema = z.tuple([z.number(), z.literal('o'), z.string()])

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
/** Below the bundle; no name of ours leads out of it. */
const Path = z.string().regex(/^(?:states\/)?[a-z0-9][a-z0-9~-]{0,99}(?:\.[a-z]{1,5}){1,2}$/)

/** What a bundle is made of: `manifest.json`. */
export const ManifestSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal('evidence of a grading by vethlab'),
  madeAt: z.iso.datetime(),
  vethlab: z.string(),
  golden: z.string().describe('version of the system that hosts are made of'),
  kernel: z.string(),
  lab: z.strictObject({ id: z.string(), hash: z.string().describe('of its files') }),
  submission: z
    .string()
    .optional()
    .describe('the file of what was handed in, as it was; missing where it was too large'),
  files: z.array(z.strictObject({ path: Path, bytes: z.int().min(0), sha256: Sha256 })),
})
export type Manifest = z.infer<typeof ManifestSchema>

/** Who says so: `signature.json`, over the bytes of the manifest. */
export const SignatureSchema = z.strictObject({
  algorithm: z.literal('Ed25519'),
  key: z.string().describe('public, SPKI in base64'),
  signature: z.string().describe('base64'),
})
export type Signature = z.infer<typeof SignatureSchema>

/** Names of what every bundle has. */
export const names = {
  manifest: 'manifest.json',
  signature: 'signature.json',
  result: 'result.json',
  verdicts: 'checks.json',
  difference: 'difference.json',
  transcript: 'transcript.cast',
  timeline: 'timeline.json',
} as const
