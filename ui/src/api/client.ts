// Every call the faces make. Paths, queries, bodies and answers are those of the description
// of the API: what it does not offer does not compile.
import type { paths } from './schema'
import { address, hooks, newKey, request, sent, type Ask } from './request'
import type { Hint, NewCase, NewMove, FeedRun, PackVersion } from './types'

type Verb = 'get' | 'post' | 'put' | 'delete'
type Path = keyof paths extends `/api/v1${infer Rest}` ? Rest : never
export type Operation<V extends Verb, P extends Path> = NonNullable<paths[`/api/v1${P}`][V]>
export type Query<V extends Verb, P extends Path> = Operation<V, P> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never
export type Body<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : O extends { requestBody: unknown } ? FormData : never
type Json<R> = R extends { content: { 'application/json': infer B } } ? B : never
type Answer<O> = O extends { responses: infer R } ? (R extends { 204: unknown } ? void : R extends { 201: infer A } | { 200: infer A } ? Json<A> : never) : never

/** @param id what stands for {id} or {name} in the path, session for {session} and view for {view} */
export function call<V extends Verb, P extends Path>(verb: V, path: P, ask: Omit<Ask, 'query' | 'body'> & { id?: string; session?: string; view?: string; query?: Query<V, P>; body?: Body<Operation<V, P>> } = {}) {
  const { id, session, view, ...rest } = ask
  return request<Answer<Operation<V, P>>>(verb.toUpperCase(), path.replace(/\{id\}|\{name\}/, () => encodeURIComponent(id ?? '')).replace(/\{session\}|\{view\}/, () => encodeURIComponent(session ?? view ?? '')), rest as Ask)
}

export const signIn = (login: string, password: string, code?: string) => call('post', '/session', { body: { login, password, code }, bare: true })
/** whose telephone this is, how to log in on it, and ways in elsewhere */
export const thisPhone = () => call('get', '/session/device', { bare: true })
export const signInByPin = (pin: string) => call('post', '/session/pin', { body: { pin }, bare: true })
export const providers = () => call('get', '/session/outside', { bare: true }).then(r => r.providers)
export const providerAddress = (name: string, to: string) => address(`/session/outside/${encodeURIComponent(name)}`, { to })
type Held = { token?: string; code?: string }
export const lookAtInvitation = (held: Held) => call('post', '/invitations/look', { body: held, bare: true })
export const join = (held: Held, pin: string) => call('post', '/invitations/accept', { body: { ...held, pin }, bare: true })
/** logs out here; answers where to log out at the provider, if one was used */
export const leave = () => call('post', '/session/leave', { bare: true }).then(r => r.to)

export const charges = (q: string) => call('get', '/charges', { query: { q } })
export const invite = (people: string[], sheet: boolean) => call('post', '/invitations', { body: { people, sheet } }).then(r => r.invitations)
export const uninvite = (id: string) => call('delete', '/charges/{id}/invitation', { id })
export const myPhones = () => call('get', '/me/devices').then(r => r.devices)
export const endPhone = (id: string) => call('post', '/devices/{id}/end', { id })
export const absences = () => call('get', '/delegations').then(r => r.delegations)
export const lendable = (q: string) => call('get', '/delegations/posts', { query: { q } }).then(r => r.posts)
export const lend = (post_id: string, to: string, since: number, until: number) => call('post', '/delegations', { body: { post_id, to, since, until } })
export const takeBack = (id: string) => call('post', '/delegations/{id}/end', { id })

export const me = () => call('get', '/me', { bare: true })

export const changePassword = (old: string, fresh: string) => call('post', '/me/password', { body: { old, new: fresh } })
export const myFactor = () => call('get', '/me/factor')
export const offerFactor = (password: string, code?: string) => call('post', '/me/factor', { body: { password, code } })
export const confirmFactor = (code: string) => call('post', '/me/factor/confirm', { body: { code } }).then(r => r.codes)
export const renewRecovery = (password: string, code?: string) => call('post', '/me/recovery-codes', { body: { password, code } }).then(r => r.codes)
export const mySessions = () => call('get', '/me/sessions').then(r => r.sessions)
export const endMySession = (id: string) => call('delete', '/me/sessions/{id}', { id })
export const endMyOtherSessions = () => call('delete', '/me/sessions')

