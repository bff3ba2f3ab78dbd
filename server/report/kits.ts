import { createHash } from 'node:crypto'
import { stringify } from 'yaml'

/** What a course's system needs around vethlab, to grade one lab. */
export interface KitFile {
  /** Below the kit's folder. */
  path: string
  text: string
  isExecutable: boolean
}

export const kitNames = ['gradescope', 'github-classroom', 'prairielearn'] as const
export type KitName = (typeof kitNames)[number]

interface KitLab {
  id: string
  title: string
  topic: string
  /** The first host with an Engine: whose script a student hands in at least. */
  home: string
}

/**
 * With whose numbers a kit grades a lab that has parameters: those of practice, of one seed for all, of each student by the key of the class
 * (what its file holds, and the list of the class where a student goes by several names), or of each variant of a question.
 */
export type KitNumbers =
  | { of: 'practice' }
  | { of: 'seed'; seed: string }
  | { of: 'student'; classKey: string; roster?: { name: 'roster.csv' | 'roster.yaml'; text: string } }
  | { of: 'variant' }

/** Of whom each system can tell: what is not here it can't. */
export const kitNumbers: Record<KitName, readonly KitNumbers['of'][]> = {
  gradescope: ['practice', 'seed', 'student'],
  // A student may change the workflow, and have it print whatever it can read.
  'github-classroom': ['practice', 'seed'],
  // Its grader is not told whose work it is.
  prairielearn: ['practice', 'seed', 'variant'],
}

/** All files of a kit. The id of a lab is plain: letters, digits, `-` and `_`; so is a seed. */
export function kitFiles(kit: KitName, lab: KitLab, numbers: KitNumbers = { of: 'practice' }): KitFile[] {
  return kits[kit](lab, numbers)
}

const kits: Record<KitName, (lab: KitLab, numbers: KitNumbers) => KitFile[]> = {
  gradescope: ({ id }, numbers) => [
    { path: 'setup.sh', text: setup, isExecutable: true },
    { path: 'run_autograder', text: runAutograder(id, numbers), isExecutable: true },
    ...(numbers.of === 'student' ? [{ path: 'class.key', text: `${numbers.classKey}\n`, isExecutable: false }] : []),
    ...(numbers.of === 'student' && numbers.roster
      ? [{ path: numbers.roster.name, text: numbers.roster.text, isExecutable: false }]
      : []),
  ],
  'github-classroom': (lab, numbers) => [
    {
      path: '.github/workflows/classroom.yml',
      text: stringify(workflow(lab, numbers), { lineWidth: 0 }),
      isExecutable: false,
    },
  ],
  prairielearn: (lab, numbers) => [
    { path: 'info.json', text: `${JSON.stringify(question(lab), null, 2)}\n`, isExecutable: false },
    { path: 'question.html', text: questionPage(lab, numbers), isExecutable: false },
    ...(numbers.of === 'variant' ? [{ path: 'server.py', text: seedOfVariant, isExecutable: false }] : []),
    { path: 'tests/run.sh', text: runExternalGrader(lab.id, numbers), isExecutable: true },
  ],
}

/** `--seed X` and a blank behind it, for a command line; empty for practice. */
function seedOption(numbers: KitNumbers): string {
  return numbers.of === 'seed' ? `--seed ${numbers.seed} ` : ''
}

/** The zip of Gradescope has both scripts at its root, and beside them vethlab as `npm pack` makes it. */
const setup = `#!/usr/bin/env bash
# Makes vethlab ready in the image of the autograder. Beside this file lies vethlab-VERSION.tgz, as \`npm pack\` makes it.
set -euo pipefail
here=\${AUTOGRADER:-/autograder}/source
apt-get update
apt-get install -y ca-certificates curl build-essential python3
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
  curl -fsSL https://deb.nodesource.com/setup_22.x | bash -
  apt-get install -y nodejs
fi
npm install --global "$here"/vethlab-*.tgz
vethlab setup
`

/** Whose work it is, as Gradescope's submission_metadata.json tells; of a group, its first. */
const student = `node -e '
  const { users } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  const { email, name } = users[0]
  process.stdout.write(JSON.stringify({ email, firstName: name }))
' "$root/submission_metadata.json" > "$root/student.json" || exit 1
`

function runAutograder(lab: string, numbers: KitNumbers): string {
  const list = numbers.of === 'student' && numbers.roster ? ` --roster "$root/source/${numbers.roster.name}"` : ''
  const whose =
    numbers.of === 'student' ? `--class-key "$root/source/class.key" --student "$root/student.json"${list} ` : ''
  return `#!/usr/bin/env bash
# Grades what a student has handed in. Where nothing could be judged there is no score, and Gradescope says that the autograder failed.
set -uo pipefail
root=\${AUTOGRADER:-/autograder}
${labOfYourOwn(lab, 'source')}
${numbers.of === 'student' ? student : ''}mkdir -p "$root/results"
vethlab grade "$lab" "$root/submission" ${whose}${seedOption(numbers)}--format gradescope --out "$root/results/results.json"
# 0 to 3 are grades; what else there may be is in the log, for the instructor.
[ $? -le 3 ]
`
}

