// How the wall looks in this room: dark, or light where the room is bright. Kept on the device.
import { ref } from 'vue'

const store = 'gezhi.wall.light'
const remembered = () => {
  try {
    return localStorage.getItem(store) === '1'
  } catch {
    return false // storage may be forbidden
  }
}
export const light = ref(remembered())

export function setLight(on: boolean) {
  light.value = on
  document.documentElement.classList.toggle('light', on)
  document.documentElement.classList.toggle('dark', !on)
  try {
    localStorage.setItem(store, on ? '1' : '0')
  } catch {
    // then it lasts as long as the page
  }
}

/** Fills the whole screen, or gives it back. */
export async function fill() {
  try {
    if (document.fullscreenElement) await document.exitFullscreen()
    else await document.documentElement.requestFullscreen()
  } catch {
    // the browser does not allow it; its own key is left
  }
}
