import { beforeEach, expect, test } from 'vitest'
import type { CaseClass } from '@/api/types'
import { byUse, taken } from './ways'

const kept = new Map<string, string>()
beforeEach(() => {
  kept.clear()
  globalThis.localStorage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v) } as unknown as Storage
})
const classes = ['a', 'b', 'c'].map(id => ({ id }) as CaseClass)
const order = () => byUse(classes).map(c => c.id).join('')

test('what is taken most comes first, and nothing else changes its place', () => {
  expect(order()).toBe('abc')
  taken('c')
  taken('c')
  taken('b')
  expect(order()).toBe('cba')
})

test('what a browser holds that nobody wrote is no order', () => {
  for (const odd of ['{', '7', 'null', '"x"']) {
    kept.set('gezhi.ways', odd)
    expect(order()).toBe('abc')
  }
})
