// What a proposal comes to, in a sentence.
import type { Proposal } from '@/api/points'
import { p } from '@/words/points'

export function told(x: Proposal, unit: string): string {
  const n = Math.abs(x.amount ?? 0)
  const taken = (x.amount ?? 0) < 0
  if (x.kind === 'budget') return p(taken ? 'desk.is_budget_back' : 'desk.is_budget', { name: x.unit_name || x.unit, year: x.year ?? 0, n, unit })
  if (x.kind === 'adjust') return p(taken ? 'desk.is_taken' : 'desk.is_given', { name: x.owner_name || x.owner || '', n, unit })
  if (x.kind === 'settle') return p('desk.is_settled', { month: x.month ?? '' })
  return p('desk.is_reversed')
}
