// Writes a .br and a .gz sister beside each built file that is worth one, so that the
// server only picks.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

let raw = 0
let small = 0
let files = 0
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|html|svg|json|webmanifest)$/.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const bytes = readFileSync(path)
  if (bytes.length < 512) continue
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  writeFileSync(path + '.br', br)
  writeFileSync(path + '.gz', gzipSync(bytes, { level: 9 }))
  raw += bytes.length
  small += br.length
  files++
}
writeFileSync('dist/.keep', '') // vite empties the folder; the repository holds this one file
console.log(`${files} files, ${(raw / 1024).toFixed(0)} KiB, ${(small / 1024).toFixed(0)} KiB as brotli`)
