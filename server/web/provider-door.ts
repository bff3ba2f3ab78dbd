import { type Request, type Response, Router } from 'express'
import type { SecurityLog } from '../error/security-log.js'
import { VethlabError } from '../error/vethlab-error.js'
import { readJoinCode } from '../learner/join-code.js'
import { newResumePhrase, phraseHash } from '../learner/resume-phrase.js'
import { hashOf, isSecret } from '../learner/secret.js'
import type { People } from '../store/people.js'
import { type Access, cookiesNamed } from './access.js'
import { chooseSeatPage, loginPage, providerJoinPage, type Refusal } from './door-pages.js'
import type { Doorway } from './doorway.js'
import type { Gate } from './gate.js'
import type { Provider } from './provider.js'

export interface ProviderDoorOptions {
  provider: Provider
  access: Access
  gate: Gate
  people: People
  log: SecurityLog
  doorway: Doorway
  onJoined(id: string): void
}

const tenMinutesMs = 10 * 60_000

/** Comes in by a login service: as staff, to a seat that one has there, or to a new one by a class's code. */
export function providerDoor(options: ProviderDoorOptions): Router {
  const { provider, access, gate, people, log, doorway, onJoined } = options
  const router = Router()
  const { pageOf, send, goTo, letIn, forms, joinLimits } = doorway
  const cookie = `${gate.cookieName}-oidc`
  const give = (response: Response, secret: string) => doorway.giveCookie(response, cookie, secret, tenMinutesMs)
  const secretOf = ({ headers }: Request) => cookiesNamed(headers.cookie, cookie).find(isSecret)
  const refuse = (request: Request, response: Response, why: Refusal, status: number) =>
    send(response, loginPage({ ...pageOf(request, why), path: doorway.path('/login') }, {}, provider.name), status)

  router.get('/oidc/begin', async (request, response) => {
    const invitation = new URL(request.url, 'http://localhost').searchParams.get('invitation') ?? undefined
    const { url, secret } = await provider.begin(
      invitation !== undefined && isSecret(invitation) ? invitation : undefined,
    )
    give(response, secret)
    response.setHeader('Cache-Control', 'no-store')
    response.status(303).setHeader('Location', url).end()
  })

  router.get('/oidc', async (request, response) => {
    const secret = secretOf(request)
    const finished = secret && (await provider.finish(secret, new URL(request.url, 'http://localhost').search))
    if (!finished) return refuse(request, response, 'late', 403)
    const { identity, invitation } = finished
    const { issuer, subject } = identity
    if (invitation !== undefined) {
      const person = await people.acceptInvitation(hashOf(invitation), undefined)
      if (!person) return refuse(request, response, 'invitation', 403)
      await people.link(issuer, subject, person.id)
      await letIn(response, person.id, 'staff')
      return goTo(response, '/teach')
    }
    const known = await people.identified(issuer, subject)
    const staff = known.find(({ isStaff }) => isStaff)
    if (staff) {
      await letIn(response, staff.learner, 'staff')
      return goTo(response, '/teach')
    }
    give(response, provider.remember(identity))
    const open = known.filter(({ isOpen }) => isOpen)
    if (open.length === 1) {
      await letIn(response, open[0]!.learner, 'learner')
      return goTo(response, '/')
    }
    const page = { ...pageOf(request), path: doorway.path('/oidc/join') }
    return send(response, open.length === 0 ? providerJoinPage(page, identity.name) : chooseSeatPage(page, open))
  })

  router.get('/oidc/join', (request, response) => {
    const identity = provider.remembered(secretOf(request) ?? '')
    if (!identity) return refuse(request, response, 'late', 403)
    return send(response, providerJoinPage(pageOf(request), identity.name))
  })

  router.post('/oidc/join', ...forms, ...joinLimits, async (request, response) => {
    const identity = provider.remembered(secretOf(request) ?? '')
    if (!identity) return refuse(request, response, 'late', 403)
    const { issuer, subject, name } = identity
    const again = (why: Refusal) => send(response, providerJoinPage(pageOf(request, why), name), 403)
    const code = readJoinCode(doorway.textOf(request, 'code'))
    if (code === undefined) return again('code')
    const student = doorway.textOf(request, 'student').trim().slice(0, 64)
    const joined = await people.join({
      code,
      name,
      ...(student === '' ? {} : { student }),
      phrase: phraseHash(newResumePhrase())!,
      most: doorway.mostSeats,
    })
    if ('refused' in joined) return again(joined.refused)
    await people.link(issuer, subject, joined.seat.learner)
    await letIn(response, joined.seat.learner, 'learner')
    onJoined(joined.seat.class)
    return goTo(response, '/')
  })

  router.post('/oidc/choose', ...forms, async (request, response) => {
    const identity = provider.remembered(secretOf(request) ?? '')
    const known = identity ? await people.identified(identity.issuer, identity.subject) : []
    const seat = known.find(({ learner, isOpen }) => isOpen && learner === doorway.textOf(request, 'seat'))
    if (!seat) return refuse(request, response, 'late', 403)
    await letIn(response, seat.learner, 'learner')
    return goTo(response, '/')
  })

  router.use((error: unknown, request: Request, response: Response, next: (error?: unknown) => void) => {
    const isOurs =
      error instanceof VethlabError && (error.code === 'provider.unreachable' || error.code === 'provider.refused')
    if (!isOurs || response.headersSent) return next(error)
    process.stderr.write(`vethlab: ${error.message}\n`)
    if (error.code === 'provider.unreachable') return refuse(request, response, 'provider', 503)
    log.note('login.refused', { from: access.addressOf(request), by: 'provider' })
    return refuse(request, response, 'refused', 403)
  })
  return router
}
