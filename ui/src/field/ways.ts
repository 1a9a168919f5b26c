// The ways to write something down that this telephone's user takes most come first; where there
// are many, the others wait behind "more".
import type { CaseClass } from '@/api/types'

const key = 'gezhi.ways'
/** how many are shown at once, where not all are */
export const few = 4

function counts(): Record<string, number> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(key) ?? '{}')
    return read && typeof read === 'object' ? (read as Record<string, number>) : {}
  } catch {
    return {}
  }
}

export function taken(id: string): void {
  const n = counts()
  try {
    localStorage.setItem(key, JSON.stringify({ ...n, [id]: (n[id] ?? 0) + 1 }))
  } catch { /* no room: the order stays as it is */ }
}

/** Those taken most first, otherwise in the order given. */
export function byUse(all: CaseClass[]): CaseClass[] {
  const n = counts()
  return [...all].sort((a, b) => (n[b.id] ?? 0) - (n[a.id] ?? 0))
}
