import { Command } from 'commander'
import { readStudents, studentKey } from '../course/student.js'
import { VethlabError } from '../error/vethlab-error.js'
import { labFolder } from '../lab/catalogue.js'
import { requireDrawn } from '../lab/lab.js'
import { drawerOf } from '../lab/parameters/drawer.js'
import { parseSeed, practiceSeed, seedOf } from '../lab/parameters/seed.js'
import { loadLab, withSeed } from '../lab/read-lab.js'
import { table } from '../report/table.js'
import { nameOf } from '../report/words.js'
import { readClassKey } from './class-key.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'

interface NumbersOptions extends LabsOption {
  seed?: string
  classKey?: string
  roster?: string
  json: boolean
}

interface Line {
  /** Missing for a seed that is nobody's. */
  student?: string
  name?: string
  seed: string
  values: Record<string, unknown>
}

export function numbersCommand(): Command {
  return new Command('numbers')
    .description('the numbers of a lab that has parameters: of a seed, or of all students, with the seed of each')
    .argument('<lab>', 'id or folder')
    .addOption(labsOption())
    .option('--seed <seed>', 'those of this seed; of practice by default', parseSeed)
    .option('--roster <file>', 'those of each student of a list, CSV as a class takes it or YAML, with --class-key')
    .option('--class-key <file>', 'the key of the class')
    .option('--json', 'print a JSON document, in place of CSV', false)
    .action(async (name: string, options: NumbersOptions) => {
      const lab = await loadLab(await labFolder(shelvesOf(options), name))
      const drawn = requireDrawn(lab)
      const draw = drawerOf(drawn)
      const lines = (await whoOf(lab.id, options)).map((who): Line => {
        // One that can't be drawn is told as when the lab is read.
        const { values, problems } = draw(who.seed)
        return { ...who, values: problems.length > 0 ? withSeed(lab, who.seed).drawn!.values : values }
      })
      process.stdout.write(options.json ? `${JSON.stringify(lines, null, 2)}\n` : csvOf(lines))
    })
}

async function whoOf(lab: string, { seed, roster, classKey }: NumbersOptions): Promise<Omit<Line, 'values'>[]> {
  if ((roster === undefined) !== (classKey === undefined) || (roster !== undefined && seed !== undefined)) {
    throw new VethlabError('argument.invalid', 'goes with --class-key, and not with --seed', {
      place: '--roster',
      cure: 'Name both files, or a seed alone.',
      zh: { what: '要和 --class-key 一起用，不能和 --seed 一起用', cure: '请同时指定两个文件，或只指定种子。' },
    })
  }
  if (roster === undefined || classKey === undefined) return [{ seed: seed ?? practiceSeed }]
  const key = await readClassKey(classKey)
  return (await readStudents(roster)).map((student) => {
    const id = studentKey(student)
    return { student: id, name: nameOf(student), seed: seedOf(key, id, lab) }
  })
}

function csvOf(lines: readonly Line[]): string {
  const names = Object.keys(lines[0]?.values ?? {})
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return table([
    ['student', 'name', 'seed', ...names],
    ...lines.map(({ student, name, seed, values }) => [student, name, seed, ...names.map((one) => text(values[one]))]),
  ])
}
