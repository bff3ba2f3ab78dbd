import { Command, Option } from 'commander'
import { readCourse } from '../course/course.js'
import { type CourseGrade, courseGrades, readResults, studentText } from '../course/course-grades.js'
import { gradingsOf } from '../course/score.js'
import { invalidArgument } from '../error/invalid-argument.js'
import { type GradebookName, gradebookNames, gradebooks } from '../report/forms.js'
import { words } from '../report/words.js'
import { type Language, languages } from '../wording/text.js'

interface ScoreOptions {
  format: 'text' | 'json' | GradebookName
  assignment?: string
  lang: Language
}

/** Those that hold one assignment. */
const ofOne: readonly string[] = ['canvas', 'moodle']

export function scoreCommand(): Command {
  return new Command('score')
    .description('what students have by the deadlines and policies of a course, from what grade has written')
    .argument('<course>', 'course.yaml')
    .argument(
      '<result...>',
      'files of `vethlab grade --format json`, an attempt each; or .jsonl, as a class exports what was handed in',
    )
    .addOption(
      new Option('--format <form>', 'how it is written').choices(['text', 'json', ...gradebookNames]).default('text'),
    )
    .option('--assignment <id>', 'only this one')
    .addOption(new Option('--lang <language>', 'of the explanations').choices(languages).default('en'))
    .action(async (file: string, results: string[], { format, assignment, lang }: ScoreOptions) => {
      const course = await readCourse(file)
      const ids = course.assignments.map(({ id }) => id)
      if (assignment !== undefined && !ids.includes(assignment))
        throw invalidArgument('--assignment', 'the course has no such assignment', `It has ${ids.join(', ')}.`, {
          what: '课程里没有这项作业',
          cure: `有的是：${ids.join(', ')}。`,
        })
      const all = []
      for (const result of results) all.push(...(await readResults(result)))
      const grades = courseGrades(course, all).filter(({ assignment: { id } }) => (assignment ?? id) === id)
      if (ofOne.includes(format) && new Set(grades.map((grade) => grade.assignment.id)).size > 1)
        throw invalidArgument(
          `--format ${format}`,
          'holds one assignment',
          `Name it with --assignment: ${ids.join(', ')}.`,
          { what: '只能装一项作业', cure: `请用 --assignment 指定：${ids.join(', ')}。` },
        )
      const { colon, comma } = words[lang]
      const pending = { en: 'no final grade yet', zh: '还没有最终成绩' }[lang]
      for (const grade of grades.filter(({ score }) => score.isPending))
        process.stderr.write(`${pending}${colon}${studentText(grade.student, lang)}${comma}${grade.assignment.id}\n`)
      process.stdout.write(written(format, grades, lang))
    })
}

function written(format: ScoreOptions['format'], grades: readonly CourseGrade[], language: Language): string {
  if (format === 'json') return `${JSON.stringify(grades.map(jsonOf), null, 2)}\n`
  if (format !== 'text')
    return gradebooks[format](
      grades.map(({ line }) => line),
      { language },
    )
  const { colon, comma } = words[language]
  return grades
    .flatMap(({ student, assignment, score }) => [
      `${studentText(student, language)}${comma}${assignment.id}${colon}${score.points}/${score.of}`,
      ...score.explanation.map((line) => `  ${line[language]}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

function jsonOf({ student, assignment, score: { due, submittedAt, attempts, ...score } }: CourseGrade): object {
  const iso = (at: number) => new Date(at).toISOString()
  return {
    student,
    assignment: assignment.id,
    ...score,
    ...(due === undefined ? {} : { due: iso(due) }),
    ...(submittedAt === undefined ? {} : { submittedAt: iso(submittedAt) }),
    attempts: attempts.map(({ attempt, grading, ...one }) => {
      const gradings = gradingsOf(attempt).map((each) => ({
        ...{ points: each.points, of: each.of, open: each.open },
        holds: each === grading,
      }))
      const { of, open } = grading
      return { submittedAt: iso(attempt.at), of, open, ...(gradings.length > 1 ? { gradings } : {}), ...one }
    }),
  }
}
