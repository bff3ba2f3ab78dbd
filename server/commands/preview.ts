import { randomBytes } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { forbidCoreDumps } from '../kernel/system-calls.js'
import { labFolder } from '../lab/catalogue.js'
import { parseSeed } from '../lab/parameters/seed.js'
import { watchLab } from '../lab/watch-lab.js'
import { probeFeatures } from '../machine/features.js'
import { ensureRackd, stopRackd } from '../node/start-rackd.js'
import { fromPackage } from '../package-root.js'
import { isAlive, type ProcessIdentity, readRecord, removeRecord } from '../rack/record.js'
import { defaultStatePath, StateDirectory } from '../rack/state-directory.js'
import { lacksOf } from '../web/lacks.js'
import { ensureSetUp } from './ensure-setup.js'
import { requireFreePort } from './free-port.js'
import { knownImages } from './known-images.js'
import { type LabsOption, labsOption, shelvesOf } from './labs-option.js'
import { addressOf, claim, parentGone, portNumber, recordOf, watchRackd, wishes } from './serve.js'
import { WebProcess } from './web-process.js'

interface PreviewOptions extends LabsOption {
  port: number
  seed?: string
}

const host = '127.0.0.1'
/** One rack at a time, and a host of each kind that waits: an author often wants new ones. */
const rackdArgs = ['--pool-docker', '1', '--pool-plain', '1', '--max-racks', '8']
/** An author may think for long. */
const idleMs = 8 * 3_600_000
const mostRacks = 2

export function previewCommand(): Command {
  return new Command('preview')
    .description(
      'a lab as its author sees it: the page follows its files, beside hosts that stay; what lint finds, and every way to try',
    )
    .argument('<lab>', 'id or folder')
    .addOption(labsOption('whose ids can be named, also in `buildsOn`'))
    .option('--port <port>', 'port to listen on, of this machine alone; 0: a free one', portNumber, 8200)
    .option('--seed <seed>', 'with the numbers of that seed, for a lab that has parameters', parseSeed)
    .action(preview)
}

async function preview(name: string, { port, seed, labs }: PreviewOptions): Promise<void> {
  const shelves = shelvesOf({ labs })
  const directory = resolve(await labFolder(shelves, name))
  const orphaned = parentGone()
  // Its memory has the token.
  forbidCoreDumps()
  const state = StateDirectory.at(resolve(defaultStatePath()))
  const record = join(state.run, 'preview.json')
  // Beside a server: its records, and its rackd, stay its own.
  await claim(state, record)
  const serves = async () => isAlive(await readRecord<ProcessIdentity>(recordOf(state)))
  let web: WebProcess | undefined
  let endWatch: (() => Promise<void>) | undefined
  let stopRackdWatch: (() => void) | undefined
  let failed: VethlabError | undefined
  try {
    await requireFreePort(host, port)
    await ensureSetUp(state)
    const asked = wishes(orphaned)
    let giveUp: (error: VethlabError) => void = () => {}
    const givenUp = new Promise<VethlabError>((settle) => {
      giveUp = settle
    })
    const token = randomBytes(32).toString('base64url')
    web = new WebProcess(
      {
        user: state.webUser,
        host,
        port,
        token,
        publicNames: [],
        basePath: '',
        labs: { preview: basename(directory) },
        client: fromPackage('dist/client'),
        rackdSocket: state.webRackdSocket,
        portsSocket: state.portsSocket,
        records: state.records,
        recordsFile: 'preview.sqlite',
        securityLog: state.securityLogs.web,
        idleMs,
        mostRacks,
        lacks: await probeFeatures().then(lacksOf),
      },
      giveUp,
    )
    const running = web
    let broken: boolean | undefined
    endWatch = await watchLab(
      directory,
      { ...(await knownImages()), ...shelves },
      {
        ...(seed === undefined ? {} : { seed }),
        onReading: (reading) => {
          running.tell({ preview: reading })
          const { length } = reading.problems
          const was = broken
          broken = reading.lab === undefined
          if (was === broken && length === 0) return
          const found = length === 0 ? 'nothing is wrong' : length === 1 ? '1 finding' : `${length} findings`
          process.stderr.write(`read ${name}: ${found}${broken ? ', the lab can not be used' : ''}\n`)
        },
        onError: (error) =>
          giveUp(
            new VethlabError('serve.failed', `can't be watched: ${(error as Error).message}`, {
              place: directory,
              cure: 'Start the preview anew.',
            }),
          ),
      },
    )
    await Promise.all([ensureRackd(state, rackdArgs), web.start()])
    stopRackdWatch = watchRackd(state, rackdArgs)
    const address = new URL(addressOf('http', host, web.port, token))
    address.pathname = `/labs/${basename(directory)}`
    process.stdout.write(`the preview is ready: ${address.href}\n`)
    process.stderr.write('Ctrl-C ends it; its hosts stay for the next one\n')
    failed = await Promise.race([givenUp, asked.then(() => undefined)])
    process.stderr.write('ending\n')
  } finally {
    stopRackdWatch?.()
    await endWatch?.()
    await web?.stop()
    if (!(await serves())) await stopRackd(state)
    await removeRecord(record)
  }
  if (failed) throw failed
  process.exit(0)
}
