// What can be said before asking the server, which checks everything again and decides.
import type { Field, Values, Wrong } from '@/api/types'
import { t } from '@/words'

/** What is wrong, by place: "phone", "rows.1.amount". Empty when all seems well. */
export type Errors = Record<string, string>

export function empty(v: unknown): boolean {
  if (v === undefined || v === null) return true
  if (typeof v === 'string') return v.trim() === ''
  return Array.isArray(v) && v.length === 0
}

/** Tells whether the values of the field are lists. */
export const isList = (f: Field): boolean => f.many ?? false

const numbers = (v: unknown): v is [number, number] => Array.isArray(v) && v.length === 2 && v.every(n => typeof n === 'number' && Number.isFinite(n))
const phone = /^(1[3-9]\d{9}|0(10|2[0-57-9]|[3-9][1-9]\d)[2-9]\d{6,7}|[1-9]\d{2,4}|[48]00\d{7})$/
const bare = (s: string) => s.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}()]/gu, '').replace(/^(\+|00)86(?=1\d{10}$|0)/, '').replace(/^(\+|00)86/, '0')

function one(f: Field, v: unknown): string | undefined {
  if (isList(f)) {
    const n = (v as unknown[]).length
    if (f.at_most !== undefined && n > f.at_most) return t('form.too_many', { most: f.at_most })
    if (f.at_least !== undefined && n < f.at_least) return t('form.too_few', { least: f.at_least })
    return undefined
  }
  switch (f.type) {
    case 'text': case 'long_text':
      return f.at_most !== undefined && [...String(v)].length > f.at_most ? t('form.too_long', { most: f.at_most }) : undefined
    case 'number': case 'money':
      if (typeof v !== 'number') return t('form.number')
      if (f.type === 'money' && Math.round(v * 100) / 100 !== v) return t('form.money')
      if (f.at_most !== undefined && v > f.at_most) return t('form.too_great', { most: f.at_most })
      return f.at_least !== undefined && v < f.at_least ? t('form.too_small', { least: f.at_least }) : undefined
    case 'phone':
      return phone.test(bare(String(v))) ? undefined : t('form.phone')
    case 'point':
      return numbers(v) && Math.abs(v[0]) <= 180 && Math.abs(v[1]) <= 90 ? undefined : t('form.point')
    case 'polygon':
      return Array.isArray(v) ? undefined : t('form.polygon')
  }
  return undefined
}

export function check(fields: Field[], values: Values, at = ''): Errors {
  const errors: Errors = {}
  for (const f of fields) {
    const v = values[f.name]
    if (empty(v)) {
      if (f.required) errors[at + f.name] = t('form.required')
      continue
    }
    const wrong = one(f, v)
    if (wrong) errors[at + f.name] = wrong
    if (f.type === 'list' && f.rows) (v as Values[]).forEach((row, i) => Object.assign(errors, check(f.rows!, row, `${at}${f.name}.${i}.`)))
  }
  return errors
}

/** Values as they are sent: without the fields that say nothing. */
export const filled = (values: Values): Values => Object.fromEntries(Object.entries(values).filter(([, v]) => !empty(v)))

/**
 * Sorts what the server found wrong into places of this form and all else. The server's
 * paths begin with where the values lie in the body (body.values.phone, fields.phone).
 */
export function placed(wrongs: Wrong[], fields: Field[]): { errors: Errors; rest: string[] } {
  const errors: Errors = {}
  const rest: string[] = []
  for (const w of wrongs) {
    const says = w.detail || w.code
    const path = (w.path ?? '').replace(/^body\./, '').replace(/^(values|fields)\./, '')
    if (fields.some(f => path === f.name || path.startsWith(f.name + '.'))) errors[path] = says
    else rest.push(says)
  }
  return { errors, rest }
}
