// What is to be sent. An item is written down before anything is tried, every request has a key
// and a body that never changes, and whoever finds no answer sends the very same again: the server
// carries it out once.
import { computed, ref } from 'vue'
import * as api from '@/api/client'
import { sendFile } from '@/api/upload'
import { newKey, Problem, refused } from '@/api/request'
import { skew } from '@/words/time'
import { ended, me, recall, standing } from './session'
import * as store from './store'
import type { Item, Kept, Step } from './store'

/** all that waits or was lately sent on this telephone, whosever it is; oldest first */
export const items = ref<Item[]>([])
export const mine = computed(() => items.value.filter(i => i.person === me.value?.person.id))
export const waiting = computed(() => mine.value.filter(i => i.state === 'waiting'))
export const troubled = computed(() => mine.value.filter(i => i.state === 'refused' || i.state === 'noted'))
export const others = computed(() => items.value.filter(i => i.person !== me.value?.person.id && i.state === 'waiting'))
export const sending = ref(false)
/** the last try came to nobody */
export const away = ref(false)
/** the telephone would not keep something: it is lost when this page closes */
export const unsafe = ref(false)
/** counts what was delivered, for whoever shows lists */
export const delivered = ref(0)

const page = newKey()
const leased = 60_000
const keptDays = 3
const memory = { items: new Map<string, Item>(), files: new Map<string, Kept>() }

const plain = <T>(x: T): T => JSON.parse(JSON.stringify(x)) as T
export const isLocal = (v: unknown): v is string => typeof v === 'string' && v.startsWith('local:')

/** Keeps a file on this telephone until it is sent; its id stands in for it meanwhile. */
export async function keepFile(file: File): Promise<{ id: string; name: string }> {
  const bytes = await new Response(file).arrayBuffer()
  const kept: Kept = { id: 'local:' + newKey(), name: file.name, type: file.type, bytes }
  try {
    await store.put('files', kept)
  } catch {
    memory.files.set(kept.id, kept)
    weigh()
  }
  return { id: kept.id, name: kept.name }
}
export async function keptFile(id: string): Promise<Kept | undefined> {
  return memory.files.get(id) ?? (await store.get('files', id).catch(() => undefined))
}
/** What would be lost with this page: what has arrived would not. */
function weigh() {
  unsafe.value = memory.files.size > 0 || [...memory.items.values()].some(i => i.state === 'waiting' || i.state === 'refused')
}
export async function dropFile(id: string): Promise<void> {
  memory.files.delete(id)
  weigh()
  await store.remove('files', id).catch(() => undefined)
}

export async function load(): Promise<void> {
  const kept = await store.all('items').catch(() => [])
  const known = new Map([...kept, ...memory.items.values()].map(i => [i.id, i]))
  items.value = [...known.values()].sort((a, b) => a.n - b.n)
}

async function save(item: Item): Promise<void> {
  try {
    await store.put('items', plain(item))
    memory.items.delete(item.id)
  } catch {
    memory.items.set(item.id, item)
  }
  const at = items.value.findIndex(i => i.id === item.id)
  if (at >= 0) items.value[at] = { ...item }
  weigh()
}

let newest = 0
/** Writes down what is to be done. Answers its id; what became of it is seen among items. */
export async function add(title: string, steps: Omit<Step, 'key'>[]): Promise<string> {
  await load() // another tab may have added meanwhile
  newest = Math.max(newest, ...items.value.map(i => i.n)) + 1
  const item: Item = {
    id: newKey(), n: newest, person: me.value!.person.id, name: me.value!.person.name ?? '', title, made: Date.now(),
    steps: steps.map(s => ({ ...plain(s), key: newKey() })), files: {}, state: 'waiting', tries: 0,
  }
  await save(item) // only what is kept is shown as kept: whoever reads that may close the page
  if (!items.value.some(i => i.id === item.id)) items.value.push(item) // a load in between has it already
  void navigator.storage?.persist?.().catch(() => undefined)
  return item.id
}

/** Takes an item back that was not carried out, or a finished one from the list; its files too, unless a form still shows them. */
export async function drop(id: string, keepFiles = false): Promise<void> {
  const item = items.value.find(i => i.id === id)
  if (!item) return
  if (!keepFiles) for (const f of localsIn(item)) await dropFile(f)
  memory.items.delete(id)
  weigh()
  await store.remove('items', id).catch(() => undefined)
  items.value = items.value.filter(i => i.id !== id)
}

/** Lets what was refused be tried once more, as something new: what is refused was surely not done. */
export async function again(id: string): Promise<void> {
  const item = items.value.find(i => i.id === id)
  if (!item || item.state !== 'refused') return
  for (const s of item.steps) if (!s.done) Object.assign(s, { key: newKey(), frozen: undefined })
  await save(Object.assign(item, { state: 'waiting', why: undefined }))
  await flush()
}

let going: Promise<void> | undefined
let once = false

/** Sends what waits, one page at a time on this telephone. Resolves when there is no more to try now. */
export function flush(): Promise<void> {
  if (going) {
    once = true
    return going
  }
  going = (async () => {
    try {
      do {
        once = false
        await round()
      } while (once)
    } finally { // at once: whoever asks after the last look begins anew
      going = undefined
      later()
    }
  })()
  return going
}

const soonest = 1_000
const latest = 30_000
let pause = soonest
let watched = false
let timer: ReturnType<typeof setTimeout> | undefined