export const accounts = (query: Query<'get', '/accounts'>) => call('get', '/accounts', { query }).then(r => ({ items: r.accounts, next: r.next }))
export const account = (id: string) => call('get', '/accounts/{id}', { id })
export const createAccount = (name: string, login: string) => call('post', '/accounts', { body: { name, login } })
export const endAccount = (id: string) => call('post', '/accounts/{id}/end', { id })
export const lockAccount = (id: string, reason: string) => call('post', '/accounts/{id}/lock', { id, body: { reason } })
export const unlockAccount = (id: string) => call('post', '/accounts/{id}/unlock', { id })
export const removeFactor = (id: string) => call('post', '/accounts/{id}/remove-factor', { id })
export const resetPassword = (id: string) => call('post', '/accounts/{id}/reset', { id })
export const roles = () => call('get', '/roles').then(r => r.roles)
export const givePost = (id: string, body: Body<Operation<'post', '/accounts/{id}/posts'>>) => call('post', '/accounts/{id}/posts', { id, body })
export const endPost = (id: string) => call('post', '/posts/{id}/end', { id, body: {} })
export const accountSessions = (id: string) => call('get', '/accounts/{id}/sessions', { id }).then(r => r.sessions)
export const endAccountSession = (id: string, session: string) => call('delete', '/accounts/{id}/sessions/{session}', { id, session })
export const endAccountSessions = (id: string) => call('delete', '/accounts/{id}/sessions', { id })

export const leaves = (query: Query<'get', '/log/leaves'>) => call('get', '/log/leaves', { query })
export const checks = () => call('get', '/log/checks').then(r => r.checks)
export const askCheck = () => call('post', '/log/checks')

export const classesToOpen = () => call('get', '/classes', { query: { for: 'open' } }).then(r => r.classes)
export const areas = (query: Query<'get', '/areas'>) => call('get', '/areas', { query }).then(r => r.areas)
export const outlines = (query: Query<'get', '/areas/outlines'> = {}) => call('get', '/areas/outlines', { query }).then(r => r.areas)
export const figures = (query: Query<'get', '/figures'>) => call('get', '/figures', { query })
export const news = (query: Query<'get', '/figures/news'>) => call('get', '/figures/news', { query }).then(r => r.news)
export const places = (q: string) => call('get', '/places', { query: { q } }).then(r => r.places.filter(p => !p.elsewhere))
export const units = (q: string, register?: string) => call('get', '/units', { query: { q, register } }).then(r => r.units)
export const people = (q: string, register?: string) => call('get', '/people', { query: { q, register } }).then(r => r.people)
export const records = (kind: string, q: string) => call('get', '/records', { query: { kind, q, limit: 20 } }).then(r => r.records)

export const cases = (query: Query<'get', '/cases'>) => call('get', '/cases', { query })
export const duty = () => call('get', '/duty').then(r => r.shifts)
export const calendar = (year: number) => call('get', '/calendar', { query: { year } })
export const tryDue = (from: number, limit: string) => call('get', '/calendar/due', { query: { from, limit } })
export const diagramAddress = (name: string, life: string) => address(`/setup/packs/${encodeURIComponent(name)}/diagram`, { life, lang: hooks.language() })
export const views = () => call('get', '/me/views').then(r => r.views)
export const saveView = (name: string, query: Body<Operation<'post', '/me/views'>>['query']) => call('post', '/me/views', { body: { name, query } })
export const dropView = (id: string) => call('delete', '/me/views/{id}', { id })
export const search = (query: Query<'get', '/search'>) => call('get', '/search', { query })
export const caseView = (id: string) => call('get', '/cases/{id}', { id })
export const likely = (id: string) => call('get', '/cases/{id}/duplicates', { id }).then(r => r.duplicates)
export const likelyTo = (body: Body<Operation<'post', '/cases/duplicates'>>) => call('post', '/cases/duplicates', { body }).then(r => r.duplicates)
export const classProposals = (text: string) => call('post', '/class-proposals', { body: { text } })
/** units and people that a report may be about, those of its place first */
export const accused = (query: Query<'get', '/accused'>) => call('get', '/accused', { query }).then(r => r.accused)
export const fromChat = (text: string) => call('post', '/paste', { body: { text } }).then(r => r.proposals)
export const answerForChat = (id: string) => call('get', '/cases/{id}/answer', { id }).then(r => r.text)
export const openCase = (body: NewCase, key: string) => call('post', '/cases', { body, key })
/** who took the places of a case that are marked with a yes or no */
export const attendance = (id: string) => call('get', '/cases/{id}/attendance', { id }).then(r => r.lists)
/** one act on many cases, each with a result of its own */
export const batch = (body: Body<Operation<'post', '/batches'>>, key: string) => call('post', '/batches', { body, key })
export const act = (id: string, body: NewMove, key: string) => call('post', '/cases/{id}/moves', { id, body, key })
export const move = (id: string, body: NewMove, key: string) => act(id, body, key).then(r => r.case)

