// Outlines of areas as lines on a sheet: no tiles, no other origin, nothing that moves by itself.
import type { Outline } from '@/api/types'

export interface Spot { x: number; y: number }
export interface Box { x: number; y: number; w: number; h: number }
/** an area as it is drawn */
export interface Drawn { id: string; name: string; level: number; parent?: string; how: Outline['how']; d: string; box: Box; /** where its name stands */ at: Spot }
export interface Sheet { areas: Drawn[]; w: number; h: number; /** from degrees to the sheet */ place: (lon: number, lat: number) => Spot; /** metres that one unit is long */ metres: number }

type Ring = number[][]

/** the length of the longer side of a sheet */
export const side = 1000

/**
 * Draws outlines on a sheet that holds the ones in focus. Plate carrée, narrowed by the latitude:
 * straight enough for a county.
 */
export function drawSheet(outlines: Outline[], focus: (o: Outline) => boolean = () => true): Sheet | undefined {
  const points = outlines.filter(focus).flatMap(o => o.shape.flat(2))
  if (!points.length) return undefined
  let [west, east, south, north] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const [lon, lat] of points as [number, number][]) {
    west = Math.min(west, lon)
    east = Math.max(east, lon)
    south = Math.min(south, lat)
    north = Math.max(north, lat)
  }
  const narrow = Math.cos(((south + north) / 2) * (Math.PI / 180))
  const scale = side / Math.max((east - west) * narrow, north - south, 1e-6)
  const place = (lon: number, lat: number) => ({ x: (lon - west) * narrow * scale, y: (north - lat) * scale })
  return { areas: outlines.map(o => drawn(o, place)), w: Math.max((east - west) * narrow * scale, 1), h: Math.max((north - south) * scale, 1), place, metres: 111_320 / scale }
}

function drawn(o: Outline, place: Sheet['place']): Drawn {
  let [d, largest, most] = ['', undefined as Spot[] | undefined, -1]
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity]
  for (const poly of o.shape)
    poly.forEach((ring: Ring, i) => {
      const line = ring.map(p => place(p[0]!, p[1]!))
      d += 'M' + line.map(p => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join('L') + 'Z'
      if (i > 0) return
      for (const p of line) {
        x0 = Math.min(x0, p.x)
        x1 = Math.max(x1, p.x)
        y0 = Math.min(y0, p.y)
        y1 = Math.max(y1, p.y)
      }
      const size = Math.abs(twice(line))
      if (size > most) [largest, most] = [line, size]
    })
  const box = { x: x0, y: y0, w: x1 - x0, h: y1 - y0 }
  return { id: o.id, name: o.name, level: o.level, parent: o.parent, how: o.how, d, box, at: largest ? middle(largest) : { x: x0, y: y0 } }
}

/** twice the area of a ring, with its sense of turning */
function twice(ring: Spot[]): number {
  let sum = 0
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += ring[j]!.x * ring[i]!.y - ring[i]!.x * ring[j]!.y
  return sum
}

/**
 * Where the name of an area stands: amid the widest stretch inside it at one of a few heights, so
 * that it lies on the area even where that is bent.
 */
export function middle(ring: Spot[]): Spot {
  const ys = ring.map(p => p.y)
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)]
  let best: { at: Spot; worth: number } | undefined
  for (let i = 1; i < 10; i++) {
    const y = top + ((bottom - top) * i) / 10
    const cuts: number[] = []
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
      const [p, q] = [ring[a]!, ring[b]!]
      if (p.y > y !== q.y > y) cuts.push(p.x + ((q.x - p.x) * (y - p.y)) / (q.y - p.y))
    }
    cuts.sort((a, b) => a - b)
    for (let c = 0; c + 1 < cuts.length; c += 2) {
      const wide = cuts[c + 1]! - cuts[c]!
      const worth = wide * (1 - Math.abs(i - 5) / 12) // rather amid than at the rim
      if (!best || worth > best.worth) best = { at: { x: (cuts[c]! + cuts[c + 1]!) / 2, y }, worth }
    }
  }
  return best?.at ?? ring[0]!
}

/** The finest areas: those that no other drawn area is a part of. They are what is coloured. */
export function finest(areas: Drawn[]): Drawn[] {
  const above = new Set(areas.filter(a => a.how !== 'beside').map(a => a.parent))
  return areas.filter(a => a.how !== 'beside' && !above.has(a.id))
}

/** Those of some names that can stand without lying on each other, the wider areas first. */
export function clearNames(areas: Drawn[], size: number): Drawn[] {
  const taken: Box[] = []
  return [...areas].sort((a, b) => b.box.w * b.box.h - a.box.w * a.box.h).filter(a => {
    const wide = [...a.name].reduce((n, c) => n + (c > '\u2000' ? 1 : 0.6), 0) * size
    const box = { x: a.at.x - wide / 2, y: a.at.y - size * 0.65, w: wide, h: size * 1.3 }
    if (taken.some(t => t.x < box.x + box.w && box.x < t.x + t.w && t.y < box.y + box.h && box.y < t.y + t.h)) return false
    taken.push(box)
    return true
  })
}

/** The next area in a direction, for the arrow keys: near, and rather straight ahead than beside. */
export function nextIn(areas: Drawn[], from: Drawn, key: string): Drawn | undefined {
  const [dx, dy] = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, [number, number]>)[key] ?? [0, 0]
  let best: { area: Drawn; worth: number } | undefined
  for (const area of areas) {
    const [x, y] = [area.at.x - from.at.x, area.at.y - from.at.y]
    const ahead = x * dx + y * dy
    if (area === from || ahead <= 0) continue
    const worth = ahead + 2 * Math.abs(x * dy - y * dx)
    if (!best || worth < best.worth) best = { area, worth }
  }
  return best?.area
}
