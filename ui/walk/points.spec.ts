// A task's whole life on the whole binary: published, taken without a network, shown, assessed,
// approved by a third person, the points are there once, and a shop takes them once.
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test'

const faults: string[] = []
let base = ''
test.beforeEach(({ baseURL }) => void (base = baseURL!))
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

async function at(browser: Browser, login: string, password: string, path: string, wide = false): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext(wide ? { viewport: { width: 1440, height: 900 } } : { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
  const page = await context.newPage()
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(e.message))
  page.on('request', r => !r.url().startsWith(base) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  await page.goto(path)
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: '登录' })).toHaveCount(0)
  return { page, context }
}
/** asks the API as whoever is logged in on a page */
const ask = (page: Page, method: string, path: string, body?: object) => page.evaluate(async ([method, path, body]) => {
  const r = await fetch('/api/v1' + path, { method, headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() }, body: body && JSON.stringify(body) })
  const text = await r.text()
  return { status: r.status, body: text ? JSON.parse(text) : undefined }
}, [method, path, body] as const)
const can = (page: Page, name: string) => page.locator('.can').getByRole('button', { name, exact: true })
const sheet = (page: Page) => page.getByRole('dialog')
const day = (n: number) => new Date(Date.now() + 8 * 3_600_000 + n * 86_400_000).toISOString().slice(0, 10)

