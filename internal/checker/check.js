// The arithmetic: SHA-2 (FIPS 180-4), Ed25519 verification (RFC 8032), signed notes and Merkle
// trees (RFC 6962). All of it in whole numbers, so that it needs nothing of the browser, old
// ones included. Only public values pass through it; it need not hide how long it takes.

class Wrong extends Error {
  constructor(code, args = {}) {
    super(code)
    this.code = code
    this.args = args
  }
}

// The constants of SHA-2 are roots of primes; they are worked out, not copied.
const primes = []
for (let n = 2; primes.length < 80; n++) if (primes.every(p => n % p)) primes.push(n)
function root(value, degree) {
  let low = 0n
  let high = 1n << 80n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** degree <= value) low = middle
    else high = middle
  }
  return low
}
const word64 = (1n << 64n) - 1n
const cubes = primes.map(p => root(BigInt(p) << 192n, 3n) & word64)
const squares = primes.slice(0, 8).map(p => root(BigInt(p) << 128n, 2n) & word64)
const turns = {
  256: { width: 32n, rounds: 64, big0: [2n, 13n, 22n], big1: [6n, 11n, 25n], small0: [7n, 18n, 3n], small1: [17n, 19n, 10n] },
  512: { width: 64n, rounds: 80, big0: [28n, 34n, 39n], big1: [14n, 18n, 41n], small0: [1n, 8n, 7n], small1: [19n, 61n, 6n] },
}

function sha2(bits, data) {
  const { width, rounds, big0, big1, small0, small1 } = turns[bits]
  const mask = (1n << width) - 1n
  const cut = x => x >> (64n - width)
  const turn = (x, n) => ((x >> n) | (x << (width - n))) & mask
  const big = (x, [a, b, c]) => turn(x, a) ^ turn(x, b) ^ turn(x, c)
  const small = (x, [a, b, c]) => turn(x, a) ^ turn(x, b) ^ (x >> c)
  const block = bits / 4
  const size = Number(width) / 8
  const padded = new Uint8Array(Math.ceil((data.length + 1 + 2 * size) / block) * block)
  padded.set(data)
  padded[data.length] = 0x80
  let length = BigInt(data.length) * 8n
  for (let i = padded.length - 1; length; i--, length >>= 8n) padded[i] = Number(length & 255n)
  let h = squares.map(cut)
  for (let from = 0; from < padded.length; from += block) {
    const w = []
    for (let i = 0; i < 16; i++) w.push(number(padded.subarray(from + i * size, from + (i + 1) * size)))
    for (let i = 16; i < rounds; i++) w.push((small(w[i - 2], small1) + w[i - 7] + small(w[i - 15], small0) + w[i - 16]) & mask)
    let [a, b, c, d, e, f, g, k] = h
    for (let i = 0; i < rounds; i++) {
      const one = k + big(e, big1) + ((e & f) ^ (~e & mask & g)) + cut(cubes[i]) + w[i]
      const two = big(a, big0) + ((a & b) ^ (a & c) ^ (b & c));
      [k, g, f, e, d, c, b, a] = [g, f, e, (d + one) & mask, c, b, a, (one + two) & mask]
    }
    h = [a, b, c, d, e, f, g, k].map((x, i) => (x + h[i]) & mask)
  }
  return join(h.map(x => bytesOf(x, size)))
}

/** bytes, the highest first, as a whole number; and back */
const number = bytes => bytes.reduce((n, b) => (n << 8n) | BigInt(b), 0n)
function bytesOf(n, size) {
  const out = new Uint8Array(size)
  for (let i = size - 1; i >= 0; i--, n >>= 8n) out[i] = Number(n & 255n)
  return out
}
function join(parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i])
const utf8 = text => new TextEncoder().encode(text)
function base64(text) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) throw new Wrong('unreadable')
  return Uint8Array.from(atob(text), c => c.charCodeAt(0))
}

