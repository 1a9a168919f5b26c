// Who holds this telephone. Without a network it is who held it last: the server decides anew as
// soon as it is there.
import { computed, ref } from 'vue'
import * as api from '@/api/client'
import { Problem, Unreachable } from '@/api/request'
import type { Me } from '@/api/types'
import type { Ways } from '@/door/ways'
import { forget } from './known'
import * as store from './store'

export const me = ref<Me>()
/** asked: not yet known; in: the server said so; last: who was here last; out: nobody */
export const standing = ref<'asked' | 'in' | 'last' | 'out'>('asked')
/** the session has ended while somebody is at work: nothing is sent until they are back */
export const ended = ref(false)
export const signing = ref(false)

const lastMe = 'me'
export const post = computed(() => me.value?.posts[0])
export const ready = computed(() => !me.value?.must?.length && !me.value?.lapsed)
/** the one place where everything that this person reports lies, when there is one */
export const ownArea = computed(() => {
  const lowest = [...(me.value?.posts ?? [])].filter(p => p.area && !p.for).sort((a, b) => b.area!.level - a.area!.level)[0]?.area
  return lowest && lowest.level >= 5 ? lowest : undefined
})

export async function recall(): Promise<void> {
  try {
    await enter(await api.me())
  } catch (e) {
    const before = (await store.get('known', lastMe).catch(() => undefined))?.value as Me | undefined
    if (e instanceof Problem && e.status === 401) {
      ended.value = !!before
      me.value = before
      standing.value = before ? 'last' : 'out'
    } else if (e instanceof Unreachable || (e instanceof Problem && e.status >= 500)) {
      me.value = before
      standing.value = before ? 'last' : 'out'
    } else throw e
  }
}

async function enter(who: Me) {
  const before = (await store.get('known', lastMe).catch(() => undefined))?.value as Me | undefined
  if (before && before.person.id !== who.person.id) await forget()
  me.value = who
  standing.value = 'in'
  ended.value = signing.value = false
  await store.put('known', { key: lastMe, at: Date.now(), value: JSON.parse(JSON.stringify(who)) }).catch(() => undefined)
}

const through = (way: Promise<unknown>) => way.then(() => api.me()).then(enter)
export const door: Ways = {
  signIn: (login, password, code) => through(api.signIn(login, password, code)),
  signInByPin: pin => through(api.signInByPin(pin)),
  join: (held, pin) => through(api.join(held, pin)),
}

export async function leave(): Promise<void> {
  const to = await api.leave().catch(() => undefined) // without an answer the cookie ends by itself
  await forget()
  me.value = undefined
  standing.value = 'out'
  ended.value = false
  if (to) location.assign(to)
}
