// What the wall shows: counts by area, the latest steps, outlines. Read anew every minute, and soon
// after something changed; never more than once in a few seconds. Nothing here grows with time.
import { computed, ref } from 'vue'
import * as api from '@/api/client'
import { Problem } from '@/api/request'
import type { AreaFigures, Figure, Figures, News, Outline } from '@/api/types'
import { drawSheet, finest } from '@/map/draw'
import type { Tone } from '@/map/tones'
import { endedAt } from './session'

/** counts of areas and of the whole, as of a moment */
export const figures = ref<Figures>()
export const areas = ref(new Map<string, AreaFigures>())
export const news = ref<News[]>([])
export const outlines = ref<Outline[]>([])
/** when what is shown was counted, by the server's clock, ms */
export const asOf = ref<number>()
/** since when nothing could be read, ms */
export const failing = ref<number>()
export const loaded = ref(false)

/** so many closed cases at least: of fewer a percentage says nothing */
export const enough = 5
const pause = 5_000
const often = 60_000

let where = ''
let finestLevel = 6
let levels: number[] = [6]
let timer: ReturnType<typeof setTimeout> | undefined
let last = 0
let turn = 0

/** Shows an area and what lies in it, as fine as a level; "" is all of the reader's. */
export async function show(area: string, level: number) {
  const mine = ++turn
  where = area
  finestLevel = level
  try {
    const got = await api.outlines({ area, level })
    if (mine !== turn) return
    outlines.value = got
    const drawn = finest(drawSheet(got)?.areas ?? []).map(a => a.level)
    levels = [...new Set([...drawn, level])].sort((a, b) => b - a).slice(0, 3)
  } catch (e) {
    if (mine === turn) trouble(e)
  }
  if (mine === turn) await read()
}

async function read() {
  clearTimeout(timer)
  timer = undefined
  last = Date.now()
  const mine = turn
  try {
    const [latest, ...counted] = await Promise.all([api.news({ area: where }), ...levels.map(level => api.figures({ area: where, level }))])
    if (mine !== turn) return
    figures.value = counted[0]
    areas.value = new Map(counted.flatMap(f => f.areas).filter(a => a.area).map(a => [a.area, a]))
    news.value = latest
    asOf.value = counted[0]!.at
    failing.value = undefined
    loaded.value = true
  } catch (e) {
    if (mine === turn) trouble(e)
  } finally {
    if (mine === turn) timer ??= setTimeout(read, failing.value ? pause * 2 : often)
  }
}

function trouble(e: unknown) {
  if (e instanceof Problem && e.status === 401) endedAt.value ??= Date.now()
  failing.value ??= Date.now()
}

/** Something changed: it is read soon, and once for all that changes meanwhile. */
export function stale() {
  const wait = Math.max(300, last + pause - Date.now())
  clearTimeout(timer)
  timer = setTimeout(read, wait)
}

/** Reads everything again, also the outlines: after a log-in, and when the day changes. */
export const again = () => show(where, finestLevel)

export const count = (name: string): Figure | undefined => figures.value?.counts.find(c => c.name === name)
export const n = (name: string): number => count(name)?.n ?? 0

/** How an area stands, by its gravest open case. */
export const toneOf = (a: AreaFigures | undefined): Tone => (!a?.open ? 'none' : a.urgent ? 'first' : a.overdue ? 'late' : 'calm')
export const tones = computed(() => Object.fromEntries(outlines.value.map(o => [o.id, toneOf(areas.value.get(o.id))])))

/** Where it burns: areas with open cases, the gravest first. */
export const worst = computed(() => {
  const drawn = new Map(outlines.value.map(o => [o.id, o]))
  const known = [...areas.value.values()].filter(a => a.open && (drawn.has(a.area) || a.name))
  const parts = new Set(known.map(a => drawn.get(a.area)?.parent))
  return known.filter(a => !parts.has(a.area)).sort((a, b) => b.urgent - a.urgent || b.overdue - a.overdue || b.open - a.open)
})

/** Where the desk lists what a count counts. */
export const listOf = (query: Record<string, string>) => '/desk/?' + new URLSearchParams(query)
