import { expect, test } from 'vitest'
import { readDay } from './day'

test('a day is read however it is written, and what is none is not', () => {
  for (const text of ['2026-03-02', '2026-3-2', '2026/3/2', '20260302', '2026年3月2日', ' ２０２６-０３-０２ ', '2026.3.02']) expect(readDay(text), text).toBe('2026-03-02')
  expect(readDay('2024-2-29')).toBe('2024-02-29')
  for (const text of ['', '2026', '2026-13-1', '2026-2-30', '2025-2-29', '3/2/2026', '202632', '1111111', 'day', '0000-01-01']) expect(readDay(text), text).toBeUndefined()
})
