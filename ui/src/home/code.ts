// A query code, checked before it is sent: what was mistyped is said at once. The same sum as
// in the program (internal/intake/code.go).
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const alike: Record<string, string> = { O: '0', I: '1', L: '1', U: 'V' }

/** The code in one form, or undefined where a character is wrong or missing. */
export function readCode(text: string): string | undefined {
  const plain = [...text.normalize('NFKC').toUpperCase()].filter(c => !/[\s\-—–]/.test(c)).map(c => alike[c] ?? c)
  const values = plain.map(c => alphabet.indexOf(c))
  if (values.length !== 16 || values.includes(-1)) return undefined
  let sum = 0
  for (const v of values.slice(0, 15)) {
    sum = (sum ^ v) << 1
    if (sum & 32) sum ^= 0b100101
  }
  return sum === values[15] ? plain.join('').replace(/(.{4})(?=.)/g, '$1-') : undefined
}
