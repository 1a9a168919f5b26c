// Lists that are read page by page.
import { ref } from 'vue'
import { because } from './because'

/** A list that is read page by page; what is seen to leaves it at once. */
export function usePages<T extends { id: string }>(ask: (cursor?: string) => Promise<{ items: T[]; next?: string }>) {
  const items = ref<T[]>([])
  const next = ref<string>()
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const why = ref('')
  const busy = ref('')
  let turn = 0

  async function load(quiet = false) {
    const mine = ++turn
    if (!quiet) state.value = 'loading'
    try {
      const got = await ask()
      if (mine !== turn) return
      items.value = got.items
      next.value = got.next
      state.value = 'ready'
    } catch (e) {
      if (mine !== turn || quiet) return
      state.value = 'failed'
      why.value = because(e)
    }
  }

  async function more() {
    const mine = turn
    busy.value = 'more'
    try {
      const got = await ask(next.value)
      if (mine !== turn) return
      const known = new Set((items.value as T[]).map(x => x.id))
      ;(items.value as T[]).push(...got.items.filter(x => !known.has(x.id)))
      next.value = got.next
    } catch (e) {
      why.value = because(e)
    } finally {
      busy.value = ''
    }
  }

  /** Does something about one row; says what went wrong, else lets done speak. */
  async function see(id: string, act: () => Promise<unknown>, done: () => void) {
    busy.value = id
    why.value = ''
    try {
      await act()
      done()
    } catch (e) {
      why.value = because(e)
      await load(true) // somebody else may have seen to it
    } finally {
      busy.value = ''
    }
  }

  return { items, next, state, why, busy, load, more, see }
}
