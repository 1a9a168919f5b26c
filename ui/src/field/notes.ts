// How many messages wait to be read, for the bell. Without a network the last count stays.
import { ref } from 'vue'
import * as api from '@/api/client'

export const unread = ref({ count: 0, more: false })
export async function lookAtNotes(): Promise<void> {
  const got = await api.unread().catch(() => undefined)
  if (got) unread.value = got
}
