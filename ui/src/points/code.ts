// The personal code of this telephone: a key that never leaves it, and what it signs. Made once
// while there is a network; from then on codes come without one.
import { newCodeKey } from '@/api/points'
import { newKey } from '@/api/request'

/** The key of a person on this telephone. */
export interface CodeKey {
  id: string
  /** a key of the browser's own, which it gives to nobody; or, where it has none, the 64 bytes of tweetnacl */
  secret: CryptoKey | Uint8Array
  /** by how much the server's clock is ahead of this telephone's, ms, as last heard */
  ahead: number
}

/** for how long one code is shown, ms; the server takes it for twice as long */
export const shownFor = 30_000

const url64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
// The types of the browser's own lists know no Ed25519 yet.
const curve = 'Ed25519' as unknown as AlgorithmIdentifier

/** Makes a key for this telephone and gives its public half to the server: other telephones' end. */
export async function enable(ahead: number): Promise<CodeKey> {
  const { secret, open } = await makePair()
  return { id: await newCodeKey(url64(open)), secret, ahead }
}

async function makePair(): Promise<{ secret: CryptoKey | Uint8Array; open: Uint8Array }> {
  if (typeof crypto.subtle !== 'undefined') {
    try {
      const pair = (await crypto.subtle.generateKey(curve, false, ['sign', 'verify'])) as CryptoKeyPair
      return { secret: pair.privateKey, open: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) }
    } catch {
      // an engine without this curve
    }
  }
  const { default: nacl } = await import('tweetnacl')
  const pair = nacl.sign.keyPair.fromSeed(crypto.getRandomValues(new Uint8Array(32)))
  return { secret: pair.secretKey, open: pair.publicKey }
}

/** The text of a code: key, second, something that no other has, what is to be fetched; and all of it signed. */
export async function codeText(key: CodeKey, at: number, claim = ''): Promise<string> {
  const said = `GZ1.${key.id}.${Math.floor(at / 1000)}.${newKey().replace(/-/g, '').slice(0, 12)}.${claim}`
  const bytes = new TextEncoder().encode(said)
  const signature = key.secret instanceof Uint8Array ? (await import('tweetnacl')).default.sign.detached(bytes, key.secret) : new Uint8Array(await crypto.subtle.sign(curve, key.secret, bytes))
  return `${said}.${url64(signature)}`
}
