import { describe, expect, it } from 'vitest'
import { closed, corners, cutInTwo, dropped, inserted, inside, moved, nextCode, side, snapped, squareMetres, type Point, type Shape } from './shapes'

const square = (x = 119, y = 28, size = 0.01): Shape => [[[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]]

describe('an outline by hand', () => {
  it('moves every corner that lies at a place, and the end of the ring with its beginning', () => {
    const s = moved(square(), [119, 28], [119.001, 28.001])
    expect(s[0]![0]![0]).toEqual([119.001, 28.001])
    expect(s[0]![0]![4]).toEqual([119.001, 28.001])
    const beside = square(120)
    expect(moved(beside, [119, 28], [1, 1])).toBe(beside)
  })
  it('gets a corner more on a side and loses it again, but keeps three', () => {
    const s = square()
    const more = inserted(s, side(s, [119.01, 28.01], [119.01, 28])!, [119.012, 28.005])
    expect(corners(more)).toHaveLength(5)
    expect(dropped(more, corners(more).find(c => c.p[0] === 119.012)!)).toEqual(s)
    const triangle = closed([[0, 0], [1, 0], [0, 1]])!
    expect(dropped(triangle, corners(triangle)[0]!)).toBeUndefined()
  })
  it('is closed when three places are set', () => {
    expect(closed([[0, 0], [0, 0], [1, 0]])).toBeUndefined()
    expect(closed([[0, 0], [1, 0], [1, 1], [0, 0]])).toEqual([[[[0, 0], [1, 0], [1, 1], [0, 0]]]])
  })
  it('snaps to a corner before a border, and to neither from afar', () => {
    expect(snapped([119.0101, 28.0101], [square()], 0.0005)).toEqual([119.01, 28.01])
    expect(snapped([119.005, 28.0102], [square()], 0.0005)).toEqual([119.005, 28.01])
    expect(snapped([119.005, 28.02], [square()], 0.0005)).toBeUndefined()
  })
  it('knows what it holds and how large it is', () => {
    const holed: Shape = [[square()[0]![0]!, square(119.002, 28.002, 0.002)[0]![0]!]]
    expect([inside(holed, [119.001, 28.001]), inside(holed, [119.003, 28.003])]).toEqual([true, false])
    expect(squareMetres(square()) / 1e6).toBeCloseTo(1.094, 2)
    expect(squareMetres(holed)).toBeLessThan(squareMetres(square()))
  })
})

describe('a cut', () => {
  it('leaves two halves that together are the whole, the larger first', () => {
    const [large, small] = cutInTwo(square(), [[119.003, 28], [119.003, 28.01]])!
    expect(squareMetres(large) + squareMetres(small)).toBeCloseTo(squareMetres(square()), 0)
    expect(squareMetres(small) / squareMetres(square())).toBeCloseTo(0.3, 3)
  })
  it('bends with its line, from corner to corner and from a side to itself', () => {
    const bent: Point[] = [[119, 28], [119.006, 28.004], [119.01, 28.01]]
    const halves = cutInTwo(square(), bent)!
    expect(halves.every(h => corners(h).some(c => c.p[0] === 119.006))).toBe(true)
    const bite = cutInTwo(square(), [[119.004, 28], [119.005, 28.003], [119.006, 28]])!
    expect(squareMetres(bite[1]) / squareMetres(square())).toBeCloseTo(0.03, 3)
    const back = cutInTwo(square(), [[119.006, 28], [119.005, 28.003], [119.004, 28]])!
    expect(squareMetres(back[1])).toBeCloseTo(squareMetres(bite[1]), 0)
  })
  it('is none where the line leaves the shape, ends within it or runs along its border', () => {
    expect(cutInTwo(square(), [[119.003, 28], [119.003, 28.005]])).toBeUndefined()
    expect(cutInTwo(square(), [[119.003, 28], [119.02, 28.005], [119.003, 28.01]])).toBeUndefined()
    expect(cutInTwo(square(), [[119.001, 28], [119.009, 28]])).toBeUndefined()
  })
})

it('numbers new grids behind the last', () => {
  expect(nextCode('33', ['3301', '3307', '44'])).toBe('3308')
  expect(nextCode('33', [])).toBe('3301')
  expect(nextCode('33', ['33001'])).toBe('33002')
})
