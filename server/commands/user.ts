import { Command } from 'commander'
import { VethlabError } from '../error/vethlab-error.js'
import { hashOf, newSecret } from '../learner/secret.js'
import { carryOut } from '../store/change.js'
import { KeptPeople } from '../store/kept-people.js'
import type { People, PersonRecord } from '../store/people.js'
import { oneLine } from '../wording/one-line.js'
import { databaseOption } from './database.js'
import { type RecordsOptions, recordsPlace, requireRecords } from './records-place.js'

/** How long a link to set a password lasts. */
const linkDays = 7

interface UserOptions extends RecordsOptions {
  address: string
}

export function userCommand(): Command {
  const user = new Command('user').description(
    'the staff of classes: who they are, and links by which they set a password',
  )
  const command = (name: string, description: string) =>
    user
      .command(name)
      .description(description)
      .option('--state <directory>', 'the state directory')
      .addOption(databaseOption())
  const withAddress = (made: Command) =>
    made.option('--address <url>', 'where browsers reach the server, for the link', 'http://127.0.0.1:8080')
  withAddress(command('add', 'add somebody, and print a link by which they set their password'))
    .argument('<login>', 'by which they log in, such as an address')
    .option('--name <name>', 'how they are called; the login unless said')
    .option('--teacher', 'they may found classes', false)
    .action(addUser)
  withAddress(command('link', 'print a new link, for who has lost theirs or forgotten the password'))
    .argument('<login>')
    .action(linkUser)
  command('role', 'what somebody is in a class')
    .argument('<login>')
    .argument('<class>', 'its id, the last part of its address')
    .argument('<role>', 'teacher, assistant, viewer or none')
    .action(setRole)
  command('list', 'all of them').action(listUsers)
  command('remove', 'remove somebody, with what is kept of them as a learner').argument('<login>').action(removeUser)
  return user
}

async function addUser(
  login: string,
  { name = login, teacher, address, ...options }: UserOptions & { name?: string; teacher: boolean },
): Promise<void> {
  if (!/^[\p{L}\p{N}._@+-]{1,254}$/u.test(login)) {
    throw new VethlabError('argument.invalid', 'is no login', {
      place: oneLine(login, 60),
      cure: 'Use letters, digits and . _ @ + - alone.',
    })
  }
  await withPeople(options, async (people) => {
    if (await people.personOf(login)) {
      throw new VethlabError('argument.invalid', 'is there already', {
        place: login,
        cure: '`vethlab user link` prints a new link.',
      })
    }
    await printLink(people, await people.addPerson({ name: oneLine(name, 100), login, mayFound: teacher }), address)
  })
}

async function linkUser(login: string, { address, ...options }: UserOptions): Promise<void> {
  await withPeople(options, async (people) => printLink(people, await found(people, login), address))
}

/** To stdout the link alone, for who hands it on. */
async function printLink(people: People, { id, name }: PersonRecord, address: string): Promise<void> {
  const secret = newSecret()
  const endsAt = new Date(Date.now() + linkDays * 24 * 3_600_000).toISOString()
  await people.invite(id, hashOf(secret), endsAt)
  process.stderr.write(`${name} sets a password with this link within ${linkDays} days, once:\n`)
  process.stdout.write(`${address.replace(/\/+$/, '')}/welcome/${secret}\n`)
}

async function setRole(login: string, id: string, role: string, options: RecordsOptions): Promise<void> {
  const roles = { teacher: 'teacher', assistant: 'assistant', viewer: 'viewer', none: undefined } as const
  if (!Object.hasOwn(roles, role)) {
    throw new VethlabError('argument.invalid', 'is no role', {
      place: oneLine(role, 60),
      cure: 'Say teacher, assistant, viewer or none.',
    })
  }
  await withPeople(options, async (people) => {
    const one = await people.classOf(id)
    if (!one) {
      throw new VethlabError('class.not-found', 'is no class', {
        place: oneLine(id, 60),
        cure: 'Its id is the last part of its address, behind /teach/.',
      })
    }
    const person = await found(people, login)
    await people.setMember(id, person.id, roles[role as keyof typeof roles])
    process.stdout.write(`${person.name} is ${role === 'none' ? 'nothing' : role} in ${oneLine(one.title, 100)}\n`)
  })
}

async function listUsers(options: RecordsOptions): Promise<void> {
  await withPeople(options, async (people) => {
    for (const { login, name, mayFound, hasPassword } of await people.persons()) {
      const what = [name, ...(mayFound ? ['may found classes'] : []), ...(hasPassword ? [] : ['has no password yet'])]
      process.stdout.write(`${login}: ${what.join(', ')}\n`)
    }
  })
}

async function removeUser(login: string, options: RecordsOptions): Promise<void> {
  await withPeople(options, async (people) => {
    await found(people, login)
    await people.removePerson(login)
    process.stdout.write(`${login} is removed\n`)
  })
}

async function found(people: People, login: string): Promise<PersonRecord> {
  const person = await people.personOf(login)
  if (person) return person
  throw new VethlabError('argument.invalid', 'is nobody of the staff', {
    place: oneLine(login, 60),
    cure: '`vethlab user list` has all of them.',
  })
}

/** The server may run meanwhile. */
async function withPeople(options: RecordsOptions, work: (people: People) => Promise<void>): Promise<void> {
  const where = await recordsPlace(options)
  if (where.database === undefined) await requireRecords(where)
  await where.use((archive) =>
    work(
      new KeptPeople({
        transact: (make) => archive.ask(make()),
        addLearner: (id) => archive.ask(carryOut({ do: 'learner', id, local: false, at: new Date().toISOString() })),
      }),
    ),
  )
}
