import express, { type NextFunction, type Request, type Response, Router } from 'express'
import { ipKeyGenerator, rateLimit } from 'express-rate-limit'
import type { SecurityLog } from '../error/security-log.js'
import { readJoinCode } from '../learner/join-code.js'
import { isPassword, keptPassword, passwordFault } from '../learner/password.js'
import { newResumePhrase, phraseHash } from '../learner/resume-phrase.js'
import { hashOf, isSecret } from '../learner/secret.js'
import { isBehind } from '../store/behind.js'
import type { People } from '../store/people.js'
import { oneLine } from '../wording/one-line.js'
import type { Language } from '../wording/text.js'
import type { Access } from './access.js'
import { type DoorPage, invitationPage, joinedPage, joinPage, loginPage, type Refusal } from './door-pages.js'
import type { Doorway } from './doorway.js'
import { type Gate, type Guest, loginMs } from './gate.js'
import type { Provider } from './provider.js'
import { providerDoor } from './provider-door.js'

/** Attempts that failed, in ten minutes: a class sits behind one address, and each of it mistypes once. */
const failures = { windowMs: 10 * 60_000, ofAddress: 60, ofLogin: 10, inAll: 600 }
const largestForm = 4096
const mostSeats = 500

export interface DoorOptions {
  /** A login service, where there is one. */
  provider?: Provider | undefined
  access: Access
  gate: Gate
  people: People
  log: SecurityLog
  basePath: string
  /** TLS is spoken: cookies go over nothing else. */
  isSecure: boolean
  /** Somebody has joined that class. */
  onJoined(id: string): void
  /** Another limit of failures of one address: for tests. */
  mostFailures?: number | undefined
}

/**
 * What is open to people who are not let in yet: to join a class, to come back to a seat, to log in as staff, to set a password. Forms are
 * taken from pages of ours alone.
 */
