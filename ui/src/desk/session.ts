// Who is at the desk, and what happens when the session ends in the middle of something.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import * as api from '@/api/client'
import { hooks, Problem } from '@/api/request'
import type { Me } from '@/api/types'
import { useDrafts } from './drafts'

export const useSession = defineStore('session', () => {
  const me = ref<Me>()
  const post = computed(() => me.value?.posts[0])
  const has = (role: string) => !!me.value?.posts.some(p => p.role === role && !p.for)
  /** gives posts, locks and resets */
  const security = computed(() => has('admin.security'))
  /** makes accounts and ends them */
  const system = computed(() => has('admin.system'))
  /** reads the audit log and verifies it */
  const audit = computed(() => has('admin.audit'))
  /** holds a post that works on cases; administrators alone do not */
  const works = computed(() => !me.value?.posts.length || me.value.posts.some(p => !p.role.startsWith('admin.')))
  /** nothing else has to be done first, and there is something to do */
  const ready = computed(() => !!me.value && !me.value.must?.length && !me.value.lapsed)
  /** set while somebody has to log in again before the work in hand can go on */
  const ended = ref<{ back: () => void; gone: (e: unknown) => void }>()
  let waiting: Promise<void> | undefined

  hooks.signInAgain = () => {
    if (!me.value) return Promise.reject(new Problem(401, 'session.none', '', [], {}))
    waiting ??= new Promise<void>((back, gone) => (ended.value = { back, gone })).finally(() => {
      ended.value = undefined
      waiting = undefined
    })
    return waiting
  }

  /** Asks who is logged in; false when nobody is. Throws when the server cannot say. */
  async function recall(): Promise<boolean> {
    try {
      me.value = await api.me()
      useDrafts().belong(me.value.person.id)
      return true
    } catch (e) {
      if (e instanceof Problem && e.status === 401) return false
      throw e
    }
  }

  /**
   * Logs in. After an ended session the same person goes on where the work stopped; for
   * another person everything typed by the first is thrown away.
   */
  const signIn = (login: string, password: string, code?: string) => enter(() => api.signIn(login, password, code))
  const signInByPin = (pin: string) => enter(() => api.signInByPin(pin))
  const join = (held: Parameters<typeof api.join>[0], pin: string) => enter(() => api.join(held, pin))
  async function enter(way: () => Promise<Me>) {
    const before = me.value?.person.id
    await way()
    me.value = await api.me()
    useDrafts().belong(me.value.person.id)
    if (!ended.value) return
    if (me.value.person.id === before) ended.value.back()
    else location.assign('/desk/')
  }

  /** Logs out. Whoever came in through another system logs out there, too: true when the page goes there. */
  async function signOut(): Promise<boolean> {
    const to = await api.leave().catch(() => undefined) // without an answer the cookie ends by itself
    leave()
    if (to) location.assign(to)
    return !!to
  }

  function leave() {
    ended.value?.gone(new Problem(401, 'session.none', '', [], {}))
    me.value = undefined
    useDrafts().clear()
  }

  return { me, post, audit, security, system, works, ready, ended, recall, signIn, signInByPin, join, signOut, leave }
})
