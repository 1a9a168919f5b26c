// Reads QR codes out of pictures: with the browser's own reader where there is one that works, else
// with a decoder that is loaded then.

interface Detector { detect(from: CanvasImageSource): Promise<{ rawValue: string }[]> }
type Detectors = { new (how: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }
/** how the decoder looks at a picture: at which share of it around its middle, made how large, pixels */
interface Look { share: number; side: number }

/** a camera shows the square in the middle of what it sees */
const live: Look[] = [{ share: 1, side: 640 }]
/** a code far away needs more pixels, one out of focus or in a grainy picture fewer */
const photos: Look[] = [{ share: 1, side: 1000 }, { share: 0.6, side: 600 }, { share: 0.6, side: 1200 }]

let own: Promise<Detector | undefined> | undefined
let decoder: Promise<typeof import('jsqr').default> | undefined

async function chosen(): Promise<Detector | undefined> {
  const all = (globalThis as { BarcodeDetector?: Detectors }).BarcodeDetector
  return all && (await all.getSupportedFormats().catch(() => [] as string[])).includes('qr_code') ? new all({ formats: ['qr_code'] }) : undefined
}
async function byBrowser(picture: CanvasImageSource): Promise<string | undefined> {
  try {
    return (await (await (own ??= chosen()))?.detect(picture))?.[0]?.rawValue
  } catch {
    own = Promise.resolve(undefined) // a reader without the service behind it, as on telephones without that maker's services
  }
}
async function byDecoder(picture: CanvasImageSource, x: number, y: number, width: number, height: number, side: number): Promise<string | undefined> {
  decoder ??= import('jsqr').then(m => m.default)
  decoder.catch(() => (decoder = undefined)) // it did not arrive: the next picture asks again
  const decode = await decoder
  const scale = Math.min(1, side / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const on = canvas.getContext('2d', { willReadFrequently: true })
  if (!on || !canvas.width || !canvas.height) return undefined
  on.imageSmoothingQuality = 'high'
  on.drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height)
  return decode(on.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height, { inversionAttempts: 'attemptBoth' })?.data
}
async function look(picture: CanvasImageSource, width: number, height: number, looks: Look[], square: boolean): Promise<string | undefined> {
  const found = await byBrowser(picture)
  if (found) return found
  if (square && (await own)) return undefined
  for (const { share, side } of looks) {
    const w = (square ? Math.min(width, height) : width) * share
    const h = (square ? Math.min(width, height) : height) * share
    const text = await byDecoder(picture, (width - w) / 2, (height - h) / 2, w, h, side)
    if (text) return text
  }
}

/** What a code before the camera says; undefined where there is none to be read. */
export const read = (video: HTMLVideoElement) => look(video, video.videoWidth, video.videoHeight, live, true)

/** What a code on a photo says. */
export async function readPhoto(file: File): Promise<string | undefined> {
  const picture = await createImageBitmap(file)
  try {
    return await look(picture, picture.width, picture.height, photos, false)
  } finally {
    picture.close()
  }
}
