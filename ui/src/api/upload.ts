// A large file sent in parts (tus 1.0.0): what was cut goes on where it stopped, also after the
// page was loaded anew. Small ones go at once.
import { reportFile, upload } from './client'
import { newKey, Problem, request, sent, Unreachable, type Ask } from './request'
import type { UploadedFile } from './types'

const small = 1 << 20
const part = 1 << 20
const guests = 256 << 10 // what a telephone in the hills sends within half a minute
const patience = [1, 2, 4, 8, 15, 15, 15, 30, 30, 60] // seconds between two tries without an answer

/** by what the same file is known again, in this browser */
const keyOf = (file: File) => `upload/${file.name}/${file.size}/${file.lastModified}`
const wait = (seconds: number) => new Promise(done => setTimeout(done, seconds * 1000))
const tus = { 'Tus-Resumable': '1.0.0' }

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

/** where uploads go, and as whose */
interface Door extends Ask { path: string; part: number }
const own: Door = { path: '/uploads', part }

async function begin(door: Door, file: File): Promise<string> {
  const answer = await sent('POST', door.path, { ...door, headers: { ...tus, 'Upload-Length': String(file.size), 'Upload-Metadata': `filename ${base64(file.name)}` } })
  return (answer.headers.get('Location') ?? '').split('/').pop() ?? ''
}
/** storage may be full or forbidden: then an upload only goes on within this page */
function keep(key: string, id?: string) {
  try {
    if (id) localStorage.setItem(key, id)
    else localStorage.removeItem(key)
  } catch { /* see above */ }
}
function kept(key: string) {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}
const arrived = async (door: Door, id: string) => Number((await sent('HEAD', `${door.path}/${id}`, { ...door, headers: tus })).headers.get('Upload-Offset'))

/**
 * @param told how much has arrived, from 0 to 1
 * @param key by what whoever tries again later knows this file: then a lost line is theirs to wait for
 */
export async function sendFile(file: File, told: (share: number) => void, key?: string): Promise<UploadedFile> {
  if (file.size <= small) return upload(file, key ?? newKey())
  const name = key ? `upload/${key}` : keyOf(file)
  return sendParts(own, file, told, { get: () => kept(name), set: id => keep(name, id), once: !!key })
}

/** A file of a report, with an account or without; what was cut goes on within the page. */
export async function sendReportFile(file: File, report: string, query: { jurisdiction: string }, told: (share: number) => void): Promise<UploadedFile> {
  if (file.size <= guests) return reportFile(file, report, query)
  let id = ''
  return sendParts({ path: '/intake/uploads', part: guests, key: report, query, bare: true }, file, told, { get: () => id, set: to => (id = to ?? ''), once: false })
}

interface Known { get: () => string; set: (id?: string) => void; once: boolean }

async function sendParts(door: Door, file: File, told: (share: number) => void, known: Known): Promise<UploadedFile> {
  for (let lost = 0; ; ) {
    try {
      let at = known.get() ? await arrived(door, known.get()).catch(gone) : -1
      if (at < 0) {
        known.set(await begin(door, file))
        at = 0
      }
      told(at / file.size)
      while (at < file.size) {
        const answer = await sent('PATCH', `${door.path}/${known.get()}`, { ...door, headers: { ...tus, 'Upload-Offset': String(at), 'Content-Type': 'application/offset+octet-stream' }, raw: file.slice(at, at + door.part) })
        at = Number(answer.headers.get('Upload-Offset'))
        lost = 0
        told(at / file.size)
      }
      const made = await request<UploadedFile>('POST', `${door.path}/${known.get()}/file`, { ...door, body: {} })
      known.set()
      return made
    } catch (e) {
      const again = e instanceof Unreachable || (e instanceof Problem && (e.status === 409 || e.status === 423 || e.status >= 500))
      if (!again) known.set()
      if (!again || known.once || lost >= patience.length) throw e
      await wait(patience[lost++]!)
    }
  }
}

/** an upload that is not there any more begins anew */
function gone(e: unknown): number {
  if (e instanceof Problem && e.status === 404) return -1
  throw e
}
