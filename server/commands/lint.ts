import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { labFoldersNamed } from '../lab/catalogue.js'
import { labJsonSchema } from '../lab/json-schema.js'
import { placeOf } from '../lab/lab.js'
import { lintWording } from '../lab/lint-wording.js'
import { lintedLab } from '../lab/reading.js'
import { fromPackage } from '../package-root.js'
import { knownImages } from './known-images.js'

export function lintCommand(): Command {
  return new Command('lint')
    .description('read labs and say what is wrong with them; exit code 1 when something is')
    .argument('[lab...]', 'ids or folders; all labs by default')
    .option('--json', 'print a JSON document', false)
    .option('--schema', 'print the JSON Schema of lab.yaml instead', false)
    .action(async (names: string[], { json, schema }: { json: boolean; schema: boolean }) => {
      if (schema) {
        process.stdout.write(`${JSON.stringify(labJsonSchema(), null, 2)}\n`)
        return
      }
      const ground = { ...(await knownImages()), bundled: fromPackage('labs') }
      const problems = []
      for (const folder of await labFoldersNamed(fromPackage('labs'), names)) {
        const { lab, problems: found } = await lintedLab(folder, ground)
        problems.push(...found)
        if (lab && isOurs(folder)) problems.push(...(await lintWording(folder)))
      }
      if (json) process.stdout.write(`${JSON.stringify(problems, null, 2)}\n`)
      else
        for (const problem of problems) process.stdout.write(`${placeOf(problem)}: ${problem.what}. ${problem.cure}\n`)
      if (problems.length > 0) process.exitCode = 1
    })
}

/** The glossary binds the labs that come with vethlab; an author elsewhere has words of their own. */
function isOurs(folder: string): boolean {
  return dirname(resolve(folder)) === fromPackage('labs')
}
