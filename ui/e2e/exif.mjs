// A photo as a telephone makes it: with the place and the time beside its pixels.

/** the smallest JPEG that browsers and the server read: eight grey pixels square */
export const grey = Buffer.from('/9j/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z', 'base64')

/** @param says {{ lon?: number, lat?: number, at?: string, zone?: string, little?: boolean }} at as cameras write it: "2026:03:02 09:30:00" */
export function photo(says, jpeg = grey) {
  const little = !!says.little
  const parts = []
  const short = n => (little ? [n & 255, n >> 8] : [n >> 8, n & 255])
  const long = n => (little ? [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24] : [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255])
  const text = s => [...Buffer.from(s + '\0')]
  const angle = x => [Math.floor(x), 1, Math.floor((x * 60) % 60), 1, Math.round(((x * 3600) % 60) * 1000), 1000].flatMap(long)
  const exif = [...(says.at ? [[0x9003, 2, text(says.at)]] : []), ...(says.zone ? [[0x9011, 2, text(says.zone)]] : [])]
  const gps = says.lat === undefined ? [] : [[1, 2, text(says.lat < 0 ? 'S' : 'N')], [2, 5, angle(Math.abs(says.lat))], [3, 2, text(says.lon < 0 ? 'W' : 'E')], [4, 5, angle(Math.abs(says.lon))]]
  const size = list => 2 + 12 * list.length + 4
  const counts = { 2: n => n, 4: () => 1, 5: n => n / 8 }
  const first = [[0x8769, 4, null], [0x8825, 4, null]]
  const places = [8, 8 + size(first), 8 + size(first) + size(exif)]
  let far = places[2] + size(gps)
  const tail = []
  first[0][2] = long(places[1])
  first[1][2] = long(places[2])
  for (const list of [first, exif, gps]) {
    parts.push(...short(list.length))
    for (const [tag, type, value] of list) {
      parts.push(...short(tag), ...short(type), ...long(counts[type](value.length)))
      if (value.length <= 4) parts.push(...value, ...Array(4 - value.length).fill(0))
      else {
        parts.push(...long(far))
        tail.push(...value)
        far += value.length
      }
    }
    parts.push(0, 0, 0, 0)
  }
  const tiff = [...Buffer.from(little ? 'II' : 'MM'), ...short(42), ...long(8), ...parts, ...tail]
  const body = [...Buffer.from('Exif\0\0'), ...tiff]
  return Buffer.from([0xff, 0xd8, 0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255, ...body, ...jpeg.subarray(2)])
}