/** Has what still waits tried again: soon at first, for a network is often announced before it carries, then ever later. */
function later() {
  clearTimeout(timer)
  if (!watched || ended.value || !waiting.value.length) return void (pause = soonest)
  timer = setTimeout(() => void flush(), pause)
  pause = Math.min(2 * pause, latest)
}

async function round() {
  if (standing.value === 'last' && !ended.value) await recall().catch(() => undefined)
  if (standing.value !== 'in' || ended.value) return
  await load()
  if (!waiting.value.length) return
  sending.value = true
  try {
    if (navigator.locks) await navigator.locks.request('gezhi-outbox', deliver)
    else if (await store.lease(page, leased).catch(() => true)) await deliver()
  } finally {
    sending.value = false
  }
}

async function deliver() {
  await load() // what another page has sent meanwhile is not sent here
  for (const item of waiting.value) {
    if (!navigator.locks) await store.lease(page, leased).catch(() => true)
    if (!(await attempt(plain(item)))) return
  }
  await tidy()
}

/** Tries one item; false when nothing more can be sent now. */
async function attempt(item: Item): Promise<boolean> {
  item.tries++
  try {
    let note = false
    for (const id of localsIn(item)) if (!item.files[id]) await upload(item, id)
    for (const step of item.steps) {
      if (step.done) continue
      step.frozen ??= { ...(withFiles(step.body, item.files) as Record<string, unknown>), ...(step.do === 'batch' ? {} : { device_at: Math.min(item.made, Date.now()) + skew.value }) }
      await save(item) // before it leaves: whatever happens now, the same is sent again
      note = (await carryOut(item, step)) || note
      step.done = true
      await save(item)
    }
    away.value = false
    await finish(item, note ? 'noted' : 'sent')
    return true
  } catch (e) {
    return failed(item, e)
  }
}

async function upload(item: Item, id: string) {
  const f = await keptFile(id)
  if (!f) return void (item.files[id] = '') // gone with a full storage: the words still matter
  item.files[id] = (await sendFile(new File([f.bytes], f.name, { type: f.type }), () => undefined, id.slice('local:'.length))).id
  await save(item)
}

/** Does one step; true when the server kept it as a note, because the case had moved on. */
async function carryOut(item: Item, step: Step): Promise<boolean> {
  if (step.do === 'open') {
    const got = await api.openCase(step.frozen as Parameters<typeof api.openCase>[0], step.key)
    item.caseId = got.id
    item.number = got.number
    return false
  }
  if (step.do === 'take') {
    const got = await api.takePlace(step.of!, step.part!, step.frozen as Parameters<typeof api.takePlace>[2], step.key)
    item.caseId = got.id
    item.number = got.number
    return false
  }
  if (step.do === 'batch') {
    // what is done is not asked for once more: whoever tries again sends the rest
    const { results } = await api.batch(step.frozen as Parameters<typeof api.batch>[0], step.key)
    const not = results.filter(r => !r.done)
    item.caseId = step.of
    if (!not.length) return false
    step.body = { ...step.body, items: (step.body.items as { case: string }[]).filter(x => not.some(r => r.case === x.case)) }
    throw new Problem(409, not[0]!.code ?? '', [...new Set(not.map(r => r.text ?? ''))].join(' '), [], {})
  }
  const got = await api.act(step.of ?? item.caseId!, step.frozen as Parameters<typeof api.act>[1], step.key)
  item.caseId = got.case.id
  item.number = got.case.number
  return got.note ?? false
}

async function failed(item: Item, e: unknown): Promise<boolean> {
  if (e instanceof Problem && e.status === 401) {
    ended.value = true
    await save(item)
    return false
  }
  if (refused(e)) {
    item.why = [e.detail || e.code, ...e.errors.map(w => w.detail).filter(Boolean)].join(' ')
    away.value = false
    await finish(item, 'refused')
    return true
  }
  away.value = true
  await save(item)
  return false
}

async function finish(item: Item, state: Item['state']) {
  Object.assign(item, { state, ended: Date.now() })
  await save(item)
  if (state !== 'refused') for (const f of localsIn(item)) await dropFile(f)
  delivered.value++
}

async function tidy() {
  const old = Date.now() - keptDays * 86_400_000
  for (const i of mine.value) if (i.state === 'sent' && i.ended && i.ended < old) await drop(i.id)
}

/** The files of this telephone that an item speaks of. */
export function localsIn(item: Item): string[] {
  const found: string[] = []
  const walk = (v: unknown): void => {
    if (isLocal(v)) found.push(v)
    else if (v && typeof v === 'object') Object.values(v).forEach(walk)
  }
  item.steps.forEach(s => walk(s.body))
  return found
}

/** A body with the server's ids in place of this telephone's; files that are gone fall out. */
export function withFiles(v: unknown, files: Record<string, string>): unknown {
  if (isLocal(v)) return files[v]
  if (Array.isArray(v)) return v.map(x => withFiles(x, files)).filter(x => x !== undefined && x !== '')
  if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, withFiles(x, files)]))
  return v
}

/** Begins to send whenever there may be a chance. */
export function watchNetwork() {
  watched = true
  const go = () => {
    pause = soonest
    void flush()
  }
  addEventListener('online', go)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && go())
  addEventListener('beforeunload', e => {
    if (unsafe.value) e.preventDefault()
  })
}
