// Who has logged in for this wall. When the session ends, what was last known stays, with the time,
// until somebody logs in again.
import { computed, ref } from 'vue'
import * as api from '@/api/client'
import { Problem } from '@/api/request'
import type { Me } from '@/api/types'
import type { Ways } from '@/door/ways'

export const me = ref<Me>()
/** asked: not yet known; away: the server does not answer; out: nobody */
export const standing = ref<'asked' | 'in' | 'away' | 'out'>('asked')
/** since when the session has been over, ms */
export const endedAt = ref<number>()
/** holds a post whose work can be counted, and nothing has to be done first */
export const ready = computed(() => !me.value?.must?.length && !me.value?.lapsed)

export async function recall(): Promise<void> {
  try {
    enter(await api.me())
  } catch (e) {
    standing.value = e instanceof Problem && e.status === 401 ? 'out' : 'away'
  }
}

function enter(who: Me) {
  if (me.value && me.value.person.id !== who.person.id) return location.reload()
  me.value = who
  standing.value = 'in'
  endedAt.value = undefined
}

const through = (way: Promise<unknown>) => way.then(() => api.me()).then(enter)
export const door: Ways = {
  signIn: (login, password, code) => through(api.signIn(login, password, code)),
  signInByPin: pin => through(api.signInByPin(pin)),
  join: (held, pin) => through(api.join(held, pin)),
}

export async function leave(): Promise<void> {
  const to = await api.leave().catch(() => undefined) // without an answer the cookie ends by itself
  location.assign(to || '/wall/')
}
