// The till and bad luck, on the whole binary: what is forged, old, photographed or scanned without a
// network; and points that a recheck takes back after they were spent.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { expect, request, test, type APIRequestContext, type Browser, type Page } from '@playwright/test'

test.describe.configure({ mode: 'serial' })
const faults: string[] = []
let base = ''
const seats = new Map<string, APIRequestContext>()
test.beforeAll(({ }, info) => void (base = info.project.use.baseURL!))
test.afterAll(async () => {
  for (const seat of seats.values()) await seat.dispose()
})

/** asks the API as one of the sample county's people */
async function ask(login: string, method: string, path: string, data?: object): Promise<{ status: number; body: any }> {
  let seat = seats.get(login)
  if (!seat) {
    seats.set(login, (seat = await request.newContext({ baseURL: base, extraHTTPHeaders: { Origin: base } })))
    const r = await seat.post('/api/v1/session', { data: { login, password: login.startsWith('wg') ? 'sample-worker' : 'sample-' + login } })
    expect(r.ok(), await r.text()).toBe(true)
  }
  const r = await seat.fetch('/api/v1' + path, { method, data, headers: { 'Idempotency-Key': randomUUID() } })
  const text = await r.text()
  return { status: r.status(), body: text ? JSON.parse(text) : undefined }
}
/** the same, where the answer must be yes */
async function get(login: string, method: string, path: string, data?: object) {
  const r = await ask(login, method, path, data)
  expect(r.status, `${login} ${method} ${path} ${JSON.stringify(r.body)}`).toBeLessThan(300)
  return r.body
}
async function at(browser: Browser, login: string, path: string, width = 360): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, ...(width < 1000 ? { hasTouch: true, isMobile: true } : {}), storageState: await seats.get(login)?.storageState() })
  const page = await context.newPage()
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(e.message))
  await page.goto(path)
  return page
}
const free = async () => (await get('wg029', 'GET', '/points/accounts')).accounts.find((a: any) => a.ledger === 'points' && a.kind === 'available')?.balance ?? 0
/** lets somebody hold a post where another holds one, unless they do */
async function stand(login: string, role: string, like: string) {
  const of = async (l: string) => (await get('secadmin', 'GET', '/accounts?q=' + l)).accounts.find((a: any) => a.login === l)
  const post = (await of(like)).posts[0]
  const who = await of(login)
  if (!who.posts.some((x: any) => x.role === role)) await get('secadmin', 'POST', `/accounts/${who.id}/posts`, { role, unit: post.unit.id, area: post.area.id })
}
const voucherOf = async () => (await get('wg029', 'GET', '/points/goods?ledger=points')).goods.find((g: any) => g.title === '样例超市五元券')
const day = (n: number) => new Date(Date.now() + 8 * 3_600_000 + n * 86_400_000).toISOString().slice(0, 10)

/** proposed by the street, agreed to by somebody else */
async function give(what: object) {
  const unit = (await get('streetoffice', 'GET', '/me')).posts[0].unit.id
  const asked = await get('streetoffice', 'POST', '/points/proposals', { ledger: 'points', unit, year: Number(day(0).slice(0, 4)), reason: '样例', ...what })
  await get('streetlead', 'POST', '/points/proposals/' + asked.id, { ledger: 'points', agree: true })
}
/** a telephone of the worker's that signs whatever the test wants: seconds late, with another key */
async function signer() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = (await get('wg029', 'POST', '/points/code-keys', { key: publicKey.export({ format: 'jwk' }).x })).id
  return (claim = '', late = 0, key = privateKey) => {
    const said = `GZ1.${id}.${Math.floor(Date.now() / 1000) - late}.${randomUUID().replace(/-/g, '').slice(0, 12)}.${claim}`
    return `${said}.${sign(null, Buffer.from(said), key).toString('base64url')}`
  }
}

async function check(till: Page, code: string, says: string | RegExp) {
  const next = till.getByRole('button', { name: '扫下一位' })
  if (await next.isVisible()) await next.click()
  await till.getByLabel('输入码').fill(code)
  await till.getByRole('button', { name: '核对', exact: true }).click()
  await expect(till.locator('.verdict')).toContainText(says)
}

