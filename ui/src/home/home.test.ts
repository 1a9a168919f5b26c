import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { readCode } from './code'
import { sha256, work } from './sha256'

const hex = (text: string) => [...sha256(text)].map(n => n.toString(16).padStart(8, '0')).join('')

test('hashes are those of everybody, at every length around a block', () => {
  for (const n of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 128, 500]) {
    const text = 'abcdefghij'.repeat(60).slice(0, n)
    expect(hex(text)).toBe(createHash('sha256').update(text).digest('hex'))
  }
})

test('the work found is the work asked for', async () => {
  const found = await work('a token', 9, () => true)
  expect(parseInt(createHash('sha256').update('a token:' + found).digest('hex').slice(0, 3), 16) >> 3).toBe(0)
})

test('a code is read however it is written, and a slip is found', () => {
  const code = readCode('0000-0000-0000-0000')
  expect(code).toBe('0000-0000-0000-0000')
  expect(readCode('ooooOOOO 00000000')).toBe(code)
  expect(readCode('００００－００００００００００００')).toBe(code)
  for (const wrong of ['', '0000', '0000-0000-0000-0001', '1000-0000-0000-0000', '0000-0000-0000-00000', '0000-0000-0000-000!']) expect(readCode(wrong), wrong).toBeUndefined()
})
