// How the desk asks the server: one place for languages, keys, time limits and failures.
import type { Wrong } from './types'

/** The server answered, and the answer is no (RFC 9457). */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, readonly detail: string, readonly errors: Wrong[], readonly args: Record<string, unknown>) {
    super(`${status} ${code}`)
  }
}

/** No answer came, so nobody knows whether the request was carried out. */
export class Unreachable extends Error {}

/** Settled by the face: the language to answer in, and what to do when the session has ended. */
export const hooks = {
  language: () => 'zh',
  /** resolves when the same person is back, rejects when not */
  signInAgain: undefined as (() => Promise<void>) | undefined,
  /** the server's clock, ms, as an answer says it */
  told: undefined as ((at: number) => void) | undefined,
}

const patience = 30_000

export interface Ask {
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** a body that is sent as it is, under the Content-Type among the headers */
  raw?: Blob
  headers?: Record<string, string>
  key?: string
  /** an ended session is the caller's own business: log-in, log-out, the first question */
  bare?: boolean
}

export function address(path: string, query: Ask['query'] = {}): string {
  const q = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') q.set(name, String(value))
  const s = q.toString()
  return '/api/v1' + path + (s ? '?' + s : '')
}

export async function request<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
  const answer = await sent(method, path, ask)
  return (answer.status === 204 || answer.headers.get('Content-Length') === '0' ? undefined : await answer.json().catch(lost)) as T
}

/** asks, and gives the answer as it came, when it is no refusal */
export async function sent(method: string, path: string, ask: Ask = {}): Promise<Response> {
  for (;;) {
    const answer = await send(method, path, ask)
    const at = Date.parse(answer.headers.get('Date') ?? '')
    if (at) hooks.told?.(at)
    if (answer.status === 401 && !ask.bare && hooks.signInAgain) {
      await hooks.signInAgain()
      continue
    }
    if (answer.ok) return answer
    throw await problem(answer)
  }
}

async function send(method: string, path: string, ask: Ask): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': hooks.language() }
  if (ask.key) headers['Idempotency-Key'] = ask.key
  const form = ask.body instanceof FormData
  if (ask.body !== undefined && !form) headers['Content-Type'] = 'application/json'
  Object.assign(headers, ask.headers)
  const giveUp = new AbortController()
  const timer = setTimeout(() => giveUp.abort(), patience)
  try {
    return await fetch(address(path, ask.query), {
      method, headers, credentials: 'same-origin', signal: giveUp.signal,
      body: ask.raw ?? (ask.body === undefined ? undefined : form ? (ask.body as FormData) : JSON.stringify(ask.body)),
    })
  } catch (e) {
    return lost(e)
  } finally {
    clearTimeout(timer)
  }
}

function lost(cause: unknown): never {
  throw new Unreachable(`no answer: ${String(cause)}`)
}

async function problem(answer: Response): Promise<Problem | Unreachable> {
  const body = (await answer.json().catch(() => ({}))) as Partial<Problem>
  if (!body.code && answer.status >= 502) return new Unreachable(`HTTP ${answer.status}`) // a proxy speaks, not the server
  return new Problem(answer.status, body.code ?? `http.${answer.status}`, body.detail ?? '', body.errors ?? [], body.args ?? {})
}

/** Tells whether the server surely did not carry out what was asked. */
export const refused = (e: unknown): e is Problem => e instanceof Problem && e.status < 500 && e.status !== 408 && e.status !== 429

/**
 * A new idempotency key (UUID version 4). crypto.randomUUID is not there on plain http,
 * and many a county's server stands in its own network without a certificate.
 */
export function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = [...b].map(x => x.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
