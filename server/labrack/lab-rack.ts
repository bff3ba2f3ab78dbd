import { drawn } from '../check/chance.js'
import { type EvaluateOptions, evaluate, type Verdict } from '../check/evaluate.js'
import type { Check } from '../check/family.js'
import { readValue, type ValueSpec } from '../check/values.js'
import { VethlabError } from '../error/vethlab-error.js'
import { type Lab, restartsOf } from '../lab/lab.js'
import { fillIn, placeholders, type RunBlock } from '../lab/page.js'
import { startStateOf } from '../lab/replace-lab.js'
import type { NetworkState } from '../network/state.js'
import type { Ground, Probe } from '../place/ground.js'
import type { CommandResult } from '../racks/command-result.js'
import { RackGround } from '../racks/rack-ground.js'
import type { OpenProgress, RackInfo, Racks } from '../racks/racks.js'
import { oneLine } from '../wording/one-line.js'

/** Shells that run an author's text: they stop at the first command that fails, also within a pipe. */
const shell = ['bash', '-e', '-o', 'pipefail', '-c']
/** An empty file with its folders, owner and mode, and then what is in it: what comes on stdin is a socket, which can't be opened. */
const putFile = 'install -D -T -m "$1" -o "$2" -g "$3" /dev/null "$4" && cat > "$4"'
const setupTimeoutMs = 120_000
const blockTimeoutMs = 60_000
/** Tokens, addresses, names: what a live value may consist of where it stands in a command. */
const plainValue = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}$/

export interface LabRackOptions {
  /** It is looked at while no process of its hosts runs. */
  isStill?: boolean
  /** Told of each state that was captured, whoever wanted it. */
  onCapture?(state: NetworkState): void
}

/** `answers` and `probe` are the rack's own unless said. */
export type CheckOptions = Pick<
  EvaluateOptions,
  'answers' | 'once' | 'pauseMs' | 'restTimes' | 'settle' | 'signal' | 'onRound'
> & {
  probe?: Probe
  /** Whether Docker may be restarted for what has to survive that: yes unless said. */
  restarts?: boolean
}

export interface OpenLabOptions extends LabRackOptions {
  signal?: AbortSignal
  /** The rack's label; the lab's id unless said. */
  label?: string
  owner?: string
  onProgress?(progress: OpenProgress): void
}

/** A rack in which one lab is worked through, from its start state on. */
export class LabRack {
  readonly ground: Ground
  /** The rack's own values of chance. */
  readonly chance: Readonly<Record<string, string>>
  /** What was answered so far, by the id of the check. */
  readonly answers: Record<string, string> = {}
  #info: RackInfo
  /** What the lab's hosts were made of when this rack was opened, or reset as a whole. */
  #madeOf: string
  /** When those captures began that have not ended, in milliseconds since 1970. */
  readonly #captures = new Set<{ since: number }>()

