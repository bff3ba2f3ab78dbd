import { logOnce } from '../error/log-once.js'
import { type Trouble, TroubleError } from '../error/trouble.js'
import { VethlabError } from '../error/vethlab-error.js'
import { contentOf, type Lab } from '../lab/lab.js'
import { practiceSeed } from '../lab/parameters/seed.js'
import type { LabPath } from '../lab/paths.js'
import { withSeed } from '../lab/read-lab.js'
import { renderPage } from '../lab/render.js'
import { replaceLab } from '../lab/replace-lab.js'
import { LabSearch } from '../lab/search.js'
import type { CatalogueView, LabCard, LabPage, PageSection, SearchView } from '../protocol/protocol.js'
import type { RackInfo, Racks } from '../racks/racks.js'
import { isBehind } from '../store/behind.js'
import { newId } from '../store/id.js'
import type { Records, SessionRecord, Standing } from '../store/records.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import { foundLab, inOrder, isFinished, type Lacks, labCard, pageSteps, pathViews, wayOn } from './catalogue.js'
import { limitTrouble } from './life/limit-trouble.js'
import { sessionOfLabel } from './life/rack-label.js'
import { type Waiter, type WaitingQuota, WaitingRoom } from './life/waiting-room.js'
import { Session, type SessionHouse } from './session.js'
import { carryOver } from './work/progress.js'

/** Of all learners of one class together, at most so many have racks at the same time; infinity: as many as the machine has. */
export interface Quota {
  of: string
  racks: number
}

export interface SessionsOptions {
  /** How long nobody may be there before a rack is closed: 30 minutes unless said. */
  idleMs?: number
  /** How long before that it is announced: 2 minutes, or half of that time where it is shorter. */
  warningMs?: number
  /** The path that addresses of this server begin with: none unless said. */
  basePath?: string
  /** For the author of its labs, which change: a preview. */
  authoring?: boolean
  /** Racks of sessions at the same time: 8. */
  mostRacks?: number
  /**
   * For how many more racks there is memory now, beside those that are being opened; endless unless said. Who would have too little of it
   * waits, as long as there are others whose racks may end.
   */
  roomInMemory?(opening: number): number
  /** What the numbers of a lab are drawn from for a learner who begins it: those that the lab was read with where it is undefined. */
  seedFor?(learner: string, lab: string): string | undefined | Promise<string | undefined>
  /** Whom a learner shares room on the machine with; nobody does where it is missing. */
  quotaFor?(learner: string): Promise<Quota | undefined>
  /** Ids of steps of a lab that are not given to a learner now: none unless said. */
  lockedFor?(learner: string, lab: string): Promise<readonly string[]>
  /** Paths through the labs: none unless said. */
  paths?: readonly LabPath[]
  /** What this machine lacks, by the name of the feature that labs require. */
  lacks?: Lacks
  /** How often racks are compared with sessions, in milliseconds: 15 seconds. */
  sweepMs?: number
  /** Milliseconds since 1970. */
  now?(): number
}

/** So many variants of a lab are kept; another one takes some milliseconds. */
const mostDrawn = 50

