// A polygon's outer ring as text, one "longitude, latitude" a line.
type Position = [number, number]

/** The closed ring, or undefined when a line is no position or there are fewer than three corners. */
export function parseRing(text: string): Position[] | undefined {
  const ring: Position[] = []
  for (const line of text.normalize('NFKC').split('\n')) {
    if (line.trim() === '') continue
    const n = line.trim().split(/[,\s]+/).map(Number)
    if (n.length !== 2 || !n.every(Number.isFinite) || Math.abs(n[0]!) > 180 || Math.abs(n[1]!) > 90) return undefined
    ring.push(n as Position)
  }
  const [first, last] = [ring[0], ring[ring.length - 1]]
  if (first && last && (first[0] !== last[0] || first[1] !== last[1])) ring.push([...first])
  return ring.length >= 4 ? ring : undefined
}

export function writeRing(v: unknown): string {
  const ring = Array.isArray(v) && Array.isArray(v[0]) ? (v[0] as Position[]) : []
  return ring.slice(0, -1).map(p => p.join(', ')).join('\n')
}
