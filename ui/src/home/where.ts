// The few pages of this face, by path below /home/. A router would weigh as much as the face.
import { nextTick, ref } from 'vue'

export type Page = '' | 'report' | 'done' | 'follow' | 'mine' | 'near'
const pages: Page[] = ['', 'report', 'done', 'follow', 'mine', 'near']

function here(): Page {
  const name = location.pathname.replace(/^\/home\/?/, '').replace(/\/$/, '') as Page
  return pages.includes(name) ? name : ''
}

export const page = ref<Page>(here())
/** division code of the jurisdiction, as a poster's address says it; '' is the only one there is */
export const jurisdiction = new URLSearchParams(location.search).get('j') ?? ''

/** Goes to a page and tells the screen reader so: its heading takes the focus. */
export async function go(to: Page) {
  if (to !== page.value) history.pushState(null, '', '/home/' + to + location.search)
  page.value = to
  await nextTick()
  scrollTo(0, 0)
  document.querySelector<HTMLElement>('h1')?.focus()
}

addEventListener('popstate', () => (page.value = here()))