// The curve of Ed25519, points as X:Y:Z:T.
const field = (1n << 255n) - 19n
const order = (1n << 252n) + 27742317777372353535851937790883648493n
const within = x => ((x % field) + field) % field
function power(x, n) {
  let out = 1n
  for (x = within(x); n; n >>= 1n, x = x * x % field) if (n & 1n) out = out * x % field
  return out
}
const inverse = x => power(x, field - 2n)
const bend = within(-121665n * inverse(121666n))
const half = power(2n, (field - 1n) / 4n)
function plus([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = within((y1 - x1) * (y2 - x2))
  const b = within((y1 + x1) * (y2 + x2))
  const c = within(2n * t1 * t2 % field * bend)
  const d = within(2n * z1 * z2)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return [within(e * f), within(g * h), within(f * g), within(e * h)]
}
function times(n, point) {
  let out = [0n, 1n, 1n, 0n]
  for (; n; n >>= 1n, point = plus(point, point)) if (n & 1n) out = plus(out, point)
  return out
}
function pointOf(bytes) {
  const turned = number(bytes.slice().reverse())
  const odd = turned >> 255n
  const y = turned & ((1n << 255n) - 1n)
  if (y >= field) return undefined
  const u = within(y * y - 1n)
  const v = within(bend * y * y + 1n)
  let x = u * power(v, 3n) % field * power(u * power(v, 7n), (field - 5n) / 8n) % field
  const square = v * x % field * x % field
  if (square !== u) {
    if (square !== within(-u)) return undefined
    x = x * half % field
  }
  if (x === 0n && odd) return undefined
  if ((x & 1n) !== odd) x = field - x
  return [x, y, 1n, x * y % field]
}
function pointBytes([x, y, z]) {
  const flat = inverse(z)
  return bytesOf(within(y * flat) | ((within(x * flat) & 1n) << 255n), 32).reverse()
}
const base = pointOf(bytesOf(within(4n * inverse(5n)), 32).reverse())

/** whether a key of 32 bytes made a signature of 64 over a message */
function signed(key, message, signature) {
  const a = key.length === 32 && pointOf(key)
  const s = number(signature.slice(32).reverse())
  if (!a || signature.length !== 64 || s >= order) return false
  const k = number(sha2(512, join([signature.slice(0, 32), key, message])).reverse()) % order
  const minus = [within(-a[0]), a[1], a[2], within(-a[3])]
  return same(pointBytes(plus(times(s, base), times(k, minus))), signature.slice(0, 32))
}

// A signed head: text, an empty line, lines of signatures.
function openHead(text, key) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(key.trim())
  if (!parts) throw new Wrong('bad_key')
  const [, name, mark, rest] = parts
  const inside = base64(rest)
  const mine = sha2(256, join([utf8(name + '\n'), inside])).slice(0, 4)
  if (inside[0] !== 1 || inside.length !== 33 || [...mine].map(b => b.toString(16).padStart(2, '0')).join('') !== mark) throw new Wrong('bad_key')
  const end = text.lastIndexOf('\n\n')
  if (end < 0 || !text.endsWith('\n')) throw new Wrong('bad_head')
  const message = text.slice(0, end + 1)
  let good = false
  for (const line of text.slice(end + 2).split('\n').slice(0, -1)) {
    const sign = /^\u2014 (\S+) (\S+)$/.exec(line)
    if (!sign) throw new Wrong('bad_head')
    const b = base64(sign[2])
    if (sign[1] !== name || !same(b.slice(0, 4), mine)) continue
    if (!signed(inside.slice(1), utf8(message), b.slice(4))) throw new Wrong('not_signed')
    good = true
  }
  if (!good) throw new Wrong('not_signed')
  const [origin, size, hash] = message.split('\n')
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) throw new Wrong('bad_head')
  return { origin, size: Number(size), root: hashOf(hash) }
}
function hashOf(text) {
  const b = base64(text)
  if (b.length !== 32) throw new Wrong('unreadable')
  return b
}

