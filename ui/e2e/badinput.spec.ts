// What goes wrong while somebody types: the server down, the session ended, a huge photo, a full
// telephone, two tabs. Nothing typed is lost, and what was typed is sent once. The pages alone; the
// API is answered here, that of the desk by its sample county.
import { crc32, deflateSync } from 'node:zlib'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'

const phone = { width: 360, height: 740 }
test.use({ viewport: phone, hasTouch: true, serviceWorkers: 'block' })

interface World { away?: boolean; ended?: boolean; lost?: boolean; sent: { at: string; key?: string; body: Record<string, unknown> }[]; uploads: number[]; faults: string[] }
type Answer = { status?: number; json?: unknown } | undefined

/** Answers a context's requests; what is sent under a key is kept, once each, as the server does. */
async function answered(context: BrowserContext, ask: (at: string, w: World, body: Record<string, unknown>) => Answer): Promise<World> {
  const w: World = { sent: [], uploads: [], faults: [] }
  context.on('weberror', e => w.faults.push(e.error().message))
  await context.route('**/api/v1/**', async route => {
    const r = route.request()
    const at = `${r.method()} ${new URL(r.url()).pathname.slice(7)}`
    if (w.away) return route.abort('internetdisconnected')
    if (at === 'GET /events') return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 60000\n\n' })
    if (/^POST \/(intake\/)?uploads$/.test(at)) {
      w.uploads.push(Number(r.headers()['upload-length']))
      return route.fulfill({ status: 413, json: { status: 413, code: 'blob.too_large', detail: '文件过大。' } })
    }
    if (/^POST \/(intake\/)?files$/.test(at)) {
      w.uploads.push(r.postDataBuffer()!.length)
      return route.fulfill({ status: 201, json: { id: 'f1', name: 'a.jpg', kind: 'picture', type: 'image/jpeg', size: 1 } })
    }
    const body = (/json/.test(r.headers()['content-type'] ?? '') ? r.postDataJSON() : {}) as Record<string, unknown>
    const got = ask(at, w, body)
    if (!got) return route.fulfill({ status: 404, json: { status: 404, code: 'x', detail: at } })
    const key = r.headers()['idempotency-key']
    if (/^POST \/(intake\/reports|intake\/moves|cases)(\/|$)/.test(at) && (got.status ?? 200) < 400 && !w.sent.some(s => s.key === key)) w.sent.push({ at, key, body })
    if (w.lost && /^POST \/intake\/reports/.test(at)) {
      w.lost = false
      return route.abort('connectionreset')
    }
    return route.fulfill({ status: got.status ?? 200, json: got.json ?? {} })
  })
  return w
}

const area = { id: 'v1', name: '庄前村', level: 4, has_children: false }
const ask = { name: 'reason', type: 'long_text', title: '为什么' }
const followed = { number: 'S26110001', title: '护栏断了', class_title: '道路', area_name: '庄前村', phase: 'closed', outcome_title: '已办结', version: 3, phases: [], replies: [], can: [{ action: 'reopen', title: '还没解决', asks: [ask], also: [], unmet: [], danger: false }] }
const noSession = { status: 401, json: { status: 401, code: 'session.none', detail: '请重新输入查询码。' } }
const home = (context: BrowserContext) => answered(context, (at, w) => {
  if (at === 'GET /intake') return { json: { code: '331125', name: '云和县', sample: true, unsorted: true, recording: false, challenge: false, max_text: 2000, max_photos: 9, max_file: 8 << 20, classes: [], fields: [] } }
  if (at === 'GET /intake/areas') return { json: { areas: [area] } }
  if (at === 'POST /intake/propose') return { json: { places: [], classes: [] } }
  if (at === 'POST /intake/reports') return w.ended ? noSession : { status: 201, json: { number: 'S26110001', code: '0000-0000-0000-0000' } }
  if (at === 'POST /intake/follow') return { json: followed }
  if (at === 'POST /intake/moves') return w.ended ? noSession : { json: { ...followed, can: [] } }
  return undefined
})
async function reportForm(page: Page) {
  await page.goto('/home/report')
  await page.getByLabel('用一句话说说').fill('护栏断了')
  await page.locator('.place select, select').first().selectOption('v1')
  await page.getByLabel('怎么称呼').fill('样例居民')
}
const report = (page: Page) => page.getByRole('button', { name: '上报', exact: true })

