import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as api from '@/api/client'
import { Problem, Unreachable } from '@/api/request'
import { setRight, skew } from '@/words/time'
import * as outbox from './outbox'
import { ended, me, standing } from './session'

// There is no storage here: everything lives in memory, as on a telephone that is full.
vi.mock('@/api/client')
vi.stubGlobal('navigator', {})
const open = vi.mocked(api.openCase)
const act = vi.mocked(api.act)
const upload = vi.mocked(api.upload)
const away = () => Promise.reject(new Unreachable('no answer'))
const no = (status: number, code: string) => Promise.reject(new Problem(status, code, 'words of ' + code, [], {}))
const someone = (id: string) => ({ person: { id, name: id }, jurisdiction: { id: 'j', sample: true }, posts: [] })
const report = (text: string, body = {}) => outbox.add(text, [{ do: 'open', body: { class: 'c', text, ...body } }])
const states = () => outbox.items.value.map(i => `${i.title} ${i.state}`)

beforeEach(async () => {
  for (const m of [open, act, upload]) m.mockReset()
  for (const i of [...outbox.items.value]) await outbox.drop(i.id)
  me.value = someone('gu')
  standing.value = 'in'
  ended.value = false
  skew.value = 0
  let n = 0
  open.mockImplementation(async () => ({ id: `case${++n}`, number: `2026-${n}` }))
})

describe('the outbox', () => {
  test('sends in the order in which things were written down', async () => {
    for (const text of ['one', 'two', 'three']) await report(text)
    await outbox.flush()
    expect(open.mock.calls.map(c => c[0].text)).toEqual(['one', 'two', 'three'])
    expect(states()).toEqual(['one sent', 'two sent', 'three sent'])
  })

  test('after a lost answer sends the very same again, under the same key', async () => {
    open.mockImplementationOnce(away)
    await report('one')
    await report('two')
    await outbox.flush()
    expect(open).toHaveBeenCalledTimes(1) // where nobody answers, nothing more is tried
    expect(states()).toEqual(['one waiting', 'two waiting'])
    setRight(Date.now() + 86_400_000) // what is known meanwhile changes no body
    await outbox.flush()
    expect(open.mock.calls[1]).toEqual(open.mock.calls[0])
    expect(states()).toEqual(['one sent', 'two sent'])
  })

  test('what found nobody is tried again by itself, soon and then ever later', async () => {
    vi.useFakeTimers()
    vi.stubGlobal('addEventListener', () => undefined)
    vi.stubGlobal('document', { addEventListener: () => undefined })
    try {
      outbox.watchNetwork()
      open.mockImplementation(away)
      await report('one')
      await outbox.flush()
      for (const [wait, tries] of [[1_000, 2], [2_000, 3], [4_000, 4], [8_000, 5], [16_000, 6], [30_000, 7], [30_000, 8]] as const) {
        await vi.advanceTimersByTimeAsync(wait - 1)
        expect(open).toHaveBeenCalledTimes(tries - 1)
        await vi.advanceTimersByTimeAsync(1)
        expect(open).toHaveBeenCalledTimes(tries)
      }
      open.mockImplementation(async () => ({ id: 'case', number: '2026-1' }))
      await vi.advanceTimersByTimeAsync(30_000)
      expect(states()).toEqual(['one sent'])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('a refusal stops nobody else, and is told in the server’s words', async () => {
    open.mockImplementationOnce(() => no(422, 'form.invalid'))
    await report('one')
    await report('two')
    await outbox.flush()
    expect(states()).toEqual(['one refused', 'two sent'])
    expect(outbox.items.value[0]!.why).toBe('words of form.invalid')
  })

  test('what was refused goes as something new, what may have been done never does', async () => {
    open.mockImplementationOnce(() => no(422, 'form.invalid'))
    const id = await report('one')
    await outbox.flush()
    await outbox.again(id)
    expect(open.mock.calls[1]![1]).not.toBe(open.mock.calls[0]![1])
    expect(states()).toEqual(['one sent'])
  })

  test('waits for a session, and for the same person', async () => {
    open.mockImplementationOnce(() => no(401, 'session.none'))
    await report('of gu')
    await outbox.flush()
    expect([ended.value, ...states()]).toEqual([true, 'of gu waiting'])
    me.value = someone('hu')
    ended.value = false
    await outbox.flush()
    expect(open).toHaveBeenCalledTimes(1)
    expect(outbox.others.value.map(i => i.name)).toEqual(['gu'])
    me.value = someone('gu')
    await outbox.flush()
    expect(states()).toEqual(['of gu sent'])
  })

  test.each([408, 429, 500, 503])('status %i says nothing of what was done: it is tried again', async status => {
    open.mockImplementationOnce(() => no(status, 'x'))
    await report('one')
    await outbox.flush()
    expect(states()).toEqual(['one waiting'])
  })

  test('files go first, once, and stand in the body under the server’s ids', async () => {
    const kept = await outbox.keepFile(new File(['x'], 'a.jpg', { type: 'image/jpeg' }))
    upload.mockResolvedValue({ id: 'f1', name: 'a.jpg' } as never)
    open.mockImplementationOnce(away)
    await report('one', { fields: { photo: [kept.id] } })
    await outbox.flush()
    await outbox.flush()
    expect(upload).toHaveBeenCalledTimes(1)
    expect(open.mock.calls.map(c => c[0].fields)).toEqual([{ photo: ['f1'] }, { photo: ['f1'] }])
    expect(await outbox.keptFile(kept.id)).toBeUndefined()
  })

  test('an act on the case that the item opens is done there; half done says so', async () => {
    act.mockImplementationOnce(() => no(409, 'case.not_offered'))
    await outbox.add('one', [{ do: 'open', body: { text: 'one' } }, { do: 'act', body: { action: 'spot' } }])
    await outbox.flush()
    expect(act.mock.calls[0]![0]).toBe('case1')
    expect([...states(), outbox.items.value[0]!.number]).toEqual(['one refused', '2026-1'])
  })

  test('what the server kept as a note is told apart', async () => {
    act.mockResolvedValue({ case: { id: 'c1', number: '2026-9' }, note: true } as never)
    await outbox.add('late', [{ do: 'act', of: 'c1', body: { action: 'finish', version: 3, offline: true } }])
    await outbox.flush()
    expect(states()).toEqual(['late noted'])
  })

  test('a clock that is wrong by a day is set right in what is sent', async () => {
    setRight(Date.now() + 86_400_000)
    const before = Date.now()
    await report('one')
    await outbox.flush()
    expect(open.mock.calls[0]![0].device_at! - before).toBeGreaterThan(86_300_000)
  })

  test('two calls at once send once', async () => {
    await report('one')
    await Promise.all([outbox.flush(), outbox.flush()])
    expect(open).toHaveBeenCalledTimes(1)
  })
})

test('files that are gone fall out of lists, and the words still go', () => {
  expect(outbox.withFiles({ text: 'x', fields: { photo: ['local:a', 'local:b'], n: 3 } }, { 'local:a': 'f1', 'local:b': '' })).toEqual({ text: 'x', fields: { photo: ['f1'], n: 3 } })
})