const node = (left, right) => sha2(256, join([[1], left, right]))
const leaf = record => sha2(256, join([[0], utf8(record)]))
/** the largest power of two below n */
function split(n) {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
/** the root that a leaf and its proof lead to (RFC 6962, 2.1.1) */
function rootOver(hash, at, size, proof) {
  if (size === 1) {
    if (proof.length) throw new Wrong('not_in_log')
    return hash
  }
  if (!proof.length) throw new Wrong('not_in_log')
  const [rest, last] = [proof.slice(0, -1), proof[proof.length - 1]]
  const k = split(size)
  return at < k ? node(rootOver(hash, at, k, rest), last) : node(last, rootOver(hash, at - k, size - k, rest))
}
/** the older and the newer root that a proof of consistency leads to (RFC 6962, 2.1.2) */
function rootsOf(older, size, whole, proof, old) {
  if (older === size) {
    if (whole) {
      if (proof.length) throw new Wrong('forked')
      return [old, old]
    }
    if (proof.length !== 1) throw new Wrong('forked')
    return [proof[0], proof[0]]
  }
  if (!proof.length) throw new Wrong('forked')
  const [rest, last] = [proof.slice(0, -1), proof[proof.length - 1]]
  const k = split(size)
  if (older <= k) {
    const [a, b] = rootsOf(older, k, whole, rest, old)
    return [a, node(b, last)]
  }
  const [a, b] = rootsOf(older - k, size - k, false, rest, old)
  return [node(last, a), node(last, b)]
}

/** reads a receipt as downloaded, or as its QR code says it */
function readReceipt(text) {
  let r
  try {
    r = JSON.parse(text)
  } catch {
    throw new Wrong('no_receipt')
  }
  if (Array.isArray(r)) {
    if (r.length !== 7 || r[0] !== 'GZR1') throw new Wrong('no_receipt')
    const [, number, record, seq, packed, checkpoint, key] = r
    const all = base64(packed)
    if (all.length % 32) throw new Wrong('unreadable')
    const proof = []
    for (let i = 0; i < all.length; i += 32) proof.push(all.slice(i, i + 32))
    r = { number, record, seq, proof, checkpoint, key }
  } else {
    if (!r || r.gezhi_receipt !== '1' || !Array.isArray(r.proof ?? [])) throw new Wrong('no_receipt')
    r = { ...r, proof: (r.proof ?? []).map(hashOf) }
  }
  if (typeof r.record !== 'string' || typeof r.checkpoint !== 'string' || typeof r.key !== 'string' || !Number.isSafeInteger(r.seq)) throw new Wrong('no_receipt')
  return r
}

/** checks a receipt, with a key, a kept checkpoint and a proof where there are such; says what it proves */
function check({ receipt, key = '', kept = '', proof = '' }) {
  const r = readReceipt(receipt)
  const from = key.trim() || r.key
  const head = openHead(r.checkpoint, from)
  if (r.seq < 1 || r.seq > head.size || r.proof.length > 64) throw new Wrong('beyond')
  if (!same(rootOver(leaf(r.record), r.seq - 1, head.size, r.proof), head.root)) throw new Wrong('not_in_log')
  let record
  try {
    record = JSON.parse(r.record)
  } catch {
    throw new Wrong('no_receipt')
  }
  if (!Array.isArray(record) || record.length !== 7 || !Number.isSafeInteger(record[5])) throw new Wrong('no_receipt')
  const out = { number: r.number || '', seq: r.seq, size: head.size, origin: head.origin, about: String(record[3]), what: String(record[4]), at: record[5], ownKey: !key.trim(), kept: 0 }
  if (kept.trim()) out.kept = against(head, openHead(kept.trim() + '\n', from), proof)
  return out
}
function against(head, old, proof) {
  if (old.origin !== head.origin) throw new Wrong('other_log')
  const [a, b] = old.size <= head.size ? [old, head] : [head, old]
  if (a.size === b.size) {
    if (!same(a.root, b.root)) throw new Wrong('forked')
    return old.size
  }
  if (!proof.trim()) throw new Wrong('needs_proof', { from: a.size, to: b.size })
  let hashes
  try {
    hashes = JSON.parse(proof).proof.map(hashOf)
  } catch {
    throw new Wrong('unreadable')
  }
  if (a.size < 1 || hashes.length > 128) throw new Wrong('forked')
  const [x, y] = rootsOf(a.size, b.size, true, hashes, a.root)
  if (!same(x, a.root) || !same(y, b.root)) throw new Wrong('forked')
  return old.size
}