/** A lab that does not come with vethlab lies in its folder beside the script. */
function labOfYourOwn(lab: string, beside: string): string {
  return `lab=${lab}\nif [ -d "$root/${beside}/$lab" ]; then lab=$root/${beside}/$lab; fi`
}

/** PrairieLearn shows `params` on the question's page, and hands them to the grader. */
const seedOfVariant = `def generate(data):
    # What the numbers of this variant are drawn from.
    data["params"]["seed"] = "pl-" + str(data["variant_seed"])
`

const readSeed = `seed=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).params.seed' "$root/data/data.json") || exit 1
`

function runExternalGrader(lab: string, numbers: KitNumbers): string {
  const isVariant = numbers.of === 'variant'
  return `#!/usr/bin/env bash
# Grades what a student has handed in.
set -uo pipefail
root=\${GRADE:-/grade}
${labOfYourOwn(lab, 'tests')}
${isVariant ? readSeed : ''}mkdir -p "$root/results"
vethlab grade "$lab" "$root/student" ${isVariant ? '--seed "$seed" ' : seedOption(numbers)}--format prairielearn --out "$root/results/results.json"
[ $? -le 3 ]
`
}

/** The step's id is what the reporter asks for: letters and digits alone, and in capitals before _RESULTS. */
function workflow({ id, title }: KitLab, numbers: KitNumbers): object {
  const vethlab = 'sudo env "PATH=$PATH" vethlab'
  return {
    name: 'Autograding',
    on: ['push', 'workflow_dispatch'],
    permissions: { checks: 'write', actions: 'read', contents: 'read' },
    jobs: {
      'run-autograding-tests': {
        'runs-on': 'ubuntu-24.04',
        if: "github.actor != 'github-classroom[bot]'",
        'timeout-minutes': 30,
        steps: [
          { name: 'Check out', uses: 'actions/checkout@v4' },
          { name: 'Node', uses: 'actions/setup-node@v4', with: { 'node-version': '22' } },
          {
            name: 'Set up vethlab',
            env: { PACKAGE: expression('vars.VETHLAB_PACKAGE') },
            run: `npm install --global "$PACKAGE"\n${vethlab} setup\n`,
          },
          {
            name: title,
            id: 'vethlab',
            run: [
              `${vethlab} grade ${id} submission ${seedOption(numbers)}--format github-classroom --out "$RUNNER_TEMP/result.json" > "$RUNNER_TEMP/report.txt" || true`,
              'echo "result=$(base64 -w0 "$RUNNER_TEMP/result.json")" >> "$GITHUB_OUTPUT"',
              '',
            ].join('\n'),
          },
          {
            name: 'Report',
            uses: 'classroom-resources/autograding-grading-reporter@v1',
            env: { VETHLAB_RESULTS: expression('steps.vethlab.outputs.result') },
            with: { runners: 'vethlab' },
          },
        ],
      },
    },
  }
}

/** What GitHub fills in. */
function expression(text: string): string {
  return `\${{ ${text} }}`
}

function question({ id, title, topic }: KitLab): object {
  return {
    uuid: uuidOf(`vethlab ${id}`),
    type: 'v3',
    title,
    topic,
    gradingMethod: 'External',
    partialCredit: true,
    singleVariant: true,
    externalGradingOptions: {
      image: 'REGISTRY/vethlab',
      entrypoint: ['bash', '/grade/tests/run.sh'],
      timeout: 600,
      enableNetworking: false,
    },
  }
}

function questionPage({ home }: KitLab, numbers: KitNumbers): string {
  const seed = numbers.of === 'variant' ? '{{params.seed}}' : numbers.of === 'seed' ? numbers.seed : undefined
  const about =
    seed === undefined
      ? ''
      : `  <p>The numbers of this task, such as addresses and ports, are drawn from the seed <code>${seed}</code>:
  <code>vethlab serve --seed ${seed}</code> shows the lab with them.</p>
`
  return `<pl-question-panel>
  <p>Hand in a script for the host <code>${home}</code>, called <code>${home}.sh</code>.</p>
${about}  <pl-file-upload file-names="${home}.sh"></pl-file-upload>
</pl-question-panel>
<pl-submission-panel>
  <pl-external-grader-results></pl-external-grader-results>
  <pl-file-preview></pl-file-preview>
</pl-submission-panel>
`
}

/** The same for the same lab, so that a kit that is made anew is of the same question. RFC 9562, version 8. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
