import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { foldersMeant, labFoldersNamed } from '../lab/catalogue.js'
import { labJsonSchema } from '../lab/json-schema.js'
import { placeOf } from '../lab/lab.js'
import { lintPathsWording, lintWording } from '../lab/lint-wording.js'
import { lintPaths, pathsFile } from '../lab/paths.js'
import { lintedLab } from '../lab/reading.js'
import { fromPackage } from '../package-root.js'
import { oneLine } from '../wording/one-line.js'
import { knownImages } from './known-images.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'

export function lintCommand(): Command {
  return new Command('lint')
    .description('read labs and say what is wrong with them; exit code 1 when something is')
    .argument('[lab...]', 'ids or folders, and `paths.yaml` of a folder of labs; all that come with vethlab by default')
    .addOption(labsOption('all of which are read where none is named'))
    .option('--json', 'print a JSON document', false)
    .option('--schema', 'print the JSON Schema of lab.yaml instead', false)
    .action(async (names: string[], { json, schema, labs }: LabsOption & { json: boolean; schema: boolean }) => {
      if (schema) {
        process.stdout.write(`${JSON.stringify(labJsonSchema(), null, 2)}\n`)
        return
      }
      const shelves = shelvesOf({ labs })
      const ground = { ...(await knownImages()), ...shelves }
      const problems = []
      const named = names.filter((name) => basename(name) !== pathsFile)
      const folders = names.length > 0 && named.length === 0 ? [] : await labFoldersNamed(shelves, named)
      for (const folder of names.length === 0 ? foldersMeant(shelves) : await foldersOfPaths(names)) {
        problems.push(...(await lintPaths(folder)))
        if (resolve(folder) === shelves.bundled) problems.push(...(await lintPathsWording(folder)))
      }
      for (const folder of folders) {
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

/** @throws VethlabError lab.not-found */
async function foldersOfPaths(names: readonly string[]): Promise<string[]> {
  const files = names.filter((name) => basename(name) === pathsFile)
  for (const file of files) {
    if (await stat(file).catch(() => undefined)) continue
    throw new VethlabError('lab.not-found', 'there is no such file', {
      place: oneLine(file, 100),
      cure: `Name a ${pathsFile} that lies beside folders of labs.`,
      zh: { what: '没有这个文件', cure: `请指定与实验文件夹放在一起的 ${pathsFile}。` },
    })
  }
  return files.map((file) => dirname(file))
}

/** The glossary binds the labs that come with vethlab; an author elsewhere has words of their own. */
function isOurs(folder: string): boolean {
  return dirname(resolve(folder)) === fromPackage('labs')
}