test('a task is published, taken and shown without a network, assessed, approved by a third person, the points are there once, and spent once at two tills', async ({ browser }) => {
  test.setTimeout(150_000)
  // The security administrator lets one person assess and approve, and somebody stand for the street.
  const secure = await at(browser, 'secadmin', 'sample-secadmin', '/desk/', true)
  await expect(secure.page.getByRole('heading', { name: '人员与岗位' })).toBeVisible()
  for (const [login, like] of [['streetlead', 'streetlead'], ['assessor', 'party']] as const) {
    const of = async (l: string) => (await ask(secure.page, 'GET', '/accounts?q=' + l)).body.accounts.find((a: { login: string }) => a.login === l)
    const post = (await of(like)).posts[0]
    const given = await ask(secure.page, 'POST', `/accounts/${(await of(login)).id}/posts`, { role: 'party_committee', unit: post.unit.id, area: post.area.id })
    expect(given.status, JSON.stringify(given.body)).toBe(200)
  }
  await secure.context.close()

  // The street's budget takes two persons.
  const street = await at(browser, 'streetoffice', 'sample-streetoffice', '/desk/points', true)
  const why = '样例预算' + Date.now()
  await street.page.getByRole('button', { name: '提出申请' }).click()
  await sheet(street.page).getByLabel('数量').fill('100')
  await sheet(street.page).getByLabel('理由').fill(why)
  await sheet(street.page).getByRole('button', { name: '提交' }).click()
  await expect(street.page.locator('.asked-for', { hasText: why })).toContainText('须由另一人审批')
  const lead = await at(browser, 'streetlead', 'sample-streetlead', '/desk/points', true)
  await lead.page.locator('.asked-for', { hasText: why }).getByRole('button', { name: '同意', exact: true }).click()
  await expect(lead.page.locator('.asked-for', { hasText: why })).toHaveCount(0)
  await lead.context.close()

  // First telephone: the community's administrator publishes.
  const title = '样例任务：清理楼道杂物' + Date.now()
  const admin = await at(browser, 'pointsadmin', 'sample-pointsadmin', '/field/')
  const who = (await ask(admin.page, 'GET', '/me')).body.posts[0]
  const opened = await ask(admin.page, 'POST', '/cases', { class: 'village-points/sample-points:202', text: title, channel: 'field', area_id: who.area.id, fields: { difficulty: 'normal', places: 1, ends: day(10) } })
  expect(opened.status, JSON.stringify(opened.body)).toBe(201)
  await admin.page.goto('/field/case/' + opened.body.id)
  await can(admin.page, '发布').click()
  await sheet(admin.page).locator('footer').getByRole('button', { name: '发布' }).click()
  await expect(sheet(admin.page)).toHaveCount(0)

  // Second telephone: a grid worker takes it, and shows what was done, where there is no network.
  const worker = await at(browser, 'wg029', 'sample-worker', '/field/offers')
  const before = (await ask(worker.page, 'GET', '/points/accounts')).body.accounts.find((a: { ledger: string; kind: string }) => a.ledger === 'points' && a.kind === 'available')?.balance ?? 0
  const offer = worker.page.locator('.offers li', { hasText: title })
  await expect(offer).toContainText('还剩 1 / 1 个名额')
  await worker.page.waitForFunction(() => navigator.serviceWorker.ready.then(r => !!r.active))
  await worker.context.setOffline(true)
  await offer.getByRole('button', { name: '认领' }).click()
  await sheet(worker.page).getByRole('button', { name: '认领' }).click()
  await expect(worker.page.getByText('已存在手机里，有网络时自动发出')).toBeVisible()
  await worker.context.setOffline(false)
  await worker.page.goto('/field/outbox')
  const item = worker.page.locator('.outbox li', { hasText: title.slice(0, 20) })
  await expect(item).toContainText('已送达')
  await item.getByRole('button').first().click()
  await expect(can(worker.page, '提交佐证')).toBeVisible()
  await worker.context.setOffline(true)
  await can(worker.page, '提交佐证').click()
  const proof = sheet(worker.page)
  await proof.getByLabel('完成日期').first().fill(day(0))
  await proof.locator('input[type=file]').first().setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png })
  await expect(proof.locator('.files li').first()).toBeVisible()
  await proof.locator('footer').getByRole('button', { name: '提交佐证' }).click()
  await expect(worker.page.getByText('已存在手机里，有网络时自动发出')).toBeVisible()
  const claim = worker.page.url().split('/').pop()!
  await worker.context.setOffline(false)
  await expect.poll(async () => (await ask(worker.page, 'GET', '/cases/' + claim)).body.case.step).toBe('proof')

  // Third telephone: who assesses it may not approve it, though they hold that post as well.
  const assessor = await at(browser, 'assessor', 'sample-assessor', '/field/case/' + claim)
  await can(assessor.page, '考评').click()
  await sheet(assessor.page).getByLabel('全部给分').check()
  await sheet(assessor.page).locator('footer').getByRole('button', { name: '考评' }).click()
  await expect(sheet(assessor.page)).toHaveCount(0)
  await expect(assessor.page.locator('.head')).toContainText('待审核')
  await expect(can(assessor.page, '审核给分')).toHaveCount(0)
  const seen = (await ask(assessor.page, 'GET', '/cases/' + claim)).body.case
  const refused = await ask(assessor.page, 'POST', `/cases/${claim}/moves`, { action: 'approve', version: seen.version, values: {} })
  expect([refused.status, refused.body.code]).toEqual([403, 'case.not_your_own_work'])
  await assessor.context.close()

  const party = await at(browser, 'party', 'sample-party', '/desk/cases/' + claim, true)
  await party.page.getByRole('button', { name: '审核给分' }).click()
  await sheet(party.page).locator('footer').getByRole('button', { name: '审核给分' }).click()
  await expect(sheet(party.page)).toHaveCount(0)

  // The points are there, once, with what led to them; the street sees the same entry.
  await worker.page.goto('/field/points')
  await expect(worker.page.locator('.purse .free').first()).toContainText(String(before + 5))
  const entry = worker.page.locator('.entries li').first()
  await expect(entry).toContainText('+5')
  await entry.getByRole('link').click()
  await expect(worker.page).toHaveURL(new RegExp(claim))
  await street.page.goto(`/desk/points/accounts?owner=person/${(await ask(worker.page, 'GET', '/me')).body.person.id}&name=x`)
  await expect(street.page.locator('.entries li').first()).toContainText('+5')

  // What is reserved for them is fetched at a shop, with a code that the telephone signs where there
  // is no network. Two tills check it at the same moment: one of them has it, the other hears when.
  await worker.page.goto('/field/goods')
  await worker.page.locator('.goods li', { hasText: '样例超市五元券' }).getByRole('button', { name: '预约' }).click()
  await sheet(worker.page).getByRole('button', { name: '预约' }).click()
  await expect(worker.page.locator('.claims li', { hasText: '样例超市五元券' })).toBeVisible()
  await worker.page.goto('/field/code')
  await worker.page.getByRole('button', { name: '在这部手机上启用' }).click()
  const code = worker.page.locator('.qr')
  await expect(code).toBeVisible()
  await worker.context.setOffline(true)
  await worker.page.getByRole('radio', { name: /样例超市五元券/ }).check()
  await expect(code).toHaveAttribute('data-code', /^GZ1\.[^.]+\.\d+\.[^.]+\.[\w-]{20,}\./)
  const tills = [await at(browser, 'shop', 'sample-shop', '/shop/'), await at(browser, 'shop', 'sample-shop', '/shop/')]
  const shown = (await code.getAttribute('data-code'))! // read last: it is good for a minute
  for (const { page } of tills) await page.getByLabel('输入码').fill(shown)
  await Promise.all(tills.map(({ page }) => page.getByRole('button', { name: '核对', exact: true }).click()))
  const said = await Promise.all(tills.map(({ page }) => page.locator('.verdict').innerText()))
  expect(said.filter(x => /已核销：样例超市五元券/.test(x)), said.join('|')).toHaveLength(1)
  expect(said.filter(x => /已于 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 使用/.test(x)), said.join('|')).toHaveLength(1)
  expect(said.join()).not.toContain('网格员')
  await worker.context.setOffline(false)
  await expect.poll(async () => (await ask(worker.page, 'GET', '/points/accounts')).body.accounts.find((a: { ledger: string; kind: string }) => a.ledger === 'points' && a.kind === 'available').balance).toBe(before)
  expect(faults).toEqual([])
})
