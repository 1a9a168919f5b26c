// The till's eyes: a code as the telephone really draws it, photographed in all the ways in which
// people photograph, and held before a camera. What the browser's camera sees is a file of pictures
// that the test makes.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, expect, test, type Page } from '@playwright/test'

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, serviceWorkers: 'block' as const }
test.use(phone)

const me = { person: { id: 'p1', name: '样例网格员' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [] }
/** answers what the code page and the till ask; what is scanned comes back in the list */
async function answered(page: Page): Promise<string[]> {
  const scanned: string[] = []
  await page.route('**/api/v1/**', route => {
    const at = `${route.request().method()} ${new URL(route.request().url()).pathname.slice(7)}`
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body })
    if (at === 'GET /me') return json(me)
    if (at === 'GET /points/ledgers') return json({ ledgers: [] })
    if (at === 'GET /points/code-keys') return json({})
    if (at === 'POST /points/code-keys') return json({ id: 'bGFyZ2Vrb2V5aWQx' }, 201)
    if (at === 'GET /points/merchants') return json({ merchants: [{ id: 'm1', ledger: 'points', name: '样例理发店', mine: true }] })
    if (at === 'POST /points/scans') {
      scanned.push(route.request().postDataJSON().code)
      return json({ level: '九五折' })
    }
    return json({}, 404)
  })
  return scanned
}
/** a code as a telephone shows it: its text, and a picture of the screen */
async function shown(page: Page): Promise<{ text: string; png: Buffer }> {
  await page.goto('/field/code')
  await page.getByRole('button', { name: '在这部手机上启用' }).click()
  const code = page.locator('.qr')
  await expect(code).toHaveAttribute('data-code', /^GZ1\./)
  for (;;) {
    const text = (await code.getAttribute('data-code'))!
    const png = await code.screenshot()
    if ((await code.getAttribute('data-code')) === text) return { text, png } // else it changed, as it does every half minute, while its picture was taken
  }
}

interface Shot { width: number; height: number; /** side of the code, pixels; 0: none in sight */ size: number; turn?: number; filter?: string; quality?: number }
/** photographs the picture of a code: where it lies, how it is turned, how bad the picture is */
async function photograph(page: Page, png: Buffer, shots: Shot[]): Promise<Buffer[]> {
  const all = await page.evaluate(async ({ png, shots }) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + png
    await image.decode()
    return shots.map(shot => {
      const [scene, picture] = [0, 1].map(() => Object.assign(document.createElement('canvas'), { width: shot.width, height: shot.height }))
      const on = scene!.getContext('2d')!
      on.fillStyle = '#6b6258'
      on.fillRect(0, 0, shot.width, shot.height)
      on.translate(shot.width / 2, shot.height / 2)
      on.rotate(((shot.turn ?? 0) * Math.PI) / 180)
      on.drawImage(image, -shot.size / 2, -shot.size / 2, shot.size, shot.size)
      const film = picture!.getContext('2d')!
      film.filter = shot.filter ?? 'none'
      film.drawImage(scene!, 0, 0)
      return picture!.toDataURL('image/jpeg', shot.quality ?? 0.8).split(',')[1]!
    })
  }, { png: png.toString('base64'), shots })
  return all.map(x => Buffer.from(x, 'base64'))
}

