// What this telephone keeps: what is to be sent, its photos and recordings, and what was last
// known. Bytes are kept as they are, for old browsers lose blobs.

/** One thing that is still to be sent, or was sent lately. */
export interface Item {
  id: string
  /** place in the order of this telephone, whatever its clock says */
  n: number
  /** whose it is; for another person it waits */
  person: string
  name: string
  title: string
  /** what this telephone's clock said, in ms */
  made: number
  steps: Step[]
  /** ids under which the server keeps files of this telephone */
  files: Record<string, string>
  state: 'waiting' | 'sent' | 'noted' | 'refused'
  tries: number
  /** why it was refused, in the server's words */
  why?: string
  caseId?: string
  number?: string
  ended?: number
}

/** One request of an item. Its body never changes once it has left, so that the same again is the same. */
export interface Step {
  key: string
  do: 'open' | 'act' | 'take' | 'batch'
  /** of an act: the case, or none for the one that the item opens; of a place that is taken: whose part it is; of a batch: the case whose parts they are */
  of?: string
  part?: string
  body: Record<string, unknown>
  frozen?: Record<string, unknown>
  done?: boolean
}

export interface Kept { id: string; name: string; type: string; bytes: ArrayBuffer }
export interface Known { key: string; at: number; value: unknown }

interface Tables { items: Item; files: Kept; known: Known; lease: { id: string; by: string; until: number } }
type Table = keyof Tables

let opening: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((done, failed) => {
    if (typeof indexedDB === 'undefined') return failed(new Error('no storage'))
    const asked = indexedDB.open('gezhi-field', 1)
    asked.onupgradeneeded = () => {
      const db = asked.result
      for (const name of ['items', 'files', 'lease'] as const) db.createObjectStore(name, { keyPath: 'id' })
      db.createObjectStore('known', { keyPath: 'key' })
    }
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close()
      asked.result.onclose = () => (opening = undefined)
      done(asked.result)
    }
    asked.onerror = () => failed(asked.error)
    asked.onblocked = () => failed(new Error('blocked'))
  })
  opening.catch(() => (opening = undefined))
  return opening
}

async function run<T>(table: Table, mode: IDBTransactionMode, ask: (s: IDBObjectStore) => IDBRequest | void): Promise<T> {
  const db = await open()
  return new Promise<T>((done, failed) => {
    const tx = db.transaction(table, mode)
    const asked = ask(tx.objectStore(table))
    tx.oncomplete = () => done(asked?.result as T)
    tx.onerror = tx.onabort = () => failed(tx.error ?? asked?.error ?? new Error('storage'))
  })
}

export const get = <N extends Table>(table: N, id: string) => run<Tables[N] | undefined>(table, 'readonly', s => s.get(id))
export const all = <N extends Table>(table: N) => run<Tables[N][]>(table, 'readonly', s => s.getAll())
export const put = <N extends Table>(table: N, row: Tables[N]) => run<void>(table, 'readwrite', s => void s.put(row))
export const remove = (table: Table, id: string) => run<void>(table, 'readwrite', s => void s.delete(id))

/** Writes an item with its files, all or nothing. */
export async function putWhole(item: Item, files: Kept[]): Promise<void> {
  const db = await open()
  return new Promise<void>((done, failed) => {
    const tx = db.transaction(['items', 'files'], 'readwrite')
    for (const f of files) tx.objectStore('files').put(f)
    tx.objectStore('items').put(item)
    tx.oncomplete = () => done()
    tx.onerror = tx.onabort = () => failed(tx.error ?? new Error('storage'))
  })
}

/** Takes the lease on sending, for browsers without Web Locks: false while another page holds it. */
export async function lease(by: string, ms: number): Promise<boolean> {
  const db = await open()
  return new Promise<boolean>((done, failed) => {
    const tx = db.transaction('lease', 'readwrite')
    const s = tx.objectStore('lease')
    let got = false
    const asked = s.get('outbox')
    asked.onsuccess = () => {
      const held = asked.result as Tables['lease'] | undefined
      got = !held || held.by === by || held.until < Date.now() || held.until > Date.now() + 10 * ms // a clock that was set back frees it
      if (got) s.put({ id: 'outbox', by, until: Date.now() + ms })
    }
    tx.oncomplete = () => done(got)
    tx.onerror = tx.onabort = () => failed(tx.error ?? new Error('storage'))
  })
}
