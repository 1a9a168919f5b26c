// How ground is told in figures.
import { word } from '@/words/setup'

/** so many square metres: hectares from one on, square kilometres from one on */
export function ground(m: number): string {
  if (m < 10_000) return word('grids.m2', { n: Math.round(m) })
  if (m < 1_000_000) return word('grids.ha', { n: (m / 10_000).toFixed(1) })
  return word('grids.km2', { n: (m / 1_000_000).toFixed(2) })
}
