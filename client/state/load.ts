import type { Answered, Trouble } from '../../server/protocol/protocol.js'
import { base } from './address.js'

const timeoutMs = 15_000

const unreachable: Trouble = {
  code: 'server.unreachable',
  what: { en: 'The server does not answer.', zh: '服务器没有响应。' },
  cure: { en: 'Is `npm start` still running? Then try again.', zh: '请确认 `npm start` 还在运行，然后重试。' },
}
const refused: Trouble = {
  code: 'server.refused',
  what: { en: 'The server does not know this browser.', zh: '服务器不认识这个浏览器。' },
  cure: {
    en: 'Open the address that `npm start` printed, including its token.',
    zh: '请打开 `npm start` 打印的地址（其中带有令牌）。',
  },
}

/** Gets a document of the server, by its path below the base; expected failures are values. */
export async function load<T>(path: string, signal?: AbortSignal): Promise<Answered<T>> {
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(base + path, {
      headers: { accept: 'application/json' },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    })
    if (response.ok) return { ok: true, value: (await response.json()) as T }
    if (response.status === 401 || response.status === 403) return { ok: false, trouble: refused }
    return { ok: false, trouble: troubleIn(await response.json().catch(() => undefined)) ?? unreachable }
  } catch {
    return { ok: false, trouble: unreachable }
  }
}

/** Errors of the server carry the trouble, as it is or as `trouble`. */
function troubleIn(body: unknown): Trouble | undefined {
  const trouble = (body as { trouble?: unknown } | undefined)?.trouble ?? body
  const { code, what, cure } = (trouble ?? {}) as Partial<Trouble>
  return typeof code === 'string' && typeof what?.en === 'string' && typeof cure?.en === 'string'
    ? (trouble as Trouble)
    : undefined
}
