// The pages of this face, by path below /field/. A router would weigh as much as the outbox.
import { nextTick, ref } from 'vue'

export const pages = ['', 'list', 'report', 'case', 'outbox', 'map', 'me', 'join', 'search', 'notes', 'points', 'code', 'goods', 'offers', 'person'] as const
export type Page = (typeof pages)[number]
export interface Place { page: Page; id: string }

function here(): Place {
  const [name = '', id = ''] = location.pathname.replace(/^\/field\/?/, '').split('/')
  return { page: pages.includes(name as Page) ? (name as Page) : '', id: decodeURIComponent(id) }
}

export const place = ref<Place>(here())
export const addressOf = (page: Page, id = '') => '/field/' + page + (id && '/' + encodeURIComponent(id))

/** Goes to a page and tells the screen reader so: its heading takes the focus. */
export async function go(page: Page, id = '') {
  const to = addressOf(page, id)
  if (to !== location.pathname) history.pushState({ inside: true }, '', to)
  place.value = { page, id }
  await nextTick()
  scrollTo(0, 0)
  document.querySelector<HTMLElement>('#content h1')?.focus()
}

/** Goes back where somebody came from, or to the start where they came from outside. */
export function back() {
  if ((history.state as { inside?: boolean } | null)?.inside) history.back()
  else void go('')
}

if (typeof addEventListener === 'function') addEventListener('popstate', () => (place.value = here()))
