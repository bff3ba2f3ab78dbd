import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { execa } from 'execa'
import { VethlabError } from '../error/vethlab-error.js'
import { fromPackage } from '../package-root.js'
import { hasPassword } from '../store/read-address.js'
import { oneLine } from '../wording/one-line.js'

const unitFile = '/etc/systemd/system/vethlab.service'
const systemctlMs = 60_000

export function serviceCommand(): Command {
  const service = new Command('service').description('vethlab as a service of systemd, begun when the machine begins')
  service
    .command('print')
    .description('print the unit')
    .argument('[options...]', 'options of serve, behind --')
    .action((options: string[]) => {
      process.stdout.write(unitOf(options))
    })
  service
    .command('install')
    .description(`write ${unitFile}, begin it now and with the machine`)
    .argument('[options...]', 'options of serve, behind --')
    .action(async (options: string[]) => {
      await requireSystemd()
      const unit = unitOf(options)
      await mkdir(dirname(unitFile), { recursive: true })
      await writeFile(unitFile, unit, { mode: 0o644 })
      await systemctl('daemon-reload')
      await systemctl('enable', 'vethlab.service')
      await systemctl('restart', 'vethlab.service')
      process.stdout.write(
        'vethlab.service is begun. Its address, with the token: `journalctl -u vethlab -n 20`; it ends with `vethlab service remove`\n',
      )
    })
  service
    .command('remove')
    .description(`end it, and remove ${unitFile}; racks and records stay`)
    .action(async () => {
      await requireSystemd()
      await systemctl('disable', '--now', 'vethlab.service')
      await rm(unitFile, { force: true })
      await systemctl('daemon-reload')
    })
  return service
}

/**
 * The unit of a server with these options (systemd.service(5)). Racks live in control groups of their own and go on when it ends,
 * so that only the main process is ended by systemd.
 */
export function unitOf(options: readonly string[]): string {
  requireNoPassword(options)
  const words = [process.execPath, fromPackage('dist/main.js'), 'serve', ...options.map(absolute)]
  return [
    '[Unit]',
    'Description=vethlab, labs of container networking',
    'After=network-online.target',
    'Wants=network-online.target',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${words.map(quoted).join(' ')}`,
    'Restart=on-failure',
    'RestartSec=5',
    // Racks, and the shells in them, are meant to outlive a restart.
    'KillMode=process',
    'TimeoutStopSec=60',
    // It makes control groups below its own tree of vethlab, and hosts that need all of these.
    'Delegate=yes',
    'TasksMax=infinity',
    'LimitNOFILE=1048576',
    'LimitCORE=0',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}

/** Every user of the machine reads a unit. @throws VethlabError argument.invalid */
function requireNoPassword(options: readonly string[]): void {
  const at = options.findIndex((option) => /^--database(?:=|$)/.test(option))
  const address = options[at]?.split('=').slice(1).join('=') || options[at + 1]
  if (at < 0 || address === undefined || !hasPassword(address)) return
  throw new VethlabError('argument.invalid', 'has a password, and every user of the machine can read a unit', {
    place: '--database',
    cure: 'Put it into a file and name that: `systemctl edit vethlab`, Environment=PGPASSFILE=/etc/vethlab.pgpass.',
  })
}

/** Files are meant from where the command is given, and the service is begun elsewhere. */
function absolute(option: string, at: number, all: readonly string[]): string {
  const named = /^(--(?:state|tls-cert|tls-key))=(.+)$/.exec(option)
  if (named) return `${named[1]}=${resolve(named[2]!)}`
  return /^--(?:state|tls-cert|tls-key)$/.test(all[at - 1] ?? '') ? resolve(option) : option
}

/** A word as a unit has it: `%` begins a specifier, and `$` a variable (systemd.unit(5), systemd.service(5)). */
function quoted(word: string): string {
  if (/[\u0000-\u001f\u007f]/.test(word)) {
    throw new VethlabError('argument.invalid', 'has a character that no unit can have', {
      place: oneLine(word, 100),
      cure: 'Leave it out.',
    })
  }
  const escaped = word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w./:@%+=,-]+$/.test(word) ? escaped : `"${escaped}"`
}

async function requireSystemd(): Promise<void> {
  try {
    // As sd_booted(3) looks.
    await access('/run/systemd/system')
  } catch {
    throw new VethlabError('machine.missing-tool', 'this machine was not begun by systemd', {
      place: 'systemd',
      cure: 'Begin `vethlab serve` by what begins services here; `vethlab service print` shows how.',
    })
  }
}

async function systemctl(...args: string[]): Promise<void> {
  const { failed, stderr } = await execa('systemctl', args, { reject: false, timeout: systemctlMs })
  if (!failed) return
  throw new VethlabError('command.failed', oneLine(String(stderr), 300) || 'it failed', {
    place: `systemctl ${args.join(' ')}`,
    cure: 'See `systemctl status vethlab`.',
  })
}