test('home: the server is down in the middle of a report, the page is loaded anew, and all is there and sent once', async ({ page, context }) => {
  const w = await home(context)
  await reportForm(page)
  w.away = true
  await report(page).click()
  await expect(page.getByRole('alert')).toContainText('您填的内容都还在')
  w.away = false
  await page.reload()
  await expect(page.getByLabel('用一句话说说')).toHaveValue('护栏断了')
  await expect(page.getByLabel('怎么称呼')).toHaveValue('样例居民')
  w.lost = true // it arrives, the answer does not
  await report(page).click()
  await expect(page.getByRole('alert')).toContainText('您填的内容都还在')
  await page.reload()
  await report(page).click()
  await expect(page.locator('.code.number')).toHaveText('S26110001')
  expect(w.sent.map(s => s.body)).toMatchObject([{ text: '护栏断了', area_id: 'v1', contact: { name: '样例居民' } }])
  await page.goto('/home/report')
  await expect(page.getByLabel('用一句话说说')).toHaveValue('') // what was filed does not stay behind
  await expect(page.getByLabel('怎么称呼')).toHaveValue('')
  expect(w.faults).toEqual([])
})

test('home: the session has ended in the middle of a report, and the form stays', async ({ page, context }) => {
  const w = await home(context)
  await reportForm(page)
  w.ended = true
  await report(page).click()
  await expect(page.getByRole('alert')).toContainText('请重新输入查询码。')
  await expect(page.getByLabel('用一句话说说')).toHaveValue('护栏断了')
  w.ended = false
  await report(page).click()
  await expect(page.locator('.code.number')).toHaveText('S26110001')
  expect(w.sent).toHaveLength(1)
  expect(w.faults).toEqual([])
})

test('home: the query code counts no more in the middle of an answer, or the server is away, and the words stay', async ({ page, context }) => {
  const w = await home(context)
  await page.goto('/home/follow')
  await page.getByLabel('编号').fill('S26110001')
  await page.getByLabel('查询码').fill('0000-0000-0000-0000')
  await page.getByRole('button', { name: '查看' }).click()
  await page.getByRole('button', { name: '还没解决' }).click()
  const form = page.getByRole('form', { name: '还没解决' })
  await form.getByLabel('为什么').fill('护栏还是断的')
  w.ended = true
  await form.getByRole('button').click()
  await expect(form.getByRole('alert')).toHaveText('请重新输入查询码。')
  await expect(form.getByLabel('为什么')).toHaveValue('护栏还是断的')
  w.ended = false
  w.away = true
  await form.getByRole('button').click()
  await expect(form.getByRole('alert')).toContainText('您填的内容都还在')
  await expect(form.getByLabel('为什么')).toHaveValue('护栏还是断的')
  w.away = false
  await form.getByRole('button').click()
  await expect(page.getByText('请重新输入查询码。')).toHaveCount(0)
  await expect.poll(() => w.sent.map(s => s.body.reason)).toEqual(['护栏还是断的'])
  expect(w.faults).toEqual([])
})

/** a picture of one colour, as large as it is said to be */
function png(width: number, height: number): Buffer {
  const part = (name: string, data: Buffer) => {
    const head = Buffer.concat([Buffer.from(name), data])
    const out = Buffer.alloc(8)
    out.writeUInt32BE(data.length)
    out.writeUInt32BE(crc32(head), 4)
    return Buffer.concat([out.subarray(0, 4), head, out.subarray(4)])
  }
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width)
  size.writeUInt32BE(height, 4)
  size.set([1, 0, 0, 0, 0], 8) // one bit for each point, grey
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), part('IHDR', size), part('IDAT', deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))))), part('IEND', Buffer.alloc(0))])
}
const wide = { name: 'wide.png', mimeType: 'image/png', buffer: png(12_000, 9_000) }
/** what a browser takes no picture from; Playwright hands on 50 MB at most, so that the page itself makes it */
const heavy = (page: Page, input: string) => page.locator(input).first().evaluate((e: HTMLInputElement) => {
  const list = new DataTransfer()
  list.items.add(new File([new Uint8Array(60_000_000)], 'heavy.jpg', { type: 'image/jpeg' }))
  e.files = list.files
  e.dispatchEvent(new Event('change', { bubbles: true }))
})

test('home: a photo 12,000 wide is made smaller, one of 60 MB that is none is refused in words, and the form stays', async ({ page, context }) => {
  const w = await home(context)
  await reportForm(page)
  await page.getByLabel('拍照或选照片').setInputFiles(wide)
  await expect.poll(() => w.uploads.length).toBe(1)
  expect(w.uploads[0]).toBeLessThan(256 << 10)
  await heavy(page, '.photos input')
  await expect(page.locator('.photos').getByRole('alert')).toContainText('文件过大。')
  expect(w.uploads.slice(1)).toEqual([60_000_000]) // its length was told, and none of it sent
  await expect(page.getByLabel('用一句话说说')).toHaveValue('护栏断了')
  await page.locator('.photos li').nth(1).getByRole('button', { name: /去掉|删除|移除/ }).click()
  await report(page).click()
  await expect(page.locator('.code.number')).toHaveText('S26110001')
  expect(w.sent[0]!.body).toMatchObject({ photos: ['f1'] })
  expect(w.faults).toEqual([])
})

