// What is done to outlines by hand. Shapes are coordinates of a GeoJSON MultiPolygon and never
// changed in place: whoever goes back finds the one before.
export type Point = [number, number]
export type Ring = number[][]
export type Shape = Ring[][]

/** a corner by polygon, ring and place in the ring */
export interface Corner { poly: number; ring: number; at: number }

const same = (a: number[], b: number[]) => Math.abs(a[0]! - b[0]!) < 1e-9 && Math.abs(a[1]! - b[1]!) < 1e-9
const grain = (x: number) => Math.round(x * 1e9) / 1e9
export const rounded = (p: number[]): Point => [grain(p[0]!), grain(p[1]!)]

/** the corners of a shape in order, the one that closes a ring left out */
export function corners(shape: Shape): (Corner & { p: Point })[] {
  return shape.flatMap((rings, poly) => rings.flatMap((r, ring) => r.slice(0, -1).map((p, at) => ({ poly, ring, at, p: p as Point }))))
}

/** a shape with one ring exchanged */
function withRing(shape: Shape, c: Corner, change: (open: Ring) => Ring): Shape {
  return shape.map((rings, i) => (i !== c.poly ? rings : rings.map((r, j) => {
    if (j !== c.ring) return r
    const open = change(r.slice(0, -1))
    return [...open, open[0]!]
  })))
}

/** Every corner that lies at one place goes to another; the same shape where none does. */
export function moved(shape: Shape, from: number[], to: number[]): Shape {
  if (!shape.some(rings => rings.some(r => r.some(p => same(p, from))))) return shape
  const goal = rounded(to)
  return shape.map(rings => rings.map(r => r.map(p => (same(p, from) ? goal : p))))
}

/** A corner more, behind one. */
export const inserted = (shape: Shape, c: Corner, p: number[]): Shape =>
  withRing(shape, c, open => [...open.slice(0, c.at + 1), rounded(p), ...open.slice(c.at + 1)])

/** A corner less; undefined where a ring needs it. */
export function dropped(shape: Shape, c: Corner): Shape | undefined {
  return shape[c.poly]![c.ring]!.length <= 4 ? undefined : withRing(shape, c, open => open.filter((_, i) => i !== c.at))
}

/** The side from a to b of a shape, whichever way round it runs. */
export function side(shape: Shape, a: number[], b: number[]): Corner | undefined {
  for (const c of corners(shape)) {
    const next = shape[c.poly]![c.ring]![c.at + 1]!
    if ((same(c.p, a) && same(next, b)) || (same(c.p, b) && same(next, a))) return c
  }
  return undefined
}

export const has = (shape: Shape, p: number[]) => shape.some(rings => rings.some(r => r.some(q => same(p, q))))

/** the place on the side from a to b that is nearest to p; narrow is a degree of longitude to one of latitude */
function onSide(p: number[], a: number[], b: number[], narrow: number): { at: Point; far: number; along: number } {
  const [dx, dy] = [(b[0]! - a[0]!) * narrow, b[1]! - a[1]!]
  const long = dx * dx + dy * dy
  const along = long ? Math.min(1, Math.max(0, ((p[0]! - a[0]!) * narrow * dx + (p[1]! - a[1]!) * dy) / long)) : 0
  const at = rounded([a[0]! + (b[0]! - a[0]!) * along, a[1]! + (b[1]! - a[1]!) * along])
  return { at, along, far: Math.hypot((p[0]! - at[0]) * narrow, p[1]! - at[1]) }
}

const narrowAt = (p: number[]) => Math.cos((p[1]! * Math.PI) / 180)

/**
 * The corner of some shapes within so many degrees of latitude of a place, else the nearest place
 * on a side of theirs; undefined when neither is so near.
 */
export function snapped(p: number[], shapes: Shape[], within: number): Point | undefined {
  const narrow = narrowAt(p)
  let corner: { p: Point; far: number } | undefined
  let border: { at: Point; far: number } | undefined
  for (const shape of shapes)
    for (const rings of shape)
      for (const r of rings)
        for (let i = 0; i + 1 < r.length; i++) {
          const far = Math.hypot((p[0]! - r[i]![0]!) * narrow, p[1]! - r[i]![1]!)
          if (far < within && far < (corner?.far ?? Infinity)) corner = { p: r[i] as Point, far }
          const s = onSide(p, r[i]!, r[i + 1]!, narrow)
          if (s.far < within && s.far < (border?.far ?? Infinity)) border = s
        }
  return corner?.p ?? border?.at
}

