// The few pages of this face, by path below /home/. A router would weigh as much as the face.
import { nextTick, ref } from 'vue'

export type Page = '' | 'report' | 'done' | 'follow' | 'mine' | 'near' | 'notices'
const pages: Page[] = ['', 'report', 'done', 'follow', 'mine', 'near', 'notices']

const parts = () => location.pathname.replace(/^\/home\/?/, '').replace(/\/$/, '').split('/').map(decodeURIComponent)
function here(): Page {
  const name = parts()[0] as Page
  return pages.includes(name) ? name : ''
}

export const page = ref<Page>(here())
/** what the path says below the page: which notice */
export const within = ref(parts().slice(1))
/** division code of the jurisdiction, as a poster's address says it; '' is the only one there is */
export const jurisdiction = new URLSearchParams(location.search).get('j') ?? ''

/** The address of a page, or of one thing on it. */
export const pathTo = (to: Page, ...rest: string[]) => '/home/' + [to, ...rest].map(encodeURIComponent).join('/') + location.search

/** Goes to a page and tells the screen reader so: its heading takes the focus. */
export async function go(to: Page, ...rest: string[]) {
  const path = pathTo(to, ...rest)
  if (path !== location.pathname + location.search) history.pushState(null, '', path)
  page.value = to
  within.value = rest
  await nextTick()
  scrollTo(0, 0)
  document.querySelector<HTMLElement>('h1')?.focus()
}

addEventListener('popstate', () => {
  page.value = here()
  within.value = parts().slice(1)
})
