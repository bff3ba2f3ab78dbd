import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import type { Classroom } from '../classroom/classroom.js'
import type { SecurityLog } from '../error/security-log.js'
import { TroubleError, troubleOf } from '../error/trouble.js'
import { VethlabError } from '../error/vethlab-error.js'
import { mostSearched } from '../lab/search.js'
import { may } from '../learner/may.js'
import { teachPageOf } from '../protocol/class-address.js'
import type { MeView } from '../protocol/classes.js'
import { belowBase, labPageOf } from '../protocol/lab-address.js'
import { pathViews } from '../session/catalogue.js'
import type { Sessions } from '../session/sessions.js'
import { isBehind } from '../store/behind.js'
import type { People } from '../store/people.js'
import type { Language, Text } from '../wording/text.js'
import type { Access } from './access.js'
import { type Asset, type PageName, sendAsset } from './client-assets.js'
import { door } from './door.js'
import { sendJson } from './encoding.js'
import type { Gate, Guest } from './gate.js'
import type { Metrics } from './metrics.js'
import { noteRefusal } from './note-refusal.js'
import type { Provider } from './provider.js'
import { says, smallPage } from './small-page.js'
import { tokenIn } from './token-in-url.js'
import { troubles } from './troubles.js'
import { closedFor, closedTrouble, withheldFrom, withoutLocked } from './withheld.js'

const yearMs = 365 * 24 * 3_600_000
const minuteMs = 60_000

export interface AppOptions {
  access: Access
  log: SecurityLog
  assets: ReadonlyMap<string, Asset>
  /** `loadPreloads` */
  preloads: Readonly<Record<PageName, string>>
  sessions: Sessions
  gate: Gate
  people: People
  /** A login service, where there is one. */
  provider?: Provider | undefined
  classroom: Classroom
  metrics?: Metrics | undefined
  /** Requests a minute: of each who is known, and of all others together; and searches of each, which take most work. */
  perMinute?: { known: number; unknown: number; searches?: number } | undefined
  /** What all addresses begin with: none unless said. */
  basePath?: string
  /** TLS is spoken: the cookie goes over nothing else. */
  isSecure?: boolean
  mostFailures?: number | undefined
}

