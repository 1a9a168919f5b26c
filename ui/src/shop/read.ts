// Reads QR codes out of pictures: with the browser's own reader where there is one, else with a
// decoder that is loaded then.

type Reader = (picture: CanvasImageSource, width: number, height: number) => Promise<string | undefined>
interface Detector { detect(from: CanvasImageSource): Promise<{ rawValue: string }[]> }
type Detectors = { new (how: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }

/** pictures are read at this width at most: more only takes longer */
const widest = 800
let reader: Promise<Reader> | undefined

async function choose(): Promise<Reader> {
  const own = (globalThis as { BarcodeDetector?: Detectors }).BarcodeDetector
  if (own && (await own.getSupportedFormats().catch(() => [] as string[])).includes('qr_code')) {
    const detector = new own({ formats: ['qr_code'] })
    return async picture => (await detector.detect(picture))[0]?.rawValue
  }
  const { default: jsQR } = await import('jsqr')
  const canvas = document.createElement('canvas')
  return async (picture, width, height) => {
    const scale = Math.min(1, widest / width)
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    const on = canvas.getContext('2d', { willReadFrequently: true })
    if (!on || !canvas.width || !canvas.height) return undefined
    on.drawImage(picture, 0, 0, canvas.width, canvas.height)
    const { data } = on.getImageData(0, 0, canvas.width, canvas.height)
    return jsQR(data, canvas.width, canvas.height, { inversionAttempts: 'dontInvert' })?.data
  }
}

/** What a code in a picture says; undefined where there is none to be read. */
export async function read(picture: CanvasImageSource, width: number, height: number): Promise<string | undefined> {
  reader ??= choose()
  reader.catch(() => (reader = undefined)) // the decoder did not arrive: the next picture asks again
  return (await reader)(picture, width, height)
}

/** What a code on a photo says. */
export async function readPhoto(file: File): Promise<string | undefined> {
  const picture = await createImageBitmap(file)
  try {
    return await read(picture, picture.width, picture.height)
  } finally {
    picture.close()
  }
}