export function door(options: DoorOptions): Router {
  const { provider, access, gate, people, log, basePath, isSecure, onJoined, mostFailures } = options
  const router = Router()
  const form = express.urlencoded({ extended: false, limit: largestForm, parameterLimit: 10 })
  const pageOf = (request: Request, refused?: Refusal): DoorPage => ({
    language: languageOf(request),
    basePath,
    path: `${basePath}${request.path}`,
    refused,
  })
  const send = (response: Response, html: string, status = 200) => {
    response.setHeader('Cache-Control', 'no-store')
    // Without a referrer browsers don't say where a form is from.
    response.setHeader('Referrer-Policy', 'same-origin')
    response.status(status).type('html').send(html)
  }
  const goTo = (response: Response, path: string) => {
    response.setHeader('Cache-Control', 'no-store')
    response.status(303).setHeader('Location', `${basePath}${path}`).end()
  }
  const giveCookie = (response: Response, name: string, value: string, ms: number) => {
    response.cookie(name, value, {
      httpOnly: true,
      // Links from a course's page or a chat lead here; what changes anything is looked at by Origin and Sec-Fetch-Site.
      sameSite: 'lax',
      secure: isSecure,
      path: basePath || '/',
      maxAge: ms,
    })
  }
  const letIn = async (response: Response, learner: string, kind: keyof typeof loginMs) => {
    const guest: Guest | undefined = response.locals.guest
    giveCookie(response, gate.cookieName, await gate.letIn(learner, kind, guest?.login), loginMs[kind].inAll)
  }
  const attempts = (of: (request: Request) => string, limit: number, page: (page: DoorPage) => string) =>
    rateLimit({
      windowMs: failures.windowMs,
      limit,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      skipSuccessfulRequests: true,
      keyGenerator: of,
      handler: (request, response) => {
        log.note('requests.limited', { from: access.addressOf(request) })
        send(response, page(pageOf(request, 'often')), 429)
      },
    })
  const address = (request: Request) => ipKeyGenerator(access.addressOf(request) ?? '')
  const limits = (page: (page: DoorPage) => string) => [
    attempts(address, mostFailures ?? failures.ofAddress, page),
    attempts(() => 'all', failures.inAll, page),
  ]
  const joinLimits = limits((page) => joinPage(page))
  const resumeLimits = limits((page) => joinPage(page))
  const loginLimits = [
    ...limits((page) => loginPage(page)),
    attempts(
      (request) => textOf(request, 'login').toLowerCase().slice(0, 254),
      failures.ofLogin,
      (page) => loginPage(page),
    ),
  ]
  const invitationLimits = limits((page) => invitationPage(page))

  router.use((_request, response, next) => (response.locals.isOutside ? next('router') : next()))
  if (provider) {
    const doorway: Doorway = {
      ...{ pageOf, send, goTo, letIn, giveCookie, textOf, joinLimits, mostSeats },
      path: (below) => `${basePath}${below}`,
      forms: [ownForm, form],
    }
    router.use(providerDoor({ provider, access, gate, people, log, doorway, onJoined }))
  }
  router.get(['/join', '/join/:code'], (request, response) => {
    const code = String(request.params.code ?? '').slice(0, 40)
    send(response, joinPage(pageOf(request), { code }, provider?.name))
  })
  router.post('/join', ownForm, form, ...joinLimits, async (request, response) => {
    const typed = {
      code: textOf(request, 'code'),
      name: oneLine(textOf(request, 'name'), 101),
      student: oneLine(textOf(request, 'student'), 65),
    }
    const refuse = (why: Refusal) =>
      send(response, joinPage(pageOf(request, why), typed, provider?.name), statusOf(why))
    const code = readJoinCode(typed.code)
    if (code === undefined) return refuse('code')
    if (typed.name === '' || typed.name.length > 100) return refuse('name')
    if (typed.student.length > 64) return refuse('student')
    const guest: Guest | undefined = response.locals.guest
    const phrase = newResumePhrase()
    const { name, student } = typed
    const inThere = guest?.roles.find((role) => role.role === 'learner')
    const known = inThere && (await people.classOf(inThere.class))
    // The form was sent twice: the seat is theirs already.
    if (known?.code === code) return goTo(response, '/')
    const joined = await people.join({
      code,
      name,
      ...(student === '' ? {} : { student }),
      phrase: phraseHash(phrase)!,
      most: mostSeats,
    })
    if ('refused' in joined) return refuse(joined.refused)
    await letIn(response, joined.seat.learner, 'learner')
    onJoined(joined.seat.class)
    const title = (await people.classOf(joined.seat.class))?.title ?? ''
    return send(response, joinedPage(pageOf(request), { title, phrase }))
  })
  router.post('/resume', ownForm, form, ...resumeLimits, async (request, response) => {
    const hash = phraseHash(textOf(request, 'phrase'))
    const seat = hash === undefined ? undefined : await people.resume(hash)
    if (!seat) {
      return send(response, joinPage({ ...pageOf(request, 'phrase'), path: `${basePath}/join` }), statusOf('phrase'))
    }
    await letIn(response, seat.learner, 'learner')
    return goTo(response, '/')
  })

  router.get('/login', (request, response) => send(response, loginPage(pageOf(request), {}, provider?.name)))
  router.post('/login', ownForm, form, ...loginLimits, async (request, response) => {
    const login = textOf(request, 'login').trim()
    const person = login === '' || login.length > 254 ? undefined : await people.personOf(login)
    if (!(await isPassword(textOf(request, 'password'), person?.password)) || !person) {
      log.note('login.refused', { from: access.addressOf(request), by: 'password' })
      return send(response, loginPage(pageOf(request, 'password'), { login }, provider?.name), statusOf('password'))
    }
    await letIn(response, person.id, 'staff')
    return goTo(response, '/teach')
  })

  router.get('/welcome/:secret', async (request, response) => {
    const { secret } = request.params
    const person = isSecret(secret) ? await people.invited(hashOf(secret)) : undefined
    const by = provider && { name: provider.name, secret }
    const html = invitationPage(pageOf(request, person ? undefined : 'invitation'), person, by)
    send(response, html, person ? 200 : 403)
  })
  router.post('/welcome/:secret', ownForm, form, ...invitationLimits, async (request, response) => {
    const secret = String(request.params.secret)
    const hash = isSecret(secret) ? hashOf(secret) : undefined
    const person = hash === undefined ? undefined : await people.invited(hash)
    if (!person) return send(response, invitationPage(pageOf(request, 'invitation')), 403)
    const password = textOf(request, 'password')
    const fault = passwordFault(password)
    if (fault) return send(response, invitationPage(pageOf(request, fault), person), statusOf(fault))
    const accepted = await people.acceptInvitation(hash!, await keptPassword(password))
    if (!accepted) return send(response, invitationPage(pageOf(request, 'invitation')), 403)
    await letIn(response, accepted.id, 'staff')
    return goTo(response, '/teach')
  })

  router.post('/logout', ownForm, async (_request, response) => {
    const guest: Guest | undefined = response.locals.guest
    if (guest?.login !== undefined) await gate.end(guest.login)
    response.clearCookie(gate.cookieName, { path: basePath || '/' })
    goTo(response, '/join')
  })

  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!isBehind(error) || response.headersSent) return next(error)
    const page = pageOf(request, 'behind')
    const html = request.path.startsWith('/login')
      ? loginPage(page)
      : request.path.startsWith('/welcome')
        ? invitationPage(page)
        : joinPage(page)
    return send(response, html, 503)
  })
  return router
}

/** A browser says where a form is from: another site's is refused, and one without a word as well. */
function ownForm({ headers }: Request, response: Response, next: NextFunction): void {
  const site = headers['sec-fetch-site']
  // Foreign origins were refused before this.
  if (headers.origin !== undefined && (site === undefined || site === 'same-origin')) next()
  else response.status(403).end()
}

function textOf(request: Request, name: string): string {
  const value = (request.body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value.toWellFormed() : ''
}

function statusOf(why: Refusal): number {
  return why === 'name' || why === 'student' || why === 'short' || why === 'long' ? 422 : 403
}

function languageOf(request: Request): Language {
  const asked = new URL(request.url, 'http://localhost').searchParams.get('language')
  if (asked === 'zh' || asked === 'en') return asked
  return request.acceptsLanguages('en', 'zh') === 'zh' ? 'zh' : 'en'
}