const kind = { id: 'x/s:0', code: '0', scheme: 's', pack: 'x', title: '待分类', unsorted: true, severity: '3', channels: [], against: 'allowed', fields: [{ name: 'photo', type: 'photo', title: '现场照片', required: false, many: true, at_most: 9 }] }
const field = async (context: BrowserContext) => {
  let opened = 0
  return answered(context, (at, w) => {
    if (at === 'POST /session') {
      w.ended = false
      return { status: 204 }
    }
    if (w.ended) return noSession
    if (at === 'GET /me') return { json: { person: { id: 'p1', name: '样例网格员' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [{ id: 'o', role: 'grid_worker', role_title: '网格员', area: { id: 'g1', name: '第三网格', level: 6 } }] } }
    if (at === 'GET /classes') return { json: { classes: [kind] } }
    if (at === 'GET /cases') return { json: { cases: [] } }
    if (at === 'GET /offers') return { json: { offers: [] } }
    if (at === 'GET /areas/outlines') return { json: { areas: [] } }
    if (at === 'GET /notes/unread') return { json: { count: 0, more: false, clerk: false, operator: false } }
    if (at === 'POST /class-proposals') return { json: { learnt: false, classes: [] } }
    if (at === 'POST /intake/propose') return { json: { places: [], classes: [] } }
    if (at === 'POST /cases') return { status: 201, json: { id: 'c' + ++opened, number: 'S2611000' + opened } }
    return undefined
  })
}
async function say(page: Page, words: string) {
  await page.goto('/field/report')
  await expect(page.locator('.proof input[accept="image/*"]')).toBeAttached()
  await page.getByLabel('什么情况').fill(words)
}

test('field: the session has ended in the middle of a report; it waits, and is sent once when the same person is back', async ({ page, context }) => {
  const w = await field(context)
  await say(page, '护栏断了')
  w.ended = true
  await report(page).click()
  await expect(page.locator('.net')).toContainText('1')
  await page.locator('.strip').getByRole('button', { name: '登录' }).click()
  const again = page.getByRole('dialog')
  await again.getByLabel('账号').fill('sample')
  await again.getByLabel('密码').fill('sample')
  await again.getByRole('button', { name: '登录' }).click()
  await expect.poll(() => w.sent.length).toBe(1)
  await page.locator('.net').click()
  await expect(page.getByText('已送达')).toBeVisible()
  expect(w.sent[0]!.body).toMatchObject({ text: '护栏断了' })
  expect(w.faults).toEqual([])
})

test('field: a photo 12,000 wide is made smaller, one of 60 MB that is none is refused in words, and the form stays', async ({ page, context }) => {
  const w = await field(context)
  await say(page, '护栏断了')
  await page.locator('.proof input[accept="image/*"]').setInputFiles(wide)
  await expect(page.locator('.proof li img')).toBeVisible()
  await heavy(page, '.proof input[accept="image/*"]')
  await expect(page.locator('.proof').getByRole('alert')).toHaveText('这张照片没能读取，请换一张。')
  await expect(page.locator('.proof li')).toHaveCount(1)
  await expect(page.getByLabel('什么情况')).toHaveValue('护栏断了')
  await report(page).click()
  await expect.poll(() => w.sent.length).toBe(1)
  expect(w.sent[0]!.body).toMatchObject({ text: '护栏断了', fields: { photo: ['f1'] } })
  expect(w.uploads).toHaveLength(1)
  expect(w.uploads[0]).toBeLessThan(256 << 10)
  expect(w.faults).toEqual([])
})

test('field: a browser whose storage is really full says so, and sends all the same', async ({ page, context, baseURL }) => {
  const w = await field(context)
  const chrome = await context.newCDPSession(page)
  await chrome.send('Storage.overrideQuotaForOrigin', { origin: baseURL!, quotaSize: 1 }) // before the page: the browser remembers for a while how much room there was
  await say(page, '护栏断了')
  w.away = true
  await report(page).click()
  await expect(page.getByText('手机存储已满')).toBeVisible()
  w.away = false
  await page.locator('.net').click()
  await expect(page.getByText('已送达')).toBeVisible()
  await expect(page.getByText('手机存储已满')).toHaveCount(0)
  expect(w.sent.map(s => s.body.text)).toEqual(['护栏断了'])
  expect(w.faults).toEqual([])
})

test('field: what two tabs wrote down without a network is sent once each, whichever tab sends it', async ({ page, context }) => {
  const w = await field(context)
  const other = await context.newPage()
  await say(page, '护栏断了')
  await say(other, '路灯不亮')
  w.away = true
  for (const [p, words] of [[page, '护栏断了'], [other, '路灯不亮']] as const) {
    await p.getByLabel('什么情况').fill(words)
    await report(p).click()
    await expect(p.locator('.net')).toContainText(/[12]/)
  }
  w.away = false
  await Promise.all([page, other].map(p => p.evaluate(() => dispatchEvent(new Event('online')))))
  await expect.poll(() => w.sent.length).toBe(2)
  for (const p of [page, other]) {
    await p.locator('.net').click()
    await expect(p.getByText('已送达')).toHaveCount(2)
  }
  expect(w.sent.map(s => s.body.text).sort()).toEqual(['护栏断了', '路灯不亮'])
  expect(w.faults).toEqual([])
})

test.describe('desk', () => {
  test.use({ viewport: { width: 1440, height: 900 } })
  const order = async (page: Page, data: object) => (await page.request.post('/test', { data })).json() as Promise<{ log: { route: string; key?: string; body: Record<string, unknown> }[]; moves: Record<string, number>; cases: number }>
  const sheet = (page: Page) => page.getByRole('dialog')
  const send = (page: Page, name: string) => sheet(page).locator('footer').getByRole('button', { name })
  test.beforeEach(async ({ page }) => {
    await order(page, { reset: true })
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  })

  test('the server is down in the middle of a report, the page is loaded anew, and all is there and sent once', async ({ page }) => {
    const open = async () => {
      await page.goto('/desk/')
      await expect(page.locator('.queue-table tbody tr')).toHaveCount(50)
      await page.keyboard.press('n')
    }
    await open()
    await sheet(page).getByLabel('类别').click()
    await sheet(page).getByRole('option', { name: /垃圾乱倒/ }).click()
    await sheet(page).getByLabel('情况').fill('村口有建筑垃圾')
    await sheet(page).getByPlaceholder('再选下一级（可不选）').click()
    await sheet(page).getByRole('option', { name: /新华社区/ }).click()
    await order(page, { away: true })
    await send(page, '上报').click()
    await expect(sheet(page).getByRole('alert')).toContainText('您填的内容都还在')
    await order(page, { away: false })
    await open()
    await expect(sheet(page).getByLabel('情况')).toHaveValue('村口有建筑垃圾')
    await expect(sheet(page).getByLabel('类别')).toHaveValue('垃圾乱倒')
    await expect(sheet(page)).toContainText('新华社区') // by its name, not by its id
    await send(page, '上报').click()
    await expect(sheet(page)).toHaveCount(0)
    const { log, cases } = await order(page, {})
    expect(cases).toBe(121)
    expect(new Set(log.filter(l => l.key).map(l => l.key)).size).toBe(1)
    await open()
    await expect(sheet(page).getByLabel('情况')).toHaveValue('')
  })

  test('logging out leaves nothing typed in the tab', async ({ page }) => {
    await page.goto('/desk/')
    await expect(page.locator('.queue-table tbody tr')).toHaveCount(50)
    await page.keyboard.press('n')
    await sheet(page).getByLabel('情况').fill('不该留下的话')
    await expect.poll(() => page.evaluate(() => JSON.stringify(sessionStorage))).toContain('不该留下的话')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: '退出' }).click()
    await expect(page.getByLabel('账号')).toBeVisible()
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('不该留下的话')
  })

  test('of two tabs that act on one case one wins; the other is told and keeps what was typed', async ({ page, context }) => {
    const other = await context.newPage()
    for (const [p, words] of [[page, '已回填夯实'], [other, '已设警示']] as const) {
      await p.goto('/desk/cases/c1')
      await p.locator('.actions').getByRole('button', { name: '办结送核' }).click()
      await sheet(p).getByLabel('处置情况').fill(words)
    }
    await send(page, '办结送核').click()
    await expect(sheet(page)).toHaveCount(0)
    await expect(sheet(other).getByRole('alert')).toContainText('办结送核')
    await expect(send(other, '办结送核')).toBeDisabled()
    await expect(sheet(other).getByLabel('处置情况')).toHaveValue('已设警示')
    expect((await order(page, {})).moves.c1).toBe(4)
  })
})
