// A minute of speech from the microphone. It stops by itself at sixty seconds.
import { onBeforeUnmount, ref } from 'vue'

const longest = 60

/** @param done takes the recording, @param denied is told when there is no microphone to be had */
export function useRecorder(done: (file: File) => void, denied: () => void) {
  const can = typeof MediaRecorder === 'function' && !!navigator.mediaDevices?.getUserMedia
  const recording = ref(false)
  const left = ref(longest)
  let recorder: MediaRecorder | undefined
  let timer = 0

  async function start() {
    let stream: MediaStream
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    } catch {
      return denied()
    }
    const parts: Blob[] = []
    recorder = new MediaRecorder(stream, { audioBitsPerSecond: 32_000 })
    recorder.ondataavailable = e => parts.push(e.data)
    recorder.onstop = () => {
      clearInterval(timer)
      recording.value = false
      stream.getTracks().forEach(track => track.stop())
      const type = recorder?.mimeType || 'audio/webm'
      done(new File(parts, 'recording.' + (/mp4|aac/.test(type) ? 'm4a' : /ogg/.test(type) ? 'ogg' : 'webm'), { type }))
    }
    left.value = longest
    recording.value = true
    recorder.start()
    timer = window.setInterval(() => --left.value <= 0 && stop(), 1000)
  }
  function stop() {
    if (recorder?.state === 'recording') recorder.stop()
  }
  onBeforeUnmount(() => {
    clearInterval(timer)
    stop()
  })
  return { can, recording, left, start, stop }
}