/** Whether a place lies in a shape. */
export function inside(shape: Shape, p: number[]): boolean {
  return shape.some(rings => rings.reduce((in_, r) => in_ !== around(r, p), false))
}
function around(r: Ring, p: number[]): boolean {
  let in_ = false
  for (let i = 0; i + 1 < r.length; i++) {
    const [a, b] = [r[i]!, r[i + 1]!]
    if (a[1]! > p[1]! !== b[1]! > p[1]! && p[0]! < ((b[0]! - a[0]!) * (p[1]! - a[1]!)) / (b[1]! - a[1]!) + a[0]!) in_ = !in_
  }
  return in_
}

/** Square metres of a shape, near enough to be read while somebody draws. */
export function squareMetres(shape: Shape): number {
  let sum = 0
  for (const rings of shape)
    rings.forEach((r, i) => {
      const lats = r.map(p => p[1]!)
      const narrow = narrowAt([0, (Math.min(...lats) + Math.max(...lats)) / 2])
      let twice = 0
      for (let k = 0; k + 1 < r.length; k++) twice += (r[k]![0]! - r[0]![0]!) * narrow * (r[k + 1]![1]! - r[0]![1]!) - (r[k + 1]![0]! - r[0]![0]!) * narrow * (r[k]![1]! - r[0]![1]!)
      sum += ((i ? -1 : 1) * Math.abs(twice)) / 2
    })
  return Math.abs(sum) * 111_320 ** 2
}

/** A closed polygon of the places somebody has set; undefined with fewer than three. */
export function closed(points: Point[]): Shape | undefined {
  const own = points.filter((p, i) => i === 0 || !same(p, points[i - 1]!))
  if (own.length > 1 && same(own[0]!, own[own.length - 1]!)) own.pop()
  return own.length < 3 ? undefined : [[[...own.map(rounded), rounded(own[0]!)]]]
}

/**
 * Cuts a shape in two along a line that begins and ends on one outer border of it, the larger half
 * first; holes and other polygons stay with the half they lie in, or the larger one. Undefined
 * where the line does not cut through.
 */
export function cutInTwo(shape: Shape, line: Point[]): [Shape, Shape] | undefined {
  if (line.length < 2) return undefined
  const [first, last] = [line[0]!, line[line.length - 1]!]
  const middle = line.length > 2 ? line.slice(1, -1) : [rounded([(first[0] + last[0]) / 2, (first[1] + last[1]) / 2])]
  for (let k = 0; k < shape.length; k++) {
    const open = shape[k]![0]!.slice(0, -1)
    const [i, j] = [edgeOf(open, first), edgeOf(open, last)]
    if (i < 0 || j < 0 || same(first, last) || !middle.every(p => inside([shape[k]!], p))) continue
    const bend = line.slice(1, -1).map(rounded)
    const one = [rounded(first), ...between(open, i, j, first, last), rounded(last), ...[...bend].reverse()]
    const two = [rounded(last), ...between(open, j, i, last, first), rounded(first), ...bend]
    if (one.length < 3 || two.length < 3) continue
    const halves = [one, two].map(r => [[...r, r[0]!]] as Ring[])
    halves.sort((a, b) => squareMetres([b]) - squareMetres([a]))
    for (const hole of shape[k]!.slice(1)) (inside([halves[1]!], hole[0]!) ? halves[1]! : halves[0]!).push(hole)
    return [[halves[0]!, ...shape.filter((_, n) => n !== k)], [halves[1]!]]
  }
  return undefined
}

/** the side of an open ring on which a place lies, by its first corner */
function edgeOf(open: Ring, p: Point): number {
  for (let i = 0; i < open.length; i++) {
    const s = onSide(p, open[i]!, open[(i + 1) % open.length]!, narrowAt(p))
    if (s.far < 1e-7 && (s.along < 1 || same(p, s.at))) return i
  }
  return -1
}

/** the corners that lie between two places on the border, going on from the first */
function between(open: Ring, i: number, j: number, from: Point, to: Point): Ring {
  const out: Ring = []
  const n = open.length
  const ahead = (p: Point, k: number) => Math.hypot(p[0] - open[k]![0]!, p[1] - open[k]![1]!)
  if (i === j && ahead(from, i) <= ahead(to, i)) return out
  for (let k = (i + 1) % n, steps = 0; steps < n; k = (k + 1) % n, steps++) {
    if (!same(open[k]!, from) && !same(open[k]!, to)) out.push(open[k]!)
    if (k === j) break
  }
  return out
}

/** What grids of one village are called next: the largest number behind the same beginning, and one. */
export function nextCode(village: string, codes: string[]): string {
  const numbers = codes.filter(c => c.startsWith(village)).map(c => c.slice(village.length)).filter(c => /^\d+$/.test(c))
  const width = Math.max(2, ...numbers.map(c => c.length))
  return village + String(Math.max(0, ...numbers.map(Number)) + 1).padStart(width, '0')
}