/** All sessions of all learners. One process has them at a time. */
export class Sessions {
  #labs: readonly Lab[]
  #paths: readonly LabPath[]
  /** Made at the first search after labs or paths have changed. */
  #search: Promise<LabSearch> | undefined
  readonly #racks: Racks
  readonly #records: Records
  readonly #mostRacks: number
  readonly #roomInMemory: (opening: number) => number
  readonly #lacks: Lacks
  readonly #basePath: string
  readonly #house: SessionHouse
  /** The newest of each learner and lab, as far as it was asked for. */
  readonly #sessions = new Map<string, Session>()
  /** By learner and lab. */
  readonly #turns = new Map<string, Promise<void>>()
  readonly #seedFor: SessionsOptions['seedFor']
  readonly #quotaFor: SessionsOptions['quotaFor']
  /** As they were when a rack was asked for last, by learner. */
  readonly #quotas = new Map<string, Quota>()
  /** Labs with the numbers of a seed, by the lab as it was read. */
  readonly #drawn = new WeakMap<Lab, Map<string, Lab>>()
  readonly #pages = new WeakMap<Lab, Partial<Record<Language, PageSection[]>>>()
  readonly #timer: NodeJS.Timeout
  readonly #waiting = new WaitingRoom({
    room: () => this.#room(this.#holders()),
    ends: () => this.#holders().flatMap(({ endsAt }) => endsAt ?? []),
  })
  readonly #followers = new Set<(session: Session) => void>()
  #sweeping: Promise<void> | undefined

  private constructor(racks: Racks, labs: readonly Lab[], records: Records, options: SessionsOptions) {
    const { idleMs = 30 * 60_000, mostRacks = 8, lacks = {}, authoring = false, now = Date.now } = options
    // Where the time is short, there is some of it before the warning all the same.
    const { warningMs = Math.min(2 * 60_000, idleMs / 2) } = options
    this.#labs = inOrder(labs)
    this.#paths = options.paths ?? []
    this.#racks = racks
    this.#records = records
    this.#mostRacks = mostRacks
    this.#roomInMemory = options.roomInMemory ?? (() => Number.POSITIVE_INFINITY)
    this.#lacks = lacks
    this.#basePath = options.basePath ?? ''
    this.#seedFor = options.seedFor
    this.#quotaFor = options.quotaFor
    this.#house = {
      racks,
      records,
      authoring,
      idleMs,
      warningMs,
      now,
      place: (session, signal, tell) => this.#place(session, signal, tell),
      full: (session) => this.#full(session),
      locked: async ({ learner, lab }) => (await options.lockedFor?.(learner, lab.id)) ?? [],
      changed: (session) => {
        for (const tell of this.#followers) tell(session)
        if (this.#waiting.count > 0) this.#waiting.look()
      },
      hasNewer: ({ lab }) => {
        const now = this.#labs.find(({ id }) => id === lab.id)
        return now !== undefined && now.contentHash !== lab.contentHash
      },
    }
    this.#timer = setInterval(() => void this.sweep(), options.sweepMs ?? 15_000).unref()
  }

  /** Takes over the sessions whose racks still run, and ends what else an earlier process left. */
  static async start(
    racks: Racks,
    labs: readonly Lab[],
    records: Records,
    options: SessionsOptions = {},
  ): Promise<Sessions> {
    const present = await racks.list({ owner: records.id })
    const sessions = new Sessions(racks, labs, records, options)
    for (const record of await records.openSessions()) await sessions.#takeOver(record, present)
    await sessions.sweep()
    return sessions
  }

  async #takeOver(record: SessionRecord, present: readonly RackInfo[]): Promise<void> {
    const lab = this.#labOnRecord(record)
    const info = present.find(({ id }) => id === record.rack)
    const isLatest = (await this.#records.latestSession(record.learner, record.lab))?.id === record.id
    if (!lab || !isLatest || (record.rack !== null && !info)) {
      await this.#records.endSession(record.id, 'lost')
      return
    }
    const session = this.#keep(new Session(this.#house, lab, record))
    await this.#renewQuota(record.learner)
    if (info) return session.takeOver(info)
    // Nobody knows how far its opening came.
    for (const { id, label } of present) if (sessionOfLabel(label) === record.id) await this.#close(id)
    session.reopen(false)
  }

  /** How the records stand, now and whenever that changes. @returns what ends it */
  followRecords(tell: (standing: Standing) => void): () => void {
    tell(this.#records.standing)
    return this.#records.onStanding(tell)
  }

  /** Tells of each session that may look otherwise than before. @returns what ends it */
  follow(tell: (session: Session) => void): () => void {
    this.#followers.add(tell)
    return () => this.#followers.delete(tell)
  }

  /** Racks of sessions at the same time, at most. */
  get mostRacks(): number {
    return this.#mostRacks
  }

  /** Those that have a rack, or are about to, also where they wait for one. */
  get running(): Session[] {
    return [...this.#sessions.values()].filter(({ holdsRack }) => holdsRack)
  }

  /** Sessions in memory whose rack is so. */
  count(phase: Session['phase']): number {
    return [...this.#sessions.values()].filter((session) => session.phase === phase).length
  }

  /** Closes the racks of a learner, and forgets what is in memory of them: their sessions may be another's next. */
  async forget(learner: string): Promise<void> {
    const kept = this.keptOf(learner)
    await Promise.all(kept.map((session) => session.leave()))
    for (const session of kept) this.#drop(session)
  }

  /** Labs of which a learner has done all that is needed. */
  async finished(learner: string): Promise<ReadonlySet<string>> {
    const progress = await this.#records.progress(learner)
    const done = progress.filter(({ lab: id, states }) => {
      const lab = this.#labs.find((one) => one.id === id)
      return lab !== undefined && isFinished(lab, states)
    })
    return new Set(done.map(({ lab }) => lab))
  }

  /** Sessions of a learner that are in memory. */
  keptOf(learner: string): Session[] {
    return [...this.#sessions.values()].filter((session) => session.learner === learner)
  }

  /** In the order of the catalogue. */
  get labs(): readonly Lab[] {
    return this.#labs
  }

  /** In a preview: a lab as its files are now, in the place of the one of the same id, for all that goes on with it. */
  put(lab: Lab): void {
    const held = this.#labs.find(({ id }) => id === lab.id)
    if (held) replaceLab(held, lab)
    this.#labs = inOrder(held ? this.#labs : [...this.#labs, lab])
    this.#search = undefined
    if (held) this.#pages.delete(held)
    for (const session of this.#sessions.values()) if (session.lab === held) session.labChanged()
  }

  /** A lab as its files are now, or none of that id any more. Sessions that have a rack go on with the lab that they began with. */
  renew(id: string, lab: Lab | undefined): void {
    const held = this.#labs.find((one) => one.id === id)
    if (held === lab || (lab !== undefined && held?.contentHash === lab.contentHash)) return
    const others = this.#labs.filter((one) => one !== held)
    this.#labs = lab ? inOrder([...others, lab]) : others
    this.#search = undefined
    for (const session of this.#sessions.values()) if (session.lab.id === id) session.newerChanged()
  }

  /** The paths as their files are now. */
  renewPaths(paths: readonly LabPath[]): void {
    this.#paths = paths
    this.#search = undefined
  }

  /**
   * The learner's session of a lab. With `open`, one that has a rack or is about to: made where none is running, going on where
   * the last one ended. Without, the last one as it is, if any.
   * @throws VethlabError lab.not-found
   */
  join(learner: string, lab: string, { open }: { open: boolean }): Promise<Session | undefined> {
    return this.#inTurn(learner, lab, () => this.#join(learner, lab, open))
  }

  async #join(learner: string, lab: string, open: boolean): Promise<Session | undefined> {
    const found = await this.#labFor(learner, lab)
    const latest = await this.#records.latestSession(learner, lab)
    const session = latest && this.#load(this.#labOnRecord(latest) ?? found, latest)
    if (!open) return session
    if (session?.holdsRack) {
      session.touch()
      return session
    }
    if (session?.phase === 'failed') {
      session.reopen(false)
      return session
    }
    return this.#begin(learner, found, { before: session, from: latest })
  }

  /**
   * Forgets the learner's progress in the lab of a session, and gives a rack as at the beginning. Where the lab has newer files by now, it
   * is begun with those, in a session of its own. @returns the session that goes on. @throws VethlabError session.*
   */
  async startOver(learner: string, id: string): Promise<Session> {
    const session = await this.get(learner, id)
    const newer = this.#labs.find((one) => one.id === session.lab.id)
    if (!newer || !this.#house.hasNewer(session)) {
      await session.startOver()
      return session
    }
    await session.leave()
    const lab = await this.#forLearner(newer, learner)
    return this.#inTurn(learner, lab.id, () => this.#begin(learner, lab, { before: session }))
  }

  async #begin(
    learner: string,
    lab: Lab,
    { before, from }: { before?: Session | undefined; from?: SessionRecord | undefined },
  ): Promise<Session> {
    const id = newId()
    const { contentHash: labHash, drawn } = lab
    await this.#records.createSession({ id, learner, lab: lab.id, labHash, ...(drawn ? { seed: drawn.seed } : {}) })
    // What was done with other numbers is no work on these.
    if (from && (from.seed ?? practiceSeed) === (drawn?.seed ?? practiceSeed)) await carryOver(this.#records, from, id)
    const record = await this.#records.session(id)
    if (before) this.#drop(before)
    const made = this.#keep(new Session(this.#house, lab, record!))
    made.reopen(false)
    return made
  }

  /** The learner's session of that id, where it is in memory: it is while it has a rack. */
  kept(learner: string, id: string): Session | undefined {
    const kept = this.#sessions.get(id)
    return kept?.learner === learner ? kept : undefined
  }

  /** @throws VethlabError session.not-found, also for another learner's, and for one that a newer one of its lab has followed */
  async get(learner: string, id: string): Promise<Session> {
    const kept = this.kept(learner, id)
    if (kept) return kept
    const record = this.#sessions.has(id) ? undefined : await this.#records.session(id)
    const lab = record && this.#labOnRecord(record)
    if (lab && record.learner === learner) {
      const found = await this.#inTurn(learner, lab.id, async () => {
        const latest = await this.#records.latestSession(learner, lab.id)
        return latest?.id === id ? this.#load(lab, latest) : undefined
      })
      if (found) return found
    }
    throw new VethlabError('session.not-found', 'there is no such session', {
      place: oneLine(id, 40),
      cure: 'Open the lab from the catalogue.',
    })
  }

  /** @throws VethlabError lab.not-found */
  async card(learner: string, lab: string): Promise<LabCard> {
    return this.#card(learner, await this.#labFor(learner, lab))
  }

  async #card(learner: string, lab: Lab): Promise<LabCard> {
    const latest = await this.#unlessBehind(this.#records.latestSession(learner, lab.id))
    const steps = Object.entries(latest?.steps ?? {}).map(([id, { state }]) => [id, state] as const)
    return labCard(lab, Object.fromEntries(steps), this.#lacks, this.#labs)
  }

  async catalogue(learner: string): Promise<CatalogueView> {
    const progress = (await this.#unlessBehind(this.#records.progress(learner))) ?? []
    const running = [...this.#sessions.values()].filter((session) => session.learner === learner && session.holdsRack)
    // A lab whose folder is gone stays to be found as long as somebody is in it.
    const gone = running.filter(({ lab }) => this.labs.every(({ id }) => id !== lab.id)).map(({ lab }) => lab)
    const labs = inOrder([...this.labs, ...gone])
    return {
      records: this.#records.standing,
      labs: labs.map((lab) =>
        labCard(lab, progress.find((one) => one.lab === lab.id)?.states ?? {}, this.#lacks, this.#labs),
      ),
      paths: pathViews(this.#paths, (id) => labs.some((lab) => lab.id === id)),
      running: running.map(({ id, lab, closesAt }) => ({
        session: id,
        lab: lab.id,
        ...(closesAt === undefined ? {} : { closesAt: new Date(closesAt).toISOString() }),
      })),
    }
  }

  /**
   * What the pages of labs say of these words.
   * @param isShown whether the learner may read a section of a lab
   */
  async search(
    learner: string,
    words: string,
    language: Language,
    isShown: (lab: string, section: string | undefined) => boolean,
  ): Promise<SearchView> {
    this.#search ??= LabSearch.of(this.#labs, this.#paths)
    const found = (await this.#search).find(words, isShown)
    const labs = found.map(async (one) => {
      const lab = this.#labs.find(({ id }) => id === one.lab)
      if (!lab?.drawn) return lab && foundLab(lab, one, language)
      try {
        // The numbers in an excerpt are the learner's own.
        return foundLab(await this.#labFor(learner, lab.id), one, language)
      } catch (error) {
        // With them it can't be used: its page says so, and the others are found.
        if (error instanceof VethlabError) return undefined
        throw error
      }
    })
    return { labs: (await Promise.all(labs)).filter((one) => one !== undefined) }
  }

  /**
   * @param isOpenTo whether the learner may go on with a lab of that id
   * @throws VethlabError lab.not-found
   */
  async page(
    learner: string,
    lab: string,
    wanted: Language,
    isOpenTo: (lab: string) => boolean = () => true,
  ): Promise<LabPage> {
    const found = await this.#labFor(learner, lab)
    const language = found.languages.includes(wanted) ? wanted : found.languages[0]!
    const paths = pathViews(this.#paths, (id) => id === lab || (isOpenTo(id) && this.labs.some((one) => one.id === id)))
    const pages = this.#pages.get(found) ?? {}
    this.#pages.set(found, pages)
    pages[language] ??= renderPage(found, language, this.#basePath)
    const sections = pages[language]
    return {
      lab: await this.#card(learner, found),
      content: contentOf(found),
      language,
      authoring: this.#house.authoring,
      ownNumbers: found.drawn !== undefined && found.drawn.seed !== practiceSeed,
      sections,
      steps: pageSteps(found, learner),
      files: found.files.map(({ host, path, bytes }) => ({ host, path, bytes })),
      ...wayOn(lab, paths, this.labs, isOpenTo),
    }
  }

  /** Lets go of everything; racks stay. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sweeping
    await Promise.all([...this.#sessions.values()].map((session) => session.stop()))
  }

  /** Compares racks with sessions: notices hosts that died and racks that are gone, and closes racks of ours that no session has. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep()
      .catch((error: unknown) => {
        // While rackd is away there is nothing to compare.
        if (!(error instanceof VethlabError && error.code === 'rackd.unreachable')) logOnce(error)
      })
      .finally(() => {
        this.#sweeping = undefined
      })
    return this.#sweeping
  }

  async #sweep(): Promise<void> {
    // What is opened while the list is made is not on it.
    const before = [...this.#sessions.values()].flatMap((session) =>
      session.rack ? ([[session, session.rack]] as const) : [],
    )
    const opening = new Set([...this.#sessions.values()].filter(({ phase }) => phase === 'opening').map(({ id }) => id))
    const racks = await this.#racks.list({ owner: this.#records.id })
    for (const [session, rack] of before) {
      if (session.rack !== rack) continue
      const info = racks.find(({ id }) => id === rack)
      if (info) session.seen(info)
      else session.lost()
    }
    for (const { id, label, owner } of racks) {
      const held = sessionOfLabel(label)
      // What is opened for nobody may be another server's, of before racks had owners.
      if (held === undefined || owner !== this.#records.id) continue
      const session = this.#sessions.get(held)
      if (session?.rack === id || (session && (session.phase === 'opening' || opening.has(held)))) continue
      await this.#close(id)
    }
    // Memory comes back without anybody saying so.
    if (this.#waiting.count > 0) this.#waiting.look()
  }

  /** One that is gone already is as good. */
  async #close(rack: string): Promise<void> {
    try {
      await this.#racks.close(rack)
    } catch (error) {
      if (!(error instanceof VethlabError && error.code === 'rack.not-found')) throw error
    }
  }

  /** Who has a lab open may end that for another one; others wait in the line. */
  async #place(session: Session, signal: AbortSignal, tell: Waiter['tell']): Promise<void> {
    const lack = session.lab.requires.map((feature) => this.#lacks[feature]).find((one) => one !== undefined)
    if (lack) throw new TroubleError({ code: 'machine.missing-feature', ...lack })
    const quota = await this.#renewQuota(session.learner)
    const others = this.#holders().filter((other) => other !== session)
    const isWithin = !quota || this.#holdersOf(quota.of).filter((other) => other !== session).length < quota.racks
    const hasRoom = this.#room(others) > 0
    if (hasRoom && isWithin && this.#waiting.count === 0) return
    if (others.some(({ learner }) => learner === session.learner)) {
      throw new TroubleError(!isWithin && hasRoom ? this.#full(session, quota!.of) : this.#full(session))
    }
    const isThere = () => session.isWatched
    await this.#waiting.wait({ isThere, tell, ...(quota ? { quota: this.#waitingQuota(quota.of) } : {}) }, signal)
  }

  /** What is known stays so while it can't be asked for. */
  async #renewQuota(learner: string): Promise<Quota | undefined> {
    try {
      const quota = await this.#quotaFor?.(learner)
      if (quota) this.#quotas.set(learner, quota)
      else this.#quotas.delete(learner)
    } catch (error) {
      if (!isBehind(error)) throw error
    }
    return this.#quotas.get(learner)
  }

  #waitingQuota(of: string): WaitingQuota {
    return {
      of,
      room: () => {
        const quota = [...this.#quotas.values()].find((one) => one.of === of)
        return quota === undefined ? 1 : quota.racks - this.#holdersOf(of).length
      },
      ends: () => this.#holdersOf(of).flatMap(({ endsAt }) => endsAt ?? []),
    }
  }

  #holdersOf(of: string): Session[] {
    return this.#holders().filter(({ learner }) => this.#quotas.get(learner)?.of === of)
  }

  /** Those of one class have another share of the machine from now on. */
  setQuota({ of, racks }: Quota): void {
    for (const [learner, quota] of this.#quotas) if (quota.of === of) this.#quotas.set(learner, { of, racks })
    if (this.#waiting.count > 0) this.#waiting.look()
  }

  /** As `Racks.warm`. */
  warm(...hosts: Parameters<Racks['warm']>): ReturnType<Racks['warm']> {
    return this.#racks.warm(...hosts)
  }

  /** How many can have a rack beside those that hold one. Where nobody does, none will end: what there is is tried. */
  #room(holders: readonly Session[]): number {
    const room = this.#mostRacks - holders.length
    if (room <= 0 || holders.length === 0) return room
    return Math.min(room, this.#roomInMemory(holders.filter(({ phase }) => phase === 'opening').length))
  }

  /** Those that have a rack, or are about to. */
  #holders(): Session[] {
    return [...this.#sessions.values()].filter(({ holdsRack, isWaiting }) => holdsRack && !isWaiting)
  }

  /** @param of the class that has no room, where it is not the machine */
  #full(asking: Session, of?: string): Trouble {
    const all = of === undefined ? this.#holders() : this.#holdersOf(of)
    const holders = all.filter((session) => session !== asking)
    return limitTrouble(
      holders.map((session) => ({
        lab: session.lab,
        mine: session.learner === asking.learner,
        ...(session.endsAt === undefined ? {} : { endsAt: session.endsAt }),
      })),
      of === undefined ? 'machine' : 'class',
    )
  }

  /** A lab as this learner sees it: as it was when they began, as long as they are in it. @throws VethlabError lab.not-found, lab.invalid */
  async #labFor(learner: string, id: string): Promise<Lab> {
    const running = [...this.#sessions.values()].find(
      (session) => session.learner === learner && session.lab.id === id && session.holdsRack,
    )
    return running?.lab ?? (await this.#forLearner(this.#lab(id), learner))
  }

  /** A lab with the numbers that a learner has who begins it now. @throws VethlabError lab.invalid */
  async #forLearner(lab: Lab, learner: string): Promise<Lab> {
    const seed = await this.#seedFor?.(learner, lab.id)
    return seed === undefined ? lab : this.#withSeed(lab, seed)
  }

  /** The lab of a session with the numbers that it began with; undefined where it is no more, or can't have those any more. */
  #labOnRecord({ lab: id, seed = practiceSeed }: SessionRecord): Lab | undefined {
    const lab = this.#labs.find((one) => one.id === id)
    // An author sees the lab as its files are now.
    if (!lab || this.#house.authoring) return lab
    try {
      return this.#withSeed(lab, seed)
    } catch (error) {
      if (error instanceof VethlabError) return undefined
      throw error
    }
  }

  /** The same one each time, so that its pages are drawn once. */
  #withSeed(lab: Lab, seed: string): Lab {
    const known = this.#drawn.get(lab) ?? new Map<string, Lab>()
    const drawn = known.get(seed) ?? withSeed(lab, seed)
    if (drawn === lab) return lab
    // Of a class only those who are at work need theirs.
    if (known.size >= mostDrawn) known.delete(known.keys().next().value!)
    this.#drawn.set(lab, known.set(seed, drawn))
    return drawn
  }

  #lab(id: string): Lab {
    const lab = this.labs.find((candidate) => candidate.id === id)
    if (lab) return lab
    if (this.#house.authoring) {
      throw new VethlabError('lab.invalid', 'its files can not be used as they are', {
        place: oneLine(id, 100),
        cure: 'Mend them: the preview says what is wrong.',
      })
    }
    throw this.noLab(id)
  }

  noLab(id: string): VethlabError {
    return new VethlabError('lab.not-found', 'there is no such lab', {
      place: oneLine(id, 100),
      cure: 'Choose one from the catalogue.',
    })
  }

  /** Pages are there without what is not known now; they say that records are behind. */
  async #unlessBehind<T>(read: Promise<T>): Promise<T | undefined> {
    try {
      return await read
    } catch (error) {
      if (isBehind(error)) return undefined
      throw error
    }
  }

  /** One at a time for a learner's sessions of a lab: two windows that open it at once get one session. */
  #inTurn<T>(learner: string, lab: string, work: () => Promise<T>): Promise<T> {
    const key = `${learner} ${lab}`
    const done = Promise.resolve(this.#turns.get(key)).then(work)
    const settled = done.then(
      () => {},
      () => {},
    )
    this.#turns.set(key, settled)
    void settled.then(() => {
      if (this.#turns.get(key) === settled) this.#turns.delete(key)
    })
    return done
  }

  #load(lab: Lab, record: SessionRecord): Session {
    const kept = this.#sessions.get(record.id)
    if (kept && (kept.lab === lab || kept.holdsRack)) return kept
    // It has nothing that runs, and is to be of the lab as it is now.
    if (kept) this.#drop(kept)
    return this.#keep(new Session(this.#house, lab, record))
  }

  #keep(session: Session): Session {
    this.#sessions.set(session.id, session)
    return session
  }

  #drop(session: Session): void {
    this.#sessions.delete(session.id)
    void session.stop()
  }
}
