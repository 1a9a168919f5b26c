// One queue of cases, page by page, kept fresh while it is on the screen.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
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
export type Narrowings = Partial<Record<(typeof narrowings)[number], string>>
/** what the server is asked for a queue */
export interface Asked extends Narrowings { queue: Queue | 'opened'; phase: string; class: string; sort: Sort }
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

const page = 50
const refreshed = 4 // pages asked again when something changed; what lies deeper waits for a visit

export const useQueue = defineStore('queue', () => {
  const query = ref<Asked>({ queue: 'mine', phase: '', class: '', sort: '' })
  const rows = ref<CaseRow[]>([])
  const next = ref<string>()
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const more = ref<'idle' | 'busy' | 'failed'>('idle')
  const why = ref('')
  const words = ref('')
  const at = ref<string>()
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
  const asked = () => ({ ...query.value, kept: query.value.kept as 'on_time' | 'late' | undefined, solved: query.value.solved ? Number(query.value.solved) : undefined })

  async function load() {
    const mine = ++turn
    state.value = 'loading'
    more.value = 'idle'
    rows.value = []
    next.value = undefined
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

  return { query, rows, next, state, why, more, words, at, shown, asked, load, loadMore, refresh }
})
