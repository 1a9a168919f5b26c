// What this person has to do, as last known: the lists and the cases behind them, so that they can
// be opened, and acted on, where there is no network.
import { ref } from 'vue'
import * as api from '@/api/client'
import type { CaseClass, CaseRow, CaseView } from '@/api/types'
import { because } from '@/kit/because'
import { known, last, type Last } from './known'

export const tasks = ref<Last<CaseRow[]>>()
export const classes = ref<CaseClass[]>([])
export const why = ref('')
/** cases whose whole view is kept beforehand */
const ahead = 30

const mineQuery = { queue: 'mine', tasks: true, limit: 100 } as const
export const readTasks = () => known('tasks', () => api.cases(mineQuery).then(r => r.cases))
export const readCase = (id: string) => known('case/' + id, () => api.caseView(id))

let going: Promise<void> | undefined
/** Reads anew what the start page shows, and keeps what lies behind it. */
export function refresh(): Promise<void> {
  going ??= (async () => {
    why.value = ''
    try {
      tasks.value = await readTasks()
      classes.value = (await known('classes', api.classesToOpen)).value
      if (!tasks.value.old) await keepAhead(tasks.value.value)
    } catch (e) {
      why.value = because(e)
    }
  })().finally(() => (going = undefined))
  return going
}

async function keepAhead(rows: CaseRow[]) {
  for (const row of rows.slice(0, ahead)) {
    const kept = await last<CaseView>('case/' + row.id)
    if (kept?.value.case.version !== row.version) await readCase(row.id).catch(() => undefined) // gone meanwhile: the list will say so
  }
  await known('outlines', api.outlines).catch(() => undefined)
}