  private constructor(
    private readonly racks: Racks,
    readonly lab: Lab,
    info: RackInfo,
    { onCapture, isStill = false }: LabRackOptions,
  ) {
    this.#info = info
    this.#madeOf = startStateOf(lab)
    this.chance = drawn(lab.chance, info.id)
    const ground = new RackGround(racks, info.id, { isStill })
    this.ground = {
      capture: async () => {
        const capture = { since: Date.now() }
        this.#captures.add(capture)
        const state = await ground.capture().finally(() => this.#captures.delete(capture))
        onCapture?.(state)
        return state
      },
      ask: (host, question) => ground.ask(host, question),
      runScript: (directory, file, options) => ground.runScript(directory, file, options),
      runCommand: (host, text, signal) => ground.runCommand(host, text, signal),
      observe: (host, packet, signal) => ground.observe(host, packet, signal),
      talk: (host, talk, signal) => ground.talk(host, talk, signal),
    }
  }

  /** Opens the lab's rack and brings it to its start state, or leaves nothing. @throws VethlabError lab.setup-failed, image.missing */
  static async open(
    racks: Racks,
    lab: Lab,
    { signal, label = lab.id, owner, onProgress, ...options }: OpenLabOptions = {},
  ): Promise<LabRack> {
    const info = await racks.open(lab.topology, {
      label,
      images: lab.images,
      ...(owner === undefined ? {} : { owner }),
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    const rack = new LabRack(racks, lab, info, options)
    try {
      await rack.setUp(info.hosts, signal)
      return rack
    } catch (error) {
      await rack.close()
      throw error
    }
  }

  /** A rack that was opened before, as it is. */
  static attach(racks: Racks, lab: Lab, info: RackInfo, options: LabRackOptions = {}): LabRack {
    return new LabRack(racks, lab, info, options)
  }

  /** The same rack as it is, for whoever judges it: looked at while no process of its hosts runs, and with those answers. */
  still(answers: Readonly<Record<string, string>>): LabRack {
    const rack = LabRack.attach(this.racks, this.lab, this.info, { isStill: true })
    Object.assign(rack.answers, answers)
    return rack
  }

  /** As of the opening, or of the last reset. */
  get info(): RackInfo {
    return this.#info
  }

  /** Whether the lab has changed since in what its hosts are made of: only in a preview. */
  get isOutdated(): boolean {
    return this.#madeOf !== startStateOf(this.lab)
  }

  /** Since when the last capture that has not ended has been made, in milliseconds since 1970. */
  get capturingSince(): number | undefined {
    return [...this.#captures].at(-1)?.since
  }

  /** Brings one host, or all, back to the start state of the lab. @throws VethlabError lab.setup-failed, host.not-found */
  async reset(host?: string, signal?: AbortSignal): Promise<void> {
    this.#info = await this.racks.reset(this.info.id, host)
    signal?.throwIfAborted()
    const { hosts } = this.info
    await this.setUp(host === undefined ? hosts : hosts.filter(({ name }) => name === host), signal)
  }

  private async setUp(hosts: readonly { name: string }[], signal?: AbortSignal): Promise<void> {
    const { setup } = this.lab
    await Promise.all(
      hosts.map(async ({ name }) => {
        await this.putFiles(name, signal)
        if (setup === undefined) return
        const result = await this.exec(name, setup, { ...inCapitals(this.chance), HOST: name }, setupTimeoutMs, signal)
        if (!result.failed) return
        throw new VethlabError('lab.setup-failed', `ends with ${outcomeOf(result)} in ${name}: ${lastWords(result)}`, {
          place: `${this.lab.directory}/setup.sh`,
          cure: 'Run it by hand in such a host: `vethlab rack shell`.',
        })
      }),
    )
  }

  /** What the lab has for that host, before anything runs there. */
  private async putFiles(host: string, signal?: AbortSignal): Promise<void> {
    for (const { path, content, mode, user, group } of this.lab.files.filter((file) => file.host === host)) {
      const argv = ['sh', '-c', putFile, 'sh', mode, user, group, path]
      const stdin = Buffer.from(content, 'base64')
      const result = await this.racks.exec(this.info.id, host, argv, { stdin, ...(signal ? { signal } : {}) })
      if (!result.failed) continue
      throw new VethlabError('lab.setup-failed', `can't be put onto ${host}: ${lastWords(result)}`, {
        place: `${this.lab.directory}/files/${host}${path}`,
        cure: 'Look whether its owner is a user of that host, and its folder can be made.',
      })
    }
  }

  private exec(host: string, text: string, env: Record<string, string>, timeoutMs: number, signal?: AbortSignal) {
    return this.racks.exec(this.info.id, host, [...shell, text], {
      env: { HOME: '/root', ...env },
      timeoutMs,
      ...(signal ? { signal } : {}),
    })
  }

  /**
   * Runs a block as a learner's click does, but without a terminal. One that prints an answer is run again where it printed none:
   * now and then an Engine loses what a short `docker exec` prints (moby/moby#27289, docker/docker-py#2042).
   * @returns what went wrong, in one line; undefined when nothing did
   */
  async run(block: RunBlock, signal?: AbortSignal): Promise<string | undefined> {
    const text = await this.fill(block.text)
    if (typeof text !== 'string') return `line ${block.line}: the value {{${text.missing}}} can't be read now`
    const host = block.host ?? this.lab.home
    let result = await this.exec(host, text, {}, blockTimeoutMs, signal)
    if (block.answer !== undefined) {
      for (let again = 0; again < 2 && !result.failed && result.stdout.trim() === ''; again++) {
        result = await this.exec(host, text, {}, blockTimeoutMs, signal)
      }
      this.answers[block.answer] = result.stdout.trim()
    }
    if (result.timedOut) return `line ${block.line}: ${outcomeOf(result)} in ${host}`
    if (result.failed === block.fails) return undefined
    const expected = block.fails ? ', where it should have failed' : ''
    return `line ${block.line}: ${outcomeOf(result)} in ${host}${expected}: ${lastWords(result)}`
  }

  /** Puts live values in the place of `{{name}}`. */
  async fill(text: string): Promise<string | { missing: string }> {
    if (placeholders(text).length === 0) return text
    const values = await this.values()
    const filled = fillIn(text, (name) => values[name])
    return 'text' in filled ? filled.text : filled
  }

  /** The lab's live values, as far as they can be read now and are safe within a command. */
  async values(): Promise<Record<string, string>> {
    if (Object.keys(this.lab.values).length === 0) return {}
    const state = await this.ground.capture()
    const read = (spec: ValueSpec) => {
      try {
        return readValue(spec, state, this.lab.home, this.chance) ?? ''
      } catch {
        // Not there yet, or an Engine that can't be trusted: a block that needs it says so.
        return ''
      }
    }
    const all = Object.entries(this.lab.values).map(([name, spec]) => [name, read(spec)] as const)
    return Object.fromEntries(all.filter(([, value]) => plainValue.test(value)))
  }

  /** The checks of a step; `once` looks a single time, else each has its `within` to become true. */
  check(
    checks: Check[],
    { answers = this.answers, probe = this.ground, restarts = true, ...options }: CheckOptions = {},
  ): Promise<Verdict[]> {
    const restart: EvaluateOptions['restart'] = async (surviving, signal) => {
      const hosts = restartsOf(this.lab, surviving)
      await Promise.all(hosts.map((host) => this.racks.restartEngine(this.info.id, host, { signal })))
    }
    return evaluate(checks, probe, {
      ...(restarts ? { restart } : {}),
      home: this.lab.home,
      answers,
      labDirectory: this.lab.directory,
      chance: this.chance,
      ...options,
    })
  }

  async close(): Promise<void> {
    await this.racks.close(this.info.id)
  }
}

/** Names as the environment of a script has them. */
function inCapitals(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toUpperCase(), value]))
}

export function outcomeOf(result: CommandResult): string {
  if (result.timedOut) return `no end after ${Math.round(result.durationMs / 1000)} s`
  if (result.truncated) return 'too much output'
  return result.signal ? `signal ${result.signal}` : `exit code ${result.exitCode}`
}

export function lastWords(result: CommandResult): string {
  const lines = (result.stderr.trim() || result.stdout.trim()).split('\n')
  return oneLine(lines.slice(-2).join(' / '), 300) || 'it said nothing'
}
