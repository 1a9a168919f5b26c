// Live news from the server: which case has changed, never what it says.
import { onBeforeUnmount, onMounted, ref } from 'vue'
import { eventsAddress } from './client'

/** how the line to the server stands */
export const line = ref<'opening' | 'open' | 'cut'>('opening')
/** when it was last cut, ms; undefined while it is open */
export const cutAt = ref<number>()

/** counts what was said about my notes and the calls to make, for whoever shows them */
export const heardOf = ref(0)

const listeners = new Set<(ids: Set<string> | 'all') => void>()
let news: EventSource | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let gather: ReturnType<typeof setTimeout> | undefined
let ids = new Set<string>()
let broken = false

function tell(what: Set<string> | 'all') {
  for (const l of listeners) l(what)
}

function heard(e: MessageEvent<string>) {
  try {
    const { topic, id } = JSON.parse(e.data) as { topic?: string; id?: string }
    if (topic?.startsWith('notes/') || topic?.startsWith('calls/')) return void heardOf.value++
    if (id) ids.add(id)
  } catch {
    return // not for us
  }
  gather ??= setTimeout(() => { // a busy minute is told once, not sixty times
    const what = ids
    ids = new Set()
    gather = undefined
    tell(what)
  }, 300)
}

export function listen() {
  stop()
  news = new EventSource(eventsAddress())
  news.onopen = () => {
    line.value = 'open'
    cutAt.value = undefined
    if (broken) { // what happened meanwhile nobody will tell again
      tell('all')
      heardOf.value++
    }
    broken = false
  }
  news.onmessage = heard
  news.addEventListener('case', heard)
  news.onerror = () => {
    line.value = 'cut'
    cutAt.value ??= Date.now()
    broken = true
    if (news?.readyState === EventSource.CLOSED) retry = setTimeout(listen, 5000) // the browser gives up after an HTTP error
  }
}

export function stop() {
  news?.close()
  news = undefined
  clearTimeout(retry)
}

/** Calls f while the component lives: with the ids that changed, or "all" after a gap. */
export function onNews(f: (what: Set<string> | 'all') => void) {
  onMounted(() => listeners.add(f))
  onBeforeUnmount(() => listeners.delete(f))
}
