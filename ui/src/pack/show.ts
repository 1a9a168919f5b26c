// A value of a field as people read it. What only the server can name (options, people,
// units, areas) it sends named.
import { t } from '@/words'
import { moment } from '@/words/time'

const flat = (v: unknown): string => (v && typeof v === 'object' ? Object.values(v).map(flat).join(' · ') : typeof v === 'boolean' ? yesNo(v) : String(v ?? ''))
const yesNo = (v: boolean) => t(v ? 'yes' : 'no')

/** the types of fields that hold files */
export const files = ['photo', 'file', 'audio', 'signature']

export function show(type: string | undefined, value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  if (type === 'money' && typeof value === 'number') return t('form.yuan', { n: value.toLocaleString('en-US', { maximumFractionDigits: 2 }) })
  if (type === 'datetime' && typeof value === 'number') return moment(value)
  if (type === 'datetime' && !Number.isNaN(Date.parse(String(value)))) return moment(Date.parse(String(value)))
  if (type === 'point' && Array.isArray(value)) return value.join(', ')
  if (type === 'polygon') return t('form.area_drawn')
  if (type && files.includes(type)) return t('evidence.count', { n: Array.isArray(value) ? value.length : 1 })
  if (Array.isArray(value)) return value.map(flat).join('、') || '—'
  return flat(value)
}
