// A drawing under way: what of each grid is otherwise than in force, back and forth through it,
// what the server finds wrong with it, and the keeping of it. It stays while pages change, and
// while a session is renewed.
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import * as api from '@/api/client'
import type { Divided, Grid, GridChange, GridFlaw, GridLook, Sketch } from '@/api/types'
import { because } from '@/kit/because'
import { cutInTwo, dropped, has, inserted, moved, nextCode, rounded, side, type Corner, type Point, type Shape } from './shapes'

type Changes = Readonly<Record<string, GridChange>>
type Ground = Awaited<ReturnType<typeof api.ground>>

/** a grid of the open village as it shall be */
export interface Piece { key: string; name: string; code: string; kind: string; shape: Shape; ends: boolean; begins: boolean; changed: boolean; grid?: Grid }

/** what names a flaw from one look to the next */
export const flawKey = (f: GridFlaw) => [f.kind, f.lon.toFixed(6), f.lat.toFixed(6)].join(' ')

export const useGrids = defineStore('grids', () => {
  const areas = ref<Divided[]>([])
  const ground = ref<Ground>()
  const sketch = ref<Pick<Sketch, 'id' | 'version' | 'name' | 'state'>>()
  const name = ref('')
  const changes = ref<Changes>({})
  const past = ref<Changes[]>([])
  const undone = ref<Changes[]>([])
  const kept = ref<Changes>(changes.value)
  const chosen = ref('')
  const corner = ref<Point>()
  const together = ref(true)
  const look = ref<GridLook>()
  const wrong = ref('')
  const busy = ref(false)

  const dirty = computed(() => changes.value !== kept.value)
  const pieces = computed<Piece[]>(() => {
    if (!ground.value) return []
    const drawn = ground.value.grids.map(g => {
      const c = changes.value[g.id]
      return { key: g.id, name: c?.name ?? g.name, code: g.code ?? '', kind: c?.kind ?? g.kind ?? '', shape: (c?.shape?.length ? c.shape : g.shape) as Shape, ends: !!c?.ends, begins: false, changed: !!c, grid: g }
    })
    const fresh = Object.values(changes.value).filter(c => c.begins && c.parent_id === ground.value!.id)
    return [...drawn, ...fresh.map(c => ({ key: c.key, name: c.name, code: c.code ?? '', kind: c.kind ?? '', shape: (c.shape ?? []) as Shape, ends: false, begins: true, changed: true }))]
  })
  const standing = computed(() => pieces.value.filter(p => !p.ends))
  const piece = computed(() => pieces.value.find(p => p.key === chosen.value))
  const flaws = computed<GridFlaw[]>(() => look.value?.flaws ?? [])
  /** the outlines that a hand may draw along */
  const along = computed<Shape[]>(() => (ground.value ? [...standing.value.map(p => p.shape), ground.value.shape as Shape, ...ground.value.beside.map(b => b.shape as Shape)] : []))
  const nameOf = (key: string) => pieces.value.find(p => p.key === key)?.name ?? changes.value[key]?.name ?? areas.value.find(a => a.id === key)?.name ?? ''

  /** One step that can be taken back. */
  function step(next: Changes) {
    if (next === changes.value) return
    past.value = [...past.value.slice(-199), changes.value]
    undone.value = []
    changes.value = next
  }
  function back() {
    const last = past.value[past.value.length - 1]
    if (!last) return
    undone.value = [...undone.value, changes.value]
    past.value = past.value.slice(0, -1)
    changes.value = last
    settle()
  }
  function again() {
    const next = undone.value[undone.value.length - 1]
    if (!next) return
    past.value = [...past.value, changes.value]
    undone.value = undone.value.slice(0, -1)
    changes.value = next
    settle()
  }
  /** what was chosen may be there no more */
  function settle() {
    if (!piece.value) chosen.value = ''
    if (corner.value && !(piece.value && has(piece.value.shape, corner.value))) corner.value = undefined
  }

  /** The changes with one grid otherwise; what is as in force again is no change. */
  function withOne(all: Changes, p: Piece, to: Partial<GridChange>): Changes {
    const before = all[p.key] ?? { key: p.key, parent_id: ground.value!.id, name: p.name, kind: p.kind || undefined, mark: p.grid?.mark }
    const c = { ...before, ...to }
    const g = p.grid
    const rest = { ...all }
    delete rest[p.key]
    if (g && !c.ends && !c.shape?.length && c.name === g.name) return rest
    return { ...rest, [p.key]: c }
  }
  const change = (p: Piece, to: Partial<GridChange>) => step(withOne(changes.value, p, to))

  /** Does the same to the outlines of all grids that it concerns: those of one border, or the chosen one's alone. */
  function reshape(does: (s: Shape) => Shape) {
    let all = changes.value
    for (const p of together.value ? standing.value : standing.value.filter(x => x.key === chosen.value)) {
      const next = does(p.shape)
      if (next !== p.shape) all = withOne(all, p, { shape: next })
    }
    return all
  }
  function moveCorner(from: Point, goal: Point) {
    const to = rounded(goal)
    step(reshape(s => moved(s, from, to)))
    corner.value = to
  }
  /** A corner in a side, also of the neighbour that has the same side. */
  function insertCorner(a: number[], b: number[], goal: Point) {
    const at = rounded(goal)
    step(reshape(s => {
      const c = side(s, a, b)
      return c ? inserted(s, c, at) : s
    }))
    corner.value = at
  }
  function dropCorner(p: Piece, c: Corner): boolean {
    const next = dropped(p.shape, c)
    if (!next) return false
    const at = p.shape[c.poly]![c.ring]![c.at]!
    let all = withOne(changes.value, p, { shape: next })
    // a neighbour loses it too where only the two meet
    const others = together.value ? standing.value.filter(o => o.key !== p.key && has(o.shape, at)) : []
    if (others.length === 1) {
      const o = others[0]!
      o.shape.forEach((rings, poly) => rings.forEach((r, ring) => {
        const i = r.slice(0, -1).findIndex(q => q[0] === at[0] && q[1] === at[1])
        const less = i >= 0 ? dropped(o.shape, { poly, ring, at: i }) : undefined
        if (less) all = withOne(all, o, { shape: less })
      }))
    }
    step(all)
    corner.value = undefined
    return true
  }
  const codes = () => [...pieces.value.map(p => p.code), ...Object.values(changes.value).map(c => c.code ?? '')]
  let serial = 0
  /** A grid that begins. */
  function begin(shape: Shape, called: string, like?: Piece) {
    const g = ground.value!
    let key: string
    do key = `new-${++serial}`
    while (changes.value[key])
    const c: GridChange = { key, parent_id: g.id, begins: true, code: nextCode(g.code ?? '', codes()), name: called, kind: like?.kind || (g.level === 5 ? 'comprehensive' : undefined), shape }
    return c
  }
  function add(shape: Shape, called: string) {
    const c = begin(shape, called)
    step({ ...changes.value, [c.key]: c })
    chosen.value = c.key
  }
  /** Cuts the chosen grid: the larger half keeps its code, its people and its cases. */
  function cut(p: Piece, line: Point[], called: string): boolean {
    const halves = cutInTwo(p.shape, line)
    if (!halves) return false
    const c = begin(halves[1], called, p)
    step({ ...withOne(changes.value, p, { shape: halves[0] }), [c.key]: c })
    chosen.value = c.key
    return true
  }
  /** Joins another grid to one, which keeps its code, its people and its cases. */
  async function join(p: Piece, other: Piece) {
    const shape = await api.combine({ do: 'join', one: p.shape, other: other.shape })
    let all = withOne(changes.value, p, { shape })
    if (other.begins) {
      all = { ...all }
      delete (all as Record<string, GridChange>)[other.key]
    } else all = withOne(all, other, { ends: true, into: p.key, shape: undefined })
    step(all)
    chosen.value = p.key
  }
  /** Gives ground to a grid, or takes it away. */
  async function mend(p: Piece, what: 'join' | 'cut', ground_: Shape) {
    change(p, { shape: await api.combine({ do: what, one: p.shape, other: ground_ }) })
  }
  function end(p: Piece) {
    if (p.begins) {
      const rest = { ...changes.value }
      delete rest[p.key]
      step(rest)
      chosen.value = ''
    } else change(p, { ends: true, into: undefined, shape: undefined })
  }
  /** A grid as it is in force. */
  function restore(p: Piece) {
    const rest = { ...changes.value }
    delete rest[p.key]
    step(rest)
  }

  async function load() {
    areas.value = await api.setupGrids()
  }
  async function open(id: string) {
    ground.value = await api.ground(id)
    chosen.value = ''
    corner.value = undefined
    look.value = undefined
    await check()
  }
  let asked = 0
  async function check() {
    const mine = ++asked
    if (!ground.value) return
    try {
      const found = await api.lookAtGrids({ changes: Object.values(changes.value), also: ground.value.id })
      if (mine === asked) [look.value, wrong.value] = [found, '']
    } catch (e) {
      if (mine === asked) wrong.value = because(e)
    }
  }
  let wait = 0
  watch(changes, () => {
    window.clearTimeout(wait)
    wait = window.setTimeout(check, 350)
  })

  /** Begins from what is in force, or from a drawing that was kept. */
  function start(from?: Sketch) {
    sketch.value = from && { id: from.id, version: from.version, name: from.name, state: from.state }
    name.value = from?.name ?? ''
    changes.value = Object.fromEntries((from?.changes ?? []).map(c => [c.key, c]))
    kept.value = changes.value
    past.value = []
    undone.value = []
    chosen.value = ''
    corner.value = undefined
  }
  async function save() {
    busy.value = true
    try {
      const [all, now] = [Object.values(changes.value), changes.value]
      const got = sketch.value ? await api.saveSketch(sketch.value.id, { name: name.value.trim(), changes: all, version: sketch.value.version }) : await api.makeSketch({ name: name.value.trim(), changes: all })
      sketch.value = { id: got.id, version: got.version, name: got.name, state: got.state }
      kept.value = now
    } finally {
      busy.value = false
    }
  }
  return {
    areas, ground, sketch, name, changes, past, undone, chosen, corner, together, look, wrong, busy, dirty, pieces, standing, piece, flaws, along,
    nameOf, back, again, change, moveCorner, insertCorner, dropCorner, add, cut, join, mend, end, restore, load, open, check, start, save,
  }
})
