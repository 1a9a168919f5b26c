// One queue of cases, page by page, kept fresh while it is on the screen.
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import * as api from '@/api/client'
import type { CaseRow } from '@/api/types'
import { because } from '@/kit/because'

export const queues = ['mine', 'unassigned', 'due_soon', 'overdue', 'supervised', 'returned', 'urgent', 'all', 'closed', 'sampled'] as const
export type Queue = (typeof queues)[number]
/** what comes first; '' is what is due soonest */
export const sorts = ['', 'severity', 'opened', 'entered', 'closed'] as const
export type Sort = (typeof sorts)[number]
/** what a number on the wall, or another page that counts, asks for besides a queue */
export const narrowings = ['area', 'opened_from', 'closed_from', 'kept', 'solved'] as const
/** what may stand in the address besides the queue and its order */
export const filters = ['phase', 'class', 'severity', ...narrowings] as const
export type Asked = { queue: Queue | 'opened'; sort: Sort } & Record<(typeof filters)[number], string>

/** the query of a page: what an address says, without what it leaves empty */
export function askedOf(query: Record<string, unknown>, queue: Asked['queue']): Asked {
  const text = (n: string) => (typeof query[n] === 'string' ? (query[n] as string) : '')
  return { queue, sort: sorts.find(s => s === query.sort) ?? '', ...(Object.fromEntries(filters.map(n => [n, text(n)])) as Record<(typeof filters)[number], string>) }
}
/** parameters as the server takes them */
export const sentOf = (q: Asked) => ({ queue: q.queue, ...(q.sort && { sort: q.sort }), ...Object.fromEntries(filters.filter(n => q[n]).map(n => [n, n === 'solved' ? Number(q[n]) : q[n]])) }) as Parameters<typeof api.cases>[0]
export const phases = ['waiting', 'working', 'verifying', 'rating'] as const

/** the queue this screen was left at: a dispatcher comes back to what is unassigned, not to "mine" */
export const lastQueue = {
  get: (): Queue => {
    try {
      return queues.find(q => q === localStorage.getItem('gezhi.queue')) ?? 'mine'
    } catch {
      return 'mine' // storage may be forbidden
    }
  },
  set: (q: Queue) => {
    try {
      localStorage.setItem('gezhi.queue', q)
    } catch {
      // then it is only not remembered
    }
  },
}

const shownMap = {
  get: () => {
    try {
      return localStorage.getItem('gezhi.map') === '1'
    } catch {
      return false // storage may be forbidden
    }
  },
  set: (on: boolean) => {
    try {
      localStorage.setItem('gezhi.map', on ? '1' : '')
    } catch {
      // then it is only not remembered
    }
  },
}

const page = 50
const refreshed = 4 // pages asked again when something changed; what lies deeper waits for a visit

export const useQueue = defineStore('queue', () => {
  const query = ref<Asked>(askedOf({}, 'mine'))
  const rows = ref<CaseRow[]>([])
  const next = ref<string>()
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const more = ref<'idle' | 'busy' | 'failed'>('idle')
  const why = ref('')
  const words = ref('')
  const at = ref<string>()
  /** cases that are to be acted on together */
  const chosen = ref(new Map<string, CaseRow>())
  /** whether a map stands beside the list; the screen remembers it */
  const map = ref(shownMap.get())
  watch(map, shownMap.set)
  /** the case whose first act is wanted as soon as it is read */
  const actOn = ref<string>()
  let turn = 0

  /** the rows that hold all the words typed into the search box */
  const shown = computed(() => {
    const all = words.value.toLowerCase().split(/\s+/).filter(Boolean)
    if (!all.length) return rows.value
    return rows.value.filter(r => {
      const text = [r.number, r.title, r.class_title, r.area_name, r.unit_name, r.step_title, r.severity_title].join(' ').toLowerCase()
      return all.every(w => text.includes(w))
    })
  })

  /** the query as the server takes it */
  const asked = () => sentOf(query.value)

  async function load() {
    const mine = ++turn
    state.value = 'loading'
    more.value = 'idle'
    rows.value = []
    next.value = undefined
    chosen.value = new Map()
    try {
      const got = await api.cases({ ...asked(), limit: page })
      if (mine !== turn) return
      rows.value = got.cases
      next.value = got.next
      state.value = 'ready'
    } catch (e) {
      if (mine !== turn) return
      state.value = 'failed'
      why.value = because(e)
    }
  }

  async function loadMore() {
    if (!next.value || more.value === 'busy') return
    const mine = turn
    more.value = 'busy'
    try {
      const got = await api.cases({ ...asked(), limit: page, cursor: next.value })
      if (mine !== turn) return
      const known = new Set(rows.value.map(r => r.id)) // a case may have moved down between two pages
      rows.value.push(...got.cases.filter(r => !known.has(r.id)))
      next.value = got.next
      more.value = 'idle'
    } catch {
      if (mine === turn) more.value = 'failed'
    }
  }

  /** Reads again what is on the screen, quietly. A failure leaves the old rows. */
  async function refresh() {
    if (state.value !== 'ready') return load()
    const mine = ++turn
    const got: CaseRow[] = []
    let cursor: string | undefined
    const pages = Math.min(refreshed, Math.max(1, Math.ceil(rows.value.length / page)))
    try {
      for (let i = 0; i < pages; i++) {
        const p = await api.cases({ ...asked(), limit: page, cursor })
        if (mine !== turn) return
        got.push(...p.cases)
        cursor = p.next
        if (!cursor) break
      }
      rows.value = [...new Map(got.map(r => [r.id, r])).values()]
      next.value = cursor
      more.value = 'idle'
    } catch {
      if (mine === turn) more.value = 'idle' // the mark in the top bar says that we are cut off
    }
  }

  function choose(row: CaseRow, on = !chosen.value.has(row.id)) {
    const next = new Map(chosen.value)
    if (on) next.set(row.id, row)
    else next.delete(row.id)
    chosen.value = next
  }
  const chooseAll = (on: boolean) => (chosen.value = new Map(on ? shown.value.map(r => [r.id, r]) : []))

  return { query, chosen, choose, chooseAll, actOn, map, rows, next, state, why, more, words, at, shown, asked, load, loadMore, refresh }
})
