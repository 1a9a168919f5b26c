import { describe, expect, test } from 'vitest'
import type { Field } from '@/api/types'
import { check, empty, filled, placed } from './check'
import { toNumber } from './number'
import { parseRing, writeRing } from './ring'
import { show } from './show'
import { parseSpan, spanUnits, writeSpan } from './span'

const f = (type: Field['type'], more: Partial<Field> = {}): Field => ({ name: 'x', type, title: 'X', required: false, many: ['choices', 'photo', 'file', 'signature', 'audio', 'list'].includes(type), ...more })
const wrong = (field: Field, x: unknown) => check([field], { x }).x

describe('a form', () => {
  test('asks for what is required, and blanks say nothing', () => {
    for (const nothing of [undefined, null, '', '  ', []]) expect(wrong(f('text', { required: true }), nothing)).toBe('请填写。')
    expect(check([f('text')], {})).toEqual({})
  })
  test('takes no and zero for answers', () => expect([empty(false), empty(0), check([f('boolean', { required: true })], { x: false })]).toEqual([false, false, {}]))
  test('counts characters as people do', () => expect([wrong(f('text', { at_most: 2 }), '𠮷𠮷'), wrong(f('text', { at_most: 2 }), '一二三')]).toEqual([undefined, '最多 2 个字。']))
  test('knows numbers and their bounds', () => {
    const n = f('number', { at_least: 2, at_most: 9 })
    expect([wrong(n, 'abc'), wrong(n, 1), wrong(n, 10), wrong(n, 5)]).toEqual(['请填数字。', '不能小于 2。', '不能大于 9。', undefined])
  })
  test('takes money to the cent', () => expect([wrong(f('money'), 12.34), wrong(f('money'), 12.345)]).toEqual([undefined, '最多两位小数。']))
  test('takes the phones that the numbering plan knows', () => {
    for (const good of ['13000000000', '+86 130-0000-0000', '12345', '0578-5000000', '１３０００００００００', '(0578)5000000', '+86 578 5000000', '0086 13000000000']) expect(wrong(f('phone'), good), good).toBeUndefined()
    for (const bad of ['1300000000', 'abc', '00000']) expect(wrong(f('phone'), bad), bad).toBe('请填正确的电话号码。')
  })
  test('takes a whole point or none', () => expect([wrong(f('point'), [119.5, 28.1]), wrong(f('point'), [119.5, undefined]), wrong(f('point'), [200, 1])]).toEqual([undefined, '请填经度和纬度。', '请填经度和纬度。']))
  test('looks into the rows of a list', () => {
    const list = f('list', { rows: [{ name: 'sum', type: 'money', title: 'S', required: true }] })
    expect(check([list], { x: [{ sum: 1 }, {}] })).toEqual({ 'x.1.sum': '请填写。' })
  })
  test('sends only what was filled in', () => expect(filled({ a: '', b: 0, c: false, d: [], e: 'x' })).toEqual({ b: 0, c: false, e: 'x' }))
  test('puts what the server found beside the field it speaks of, and the rest above', () => {
    const got = placed([{ path: 'body.values.x', code: 'c', detail: 'one' }, { path: 'fields.x.1.sum', code: 'c', detail: 'two' }, { path: 'body.version', code: 'c', detail: 'three' }, { code: 'bare', detail: '' }], [f('text')])
    expect(got).toEqual({ errors: { x: 'one', 'x.1.sum': 'two' }, rest: ['three', 'bare'] })
  })
})

test('numbers may be typed as people type them', () => expect([toNumber('１，２３４．５'), toNumber('1,234.5'), toNumber(' '), toNumber('三')]).toEqual([1234.5, 1234.5, undefined, '三']))

describe('spans', () => {
  test('are read back as they were written', () => {
    for (const unit of spanUnits) for (const n of ['1', '3', '30']) expect(parseSpan(writeSpan(n, unit)), `${n} ${unit}`).toEqual({ n, unit })
  })
  test('are written as packs write them', () => expect([writeSpan('30', 'minutes'), writeSpan('3', 'working_days'), writeSpan('1', 'days'), writeSpan('0', 'days'), writeSpan('', 'days')]).toEqual(['30m', '3 working days', '1 day', undefined, undefined]))
})

describe('outlines', () => {
  const text = '119.5, 28.1\n119.6 28.1\n119.6，28.2'
  test('are closed by themselves', () => expect(parseRing(text)).toEqual([[119.5, 28.1], [119.6, 28.1], [119.6, 28.2], [119.5, 28.1]]))
  test('are read back as they were written', () => expect(parseRing(writeRing([parseRing(text)]))).toEqual(parseRing(text)))
  test('need three corners, each a place on earth', () => expect([parseRing('1,2\n3,4'), parseRing('1,2\n3,4\n5,91'), parseRing('a\nb\nc')]).toEqual([undefined, undefined, undefined]))
})

test('values are shown in words', () => {
  expect([show('boolean', false), show('money', 1234.5), show('number', 0), show('text', ''), show('choices', ['甲', '乙']), show('point', [119.5, 28.1])]).toEqual(['否', '¥1,234.5', '0', '—', '甲、乙', '119.5, 28.1'])
  expect(show('datetime', '2026-02-17T00:30:00+08:00')).toMatch(/02-17 00:30$/)
})
