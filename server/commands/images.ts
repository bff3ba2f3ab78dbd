import { Command } from 'commander'
import { addImages, type ListedImage, listImages, removeImage } from '../rack/images/images.js'
import { StateDirectory } from '../rack/state-directory.js'
import { Store } from '../rack/store.js'
import { untilSignal } from './until-signal.js'

export function imagesCommand(): Command {
  return new Command('images')
    .description('the images that docker hosts have without a registry: those of set-up, and those that were added')
    .addCommand(listCommand())
    .addCommand(addCommand())
    .addCommand(removeCommand())
}

function listCommand(): Command {
  return new Command('list')
    .description('print all of them, with their names, origin, size and id')
    .option('--json', 'print a JSON document', false)
    .action(async ({ json }: { json: boolean }) => {
      const images = await listImages(await Store.open(StateDirectory.at()))
      process.stdout.write(json ? `${JSON.stringify(images, null, 2)}\n` : images.map(paragraph).join(''))
    })
}

function addCommand(): Command {
  return new Command('add')
    .description('add images; hosts that are made from then on have them')
    .argument(
      '<source>',
      'an archive of `docker save` or an OCI one, a folder with a Dockerfile (built in a host, offline) or an OCI layout, or a reference such as docker.io/library/alpine:3.20 (copied by skopeo)',
    )
    .option('--name <name...>', 'what the image is called, in place of what the source says')
    .option(
      '--authfile <file>',
      'a file with a login for the registry, as docker, podman and skopeo write it; no helper is asked',
    )
    .action(async (source: string, { name = [], authfile }: { name?: string[]; authfile?: string }) => {
      const { packs, taken } = await untilSignal((signal) =>
        addImages(StateDirectory.at(), source, {
          names: name,
          authFile: authfile,
          say,
          progress: process.stderr,
          signal,
        }),
      )
      for (const image of taken) say(`${image} meant another image until now`)
      for (const { names, id, digest } of packs) process.stdout.write(`added ${names.join(', ')} (${digest ?? id})\n`)
      if (packs.length === 0) process.stdout.write('is there already: nothing was changed\n')
    })
}

function removeCommand(): Command {
  return new Command('remove')
    .description('take an added image away, with all its names; racks that have it keep it')
    .argument('<name>', 'one of its names, or its id')
    .action(async (name: string) => {
      const { names } = await untilSignal((signal) => removeImage(StateDirectory.at(), name, signal))
      process.stdout.write(`removed ${names.join(', ')}\n`)
    })
}

function paragraph({ name, names, from, origin, bytes, id, digest, source }: ListedImage): string {
  const size = `${Math.round(bytes / 1024 ** 2)} MiB`
  const lines = [
    `${name}  ${from === 'pack' ? `added from ${source}` : 'golden'}, ${size}, ${digest ?? id}`,
    ...(names.length > 1 ? [`  also ${names.slice(1).join(', ')}`] : []),
    ...(origin === '' ? [] : [`  ${origin}`]),
  ]
  return `${lines.join('\n')}\n`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