/** All that is asked over http, but previews. Whoever isn't let in sees nothing of what is here. */
export function webApp(options: AppOptions): Express {
  const { access, log, assets, preloads, sessions, gate, people, classroom, basePath = '', isSecure = false } = options
  const { known, unknown, searches = 300 } = options.perMinute ?? { known: 3000, unknown: 600 }
  const entrance = door({
    provider: options.provider,
    access,
    gate,
    people,
    log,
    basePath,
    isSecure,
    onJoined: (id) => classroom.joined(id),
    mostFailures: options.mostFailures,
  })
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  app.locals.basePath = basePath
  app.use((request, response, next) => {
    const below = belowBase(request.url, basePath)
    response.locals.isOutside = below === undefined
    if (below !== undefined) request.url = below
    next()
  })
  app.use((request, response, next) => {
    response.once('finish', () => {
      options.metrics?.http(response.statusCode)
      noteRefusal(log, access, request, response.statusCode)
    })
    next()
  })
  app.use(headers())

  app.use((request, response, next) => {
    if (!access.isAddressed(request)) refuse(request, response, 421, says.misdirected)
    else if (!access.isOwnOrigin(request) || access.isForeignFetch(request)) {
      refuse(request, response, 403, says.foreign)
    } else next()
  })
  app.use((request, response, next) => {
    const token = tokenIn(request.url)
    const cookie = token === undefined ? undefined : access.exchange(token)
    if (cookie === undefined || request.method !== 'GET' || response.locals.isOutside) return next()
    const rights = {
      httpOnly: true,
      sameSite: 'strict',
      secure: isSecure,
      path: basePath || '/',
      maxAge: yearMs,
    } as const
    response.cookie(access.cookieName, cookie, rights)
    response.setHeader('Cache-Control', 'no-store')
    response.status(303).setHeader('Location', withoutToken(request.url, basePath)).end()
  })
  app.use(async (request, response, next) => {
    try {
      response.locals.guest = await gate.guest(request)
    } catch (error) {
      if (error instanceof TroubleError) return refuse(request, response, 429, says.tooMany)
      if (!isBehind(error)) throw error
      return refuse(request, response, 503, says.behind)
    }
    next()
  })
  // Two limits, so that one who is not known can't use up the learner's; the right token has passed before.
  app.use(
    limit(
      unknown,
      () => 'all',
      (response) => guestIn(response) !== undefined,
    ),
  )
  app.use(entrance)
  app.use((request, response, next) => {
    if (guestIn(response)) return next()
    const again =
      request.headers['sec-fetch-site'] === 'cross-site' || request.headers['sec-fetch-site'] === 'same-site'
    refuse(request, response, 401, says.unknown, { again, join: !response.locals.isOutside })
  })
  app.use(
    limit(
      known,
      (response) => guestIn(response)!.login ?? 'owner',
      () => false,
    ),
  )
  app.use((request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next()
    response.setHeader('Allow', 'GET, HEAD')
    refuse(request, response, 405, says.method)
  })

  app.use((request, response, next) =>
    response.locals.isOutside ? refuse(request, response, 404, says.missing) : next(),
  )
  // Only whole, undecoded paths are looked up: there is nothing to climb out of.
  app.use((request, response, next) => {
    const { path } = request
    const found = labPageOf(path)
    const isTeach = teachPageOf(path) !== undefined
    const page = path === '/' || found !== undefined || isTeach
    const asset = assets.get(page ? '/index.html' : path)
    if (!asset || path === '/index.html') return next()
    // A token that was of no use, say an old one, must not stay in the address.
    if (page && tokenIn(request.url) !== undefined) {
      response.setHeader('Cache-Control', 'no-store')
      response.status(303).setHeader('Location', withoutToken(request.url, basePath)).end()
      return
    }
    if (page) response.setHeader('Link', preloads[isTeach ? 'teach' : (found?.page ?? 'catalogue')])
    return sendAsset(request, response, asset)
  })
  app.use('/api', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    next()
  })
  app.get('/api/me', async (request, response) => {
    sendJson(request, response, await meView(guestIn(response)!, people))
  })
  app.get('/api/catalogue', async (request, response) => {
    const guest = guestIn(response)!
    const view = await sessions.catalogue(guest.person)
    const order = labsOf(guest)
    const { due, assessed } = termsOf(guest)
    const labs = view.labs.flatMap((card) => {
      const closed = closedFor(guest, card.id)
      const kind = assessed.includes(card.id) ? { isAssessed: true as const } : {}
      if (closed) return [{ ...card, ...kind, closed }]
      const dueAt = Object.hasOwn(due, card.id) ? due[card.id]! : undefined
      return may(guest, 'open', { lab: card.id })
        ? [{ ...card, ...kind, ...(dueAt === undefined ? {} : { dueAt }) }]
        : []
    })
    if (order) labs.sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
    const paths = pathViews(view.paths, (id) => labs.some((card) => card.id === id))
    sendJson(request, response, { ...view, labs, paths })
  })
  const searchLimit = limit(
    searches,
    (response) => guestIn(response)!.login ?? 'owner',
    () => false,
  )
  app.get('/api/search', searchLimit, async (request, response) => {
    const parameters = new URL(request.url, 'http://localhost').searchParams
    const words = parameters.get('words') ?? ''
    const guest = guestIn(response)!
    if (words.length > mostSearched) {
      response.status(400).json({ ok: false, trouble: troubles.searchTooLong })
      return
    }
    const view = await sessions.search(
      guest.person,
      words,
      languageIn(parameters),
      (lab, section) => may(guest, 'read', { lab }) && !withheldFrom(guest, lab).steps.has(section ?? ''),
    )
    sendJson(request, response, view)
  })
  app.get('/api/labs/:id', async (request, response) => {
    const language = languageIn(new URL(request.url, 'http://localhost').searchParams)
    const guest = guestIn(response)!
    const lab = request.params.id
    const closed = closedTrouble(guest, lab)
    if (closed && !may(guest, 'read', { lab })) {
      response.status(404).json({ ok: false, trouble: closed })
      return
    }
    if (!may(guest, 'read', { lab })) {
      response.status(404).json({ ok: false, trouble: troubleOf(sessions.noLab(lab)) })
      return
    }
    const page = await sessions.page(guest.person, lab, language, (id) => may(guest, 'open', { lab: id }))
    sendJson(request, response, withoutLocked(page, withheldFrom(guest, lab), page.language))
  })
  app.use('/api', (_request, response) => {
    response.status(404).json({ ok: false, trouble: troubles.noApi })
  })
  app.use((request, response) => refuse(request, response, 404, says.missing))

  const onError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    if (response.headersSent) {
      response.destroy()
      return
    }
    // A form that is none, or is too large.
    const { status } = error as { status?: unknown }
    if (request.method === 'POST' && typeof status === 'number' && status >= 400 && status < 500) {
      return refuse(request, response, status, says.form)
    }
    // Addresses that can't be decoded.
    const asked = (error as { status?: unknown }).status === 400
    const found = !(error instanceof VethlabError && (error.code === 'lab.not-found' || error.code === 'lab.invalid'))
    if (asked) return refuse(request, response, 404, says.missing)
    if (request.path.startsWith('/api/')) {
      response.status(found ? 500 : 404).json({ ok: false, trouble: troubleOf(error) })
      return
    }
    troubleOf(error)
    refuse(request, response, 500, says.failed)
  }
  app.use(onError)
  return app
}

