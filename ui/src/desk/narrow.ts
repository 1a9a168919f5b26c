// Whether the screen is a phone's, where a row is one block instead of columns.
import { onBeforeUnmount, ref } from 'vue'

export function useNarrow() {
  const media = matchMedia('(max-width: 720px)')
  const narrow = ref(media.matches)
  const change = () => (narrow.value = media.matches)
  media.addEventListener('change', change)
  onBeforeUnmount(() => media.removeEventListener('change', change))
  return narrow
}
