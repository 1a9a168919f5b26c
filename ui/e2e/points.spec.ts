// The pages of points alone: a worker's telephone and a merchant's till. The API is answered here.
import { createPublicKey, verify } from 'node:crypto'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, serviceWorkers: 'block' })

const day = 86_400_000
const ledger = { name: 'points', title: '积分', unit: '分', spendable: true, shop: true, may: [] }
const honour = { name: 'honour', title: '荣誉', unit: '星', spendable: false, may: [] }
const accounts = [
  { ledger: 'honour', title: '荣誉', unit: '星', spendable: false, kind: 'available', balance: 3, expires: [] },
  { ledger: 'points', title: '积分', unit: '分', spendable: true, kind: 'available', balance: 62, expires: [{ at: Date.parse('2027-01-01T00:00:00+08:00'), amount: 40 }] },
  { ledger: 'points', title: '积分', unit: '分', spendable: true, kind: 'held', balance: 30, expires: [] },
]
const entries = [
  { at: Date.now() - day, amount: -30, balance: 62, kind: 'hold', key: 'claim/v1', reason: '理发券', cause: 'good/g1' },
  { at: Date.now() - 2 * day, amount: 12, balance: 92, kind: 'grant', key: 'k2', reason: '秸秆焚烧巡查，现场照片清楚', cause: 'case/c1', item: 'straw' },
  { at: Date.now() - 3 * day, amount: -4, balance: 80, kind: 'reverse', key: 'k3', reason: '抽查不符，收回', cause: 'case/c2', reverses: 'grant/k1' },
]
const goods = [
  { id: 'g1', merchant: 'm1', merchant_name: '样例理发店', title: '理发券', price: 30, stock: 5, days: 30 },
  { id: 'g2', title: '大米五公斤', photo: 'f1', price: 50, stock: 2, days: 5 },
  { id: 'g3', title: '洗衣液', price: 80, stock: 0, days: 5 },
]
const voucher = { id: '0193f5a0-7d3c-4c11-9a54-0f3f5f1a2b3c', good: 'g1', title: '理发券', merchant: 'm1', merchant_name: '样例理发店', amount: 30, code: 'ABCDEFGH', state: 'open', until: Date.now() + 20 * day }
const parcel = { ...voucher, id: 'v2', good: 'g2', title: '大米五公斤', merchant: undefined, merchant_name: undefined, amount: 50 }
const job = (n: number, more = {}) => ({
  case: 'j' + n, part: 'claims', part_title: '认领', number: 'T26110001', title: ['清理河道漂浮物', '巡查秸秆焚烧点'][n]!, class_title: '五水共治', opens: 'village-points/claims:c', opens_title: '认领', area_id: 'g1', area_name: '第三网格', point: { lon: 119.511, lat: 28.112 },
  places: 3, left: 2, each: 1, mine: 0, until: Date.now() + 2 * day, since: Date.now() - day, shows: [{ name: 'points', title: '积分', type: 'number', value: 5 }], form: [], ...more,
})
const me = { person: { id: 'p1', name: '样例网格员' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [{ id: 'o', role: 'grid_worker', role_title: '网格员', area: { id: 'g1', name: '第三网格', level: 6 } }] }

interface World { offers: object[]; late?: Promise<void>; refuse?: string; away?: boolean; key?: string; public?: string; shown?: boolean; claims: object[]; scanned: Record<string, unknown>[]; answer?: { status: number; body: object }; sent: { path: string; body: unknown }[]; faults: string[] }
async function open(page: Page, path: string, world: Partial<World> = {}): Promise<World> {
  const w: World = { offers: [job(0), job(1, { left: 0 })], claims: [voucher, parcel, { ...parcel, id: 'v0', title: '洗衣液', state: 'fetched', ended_at: Date.now() - 9 * day }], scanned: [], sent: [], faults: [], ...world }
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && w.faults.push(m.text()))
  page.on('pageerror', e => w.faults.push(e.message))
  page.on('request', r => !r.url().startsWith('http://127.0.0.1:') && !/^(data|blob):/.test(r.url()) && w.faults.push('asks ' + r.url()))
  await page.route('**/api/v1/**', async route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice(7)}`
    if (w.away) return route.abort('internetdisconnected')
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body, headers: { Date: new Date().toUTCString() } })
    if (at === 'GET /me') return json(me)
    if (at === 'GET /classes') return json({ classes: [] })
    if (at === 'GET /cases') return json({ cases: [] })
    if (at === 'GET /areas/outlines') return json({ areas: [] })
    if (at === 'GET /events') return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 60000\n\n' })
    if (at === 'GET /notes/unread') return json({ count: 0, more: false, clerk: false, operator: false })
    if (at === 'GET /offers') return json({ offers: w.offers })
    if (/^GET \/cases\/c\d$/.test(at)) return json({ status: 404, code: 'case.not_found', detail: '没有这件事。' }, 404)
    if (at === 'GET /points/accounts') return json({ accounts })
    if (at === 'GET /points/ledgers') return json({ ledgers: [honour, ledger] })
    if (at === 'GET /points/statement') return json({ entries: url.searchParams.get('kind') === 'held' ? [] : entries })
    if (at === 'GET /points/boards') return json({ shown: w.shown ?? true, boards: [{ name: '本村当月积分榜', group: '样例一村', area: 'v1', month: url.searchParams.get('month'), cap: 60, first: 10, lines: [{ place: 1, name: '样例甲', points: 60 }, ...((w.shown ?? true) ? [{ place: 2, name: '样例网格员', points: 12, me: true }] : [])] }] })
    if (at === 'GET /points/goods') return json({ goods })
    if (at === 'GET /points/claims') return json({ claims: w.claims })
    if (at === 'GET /points/code-keys') {
      const id = w.key
      await w.late
      return json({ id })
    }
    if (at === 'GET /points/merchants') return json({ merchants: [{ id: 'm1', ledger: 'points', name: '样例理发店', mine: true }] })
    if (at === 'GET /points/merchants/m1/statement') return json({ entries: [{ at: Date.now() - day, amount: 30, balance: 30, kind: 'redeem', key: '', reason: '已领取' }] })
    if (at.startsWith('GET /')) return json({}, 404)
    const body = route.request().postDataJSON() as Record<string, unknown>
    w.sent.push({ path: at, body })
    if (at === 'POST /offers/j0/claims') return w.refuse ? json({ status: 409, code: 'part.no_place', detail: w.refuse }, 409) : json({ id: 'c9', number: 'T26110002' }, 201)
    if (at === 'POST /points/code-keys') {
      w.public = String(body.key)
      return json({ id: (w.key = 'key-of-p1') }, 201)
    }
    if (at === 'PUT /points/boards/me') {
      w.shown = Boolean(body.shown)
      return route.fulfill({ status: 204 })
    }
    if (at === 'POST /points/objections') return json({ id: 'c7', number: 'R26110001' }, 201)
    if (at === 'POST /points/scans') return w.answer ? json(w.answer.body, w.answer.status) : json({ level: '九五折', title: '理发券' })
    if (at === 'POST /points/claims') return json({ ...parcel, id: 'v3' }, 201)
    if (at.startsWith('DELETE /')) return route.fulfill({ status: 204 })
    return json({}, 404)
  })
  await page.goto(path)
  await expect(page.locator('.top .where')).toBeVisible()
  return w
}
async function whole(page: Page, w: World) {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ' ' + v.nodes[0]?.target.join())).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(page.viewportSize()!.width)
  expect(w.faults).toEqual([])
}

for (const [language, scheme, width] of [['zh', 'light', 360], ['en', 'dark', 390]] as const)
  test(`every page of points is whole and without barrier: ${language}, ${scheme}, ${width} px`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: 800 })
    await page.addInitScript(l => localStorage.setItem('gezhi.language', l), language)
    const w = await open(page, '/field/me')
    for (const [path, seen] of [['field/me', '.way'], ['field/offers', '.offers li'], ['field/points', '.entries li'], ['field/goods', '.goods li'], ['field/code', '.panel .main'], ['shop/', '.chip']] as const) {
      await page.goto('/' + path)
      await expect(page.locator(seen).first()).toBeVisible()
      if (path === 'field/code') {
        await page.locator('.panel .main').click()
        await expect(page.locator('.qr')).toBeVisible()
      }
      await whole(page, w)
      await page.screenshot({ path: info.outputPath(path.replace(/\W/g, '-') + '.png'), fullPage: true })
    }
    if (language === 'en') await expect(page.locator('body')).not.toContainText(/商家扫码|对账/)
  })

test('the board is folded below my points, says of whom and which month it is, and I may leave it', async ({ page }) => {
  const w = await open(page, '/field/points')
  await expect(page.getByText('样例一村')).toHaveCount(0)
  await page.getByText('积分榜').click()
  await expect(page.getByText('样例一村')).toBeVisible()
  await expect(page.getByLabel('月份')).toHaveValue(/^\d{4}-\d{2}$/)
  await expect(page.locator('.ranks li')).toHaveText([/样例甲.*60/, /样例网格员我.*12/])
  await expect(page.getByText('在线时长和上报数量不计')).toBeVisible()
  await page.getByRole('button', { name: '我不上榜' }).click()
  await expect(page.locator('.ranks li')).toHaveCount(1)
  await expect(page.getByRole('button', { name: '恢复上榜' })).toBeVisible()
  expect(w.sent).toEqual([{ path: 'PUT /points/boards/me', body: { shown: false } }])
  await whole(page, w)
})

test('the code is signed by this telephone, names the voucher, changes every half minute, and comes without a network', async ({ page }) => {
  await page.clock.install({ time: Date.now() })
  const w = await open(page, '/field/code')
  await page.getByRole('button', { name: '在这部手机上启用' }).click()
  const shown = page.locator('.qr')
  await expect(shown).toHaveAttribute('data-code', /^GZ1\.key-of-p1\.\d+\.\w{12}\.\./)
  const first = (await shown.getAttribute('data-code'))!
  const open_ = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: w.public! }, format: 'jwk' })
  const signed = (code: string) => verify(null, Buffer.from(code.slice(0, code.lastIndexOf('.'))), open_, Buffer.from(code.slice(code.lastIndexOf('.') + 1), 'base64url'))
  expect(signed(first)).toBe(true)
  w.away = true // no network any more, and the page is opened anew
  await page.reload()
  await page.getByRole('radio', { name: /理发券/ }).check()
  await expect(shown).toHaveAttribute('data-code', new RegExp(`\\.${voucher.id}\\.`))
  const second = (await shown.getAttribute('data-code'))!
  expect(signed(second)).toBe(true)
  await expect(page.getByText('没有网络也能扫')).toBeVisible()
  await page.clock.runFor(31_000)
  await expect(shown).not.toHaveAttribute('data-code', second)
  expect(signed((await shown.getAttribute('data-code'))!)).toBe(true)
})

test('a telephone without WebCrypto signs all the same', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(crypto, 'subtle', { value: undefined }))
  const w = await open(page, '/field/code')
  await page.getByRole('button', { name: '在这部手机上启用' }).click()
  await expect(page.locator('.qr')).toHaveAttribute('data-code', /^GZ1\./)
  const code = (await page.locator('.qr').getAttribute('data-code'))!
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: w.public! }, format: 'jwk' })
  expect(verify(null, Buffer.from(code.slice(0, code.lastIndexOf('.'))), key, Buffer.from(code.slice(code.lastIndexOf('.') + 1), 'base64url'))).toBe(true)
})

test('a code that was let in while an older answer is under way stays', async ({ page }) => {
  let arrive = () => undefined as void
  await open(page, '/field/code', { late: new Promise<void>(done => (arrive = done)) })
  await page.getByRole('button', { name: '在这部手机上启用' }).click()
  await expect(page.locator('.qr')).toBeVisible()
  const answered = page.waitForResponse(r => r.url().endsWith('/points/code-keys') && r.request().method() === 'GET')
  arrive()
  await (await answered).finished()
  await page.getByRole('radio', { name: /理发券/ }).check()
  await expect(page.locator('.qr')).toHaveAttribute('data-code', new RegExp(`\\.${voucher.id}\\.`))
})

test('a code that another telephone took over, or that was ended, is not shown any more', async ({ page }) => {
  const w = await open(page, '/field/code')
  await page.getByRole('button', { name: '在这部手机上启用' }).click()
  await expect(page.locator('.qr')).toBeVisible()
  w.key = 'of-another'
  await page.reload()
  await expect(page.getByText('您的码现在由另一部手机出示')).toBeVisible()
  await expect(page.locator('.qr')).toHaveCount(0)
  await page.getByRole('button', { name: '停用所有手机上的码' }).click()
  await page.getByRole('button', { name: '停用所有手机上的码' }).click()
  await expect(page.getByText('所有手机上的码已停用')).toBeVisible()
  expect(w.sent.at(-1)?.path).toBe('DELETE /points/code-keys')
})

test('a task is taken where there is no network, sent once there is one, and who came too late is told', async ({ page }) => {
  const w = await open(page, '/field/offers')
  await expect(page.locator('.offers li', { hasText: '巡查秸秆' }).getByRole('button')).toBeDisabled()
  const first = page.locator('.offers li', { hasText: '清理河道' })
  await expect(first).toContainText('还剩 2 / 3 个名额')
  w.away = true
  await first.getByRole('button', { name: '认领' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '认领' }).click()
  await expect(page.getByText('已存在手机里，有网络时自动发出')).toBeVisible()
  await expect(first.getByRole('button')).toBeDisabled()
  expect(w.sent).toEqual([])
  w.away = false
  w.refuse = '名额已满。'
  await page.goto('/field/outbox') // what waits goes by itself
  await expect(page.locator('.outbox .refused')).toContainText('名额已满。')
  expect(w.sent.map(x => x.path)).toEqual(['POST /offers/j0/claims'])
  w.refuse = undefined
  await page.goto('/field/offers')
  await first.getByRole('button', { name: '认领' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '认领' }).click()
  await expect(page).toHaveURL(/\/field\/case\/c9$/)
})

test('an entry of one’s own is objected to with a reason', async ({ page }) => {
  const w = await open(page, '/field/points')
  const entry = page.locator('.entries li', { hasText: '抽查不符，收回' })
  await entry.getByRole('button', { name: '有异议' }).click()
  await expect(page.getByRole('button', { name: '提交异议' })).toBeDisabled()
  await page.getByLabel('哪里不对').fill('当天在场')
  await page.getByRole('button', { name: '提交异议' }).click()
  await expect(page.getByText('异议已提交')).toBeVisible()
  expect(w.sent).toEqual([{ path: 'POST /points/objections', body: { ledger: 'points', kind: 'reverse', key: 'k3', text: '当天在场' } }])
})

test('what one can afford is reserved after one question, and given up after another', async ({ page }) => {
  const w = await open(page, '/field/goods')
  await expect(page.locator('.goods li', { hasText: '洗衣液' }).getByRole('button')).toBeDisabled()
  await expect(page.getByText('ABCD EFGH')).toBeVisible()
  await page.locator('.goods li', { hasText: '大米' }).getByRole('button', { name: '预约' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '预约' }).click()
  await expect.poll(() => w.sent.length).toBe(1)
  expect(w.sent[0]).toEqual({ path: 'POST /points/claims', body: { ledger: 'points', good: 'g2' } })
  const mine = page.locator('.claims li', { hasText: '大米' })
  await mine.getByRole('button', { name: '不要了' }).click()
  await mine.getByRole('button', { name: '确定不要，退回积分' }).click()
  await expect.poll(() => w.sent.at(-1)?.path).toBe('DELETE /points/claims/v2')
})

test('the till says valid with the discount, and why not otherwise, each in plain words', async ({ page }) => {
  const w = await open(page, '/shop/')
  const check = async (code: string) => {
    await page.getByLabel('输入码').fill(code)
    await page.getByRole('button', { name: '核对', exact: true }).click()
  }
  await check('GZ1.a')
  await expect(page.getByRole('alert')).toContainText('有效')
  await expect(page.getByRole('alert')).toContainText('优惠：九五折')
  await expect(page.getByRole('alert')).toContainText('已核销：理发券')
  expect(w.sent[0]?.body).toEqual({ ledger: 'points', merchant: 'm1', code: 'GZ1.a' })
  await page.getByRole('button', { name: '扫下一位' }).click()
  w.answer = { status: 409, body: { status: 409, code: 'points.code_used', detail: '此二维码已于 2026-03-02 09:00:00 使用。' } }
  await page.getByRole('button', { name: '关闭摄像头' }).click({ timeout: 2000 }).catch(() => undefined) // there is none where the tests run
  await check('GZ1.a')
  await expect(page.getByRole('alert')).toContainText('此二维码已于 2026-03-02 09:00:00 使用。')
  await page.getByRole('button', { name: '扫下一位' }).click()
  w.answer = { status: 409, body: { status: 409, code: 'points.merchant_ended', detail: '该商家已退出。' } }
  await check('GZ1.a')
  await expect(page.getByRole('alert')).toContainText('该商家已退出。')
  await page.getByRole('button', { name: '扫下一位' }).click()
  w.away = true
  await check('GZ1.b')
  await expect(page.getByRole('alert')).toContainText('没有网络，不能核对')
  await expect(page.getByRole('alert')).not.toContainText('无效') // nobody knows
  await whole(page, { ...w, faults: [] })
  w.away = false
  const asked: (string | undefined)[] = []
  page.on('request', r => r.url().endsWith('/points/scans') && asked.push(r.headers()['idempotency-key'], r.postDataJSON().code))
  w.answer = { status: 503, body: { status: 503, code: 'busy', detail: '请稍后再试。' } }
  await page.getByRole('button', { name: '再核对一次' }).click()
  await expect(page.getByRole('alert')).toContainText('请稍后再试。')
  w.answer = undefined
  await page.getByRole('button', { name: '再核对一次' }).click()
  await expect(page.getByRole('alert')).toContainText('已核销：理发券')
  expect(asked).toEqual([asked[0], 'GZ1.b', asked[0], 'GZ1.b'])
  expect(asked[0]).toMatch(/^[0-9a-f-]{36}$/)
})