function headers() {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          // Diagrams (mermaid) bring <style> elements and style attributes in their SVG, terminals (xterm) a <style> element. A
          // style can't run anything, and nothing but our own origin can be loaded by one.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          // Some browsers don't take a WebSocket to be 'self'. The Host header was one of ours, or this answer is a refusal.
          connectSrc: [
            "'self'",
            (request) => `ws://${hostOf(request.headers.host)} wss://${hostOf(request.headers.host)}`,
          ],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
        },
      },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      crossOriginResourcePolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
      xFrameOptions: { action: 'deny' },
      // It is the business of whoever puts TLS in front.
      strictTransportSecurity: false,
    }),
    (_request: Request, response: Response, next: () => void) => {
      response.setHeader(
        'Permissions-Policy',
        'camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
      )
      next()
    },
  ]
}

/** What may stand in a header; anything else was refused anyway. */
function hostOf(host: string | undefined): string {
  return host !== undefined && /^[A-Za-z0-9.:[\]_-]{1,255}$/.test(host) ? host : 'localhost'
}

function guestIn(response: Response): Guest | undefined {
  return response.locals.guest as Guest | undefined
}

function languageIn(parameters: URLSearchParams): Language {
  return parameters.get('language') === 'zh' ? 'zh' : 'en'
}

async function meView(guest: Guest, people: People): Promise<MeView> {
  const { roles, name } = guest
  const learns = roles.find((role) => role.role === 'learner')
  const found = learns && (await people.classOf(learns.class))
  return {
    ...(name === undefined ? {} : { name }),
    isOwner: roles.some(({ role }) => role === 'owner'),
    teaches: roles.some(({ role }) => role !== 'learner'),
    ...(learns && found ? { class: { title: found.title, isOpen: learns.isOpen } } : {}),
  }
}

/** The labs of a class, in its order; undefined for who has all. */
function labsOf({ roles }: Guest): readonly string[] | undefined {
  return roles.every(({ role }) => role === 'learner')
    ? roles.flatMap((role) => (role.role === 'learner' ? role.labs : []))
    : undefined
}

/** Until when the labs of a class are worked at by a learner, where that has an end, and which of them count. */
function termsOf({ roles }: Guest): { due: Readonly<Record<string, string>>; assessed: readonly string[] } {
  return roles.find((role) => role.role === 'learner') ?? { due: {}, assessed: [] }
}

/** Those of one key are counted together: behind a proxy, and on this machine, addresses tell nobody apart. */
function limit(perMinute: number, key: (response: Response) => string, skip: (response: Response) => boolean) {
  return rateLimit({
    windowMs: minuteMs,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_request, response) => key(response),
    skip: (_request, response) => skip(response),
    handler: (request, response) => refuse(request, response, 429, says.tooMany),
  })
}

function refuse(
  request: Request,
  response: Response,
  status: number,
  say: Text,
  { again = false, join = false } = {},
): void {
  response.setHeader('Cache-Control', 'no-store')
  response.status(status)
  if (request.path.startsWith('/api/')) {
    response.json({ ok: false, trouble: { code: `http.${status}`, what: say, cure: { en: '', zh: '' } } })
    return
  }
  response.type('html').send(
    smallPage(status, say, {
      again,
      home: say === says.missing ? `${request.app.locals.basePath}/` : undefined,
      join: join ? `${request.app.locals.basePath}/join` : undefined,
    }),
  )
}

/** The address without the token; a path of our own, whatever the request's looked like. */
function withoutToken(url: string, basePath: string): string {
  const mark = url.indexOf('?')
  const parameters = new URLSearchParams(url.slice(mark))
  parameters.delete('token')
  // Two slashes, or what browsers take for them, would name another server.
  const path = `${basePath}/${url.slice(0, mark).replace(/^[^/]*[/\\]+/, '')}`
  return parameters.size > 0 ? `${path}?${parameters}` : path
}
