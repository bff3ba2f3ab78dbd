import { resolve } from 'node:path'
import { Command } from 'commander'
import { importLab, report } from '../lab/formats/import-lab.js'
import { knownImages } from './known-images.js'

export function importCommand(): Command {
  return new Command('import')
    .description(
      'make labs of what was made elsewhere: scenarios of Killercoda and Katacoda, Kathará labs, containerlab topologies, Instruqt tracks; nothing of them is run',
    )
    .argument('<folder...>', 'one package each')
    .option('--to <folder>', 'where the folders of the new labs are made', '.')
    .option('--json', 'print a JSON document', false)
    .action(async (folders: string[], { to, json }: { to: string; json: boolean }) => {
      // Added ones are what a lab has to name.
      const { images } = await knownImages()
      const all = []
      for (const folder of folders) all.push(await importLab(folder, resolve(to), { images }))
      if (json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
      else for (const one of all) process.stdout.write(`${report(one)}\nThe lab is in ${one.folder}.\n`)
    })
}
