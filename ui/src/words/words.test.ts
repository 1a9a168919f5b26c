import { afterEach, describe, expect, test, vi } from 'vitest'
import en from './en.json'
import noticesEn from './notices.en.json'
import noticesZh from './notices.zh.json'
import pointsEn from './points.en.json'
import pointsZh from './points.zh.json'
import { language, named, speak, t } from './index'
import setupEn from './setup.en.json'
import setupZh from './setup.zh.json'
import { left, moment, span, urgency, isoMoment } from './time'
import zh from './zh.json'

afterEach(() => (language.value = 'zh'))

const keys = (o: object, at = ''): string[] => Object.entries(o).flatMap(([k, v]) => (typeof v === 'string' ? [at + k] : keys(v as object, at + k + '.')))
const word = (o: object, key: string) => key.split('.').reduce<unknown>((x, k) => (x as Record<string, unknown>)[k], o) as string
const holes = (s: string) => [...new Set(s.match(/\{\w+\}/g) ?? [])].sort()

describe.each([['of all faces', zh, en], ['of notices', noticesZh, noticesEn], ['of points', pointsZh, pointsEn], ['of setting up', setupZh, setupEn]])('the two languages %s', (_, zh, en) => {
  test('have the same keys', () => expect(keys(en).sort()).toEqual(keys(zh).sort()))
  test('leave nothing empty', () => {
    for (const k of keys(zh)) expect([word(zh, k).trim(), word(en, k).trim()], k).not.toContain('')
  })
  test('fill the same holes', () => {
    for (const k of keys(zh)) expect(word(en, k).split('|').flatMap(holes).filter(h => !holes(word(zh, k)).includes(h)), k).toEqual([])
  })
  test('do not mix: English holds no Chinese', () => {
    for (const k of keys(en)) expect(word(en, k), k).not.toMatch(/[\u4e00-\u9fff]/)
  })
})

test('words take their arguments, and one differs from many', async () => {
  expect(t('queue.all_shown', { n: 3 })).toBe('共 3 件，已全部列出')
  vi.stubGlobal('document', { documentElement: {} })
  await speak('en')
  expect(t('queue.all_shown', { n: 1 })).toBe('One case, that is all')
  expect(t('queue.all_shown', { n: 3 })).toBe('3 cases, that is all')
})

test('a code without words is shown as it is', () => expect([named('channel', 'window'), named('channel', 'pigeon')]).toEqual(['窗口', 'pigeon']))

describe('times', () => {
  const at = Date.UTC(2026, 1, 16, 16, 30) // 00:30 on New Year's Day of the lunar calendar in China
  test('are those of China, wherever the screen stands', () => expect([moment(at, at), isoMoment(at)]).toEqual(['02-17 00:30', '2026-02-17T00:30']))
  test('say the year where it is another one', () => expect(moment(Date.UTC(2025, 11, 31, 12), at)).toBe('2025-12-31 20:00'))
  test('a deadline is late at its very moment, soon within four hours, calm before', () => {
    const hour = 3_600_000
    expect([urgency(at, at), urgency(at + 1, at), urgency(at + 4 * hour - 1, at), urgency(at + 4 * hour, at)]).toEqual(['late', 'soon', 'soon', 'calm'])
  })
  test('what is left is rounded down, what is over too', () => {
    expect(left(at + 90 * 60_000, at)).toBe('剩 1 小时')
    expect(left(at - 50 * 3_600_000, at)).toBe('超 2 天')
    expect(span(20_000)).toBe('1 分钟')
  })
})
