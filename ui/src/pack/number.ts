/** A number as typed (full-width digits and thousands separators too); the text itself if it is none, undefined if it is empty. */
export function toNumber(text: string): number | string | undefined {
  const s = text.normalize('NFKC').replace(/[,\s]/g, '')
  if (s === '') return undefined
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(s) ? Number(s) : text
}
