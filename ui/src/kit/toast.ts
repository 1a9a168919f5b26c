// Short messages that go away by themselves; read aloud politely.
import { ref } from 'vue'

export const toasts = ref<{ id: number; text: string }[]>([])
let last = 0

export function toast(text: string) {
  const id = ++last
  toasts.value.push({ id, text })
  setTimeout(() => (toasts.value = toasts.value.filter(x => x.id !== id)), 5000)
}