/** takes a place of an offer: what arrives first has it */
export const takePlace = (id: string, part: string, body: Body<Operation<'post', '/offers/{id}/{part}'>>, key: string) => request<{ id: string; number: string }>('POST', `/offers/${encodeURIComponent(id)}/${encodeURIComponent(part)}`, { body, key })

export const unmask = (id: string, purpose: string) => call('post', '/cases/{id}/unmask', { id, body: { purpose } }).then(r => r.values)
export const readingsOfMe = (query: Query<'get', '/me/readings'>) => call('get', '/me/readings', { query })

export function upload(file: File, key: string) {
  const body = new FormData()
  body.set('file', file, file.name)
  return call('post', '/files', { body, key })
}
export const fileAddress = (id: string, form?: 'thumb') => address(`/files/${encodeURIComponent(id)}`, { form })
export const caseFiles = (id: string) => call('get', '/cases/{id}/files', { id })
export const reviewFlag = (id: string, finding: 'fine' | 'reused') => call('post', '/file-flags/{id}', { id, body: { finding } })
/** the original of a file, and what its camera wrote beside it; the reading is written down */
export async function original(id: string, purpose: string) {
  const answer = await sent('POST', `/files/${encodeURIComponent(id)}/unmask`, { query: { purpose } })
  const hint = answer.headers.get('Gezhi-Hint')
  return { content: await answer.blob(), hint: hint ? (JSON.parse(hint) as Hint) : undefined }
}

export const exportAddress = (kind: 'csv' | 'xlsx', query: Query<'get', '/cases.csv'>) => address(`/cases.${kind}`, { ...query })
// The residents' inlet: open to everybody.
export const inlet = (jurisdiction: string) => call('get', '/intake', { query: { jurisdiction }, bare: true })
export const inletAreas = (query: Query<'get', '/intake/areas'>) => call('get', '/intake/areas', { query, bare: true }).then(r => r.areas)
export const near = (query: Query<'get', '/intake/near'>) => call('get', '/intake/near', { query, bare: true })
export const notices = (query: Query<'get', '/intake/notices'>) => call('get', '/intake/notices', { query, bare: true })
export const notice = (id: string, view: string, query: Query<'get', '/intake/notices/{id}/{view}'>) => call('get', '/intake/notices/{id}/{view}', { id, view, query, bare: true })
export const objectToNotice = (id: string, view: string, body: Body<Operation<'post', '/intake/notices/{id}/{view}/objections'>>, key: string) => call('post', '/intake/notices/{id}/{view}/objections', { id, view, body, key, bare: true })
export const propose = (body: Body<Operation<'post', '/intake/propose'>>) => call('post', '/intake/propose', { body, bare: true })
export const inletAccused = (query: Query<'get', '/intake/accused'>) => call('get', '/intake/accused', { query, bare: true }).then(r => r.accused)
export const challenge = (kind: 'picture' | 'words') => call('post', '/intake/challenges', { body: { kind }, bare: true })
export const report = (body: Body<Operation<'post', '/intake/reports'>>, key: string) => call('post', '/intake/reports', { body, key, bare: true })
export function reportFile(file: File, key: string, query: Query<'post', '/intake/files'>) {
  const body = new FormData()
  body.set('file', file, file.name)
  return call('post', '/intake/files', { body, key, query, bare: true })
}
export const follow = (number: string, code: string) => call('post', '/intake/follow', { body: { number, code }, bare: true })
export const receiptOf = (number: string, code: string) => call('post', '/intake/receipts', { body: { number, code }, bare: true })
export const readingsOf = (number: string, code: string, before?: string) => call('post', '/intake/readings', { body: { number, code, before }, bare: true })
export const myReports = (after?: string) => call('get', '/intake/mine', { query: { after } })
export const feeds = () => call('get', '/feeds').then(r => r.feeds)
export const feedRun = (name: string, run: string) => request<FeedRun>('GET', `/feeds/${encodeURIComponent(name)}/runs/${encodeURIComponent(run)}`)
export function importFeed(name: string, file: File, kind: 'check' | 'import') {
  const body = new FormData()
  body.set('file', file, file.name)
  return request<{ run: string }>('POST', `/feeds/${encodeURIComponent(name)}/imports`, { body, query: { kind } })
}
export const exportAnswers = (id: string) => call('post', '/feeds/{name}/exports', { id })
export const answersAddress = (name: string, run: string) => address(`/feeds/${encodeURIComponent(name)}/exports/${encodeURIComponent(run)}`)
export const reserveForms = (cls: string, count: number) => call('post', '/paper/forms', { body: { class: cls, count } }).then(r => r.forms)
export const paperForms = () => call('get', '/paper/forms').then(r => r.forms)
/** the picture of the code that stands on a form or an order */
export const paperCode = (number: string) => address('/paper/code', { number })
export function readPaper(file: File, number?: string) {
  const body = new FormData()
  body.set('file', file, file.name)
  return call('post', '/paper/photos', { body, query: { number } })
}
export const actByCode = (body: Body<Operation<'post', '/intake/moves'>>, key: string) => call('post', '/intake/moves', { body, key, bare: true })

