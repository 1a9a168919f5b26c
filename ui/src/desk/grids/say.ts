// How ground is told in figures.
import { t } from '@/words'

/** so many square metres: hectares from one on, square kilometres from one on */
export function ground(m: number): string {
  if (m < 10_000) return t('grids.m2', { n: Math.round(m) })
  if (m < 1_000_000) return t('grids.ha', { n: (m / 10_000).toFixed(1) })
  return t('grids.km2', { n: (m / 1_000_000).toFixed(2) })
}
