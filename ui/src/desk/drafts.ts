// What has been typed and not yet taken by the server. Kept in memory only: it may hold
// personal data, and the machine may be shared.
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { newKey } from '@/api/request'
import type { Values } from '@/api/types'

export interface Draft {
  values: Values
  text: string
  /** idempotency key: the same for every try until the server has surely refused one */
  key: string
}

export const useDrafts = defineStore('drafts', () => {
  const drafts = reactive(new Map<string, Draft>())
  function of(name: string): Draft {
    if (!drafts.has(name)) drafts.set(name, { values: {}, text: '', key: newKey() })
    return drafts.get(name)!
  }
  return { of, done: (name: string) => void drafts.delete(name), clear: () => drafts.clear() }
})
