import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { VethlabError } from '../../server/error/vethlab-error.js'
import type { People } from '../../server/store/people.js'
import type { Records } from '../../server/store/records.js'
import type { Kind } from './contract.js'

/** What holds for people and classes wherever they are kept. */
export function describePeople(kind: Kind): void {
  let open: () => Promise<Records>
  let records: Records
  let people: People
  beforeEach(async () => {
    open = await kind.make()
    records = await open()
    people = records.people
    onTestFinished(() => records.close())
  })

  const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  let phrases = 0
  const ask = (name: string, rest: { code?: string; student?: string; most?: number } = {}) => ({
    code: 'ABCD1234',
    phrase: `phrase ${++phrases}`,
    most: 100,
    name,
    ...rest,
  })
  async function newClass(change = {}) {
    const made = await people.createClass({ title: 'Networks 网络', labs: ['mtu', 'dns'] })
    return (await people.changeClass(made.id, { code: 'ABCD1234', ...change }))!
  }
  async function seated(name: string, rest = {}) {
    const joined = await people.join(ask(name, rest))
    if ('refused' in joined) throw new Error(joined.refused)
    return joined.seat
  }
  async function loggedIn(learner: string, { idleMs = 60 * 24 * 3_600_000, endsAt = hour(1) } = {}) {
    const hash = `hash ${Math.random()}`
    await people.addLogin({ hash, learner, idleMs, endsAt })
    return hash
  }

  describe('what is handed in', () => {
    it('has numbers of its learner and lab, is there for the next process, and goes with the learner', async () => {
      const { id } = await newClass({ assessed: { mtu: { attempts: 2, shows: 'steps' } } })
      expect((await people.classOf(id))!.assessed).toEqual({ mtu: { attempts: 2, shows: 'steps' } })
      const [ada, bob] = [await seated('Ada'), await seated('Bob')]
      const handIn = ({ learner }: { learner: string }, lab: string) =>
        people.addSubmission({ learner, lab, session: 'a session' })
      const first = await handIn(ada, 'mtu')
      expect(first).toMatchObject({ learner: ada.learner, lab: 'mtu', session: 'a session', number: 1 })
      expect(Math.abs(Date.parse(first.acceptedAt) - Date.now())).toBeLessThan(60_000)
      const others = [await handIn(ada, 'mtu'), await handIn(ada, 'dns'), await handIn(bob, 'mtu')]
      expect(others.map(({ number }) => number)).toEqual([2, 1, 1])
      const result = JSON.stringify({ 结果: '🙂'.repeat(50_000) })
      await people.judgeSubmission(first.id, result)
      await people.judgeSubmission('nobody', result)
      const again = [1, 2].map((points) => JSON.stringify({ points }))
      for (const one of again) await people.addRegrading(first.id, one)
      await people.addRegrading('nobody', result)
      await records.close()
      records = await open()
      people = records.people
      expect(await people.submissions(ada.learner, 'mtu')).toEqual([{ ...first, result, regradings: again }, others[0]])
      expect((await people.submissions(ada.learner)).map(({ lab }) => lab).toSorted()).toEqual(['dns', 'mtu', 'mtu'])
      await people.removeSeat(ada.id)
      expect(await people.submissions(ada.learner)).toEqual([])
      expect(await people.submissions(bob.learner)).toHaveLength(1)
    })
  })

  describe('a class', () => {
    it('is there for the next process as it was made and changed', async () => {
      const { id } = await newClass({ startsAt: hour(1), endsAt: hour(2), isRosterOnly: true })
      await people.changeClass(id, { title: 'Other', labs: ['dns'], startsAt: null })
      await records.close()
      records = await open()
      people = records.people
      expect(await people.classes()).toEqual([
        {
          id,
          title: 'Other',
          labs: ['dns'],
          code: 'ABCD1234',
          isRosterOnly: true,
          endsAt: expect.any(String),
          createdAt: expect.any(String),
          locks: {},
          assessed: {},
          dates: {},
          isQueuePaused: false,
        },
      ])
      expect(await people.classOf('none')).toBeUndefined()
      expect(await people.changeClass('none', { title: 'x' })).toBeUndefined()
    })

    it('keeps its room, its dates, its rule and its queue as they were set', async () => {
      const { id } = await newClass()
      const stuckRule = { times: 1.5, leastMinutes: 3, sameReason: 2, isMuted: true }
      const dates = { mtu: { opensAt: hour(1), dueAt: hour(2), after: 'dns' } }
      const set = { capacity: 12, expected: 30, dates, stuckRule, isQueuePaused: true }
      expect(await people.changeClass(id, set)).toMatchObject(set)
      expect(await people.changeClass(id, { capacity: null, expected: null, stuckRule: null })).toMatchObject({ dates })
      const after = (await people.classOf(id))!
      expect([after.capacity, after.expected, after.stuckRule]).toEqual([undefined, undefined, undefined])
    })

    it('has a code of its own', async () => {
      await newClass()
      const other = await people.createClass({ title: 'Other', labs: [] })
      const refused = await people.changeClass(other.id, { code: 'ABCD1234' }).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(VethlabError)
      expect((refused as VethlabError).code).toBe('records.refused')
      expect((await people.classOf(other.id))?.code).toBeUndefined()
    })
  })

  describe('joining', () => {
    it('gives a seat of its own, with a learner who can learn', async () => {
      const { id } = await newClass()
      const seat = await seated('Ada', { student: '7' })
      const again = await seated('Ada')
      expect(again.learner).not.toBe(seat.learner)
      expect(seat).toMatchObject({ class: id, name: 'Ada', student: '7', isOfRoster: false })
      await records.createSession({ id: 's1', learner: seat.learner, lab: 'mtu', labHash: 'a'.repeat(64) })
      expect((await records.latestSession(seat.learner, 'mtu'))?.id).toBe('s1')
      expect((await people.seats(id)).map(({ name }) => name)).toEqual(['Ada', 'Ada'])
    })

    it('needs a code that is good now', async () => {
      const { id } = await newClass()
      expect(await people.join(ask('Ada', { code: 'ABCD1235' }))).toEqual({ refused: 'no-class' })
      await people.changeClass(id, { codeEndsAt: hour(-1) })
      expect(await people.join(ask('Ada'))).toEqual({ refused: 'no-class' })
      await people.changeClass(id, { codeEndsAt: hour(1) })
      await seated('Ada')
      await people.changeClass(id, { endsAt: hour(-1) })
      expect(await people.join(ask('Bob'))).toEqual({ refused: 'no-class' })
      await people.changeClass(id, { endsAt: null, endedAt: hour(-1) })
      expect(await people.join(ask('Bob'))).toEqual({ refused: 'no-class' })
      await people.changeClass(id, { endedAt: null, code: null })
      expect(await people.join(ask('Bob'))).toEqual({ refused: 'no-class' })
    })

    it('takes a seat of the roster once, by the id where there is one', async () => {
      const { id } = await newClass({ isRosterOnly: true })
      const roster = [{ name: 'Ada Lovelace', student: 'A7', section: 'red' }, { name: '王小明' }]
      expect(await people.addRoster(id, roster)).toEqual({ added: 2, known: 0, changed: 0 })
      expect(await people.addRoster(id, [...roster, { name: 'Eve', student: 'E1' }])).toEqual({
        ...{ added: 1, known: 2, changed: 0 },
      })
      expect(await people.join(ask('Ada Lovelace'))).toEqual({ refused: 'not-on-roster' })
      expect(await people.join(ask('Mallory', { student: 'X' }))).toEqual({ refused: 'not-on-roster' })
      const ada = await seated('Ada', { student: 'a7' })
      expect(ada).toMatchObject({ name: 'Ada Lovelace', section: 'red', isOfRoster: true })
      expect(await people.join(ask('Ada', { student: 'a7' }))).toEqual({ refused: 'taken' })
      expect((await seated('王小明')).isOfRoster).toBe(true)
      await records.createSession({ id: 's1', learner: ada.learner, lab: 'mtu', labHash: 'a'.repeat(64) })
    })

    it('follows a list that comes again: what was missing is added, and a name is put right by its id', async () => {
      const { id } = await newClass()
      await people.addRoster(id, [
        { name: 'Ada Lovelase', student: 'A7' },
        { name: 'Bob' },
        { name: 'Eve', student: 'E1' },
      ])
      const [ada, bob] = [await seated('Ada', { student: 'a7' }), await seated('Bob')]
      const words = `phrase ${phrases}`
      const mallory = await seated('Mal', { student: 'M1' })
      const again = [
        { name: 'Ada Lovelace', student: 'A7', email: 'ada@example.org', section: 'red' },
        { name: 'Bob', student: 'B2' },
        { name: 'Eve', student: 'E2' },
        { name: 'Mallory', student: 'M1', section: 'blue' },
      ]
      expect(await people.addRoster(id, again)).toEqual({ added: 1, known: 3, changed: 3 })
      const told = (await people.seats(id)).map(({ name, student, email, section }) => [name, student, email, section])
      expect(told.toSorted()).toEqual([
        ['Ada Lovelace', 'A7', 'ada@example.org', 'red'],
        ['Bob', 'B2', undefined, undefined],
        ['Eve', 'E1', undefined, undefined],
        ['Eve', 'E2', undefined, undefined],
        // Nobody has said that they are who they say.
        ['Mal', 'M1', undefined, 'blue'],
      ])
      expect(await people.seatOf(ada.learner)).toMatchObject({ id: ada.id, name: 'Ada Lovelace', isOfRoster: true })
      expect((await people.resume(words))?.id).toBe(bob.id)
      expect(await people.seatOf(mallory.learner)).toMatchObject({ isOfRoster: false })
      expect(await people.addRoster(id, again)).toEqual({ added: 0, known: 4, changed: 0 })
    })

    it('gives one seat to one of two who ask for it at once', async () => {
      const { id } = await newClass({ isRosterOnly: true })
      await people.addRoster(id, [{ name: 'Ada' }])
      const both = await Promise.all([people.join(ask('Ada')), people.join(ask('Ada'))])
      expect(both.filter((joined) => 'seat' in joined)).toHaveLength(1)
      expect(both).toContainEqual({ refused: 'taken' })
    })

    it('has an end when the class is full', async () => {
      await newClass()
      await seated('Ada', { most: 1 })
      expect(await people.join(ask('Bob', { most: 1 }))).toEqual({ refused: 'full' })
    })
  })

  describe('a seat', () => {
    it('is found by its phrase, until there is another', async () => {
      await newClass()
      const { id } = await seated('Ada')
      const first = `phrase ${phrases}`
      expect((await people.resume(first))?.id).toBe(id)
      expect((await people.reissue(id, 'new'))?.name).toBe('Ada')
      expect(await people.resume(first)).toBeUndefined()
      expect((await people.resume('new'))?.id).toBe(id)
      expect(await people.reissue('none', 'other')).toBeUndefined()
    })

    it('goes on for longer than others where it was given more time', async () => {
      const { id } = await newClass({ startsAt: hour(-2), endsAt: hour(-1), dates: { mtu: { dueAt: hour(-1) } } })
      await people.changeClass(id, { endsAt: hour(1) })
      const ada = await seated('Ada')
      const login = await loggedIn(ada.learner)
      await people.changeClass(id, { endsAt: hour(-0.5) })
      const role = async () => {
        const found = (await people.known(login))!.roles[0]!
        return found.role === 'learner' ? [found.isOpen, Object.keys(found.closed)] : undefined
      }
      expect(await role()).toEqual([false, ['mtu']])
      const extensions = { end: hour(1), labs: { mtu: hour(0.5) } }
      expect(await people.setExtensions(ada.id, extensions)).toMatchObject({ extensions })
      expect(await role()).toEqual([true, []])
      // Less than what all have is none.
      await people.setExtensions(ada.id, { end: hour(-5) })
      expect(await role()).toEqual([false, ['mtu']])
      expect(await people.setExtensions('none', {})).toBeUndefined()
    })

    it('becomes part of another one of the same person, with all that is on record of it', async () => {
      const { id } = await newClass()
      await people.addRoster(id, [{ name: 'Ada Lovelace', student: 'A7', section: 'red' }])
      const kept = await seated('Ada')
      const merged = await seated('Ada L.', { student: 'A7' })
      const words = `phrase ${phrases}`
      const [stays, ends] = [await loggedIn(kept.learner), await loggedIn(merged.learner)]
      await records.createSession({ id: 's1', learner: kept.learner, lab: 'mtu', labHash: 'a'.repeat(64) })
      await records.createSession({ id: 's2', learner: merged.learner, lab: 'dns', labHash: 'a'.repeat(64) })
      await records.setStep('s2', 'one', 'helped')
      const look = await people.askLook({ seat: merged.id, person: 'p', by: 'Grace', mayWrite: false })
      await people.addNote(id, { text: 'For you', by: 'Grace', seat: merged.id })
      const hint = { lab: 'dns', step: 'one', check: 0, hint: 1, by: 'Grace' }
      await people.addGivenHints([
        { seat: kept.id, ...hint },
        { seat: merged.id, ...hint },
        { seat: merged.id, ...hint, hint: 2 },
      ])
      await people.link('https://id', 'ada', merged.learner)

      const one = await people.mergeSeats(kept.id, merged.id)
      expect(one).toMatchObject({ id: kept.id, name: 'Ada', student: 'A7', section: 'red', isOfRoster: true })
      expect((await people.seats(id)).map((seat) => seat.id)).toEqual([kept.id])
      expect((await records.progress(kept.learner)).map(({ lab, states }) => [lab, states])).toEqual([
        ['mtu', {}],
        ['dns', { one: 'helped' }],
      ])
      expect(await people.looks(kept.id, 9)).toMatchObject([{ id: look.id, endedAt: expect.any(String) }])
      expect((await people.notes(id, 9)).map(({ seat }) => seat)).toEqual([kept.id])
      expect((await people.givenHints(id)).map((each) => [each.seat, each.hint])).toEqual([
        [kept.id, 1],
        [kept.id, 2],
      ])
      expect((await people.identified('https://id', 'ada')).map(({ learner }) => learner)).toEqual([kept.learner])
      expect([(await people.known(stays))?.name, await people.known(ends)]).toEqual(['Ada', undefined])
      expect(await people.resume(words)).toBeUndefined()
    })

    it('brings along what was handed in when it is merged: numbers follow the time, and evidence is found where it is', async () => {
      await newClass()
      const [ada, again] = [await seated('Ada'), await seated('Ada')]
      const evidence = ({ learner }: { learner: string }, name: string) => `${learner}/${name}`
      const handIn = async ({ learner }: { learner: string }, lab: string, result?: string) => {
        // Times are to the millisecond.
        await new Promise((resolve) => setTimeout(resolve, 5))
        const made = await people.addSubmission({ learner, lab, session: `${lab} of ${learner}` })
        if (result !== undefined) await people.judgeSubmission(made.id, result)
        return made
      }
      const [first, , third] = [
        await handIn(ada, 'mtu', '{"points":1}'),
        await handIn(again, 'mtu', '{"points":2}'),
        await handIn(ada, 'mtu'),
      ]
      const [alone, fifth] = [await handIn(again, 'dns', '{"points":3}'), await handIn(again, 'mtu', '{"points":4}')]
      expect([first, third, alone, fifth].map((one) => one.evidence)).toEqual([
        evidence(ada, 'mtu-1'),
        evidence(ada, 'mtu-2'),
        evidence(again, 'dns-1'),
        evidence(again, 'mtu-2'),
      ])
      const told = async () =>
        (await people.submissions(ada.learner, 'mtu')).map((one) => [one.number, one.evidence, one.result])
      await people.mergeSeats(ada.id, again.id)
      const merged = [
        [1, evidence(ada, 'mtu-1'), '{"points":1}'],
        [2, evidence(again, 'mtu-1'), '{"points":2}'],
        [3, evidence(ada, 'mtu-2'), undefined],
        [4, evidence(again, 'mtu-2'), '{"points":4}'],
      ]
      expect(await told()).toEqual(merged)
      expect(await people.submissions(ada.learner, 'dns')).toEqual([
        { ...alone, learner: ada.learner, result: '{"points":3}' },
      ])
      // Whoever judges it has begun before.
      await people.judgeSubmission(third.id, '{"points":5}')
      merged[2]![2] = '{"points":5}'
      expect(await told()).toEqual(merged)
      expect(await handIn(ada, 'mtu')).toMatchObject({ number: 5, evidence: evidence(ada, 'mtu-5') })
      expect([await people.holdsEvidence(again.learner), await people.holdsEvidence('f'.repeat(32))]).toEqual([
        true,
        false,
      ])
      // And once more, with what has come along.
      const last = await seated('Ada')
      await people.mergeSeats(last.id, ada.id)
      expect((await people.submissions(last.learner, 'mtu')).map((one) => one.evidence)).toEqual([
        ...merged.map(([, where]) => where),
        evidence(ada, 'mtu-5'),
      ])
      await people.removeSeat(last.id)
      expect(await people.holdsEvidence(again.learner)).toBe(false)
    })

    it('may go on for as long as either of two that are merged might', async () => {
      const { id } = await newClass({ endsAt: hour(1) })
      const [ada, again, bare] = [await seated('Ada'), await seated('Ada'), await seated('Ada')]
      const [soon, later] = [hour(2), hour(3)]
      await people.setExtensions(ada.id, { end: soon, labs: { mtu: later, dns: soon } })
      await people.setExtensions(again.id, { end: later, labs: { mtu: soon, swarm: later } })
      const both = { end: later, labs: { mtu: later, dns: soon, swarm: later } }
      expect((await people.mergeSeats(ada.id, again.id))?.extensions).toEqual(both)
      expect((await people.mergeSeats(bare.id, ada.id))?.extensions).toEqual(both)
      expect(await people.seats(id)).toHaveLength(1)
    })

    it('is merged with one of its own class alone, and not with itself', async () => {
      await newClass()
      const ada = await seated('Ada')
      const other = await people.createClass({ title: 'Other', labs: [] })
      await people.changeClass(other.id, { code: 'ABCD9999' })
      const bob = await seated('Bob', { code: 'ABCD9999' })
      for (const merged of [bob.id, ada.id, 'none']) expect(await people.mergeSeats(ada.id, merged)).toBeUndefined()
      expect(await people.seats(other.id)).toHaveLength(1)
    })

    it('goes with all that is kept of its learner', async () => {
      const { id } = await newClass()
      const seat = await seated('Ada')
      await records.createSession({ id: 's1', learner: seat.learner, lab: 'mtu', labHash: 'a'.repeat(64) })
      const login = await loggedIn(seat.learner)
      expect(await people.removeSeat(seat.id)).toBe(true)
      expect(await people.removeSeat(seat.id)).toBe(false)
      expect(await people.seats(id)).toEqual([])
      expect(await people.known(login)).toBeUndefined()
      expect(await records.progress(seat.learner)).toEqual([])
    })
  })

  describe('help', () => {
    it('is waited for in the order in which it was asked for', async () => {
      const { id } = await newClass()
      const [ada, bob] = [await seated('Ada'), await seated('Bob')]
      const why = { en: 'no route', zh: '没有路由' }
      await people.raiseHand({ seat: ada.id, lab: 'mtu', step: 'find', reason: 'route.missing', why })
      // Times are to the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 5))
      await people.raiseHand({ seat: bob.id, lab: 'dns' })
      await people.raiseHand({ seat: ada.id, lab: 'mtu', step: 'next' })
      await people.takeHand(bob.id, 'Grace')
      const at = expect.any(String)
      expect(await people.hands(id)).toEqual([
        { seat: ada.id, lab: 'mtu', step: 'next', at },
        { seat: bob.id, lab: 'dns', helper: 'Grace', at },
      ])
      await people.lowerHand(ada.id)
      await people.takeHand(bob.id, undefined)
      expect(await people.hands(id)).toEqual([{ seat: bob.id, lab: 'dns', at }])
    })

    it('may be offered together with a look, as long as the hand is up', async () => {
      const { id } = await newClass()
      const ada = await seated('Ada')
      await people.raiseHand({ seat: ada.id, lab: 'mtu' })
      await people.offerLook(ada.id, 'view')
      expect((await people.hands(id))[0]?.offer).toBe('view')
      await people.offerLook(ada.id, undefined)
      expect((await people.hands(id))[0]?.offer).toBeUndefined()
      await people.offerLook(ada.id, 'write')
      await people.lowerHand(ada.id)
      await people.raiseHand({ seat: ada.id, lab: 'mtu' })
      expect((await people.hands(id))[0]?.offer).toBeUndefined()
    })

    it('by a hint is noted once', async () => {
      const { id } = await newClass()
      const ada = await seated('Ada')
      const hint = { seat: ada.id, lab: 'mtu', step: 'find', check: 1, hint: 1, by: '王' }
      await people.addGivenHints([hint, hint])
      await people.addGivenHints([hint])
      expect(await people.givenHints(id)).toEqual([{ ...hint, at: expect.any(String) }])
    })

    it('is told to all, or to one', async () => {
      const { id } = await newClass()
      const ada = await seated('Ada')
      await people.addNote(id, { text: 'Break until 11 · 休息', by: 'Grace' })
      await people.addNote(id, { text: 'Look at the route', by: 'Grace', seat: ada.id })
      const notes = await people.notes(id, 10)
      expect(notes.map(({ text }) => text).toSorted()).toEqual(['Break until 11 · 休息', 'Look at the route'])
      expect(notes.find(({ seat }) => seat === ada.id)?.by).toBe('Grace')
      expect(await people.notes(id, 1)).toHaveLength(1)
    })

    it('that looks on is given by the learner alone, once, and ended by either', async () => {
      await newClass()
      const [ada, bob] = [await seated('Ada'), await seated('Bob')]
      const asked = await people.askLook({ seat: ada.id, person: 'p', by: 'Grace', mayWrite: false })
      expect(await people.giveLook(asked.id, bob.id, hour(1))).toBeUndefined()
      const given = await people.giveLook(asked.id, ada.id, hour(1))
      expect(given).toMatchObject({ mayWrite: false, givenAt: expect.any(String), endsAt: expect.any(String) })
      expect(await people.giveLook(asked.id, ada.id, hour(2))).toBeUndefined()
      const again = await people.askLook({ seat: ada.id, person: 'p', by: 'Grace', mayWrite: true })
      expect((await people.lookOf(asked.id))?.endedAt).toBeDefined()
      await people.endLook(again.id)
      expect(await people.giveLook(again.id, ada.id, hour(1))).toBeUndefined()
      expect(await people.looks(ada.id, 10)).toHaveLength(2)
      expect(await people.seatOf(ada.learner)).toEqual(ada)
    })
  })

  describe('staff', () => {
    it('set a password by a link that works once', async () => {
      const person = await people.addPerson({ name: 'Grace', login: 'Grace@Example.org', mayFound: true })
      expect(person).toMatchObject({ login: 'grace@example.org', hasPassword: false })
      await people.invite(person.id, 'old', hour(1))
      await people.invite(person.id, 'link', hour(1))
      expect(await people.invited('old')).toBeUndefined()
      expect((await people.invited('link'))?.name).toBe('Grace')
      const login = await loggedIn(person.id)
      expect((await people.acceptInvitation('link', 'kept'))?.hasPassword).toBe(true)
      expect(await people.acceptInvitation('link', 'other')).toBeUndefined()
      expect(await people.known(login)).toBeUndefined()
      expect(await people.personOf('GRACE@example.org')).toMatchObject({ id: person.id, password: 'kept' })
      await people.invite(person.id, 'late', hour(-1))
      expect(await people.invited('late')).toBeUndefined()
      await expect(people.addPerson({ name: 'G', login: 'grace@example.org', mayFound: false })).rejects.toThrow()
      expect(await people.removePerson('grace@example.org')).toBe(true)
      expect(await people.persons()).toEqual([])
    })

    it('have one role in a class', async () => {
      const { id } = await newClass()
      const { id: person } = await people.addPerson({ name: 'Grace', login: 'grace', mayFound: false })
      await people.setMember(id, person, 'viewer')
      await people.setMember(id, person, 'assistant')
      expect(await people.members(id)).toEqual([{ class: id, person, name: 'Grace', role: 'assistant' }])
      const login = await loggedIn(person)
      expect(await people.known(login)).toEqual({
        learner: person,
        name: 'Grace',
        roles: [{ role: 'assistant', class: id }],
      })
      await people.setMember(id, person, undefined)
      expect((await people.known(login))?.roles).toEqual([])
    })
  })

  describe('a login', () => {
    it('says who it is and what their class allows now', async () => {
      const { id } = await newClass()
      const { learner } = await seated('Ada')
      const login = await loggedIn(learner)
      const as = (isOpen: boolean) => ({
        learner,
        name: 'Ada',
        roles: [
          { role: 'learner', class: id, labs: ['mtu', 'dns'], isOpen, closed: {}, due: {}, assessed: [], locks: {} },
        ],
      })
      expect(await people.known(login)).toEqual(as(true))
      await people.changeClass(id, { startsAt: hour(1) })
      expect(await people.known(login)).toEqual(as(false))
      await people.changeClass(id, { startsAt: null, endedAt: hour(-1) })
      expect(await people.standing([login, 'none'])).toEqual(new Map([[login, as(false)]]))
      expect(await people.standing([])).toEqual(new Map())
    })

    it('says which labs of the class are closed now, and why', async () => {
      const [past, future] = [hour(-1), hour(1)]
      const dates = {
        mtu: { opensAt: future },
        dns: { dueAt: past },
        swarm: { opensAt: past, dueAt: future, after: 'mtu' },
      }
      await newClass({
        labs: ['mtu', 'dns', 'swarm', 'constructor'],
        dates,
        assessed: { swarm: { attempts: 1, shows: 'points' } },
      })
      const login = await loggedIn((await seated('Ada')).learner)
      expect((await people.known(login))?.roles[0]).toMatchObject({
        closed: {
          mtu: { why: 'not-yet', opensAt: future },
          dns: { why: 'due', dueAt: past },
          swarm: { why: 'after', lab: 'mtu' },
        },
        due: { dns: past, swarm: future },
        assessed: ['swarm'],
      })
    })

    it('ends by age, by idleness and by hand', async () => {
      await newClass()
      const { learner } = await seated('Ada')
      expect(await people.known(await loggedIn(learner, { endsAt: hour(-1) }))).toBeUndefined()
      const idle = await loggedIn(learner, { idleMs: 1_000 })
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      expect(await people.known(idle)).toBeUndefined()
      const [one, other] = [await loggedIn(learner), await loggedIn(learner)]
      await people.endLogin(one)
      expect([await people.known(one), (await people.known(other))?.name]).toEqual([undefined, 'Ada'])
      await people.endLoginsOf(learner)
      expect(await people.known(other)).toBeUndefined()
    })
  })
}
