import { expect, test } from 'vitest'
// @ts-expect-error a maker of photos that the browser's tests use too
import { grey, photo } from '../../e2e/exif.mjs'
import { plausible, taken } from './taken'

test('a photo says where and when it was taken, in either order of bytes', async () => {
  for (const little of [true, false]) {
    expect(await taken(new Blob([photo({ lon: 119.5732, lat: 28.1145, at: '2026:03:02 09:30:00', little })]))).toEqual({ point: { lon: 119.5732, lat: 28.1145 }, at: Date.UTC(2026, 2, 2, 1, 30) })
    expect(await taken(new Blob([photo({ lon: -70.5, lat: -33.25, at: '2026:03:02 09:30:00', zone: '-03:00', little })]))).toEqual({ point: { lon: -70.5, lat: -33.25 }, at: Date.UTC(2026, 2, 2, 12, 30) })
    expect(await taken(new Blob([photo({ at: '2026:03:02 09:30:00', zone: '+08:00', little })]))).toEqual({ at: Date.UTC(2026, 2, 2, 1, 30) })
  }
})

test('what says nothing, or lies, gives no hint and does no harm', async () => {
  const said: Uint8Array<ArrayBuffer> = photo({ lon: 119.5732, lat: 28.1145, at: '2026:03:02 09:30:00' })
  for (const b of [grey, new Uint8Array(), Buffer.from('<svg onload="alert(1)"/>'), photo({ lon: 0, lat: 0 }), photo({ at: '0000:00:00' })]) expect(await taken(new Blob([b]))).toEqual({})
  for (let n = 0; n < said.length; n += 5) await taken(new Blob([said.subarray(0, n)]))
  for (let n = 2; n < 200; n += 3) {
    const b = new Uint8Array(said)
    b[n] = 255
    const got = await taken(new Blob([b]))
    if (got.point) expect(Math.abs(got.point.lat)).toBeLessThanOrEqual(90)
  }
})

test('what was taken long ago, or tomorrow, is no time of a report', () => {
  const now = Date.UTC(2026, 2, 2)
  expect([0, -1, 29 * 86_400_000, 31 * 86_400_000].map(ago => plausible(now - ago, now))).toEqual([true, false, true, false])
})
