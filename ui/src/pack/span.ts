// Lengths of time as packs write them: "30m", "4 working hours", "3 working days", "2 weeks".
export const spanUnits = ['minutes', 'working_hours', 'working_days', 'days', 'weeks', 'months'] as const
export type SpanUnit = (typeof spanUnits)[number]

export function parseSpan(v: unknown): { n: string; unit: SpanUnit } {
  const [, n = '', word = ''] = /^\s*(\d*)\s*([a-z ]*)$/.exec(String(v ?? '')) ?? []
  const unit = word === 'm' ? 'minutes' : (word.trim().replace(/s?$/, 's').replace(' ', '_') as SpanUnit)
  return { n, unit: spanUnits.includes(unit) ? unit : 'working_days' }
}

/** The span as it is sent; undefined while there is no number. */
export function writeSpan(n: string, unit: SpanUnit): string | undefined {
  const digits = n.normalize('NFKC').replace(/\D/g, '')
  if (digits === '' || Number(digits) === 0) return undefined
  if (unit === 'minutes') return `${Number(digits)}m`
  const words = unit.replace('_', ' ')
  return `${Number(digits)} ${Number(digits) === 1 ? words.slice(0, -1) : words}`
}
