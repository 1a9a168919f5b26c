// Who is at the till. When the session ends, the page says so and asks to log in again.
import { ref } from 'vue'
import * as api from '@/api/client'
import { Problem } from '@/api/request'
import type { Me } from '@/api/types'
import type { Ways } from '@/door/ways'

export const me = ref<Me>()
/** asked: not yet known; away: the server does not answer; out: nobody */
export const standing = ref<'asked' | 'in' | 'away' | 'out'>('asked')

export async function recall(): Promise<void> {
  try {
    enter(await api.me())
  } catch (e) {
    standing.value = e instanceof Problem && e.status === 401 ? 'out' : 'away'
  }
}

function enter(who: Me) {
  me.value = who
  standing.value = 'in'
}

const through = (way: Promise<unknown>) => way.then(() => api.me()).then(enter)
export const door: Ways = {
  signIn: (login, password, code) => through(api.signIn(login, password, code)),
  signInByPin: pin => through(api.signInByPin(pin)),
  join: (held, pin) => through(api.join(held, pin)),
}

export async function leave(): Promise<void> {
  const to = await api.leave().catch(() => undefined) // without an answer the cookie ends by itself
  me.value = undefined
  standing.value = 'out'
  if (to) location.assign(to)
}
