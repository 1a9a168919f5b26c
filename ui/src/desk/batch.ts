// Several cases in one go: one act for each, with a key and a result of its own. Only what all of
// them offer in the same form is done so; a case that fails stops none of the others.
import * as api from '@/api/client'
import { newKey, Problem, refused } from '@/api/request'
import type { CaseRow, CaseView, Field, Offer, Values } from '@/api/types'
import { because } from '@/kit/because'

export type Item = {
  row: CaseRow
  view: CaseView
  key: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'unknown'
  why?: string
  /** of an act for which each is looked at: opened, answered for itself, and meant */
  looked: boolean
  ticked: boolean
  values: Values
}

/** Reads the cases, a few at a time; what cannot be read is left out. */
export async function read(rows: CaseRow[], step: (i: number) => void): Promise<Item[]> {
  const items: (Item | undefined)[] = []
  let next = 0
  let read = 0
  async function work() {
    while (next < rows.length) {
      const i = next++
      const view = await api.caseView(rows[i]!.id).catch(() => undefined)
      items[i] = view && { row: rows[i]!, view, key: newKey(), state: 'waiting', looked: false, ticked: false, values: {} }
      step(++read)
    }
  }
  await Promise.all([work(), work(), work()])
  return items.filter((x): x is Item => !!x)
}

const asked = (f: Field) => [f.name, f.type, f.required, f.many, f.at_least, f.at_most, f.register, f.options?.map(o => o.value), f.rows?.map(r => r.name)]
/** two offers are the same act when pack, action and every question agree */
const shape = (view: CaseView, o: Offer) => JSON.stringify([view.case.class.split('/')[0], o.action, o.asks.map(asked), o.also.map(asked)])

/** what every case offers, in the same form, and what may be done in one go at all */
export function common(items: Item[]): Offer[] {
  const [first, ...rest] = items
  if (!first) return []
  const may = (view: CaseView, o: Offer) => o.batch && !o.unmet.length && shape(view, o)
  return first.view.can.filter(o => {
    const mine = may(first.view, o)
    return mine && rest.every(i => i.view.can.some(x => may(i.view, x) === mine))
  })
}

/** what a case offers by the name of an act */
export const offerOf = (item: Item, action: string) => item.view.can.find(o => o.action === action)

/** The act on one case: what it came to stands in the item. The key stays the same until the server has surely not done it. */
export async function act(item: Item, action: string, values: Record<string, unknown>, note?: string) {
  const again = item.state === 'failed'
  item.state = 'running'
  item.why = undefined
  try {
    if (again) item.view = await api.caseView(item.row.id) // who tries again has read why it failed
    await api.move(item.row.id, { action, version: item.view.case.version, values, note }, item.key)
    item.state = 'done'
  } catch (e) {
    const away = !(e instanceof Problem)
    item.state = away ? 'unknown' : 'failed'
    item.why = away ? undefined : because(e)
    if (refused(e)) item.key = newKey()
  }
}
