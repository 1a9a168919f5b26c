import { describe, expect, it } from 'vitest'
import type { Outline } from '@/api/types'
import { clearNames, drawSheet, finest, middle, nextIn } from './draw'

const square = (id: string, x: number, y: number, more: Partial<Outline> = {}, size = 0.01): Outline =>
  ({ id, name: id, level: 6, how: 'part', shape: [[[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]], ...more })

describe('a sheet', () => {
  it('holds what is in focus, north at the top, as narrow as its latitude', () => {
    const s = drawSheet([square('a', 119, 60), square('far', 130, 60)], o => o.id === 'a')!
    expect(s.h).toBeCloseTo(1000, 3)
    expect(s.w).toBeCloseTo(1000 * Math.cos((60.005 * Math.PI) / 180), 0)
    expect(s.place(119, 60.01)).toEqual({ x: 0, y: 0 })
    expect(s.metres).toBeCloseTo(1.11, 1)
  })
  it('is none without outlines', () => expect(drawSheet([])).toBeUndefined())
  it('names a bent area on itself', () => {
    const hook = [[0, 0], [10, 0], [10, 2], [2, 2], [2, 10], [0, 10]].map(([x, y]) => ({ x: x!, y: y! }))
    const at = middle(hook)
    expect(at.x < 2 || at.y < 2).toBe(true)
  })
})

describe('the finest areas', () => {
  it('are those without drawn parts', () => {
    const s = drawSheet([
      square('county', 0, 0, { level: 3, how: 'mine' }, 0.1), square('town', 0, 0, { level: 4, parent: 'county' }, 0.02), square('other', 0.05, 0.05, { level: 4, parent: 'county' }, 0.02),
      square('grid', 0, 0, { parent: 'town' }), square('beside', 0.2, 0.2, { how: 'beside' }),
    ])!
    expect(finest(s.areas).map(a => a.id)).toEqual(['other', 'grid'])
  })
})

it('names that would lie on each other give way to the wider area', () => {
  const s = drawSheet([square('wide', 0, 0, { name: '浮云街道' }, 0.02), square('small', 0.0105, 0.0105, { name: '新华' }, 0.001), square('away', 0.04, 0.04, { name: '崇头' })])!
  expect(clearNames(s.areas, 40).map(a => a.id)).toEqual(['wide', 'away'])
})

it('arrow keys lead to the neighbour in their direction', () => {
  const s = drawSheet([square('a', 0, 0), square('right', 0.02, 0), square('above', 0, 0.02), square('aslant', 0.01, 0.03)])!
  const a = s.areas[0]!
  expect(nextIn(s.areas, a, 'ArrowRight')?.id).toBe('right')
  expect(nextIn(s.areas, a, 'ArrowUp')?.id).toBe('above')
  expect(nextIn(s.areas, a, 'ArrowLeft')).toBeUndefined()
})