test('at the till: forged, old, early, photographed, no network, an answer that got lost', async ({ browser }) => {
  test.setTimeout(120_000)
  await stand('streetlead', 'party_committee', 'streetlead')
  const me = await get('wg029', 'GET', '/me')
  await give({ kind: 'budget', amount: 100 })
  await give({ kind: 'adjust', owner: 'person/' + me.person.id, amount: 15 })
  const good = await voucherOf()
  const vouchers: string[] = []
  for (let i = 0; i < 3; i++) vouchers.push((await get('wg029', 'POST', '/points/claims', { ledger: 'points', good: good.id })).id)

  // A telephone whose clock is a day late, as it signs on its page; and the test's own key for what no page makes.
  const worker = await at(browser, 'wg029', '/field/me')
  await worker.clock.install({ time: Date.now() - 86_400_000 })
  await worker.goto('/field/code')
  await worker.getByRole('button', { name: '在这部手机上启用' }).click()
  const shown = worker.locator('.qr')
  await expect(shown).toHaveAttribute('data-code', /^GZ1\./)
  await get('shop', 'GET', '/me')
  const till = await at(browser, 'shop', '/shop/')
  await check(till, (await shown.getAttribute('data-code'))!, '有效')
  await worker.context().close()

  const code = await signer()
  const turned = (text: string, i: number) => text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1)
  const whole = code(vouchers[0])
  await check(till, turned(whole, whole.length - 40), '二维码不真实')
  await check(till, whole.replace(vouchers[0]!, vouchers[1]!), '二维码不真实')
  await check(till, code(vouchers[0], 0, generateKeyPairSync('ed25519').privateKey), '二维码不真实')
  await check(till, code(vouchers[0], 61), '二维码已超过 60 秒，请重新出示')
  await check(till, code('', -86_400), '手机时间偏快')
  await check(till, 'https://example.org/pay', '无法识别此二维码')
  const picture = code(vouchers[0])
  await check(till, picture, '已核销：样例超市五元券')
  await check(till, picture, /此二维码已于 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 使用/)
  await check(till, code(vouchers[0]), /已于 .* 领取，不能再次领取/) // another code, the same voucher

  // Without a network it is refused, and nothing is lost; nor when the answer is.
  await till.context().setOffline(true)
  await check(till, code(vouchers[1]), '没有网络，不能核对')
  await till.context().setOffline(false)
  await till.getByRole('button', { name: '再核对一次' }).click()
  await expect(till.locator('.verdict')).toContainText('已核销：样例超市五元券')
  let lost = 0
  await till.route('**/points/scans', async route => {
    if (lost++) return route.continue()
    await route.fetch()
    await route.abort()
  })
  await check(till, code(vouchers[2]), '没有网络，不能核对')
  await till.getByRole('button', { name: '再核对一次' }).click()
  await expect(till.locator('.verdict')).toContainText('已核销：样例超市五元券')
  expect(lost).toBe(2)
  await till.getByRole('button', { name: '对账' }).click()
  await expect(till.locator('.entries li')).not.toHaveCount(0)
  expect(await till.locator('#content').innerText()).not.toContain(me.person.name)

  expect(faults).toEqual([])
})

test('what a recheck takes back after it was spent: nobody falls below zero, and what is missing stands where both sides see it', async ({ browser }) => {
  test.setTimeout(120_000)
  await stand('streetlead', 'party_committee', 'streetlead')
  await stand('streetcheck', 'assessor', 'streetcheck')
  const me = await get('wg029', 'GET', '/me')
  // For this walk every approved claim is drawn for the recheck.
  const overlay = '/setup/packs/village-points/overlay'
  const put = async (text: string) => {
    const seen = await get('sysadmin', 'POST', overlay + '/check', { text })
    if (!seen.same) await get('sysadmin', 'PUT', overlay, { text, pack: seen.pack, before: seen.before })
  }
  await give({ kind: 'budget', amount: 50 })
  await put('format: 1\noverlay: village-points\nsample: { approve: 100% }\n')
  const admin = (await get('pointsadmin', 'GET', '/me')).posts[0]
  const job = (await get('pointsadmin', 'POST', '/cases', { class: 'village-points/sample-points:205', text: '样例任务：夜间巡查' + Date.now(), channel: 'field', area_id: admin.area.id, fields: { difficulty: 'hard', places: 1, ends: day(5) } })).id
  const act = async (login: string, id: string, action: string, values: object = {}) => {
    const { case: seen } = await get(login, 'GET', '/cases/' + id)
    return get(login, 'POST', `/cases/${id}/moves`, { action, version: seen.version, values })
  }
  await act('pointsadmin', job, 'publish')
  const claim = (await get('wg029', 'POST', `/offers/${job}/claims`, {})).id
  await act('wg029', claim, 'submit', { done_on: day(0) })
  await act('assessor', claim, 'assess', { grade: 'full' })
  await act('party', claim, 'approve')
  await put('')
  const had = await free()
  expect(had).toBeGreaterThanOrEqual(5)
  // All of it is spent at the till.
  const good = await voucherOf()
  const shop = (await get('shop', 'GET', '/points/merchants')).merchants[0]
  const phone = await signer()
  for (let left = had; left >= good.price; left -= good.price) {
    const kept = (await get('wg029', 'POST', '/points/claims', { ledger: 'points', good: good.id })).id
    await get('shop', 'POST', '/points/scans', { ledger: 'points', merchant: shop.id, code: phone(kept) })
  }
  const rest = await free()
  expect(rest).toBeLessThan(5)

  // Somebody of the street, who had no part in it, finds that it was not done.
  await get('streetcheck', 'GET', '/me')
  const desk = await at(browser, 'streetcheck', '/desk/cases/' + claim, 1440)
  await desk.getByRole('button', { name: '抽查不实' }).click()
  const sheet = desk.getByRole('dialog')
  await sheet.getByRole('textbox').first().fill('样例：当晚未到现场')
  await sheet.locator('footer').getByRole('button', { name: '抽查不实' }).click()
  await expect(sheet).toHaveCount(0)
  // The desk sees what was not to be had back, beside why; codes are said in words.
  const missing = desk.locator('.facts dl')
  await expect(missing).toContainText('未能收回' + (5 - rest))
  await expect(missing).toContainText('考评结果全部给分')
  await expect(desk.locator('.facts')).toContainText('已给分')
  await expect(desk.locator('.timeline li').first()).toContainText('样例：当晚未到现场')

  // The worker sees the same: nothing below zero, the reason, and who found it.
  expect(await free()).toBe(0)
  await get('wg029', 'GET', '/me')
  const worker = await at(browser, 'wg029', '/field/points')
  await expect(worker.locator('.purse .free').first()).toHaveText(/^0/)
  await worker.goto('/field/case/' + claim)
  await expect(worker.locator('.timeline li').first()).toContainText('抽查不实')
  await expect(worker.locator('.timeline li').first()).toContainText('样例：当晚未到现场')
  await expect(worker.locator('.facts dl')).toContainText('未能收回' + (5 - rest))
  // What comes in later is theirs whole: nothing is owed, and nothing is taken by itself.
  await give({ kind: 'adjust', owner: 'person/' + me.person.id, amount: 4 })
  expect(await free()).toBe(4)
  expect(faults).toEqual([])
})