const ways: Record<string, Shot> = {
  'across a table': { width: 1500, height: 2000, size: 450 },
  'from far away': { width: 3000, height: 4000, size: 300 },
  'aslant': { width: 1200, height: 1600, size: 700, turn: 17 },
  'on its side': { width: 1600, height: 1200, size: 700, turn: 90 },
  'upside down': { width: 1200, height: 1600, size: 700, turn: 186 },
  'out of focus': { width: 1200, height: 1600, size: 800, filter: 'blur(7px)' },
  'pressed small': { width: 1000, height: 1000, size: 600, quality: 0.1 },
  'in the dark': { width: 1200, height: 1600, size: 700, filter: 'brightness(0.12)' },
  'in glaring light': { width: 1200, height: 1600, size: 700, filter: 'brightness(1.4) contrast(0.5)' },
  'with its colours turned round': { width: 1200, height: 1600, size: 700, filter: 'invert(1)' },
}
test('a photo of a code is read, however it was taken; one without a code says so', async ({ page }) => {
  const scanned = await answered(page)
  const { text, png } = await shown(page)
  const taken = await photograph(page, png, Object.values(ways))
  await page.goto('/shop/')
  const verdict = page.locator('.verdict')
  const missed: string[] = []
  for (const [i, way] of ['a picture of the screen', ...Object.keys(ways)].entries()) {
    await page.locator('.photo input').setInputFiles(i ? { name: 'a.jpg', mimeType: 'image/jpeg', buffer: taken[i - 1]! } : { name: 'a.png', mimeType: 'image/png', buffer: png })
    await expect(verdict).toBeVisible()
    if (!(await verdict.innerText()).includes('有效')) missed.push(way)
    await page.getByRole('button', { name: '扫下一位' }).click()
  }
  expect(missed).toEqual([])
  expect(new Set(scanned)).toEqual(new Set([text]))
  const [bare] = await photograph(page, png, [{ width: 1200, height: 1600, size: 0 }])
  for (const buffer of [bare!, Buffer.from('no picture at all')]) {
    await page.locator('.photo input').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer })
    await expect(verdict).toContainText('照片里没有看到码')
    await page.getByRole('button', { name: '扫下一位' }).click()
  }
  expect(scanned).toHaveLength(1 + taken.length)
})

test('a code held before the camera is read as it comes into sight, and the camera goes off', async ({ page, baseURL }, info) => {
  await answered(page)
  const { text, png } = await shown(page)
  const sight = (size: number, turn: number): Shot => ({ width: 640, height: 480, size, turn, filter: size ? 'blur(1px)' : undefined })
  const film = await photograph(page, png, [...Array<Shot>(8).fill(sight(0, 0)), ...[-9, -6, -3, 0, 3, 6, 9].map(turn => sight(330, turn))])
  const file = join(mkdtempSync(join(tmpdir(), 'gezhi-film-')), 'code.mjpeg')
  writeFileSync(file, Buffer.concat(film))
  const launch = info.project.use.launchOptions!
  const browser = await chromium.launch({ ...launch, args: [...launch.args!, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=fps=10', '--use-file-for-fake-video-capture=' + file] })
  try {
    const till = await (await browser.newContext({ ...phone, baseURL, locale: 'zh-CN' })).newPage()
    const scanned = await answered(till)
    await till.addInitScript(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async how => ((window as unknown as { seen: MediaStream }).seen = await ask(how))
    })
    await till.goto('/shop/')
    await till.getByRole('button', { name: '打开摄像头' }).click()
    await expect(till.locator('.verdict.good')).toContainText('优惠：九五折')
    expect(scanned).toEqual([text])
    await expect(till.locator('.camera')).toHaveCount(0)
    await expect.poll(() => till.evaluate(() => (window as unknown as { seen: MediaStream }).seen.getTracks().map(t => t.readyState))).toEqual(['ended'])
  } finally {
    await browser.close()
  }
})

test('who does not allow the camera is told so plainly, may ask again, and still photographs and types', async ({ page }) => {
  const scanned = await answered(page)
  await page.goto('/shop/')
  await page.evaluate(() => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))))
  await page.getByRole('button', { name: '打开摄像头' }).click()
  await expect(page.getByRole('alert')).toContainText('用不了摄像头')
  await expect(page.locator('.camera')).toHaveCount(0)
  await page.getByRole('button', { name: '打开摄像头' }).click()
  await expect(page.getByRole('alert')).toContainText('用不了摄像头')
  await expect(page.locator('.photo input')).toBeAttached()
  await page.getByLabel('输入码').fill('GZ1.typed')
  await page.getByRole('button', { name: '核对', exact: true }).click()
  await expect(page.locator('.verdict.good')).toBeVisible()
  expect(scanned).toEqual(['GZ1.typed'])
})
