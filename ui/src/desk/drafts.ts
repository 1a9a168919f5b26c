// What has been typed and not yet taken by the server. It may hold personal data, and the machine
// may be shared: it is kept by this tab alone, for one person, and gone when they log out or the
// tab is closed; a page that is loaded anew finds it again.
import { defineStore } from 'pinia'
import { reactive, watch } from 'vue'
import { newKey } from '@/api/request'
import type { Values } from '@/api/types'
import { allNames, remember } from '@/pack/names'

export interface Draft {
  values: Values
  text: string
  /** idempotency key: the same for every try until the server has surely refused one */
  key: string
}
interface Kept { whose: string; names: [string, string][]; drafts: [string, Draft][] }

const store = 'gezhi.drafts'
/** storage may be full or forbidden: then a draft lives as long as this page */
function kept(): Kept | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(store) ?? 'null') as Kept ?? undefined
  } catch {
    return undefined
  }
}
function keep(what?: Kept) {
  try {
    if (what) sessionStorage.setItem(store, JSON.stringify(what))
    else sessionStorage.removeItem(store)
  } catch { /* see above */ }
}

export const useDrafts = defineStore('drafts', () => {
  const drafts = reactive(new Map<string, Draft>())
  let whose = ''
  function of(name: string): Draft {
    if (!drafts.has(name)) drafts.set(name, { values: {}, text: '', key: newKey() })
    return drafts.get(name)!
  }
  /** Takes up what this person typed before the page was loaded anew; what another typed is thrown away. */
  function belong(to: string) {
    if (whose === to) return
    const before = kept()
    clear()
    whose = to
    if (before?.whose !== to) return
    for (const [id, name] of before.names) remember(id, name)
    for (const [name, draft] of before.drafts) drafts.set(name, draft)
  }
  function clear() {
    whose = ''
    drafts.clear()
    keep()
  }
  watch(drafts, () => whose && keep({ whose, names: allNames(), drafts: [...drafts] }))
  return { of, belong, done: (name: string) => void drafts.delete(name), clear }
})
