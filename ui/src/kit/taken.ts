// Where and when a photo was taken, as its camera wrote it (EXIF 2.32, in a JPEG). It is read on
// this device before the photo is made smaller, which leaves it out: a hint for who reports, and
// for nobody else until they say yes to it.
export interface Taken {
  point?: { lon: number; lat: number }
  at?: number // ms
}

const looked = 256 << 10 // bytes: cameras write it first of all
const china = 8 * 3_600_000

/** Nothing is said of what cannot be read. */
export async function taken(file: Blob): Promise<Taken> {
  try {
    return read(new DataView(await new Response(file.slice(0, looked)).arrayBuffer()))
  } catch {
    return {} // a DataView refuses to read beyond its end
  }
}

function read(b: DataView): Taken {
  if (b.getUint16(0) !== 0xffd8) return {}
  for (let at = 2; b.getUint8(at) === 0xff; at += 2 + b.getUint16(at + 2)) {
    const marker = b.getUint8(at + 1)
    if (marker === 0xda) break
    if (marker === 0xe1 && b.getUint32(at + 4) === 0x45786966) return tiff(new DataView(b.buffer, at + 10)) // "Exif"
  }
  return {}
}

type Entry = { type: number; count: number; at: number }

function tiff(b: DataView): Taken {
  const little = b.getUint16(0) === 0x4949
  const short = (at: number) => b.getUint16(at, little)
  const long = (at: number) => b.getUint32(at, little)
  const entries = (at: number) => {
    const out = new Map<number, Entry>()
    for (let i = 0; i < Math.min(short(at), 200); i++) {
      const e = at + 2 + 12 * i
      out.set(short(e), { type: short(e + 2), count: long(e + 4), at: e + 8 })
    }
    return out
  }
  const words = (e?: Entry) => {
    if (!e || e.type !== 2 || e.count > 64) return ''
    const from = e.count > 4 ? long(e.at) : e.at
    return Array.from({ length: e.count }, (_, i) => String.fromCharCode(b.getUint8(from + i))).join('').replace(/\0.*$/, '')
  }
  /** degrees, minutes, seconds */
  const degrees = (e?: Entry) => {
    if (!e || e.type !== 5 || e.count !== 3) return NaN
    return [0, 1, 2].reduce((sum, i) => sum + long(long(e.at) + 8 * i) / long(long(e.at) + 8 * i + 4) / 60 ** i, 0)
  }
  const first = entries(long(4))
  const inner = (tag: number) => (first.has(tag) ? entries(long(first.get(tag)!.at)) : new Map<number, Entry>())
  const gps = inner(0x8825)
  const exif = inner(0x8769)
  const out: Taken = {}
  const round = (x: number) => Math.round(x * 1e6) / 1e6
  const lat = round(degrees(gps.get(2)) * (words(gps.get(1)) === 'S' ? -1 : 1))
  const lon = round(degrees(gps.get(4)) * (words(gps.get(3)) === 'W' ? -1 : 1))
  if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat || lon)) out.point = { lon, lat }
  const at = moment(words(exif.get(0x9003)), words(exif.get(0x9011)))
  if (at) out.at = at
  return out
}

/** "2026:03:02 09:30:00" and "+08:00"; without a zone it is China Standard Time */
function moment(text: string, zone: string): number {
  const m = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text)
  if (!m) return 0
  const [y, mo, d, h, mi, s] = m.slice(1).map(Number) as [number, number, number, number, number, number]
  const z = /^([+-])(\d\d):(\d\d)$/.exec(zone)
  const ahead = z ? (z[1] === '-' ? -1 : 1) * (Number(z[2]) * 60 + Number(z[3])) * 60_000 : china
  return Date.UTC(y, mo - 1, d, h, mi, s) - ahead
}

/** whether a moment is one at which something that is reported now may have happened */
export const plausible = (at: number, now: number): boolean => at <= now && now - at < 30 * 86_400_000
