// Times as people read them. China Standard Time always: a deadline does not move with the
// screen it is read on, and there is no daylight saving to reckon with.
import { ref } from 'vue'
import { t, type Key } from './index'

const minute = 60_000
const hour = 60 * minute
const oneDay = 24 * hour
const offset = 8 * hour

const two = (n: number) => String(n).padStart(2, '0')
const parts = (ms: number) => {
  const d = new Date(ms + offset)
  return { y: d.getUTCFullYear(), m: two(d.getUTCMonth() + 1), d: two(d.getUTCDate()), hm: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`, w: d.getUTCDay() }
}

/** The present, moved on twice a minute, so that what is written relative to it stays true. */
export const now = ref(Date.now())
/** by how much the server's clock is ahead of this device's, ms; 0 while they agree within two minutes */
export const skew = ref(0)
let ahead = 0
/** by how much the server's clock is ahead of this device's, to the second, as last heard; ms */
export const serverAhead = (): number => ahead
const turn = () => (now.value = Date.now() + skew.value)
if (typeof window !== 'undefined') setInterval(turn, 30_000)

/** Sets this device's clock right by what a server says, where it is off by more than two minutes. */
export function setRight(at: number) {
  const off = at - Date.now()
  ahead = off + 500 // what answers say of the time is cut to the second
  const right = Math.abs(off) > 2 * minute ? off : 0
  if (Math.abs(right - skew.value) < minute) return
  skew.value = right
  turn()
}

/** "11-22 17:30", with the year where it is not this one. */
export function moment(ms: number, at = now.value): string {
  const p = parts(ms)
  return `${p.y === parts(at).y ? '' : p.y + '-'}${p.m}-${p.d} ${p.hm}`
}

/** "13:05" and "13:05:09", of a day that is known. */
export const minuteOf = (ms: number): string => parts(ms).hm
export const second = (ms: number): string => `${parts(ms).hm}:${two(new Date(ms).getUTCSeconds())}`
/** "11月22日 周日". */
export const day = (ms: number): string => t('wall.day', { m: Number(parts(ms).m), d: Number(parts(ms).d), w: weekday(ms) })

/** "周日" or "Sun". */
export const weekday = (ms: number): string => t(`weekday.${parts(ms).w}` as Key)

/** "2026-11-22" and "2026-11-22T17:30", as date and datetime fields hold them. */
export const isoDate = (ms: number): string => `${parts(ms).y}-${parts(ms).m}-${parts(ms).d}`
export const isoMoment = (ms: number): string => `${isoDate(ms)}T${parts(ms).hm}`

/** A length of time in its largest fitting unit: "35 分钟", "6 小时", "3 天". Rounded down. */
export function span(ms: number): string {
  if (ms < hour) return t('time.minutes', { n: Math.max(1, Math.floor(ms / minute)) })
  if (ms < 2 * oneDay) return t('time.hours', { n: Math.floor(ms / hour) })
  return t('time.days', { n: Math.floor(ms / oneDay) })
}

export type Urgency = 'late' | 'soon' | 'calm'

/** How a deadline stands: over, within four hours, or further off. */
export const urgency = (due: number, at = now.value): Urgency => (due <= at ? 'late' : due - at < 4 * hour ? 'soon' : 'calm')

/** "剩 6 小时" or "超 3 天". */
export function left(due: number, at = now.value): string {
  return due <= at ? t('time.over', { span: span(at - due) }) : t('time.left', { span: span(due - at) })
}

/** "3月11日（周三）17:30", as one would say it to somebody. */
export function inWords(ms: number): string {
  const p = parts(ms)
  return t('inlet.day', { m: Number(p.m), d: Number(p.d), w: weekday(ms), hm: p.hm })
}
