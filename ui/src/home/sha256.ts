// SHA-256 (FIPS 180-4) of short ASCII texts, and the work that a challenge in words asks for.
// crypto.subtle is not there on plain http, where many a county's server stands.
const k = new Uint32Array(64)
const first = new Uint32Array(8)
{
  const fraction = (x: number) => ((x - Math.floor(x)) * 2 ** 32) >>> 0
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (!prime) continue
    if (found < 8) first[found] = fraction(Math.sqrt(n))
    k[found++] = fraction(Math.cbrt(n))
  }
}

const w = new Uint32Array(64)

export function sha256(text: string): Uint32Array {
  const blocks = ((text.length + 8) >> 6) + 1
  const words = new Uint32Array(blocks * 16)
  for (let i = 0; i < text.length; i++) words[i >> 2]! |= text.charCodeAt(i) << (24 - 8 * (i & 3))
  words[text.length >> 2]! |= 0x80 << (24 - 8 * (text.length & 3))
  words[words.length - 1] = text.length * 8
  const h = first.slice()
  for (let at = 0; at < words.length; at += 16) block(h, words, at)
  return h
}

function block(h: Uint32Array, words: Uint32Array, at: number) {
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      w[i] = words[at + i]!
      continue
    }
    const x = w[i - 15]!, y = w[i - 2]!
    w[i] = w[i - 16]! + w[i - 7]! + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))
  }
  let [a, b, c, d, e, f, g, z] = h as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const t1 = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    z = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  for (const [i, x] of [a, b, c, d, e, f, g, z].entries()) h[i]! += x
}

const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n))

/** Finds what makes the hash of token, a colon and it begin with so many zero bits. The page stays usable meanwhile; when nobody wants it any more, it gives up with nothing. */
export async function work(token: string, bits: number, wanted: () => boolean): Promise<string> {
  for (let n = 0; ; n++) {
    if (Math.clz32(sha256(token + ':' + n)[0]!) >= bits) return String(n)
    if (n % 1000 !== 999) continue
    await new Promise(next => setTimeout(next))
    if (!wanted()) return ''
  }
}
