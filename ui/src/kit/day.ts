/** A day as people write it, "2026-3-2", "2026/03/02", "20260302" or "2026年3月2日", as "2026-03-02"; undefined for what is no day. */
export function readDay(text: string): string | undefined {
  const found = /^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?$/.exec(text.trim().replace(/[０-９]/g, c => String.fromCharCode(c.charCodeAt(0) - 0xfee0)))
  if (!found || (/^\d+$/.test(text.trim()) && text.trim().length !== 8)) return undefined
  const [, y, m, d] = found.map(Number) as [number, number, number, number]
  const day = new Date(Date.UTC(y, m - 1, d))
  return y > 1900 && day.getUTCMonth() === m - 1 && day.getUTCDate() === d ? day.toISOString().slice(0, 10) : undefined
}
