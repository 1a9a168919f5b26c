// Reads that outlive the network: what came last is kept, and shown with its age when nothing
// comes any more.
import { Unreachable } from '@/api/request'
import { language } from '@/words'
import { me } from './session'
import * as store from './store'

export interface Last<T> { value: T; at: number; old: boolean }

const key = (name: string) => `${me.value?.person.id ?? ''}/${language.value}/${name}`

/** What was last known under a name, without asking. */
export async function last<T>(name: string): Promise<Last<T> | undefined> {
  const kept = await store.get('known', key(name)).catch(() => undefined)
  return kept && { value: kept.value as T, at: kept.at, old: true }
}

/** Asks, and keeps the answer; without an answer what was last known. Throws when there is neither. */
export async function known<T>(name: string, ask: () => Promise<T>): Promise<Last<T>> {
  const at = key(name)
  try {
    const value = await ask()
    // A telephone that is full shows what it has: only the next look without a network misses it.
    await store.put('known', { key: at, at: Date.now(), value: JSON.parse(JSON.stringify(value)) }).catch(() => undefined)
    return { value, at: Date.now(), old: false }
  } catch (e) {
    if (!(e instanceof Unreachable)) throw e
    const kept = await last<T>(name)
    if (kept) return kept
    throw e
  }
}

/** Forgets all that was known for whoever leaves this telephone. What waits to be sent stays. */
export async function forget(): Promise<void> {
  for (const row of await store.all('known').catch(() => [])) await store.remove('known', row.key).catch(() => undefined)
}