export const eventsAddress = () => address('/events')

export const unread = () => call('get', '/notes/unread')
export const notes = (query: Query<'get', '/notes'>) => call('get', '/notes', { query })
export const readNote = (id: string) => call('post', '/notes/{id}/read', { id, key: newKey() })
export const calls = (query: Query<'get', '/calls'>) => call('get', '/calls', { query })
export const called = (id: string, reached: boolean) => call('post', '/calls/{id}', { id, body: { reached }, key: newKey() })
export const letters = (query: Query<'get', '/dead-letters'>) => call('get', '/dead-letters', { query })
export const resend = (id: string) => call('post', '/dead-letters/{id}/resend', { id, key: newKey() })

export const setupUnits = () => call('get', '/setup/units')
export const createUnit = (body: Body<Operation<'post', '/setup/units'>>) => call('post', '/setup/units', { body })
export const changeUnit = (id: string, body: Body<Operation<'put', '/setup/units/{id}'>>) => call('put', '/setup/units/{id}', { id, body })
export const endUnit = (id: string) => call('post', '/setup/units/{id}/end', { id })
export const setupGrids = () => call('get', '/setup/grids').then(r => r.areas)
export const ground = (id: string) => call('get', '/setup/grids/{id}', { id })
export const boundaries = (id: string) => call('get', '/setup/grids/{id}/boundaries', { id }).then(r => r.versions)
export const lookAtGrids = (body: Body<Operation<'post', '/setup/grids/look'>>) => call('post', '/setup/grids/look', { body })
export const combine = (body: Body<Operation<'post', '/setup/grids/shape'>>) => call('post', '/setup/grids/shape', { body }).then(r => r.shape)
export const sketches = () => call('get', '/setup/sketches').then(r => r.sketches)
export const sketch = (id: string) => call('get', '/setup/sketches/{id}', { id })
export const makeSketch = (body: Body<Operation<'post', '/setup/sketches'>>) => call('post', '/setup/sketches', { body, key: newKey() })
export const saveSketch = (id: string, body: Body<Operation<'put', '/setup/sketches/{id}'>>) => call('put', '/setup/sketches/{id}', { id, body })
export const dropSketch = (id: string, version: number) => call('post', '/setup/sketches/{id}/drop', { id, body: { version } })
export const putSketch = (id: string, body: Body<Operation<'post', '/setup/sketches/{id}/put'>>) => call('post', '/setup/sketches/{id}/put', { id, body })
export const setupPacks = () => call('get', '/setup/packs').then(r => r.packs)
export const packStories = (id: string) => call('get', '/setup/packs/{name}/stories', { id })
export const runStories = (id: string, lang: 'zh' | 'en') => call('post', '/setup/packs/{name}/stories/run', { id, body: { lang } })
export const packChanges = (id: string, from: PackVersion, to: PackVersion) => call('get', '/setup/packs/{name}/changes', { id, query: { from: from.hash, to: to.hash, from_overlay: from.overlay, to_overlay: to.overlay } }).then(r => r.changes)
export const packAgain = (id: string, hash: string, overlay?: string) => call('post', '/setup/packs/{name}/again', { id, body: { hash, overlay } })
export const packOverlay = (id: string) => call('get', '/setup/packs/{name}/overlay', { id })
export const checkOverlay = (id: string, text: string) => call('post', '/setup/packs/{name}/overlay/check', { id, body: { text } })
export const loadOverlay = (id: string, text: string, pack: string, before?: string) => call('put', '/setup/packs/{name}/overlay', { id, body: { text, pack, before } })
const folder = (file: File) => {
  const body = new FormData()
  body.set('file', file, file.name)
  return body
}
export const checkPack = (file: File) => call('post', '/setup/packs/check', { body: folder(file) })
export const loadPack = (file: File, hash: string) => call('post', '/setup/packs', { body: folder(file), query: { hash } })
