// What this person has to do, as last known: the lists and the cases behind them, so that they can
// be opened, and acted on, where there is no network.
import { ref } from 'vue'
import * as api from '@/api/client'
import type { CaseClass, CaseRow, CaseView, Offer } from '@/api/types'
import { because } from '@/kit/because'
import { known, last, type Last } from './known'

export const tasks = ref<Last<CaseRow[]>>()
export const classes = ref<CaseClass[]>([])
export const why = ref('')
/** of what is on the list, what waits for somebody else: there is nothing here to do about it */
export const elsewhere = ref(new Set<string>())
/** cases whose whole view is kept beforehand */
const ahead = 30

const mineQuery = { queue: 'mine', tasks: true, limit: 100 } as const
export const readTasks = () => known('tasks', () => api.cases(mineQuery).then(r => r.cases))
export const readCase = (id: string) => known('case/' + id, () => api.caseView(id))

export const readAttendance = (id: string) => known('attendance/' + id, () => api.attendance(id))

// What one may do beside the matter's own way, whatever its pack: it is never the thing to do next.
const beside = ['comment', 'urge', 'shield', 'escalate', 'supervise', 'sponsor', 'merge', 'suspend', 'extend', 'reopen', 'return', 'reclassify']
export const blocked = (o: Offer) => o.unmet.some(u => !u.items?.length)
/** What brings the matter on, among all that may be done about it. */
export const onward = (view: CaseView) => view.can.filter(o => !blocked(o) && !beside.includes(o.action))

let going: Promise<void> | undefined
let once = false
/** Reads anew what the start page shows, and keeps what lies behind it; asked for meanwhile, once more. */
export function refresh(): Promise<void> {
  once = true
  going ??= (async () => {
    while (once) {
      once = false
      await read()
    }
  })().finally(() => (going = undefined))
  return going
}

async function read() {
  why.value = ''
  try {
    tasks.value = await readTasks()
    classes.value = (await known('classes', api.classesToOpen)).value
    if (!tasks.value.old) await keepAhead(tasks.value.value)
  } catch (e) {
    why.value = because(e)
  }
}

async function keepAhead(rows: CaseRow[]) {
  const waiting = new Set<string>()
  for (const row of rows.slice(0, ahead)) {
    const kept = await last<CaseView>('case/' + row.id)
    const now = kept?.value.case.version === row.version ? kept : await readCase(row.id).catch(() => undefined) // gone meanwhile: the list will say so
    if (now && !onward(now.value).length) waiting.add(row.id)
    if (now?.value.parts.length && kept !== now) await readAttendance(row.id).catch(() => undefined)
  }
  elsewhere.value = waiting
  await known('outlines', api.outlines).catch(() => undefined)
}
