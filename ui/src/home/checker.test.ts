// The receipt checker's arithmetic, against node's own.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

interface Proven { seq: number; size: number; about: string; kept: number; ownKey: boolean }
type Check = (given: { receipt: string; key?: string; kept?: string; proof?: string }) => Proven
const source = readFileSync(fileURLToPath(new URL('../../../internal/checker/check.js', import.meta.url)), 'utf8')
const { sha2, signed, check } = new Function(source + '\nreturn { sha2, signed, check }')() as {
  sha2: (bits: number, data: Uint8Array) => Uint8Array
  signed: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  check: Check
}

const sha256 = (...parts: (Uint8Array | string)[]) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest()
const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { key: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)), sign: (m: Uint8Array) => sign(null, m, privateKey) }
}

/** A log made without the program. */
function newLog(n: number) {
  const { key, sign: by } = pair()
  const inside = Buffer.concat([Buffer.from([1]), key])
  const mark = sha256('gezhi-log\n', inside).subarray(0, 4)
  const records = Array.from({ length: n }, (_, i) => JSON.stringify([2, 'leaf' + i, 'j', 'case/' + i, 'move', 1772000000000 + i, 'salted']))
  const leaves = records.map(r => sha256(Buffer.from([0]), r))
  const node = (a: Uint8Array, b: Uint8Array) => sha256(Buffer.from([1]), a, b)
  const split = (m: number) => 2 ** Math.ceil(Math.log2(m) - 1)
  const root = (from: number, to: number): Buffer => to - from === 1 ? leaves[from]! : node(root(from, from + split(to - from)), root(from + split(to - from), to))
  const path = (at: number, from: number, to: number): Buffer[] => {
    if (to - from === 1) return []
    const k = from + split(to - from)
    return at < k ? [...path(at, from, k), root(k, to)] : [...path(at, k, to), root(from, k)]
  }
  const between = (m: number, from: number, to: number, whole: boolean): Buffer[] => {
    if (m === to - from) return whole ? [] : [root(from, to)]
    const k = split(to - from)
    return m <= k ? [...between(m, from, from + k, whole), root(from + k, to)] : [...between(m - k, from + k, to, false), root(from, from + k)]
  }
  const head = (size: number) => {
    const text = `gezhi-log/test\n${size}\n${root(0, size).toString('base64')}\n`
    return `${text}\n— gezhi-log ${Buffer.concat([mark, by(Buffer.from(text))]).toString('base64')}\n`
  }
  const vkey = `gezhi-log+${mark.toString('hex')}+${inside.toString('base64')}`
  const receipt = (seq: number, size: number) => ({ gezhi_receipt: '1', number: '2026-000007', record: records[seq - 1]!, seq, proof: path(seq - 1, 0, size).map(h => h.toString('base64')), checkpoint: head(size), key: vkey })
  return { vkey, head, receipt, between: (older: number, newer: number) => JSON.stringify({ proof: between(older, 0, newer, true).map(h => h.toString('base64')) }) }
}

test('hashes are those of SHA-256 and SHA-512, at every length around a block', () => {
  for (const n of [0, 1, 55, 56, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 1000]) {
    const data = randomBytes(n)
    for (const bits of [256, 512]) expect(Buffer.from(sha2(bits, data)).toString('hex')).toBe(createHash('sha' + bits).update(data).digest('hex'))
  }
})

test('a signature holds for its key and message, and for no other', () => {
  for (let i = 0; i < 12; i++) {
    const { key, sign: by } = pair()
    const message = randomBytes(i * 7)
    const s = new Uint8Array(by(message))
    expect(signed(key, message, s)).toBe(true)
    for (const at of [0, 31, 32, 63]) expect(signed(key, message, s.map((b, j) => (j === at ? b ^ 1 : b)))).toBe(false)
    expect(signed(key, Buffer.concat([message, Buffer.from([0])]), s)).toBe(false)
    expect(signed(pair().key, message, s)).toBe(false)
    // The same signature with the group's order added to its second half is another writing of it, and refused.
    let n = 0n
    for (let j = 63; j >= 32; j--) n = (n << 8n) | BigInt(s[j]!)
    n += (1n << 252n) + 27742317777372353535851937790883648493n
    const other = s.map((b, j) => (j < 32 ? b : Number((n >> BigInt(8 * (j - 32))) & 255n)))
    expect(signed(key, message, other)).toBe(false)
  }
})

describe('a receipt', () => {
  const log = newLog(11)
  const code = (r: ReturnType<typeof log.receipt>) => JSON.stringify(['GZR1', r.number, r.record, r.seq, Buffer.concat(r.proof.map(p => Buffer.from(p, 'base64'))).toString('base64'), r.checkpoint, r.key])

  test('holds at every place of every size, as a file and as a code', () => {
    for (let size = 1; size <= 11; size++) {
      for (let seq = 1; seq <= size; seq += size > 4 ? 3 : 1) {
        const r = log.receipt(seq, size)
        expect(check({ receipt: JSON.stringify(r), key: log.vkey })).toMatchObject({ seq, size, about: 'case/' + (seq - 1), ownKey: false })
        expect(check({ receipt: code(r) })).toMatchObject({ seq, size, ownKey: true })
      }
    }
  })
  test('in which anything was changed does not hold', () => {
    const changes: Record<string, (r: ReturnType<typeof log.receipt>) => void> = {
      'another record': r => (r.record = r.record.replace('move', 'none')),
      'another number': r => r.seq++,
      'beyond the head': r => (r.seq = 99),
      'no proof': r => (r.proof = []),
      'a proof too long': r => r.proof.push(r.proof[0]!),
      'another proof': r => (r.proof[0] = r.proof[1]!),
      'another head': r => (r.checkpoint = r.checkpoint.replace('\n11\n', '\n12\n')),
      'another key': r => (r.key = newLog(1).vkey),
      'a key under another mark': r => (r.key = r.key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')),
      'no signature': r => (r.checkpoint = r.checkpoint.split('\n\n')[0] + '\n\n'),
      'another form': r => (r.gezhi_receipt = '2'),
    }
    for (const [name, change] of Object.entries(changes)) {
      const r = log.receipt(5, 11)
      change(r)
      expect(() => check({ receipt: JSON.stringify(r) }), name).toThrow()
    }
    for (const text of ['', '[]', 'null', '{}', '[1,2,3,4,5,6,7]', '{"gezhi_receipt":"1"}']) expect(() => check({ receipt: text }), text).toThrow()
  })
  test('is of the log that was kept, or is not', () => {
    const receipt = JSON.stringify(log.receipt(5, 8))
    expect(check({ receipt, kept: log.head(8) }).kept).toBe(8)
    for (const size of [1, 3, 4, 7, 9, 11]) {
      const proof = log.between(Math.min(size, 8), Math.max(size, 8))
      expect(check({ receipt, kept: log.head(size), proof }).kept).toBe(size)
      expect(() => check({ receipt, kept: log.head(size) })).toThrow('needs_proof')
      expect(() => check({ receipt, kept: log.head(size), proof: '{"proof":[]}' })).toThrow()
    }
    expect(() => check({ receipt, kept: newLog(8).head(8) })).toThrow('not_signed')
  })
})
