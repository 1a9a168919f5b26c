// What I was told and what I am to see to besides: the count in the rail.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import * as api from '@/api/client'
import type { Unread } from '@/api/types'

export const useTold = defineStore('told', () => {
  const mine = ref<Unread>({ count: 0, more: false, clerk: false, operator: false })
  async function look() {
    try {
      mine.value = await api.unread()
    } catch {
      // the old count stays; the mark in the top bar says that we are cut off
    }
  }
  return { mine, look }
})
