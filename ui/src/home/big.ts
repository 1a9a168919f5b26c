// Big type (适老化): one switch on every page, remembered on this device.
import { ref } from 'vue'

const store = 'gezhi.big'

function remembered(): boolean {
  try {
    return localStorage.getItem(store) === '1'
  } catch {
    return false // storage may be forbidden
  }
}

export const big = ref(remembered())

export function speakBig(on: boolean) {
  big.value = on
  document.documentElement.classList.toggle('big', on)
  try {
    localStorage.setItem(store, on ? '1' : '0')
  } catch {
    // then it lasts as long as the page
  }
}
