// The face of grid workers on the whole binary, at the width of a small telephone.
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test'

const faults: string[] = []
let base = ''
test.beforeEach(({ baseURL }) => void (base = baseURL!))
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

async function phone(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
}
function watched(page: Page): Page {
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(e.message))
  page.on('request', r => !r.url().startsWith(base) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  return page
}
async function logIn(page: Page, login: string, password: string) {
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: '登录' })).toHaveCount(0)
}
async function at(browser: Browser, login: string, password: string, path = ''): Promise<Page> {
  const page = watched(await (await phone(browser)).newPage())
  await page.goto('/field/' + path)
  await logIn(page, login, password)
  return page
}
/** how many cases of these words the server holds, as their reporter sees them */
const held = (page: Page, text: string) => page.evaluate(async t => (await (await fetch('/api/v1/search?q=' + encodeURIComponent(t))).json()).hits?.length as number, text)
const act = (page: Page, name: string) => page.locator('.can').getByRole('button', { name, exact: true })
async function does(page: Page, name: string, fill: Record<string, string> = {}) {
  await act(page, name).click()
  const form = page.getByRole('dialog')
  for (const [label, text] of Object.entries(fill)) await form.getByLabel(label).first().fill(text)
  await form.locator('footer').getByRole('button', { name, exact: true }).click()
  await expect(form).toHaveCount(0)
}

test('a report without a network outlives the page, a lost answer and another person, and is held once', async ({ browser }) => {
  const text = '样例河堤塌了一角' + Date.now()
  const context = await phone(browser)
  const first = watched(await context.newPage())
  await first.goto('/field/')
  await logIn(first, 'wg029', 'sample-worker')
  await expect(first.locator('.case-row').first()).toBeVisible()
  await first.waitForFunction(() => navigator.serviceWorker.ready.then(r => !!r.active))

  await context.setOffline(true)
  await first.reload()
  await expect(first.locator('.case-row').first()).toBeVisible() // the list as last known
  await first.locator('.report-big').click()
  await first.getByLabel('什么情况').fill(text)
  await first.getByLabel('拍照').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png })
  await expect(first.locator('.proof img')).toBeVisible()
  await first.getByRole('button', { name: '上报', exact: true }).click() // the second tap
  await expect(first.getByText('已存在手机里')).toBeVisible()
  await first.close()

  // Somebody else takes the telephone: what the first wrote waits.
  const page = watched(await context.newPage())
  let posts = 0
  await context.route('**/api/v1/cases', async route => {
    if (route.request().method() !== 'POST') return route.continue()
    if (++posts > 1) return route.continue()
    await route.fetch() // carried out, and nobody hears of it
    await route.abort('connectionreset')
  })
  await context.clearCookies()
  await context.setOffline(false)
  await page.goto('/field/')
  await page.getByText('登录已过期').waitFor()
  await page.locator('.strip').getByRole('button', { name: '登录' }).click()
  await logIn(page, 'wg034', 'sample-worker')
  await page.goto('/field/outbox')
  await expect(page.getByText('1 件待发，等本人登录后发出')).toBeVisible()
  expect(posts).toBe(0)
  await page.locator('.tabs a').nth(4).click()
  await page.getByRole('button', { name: '退出' }).click()
  await expect(page.getByText('1 件待发，等本人登录后发出')).toBeVisible()
  await logIn(page, 'wg029', 'sample-worker')

  await expect.poll(() => posts).toBe(1)
  const other = watched(await context.newPage()) // and from now on in two tabs at the same time
  await Promise.all([page.goto('/field/outbox'), other.goto('/field/outbox')])
  await expect(page.getByText('已送达')).toBeVisible()
  await expect(other.getByText('已送达')).toBeVisible()
  expect(posts).toBe(2)
  await expect.poll(() => held(page, text), { timeout: 15_000 }).toBe(1)
  await page.getByRole('button', { name: '看事件' }).first().click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(text)
  await expect(page.locator('.evidence .tile')).toHaveCount(1)
  expect(faults).toEqual([])
})

test('village staff dispatch, handle and sign off by telephone; what came too late is kept as a note', async ({ browser }) => {
  const text = '桥头样例垃圾桶翻了' + Date.now()
  const worker = await at(browser, 'wg029', 'sample-worker')
  await worker.locator('.report-big').click()
  await worker.getByLabel('什么情况').fill(text)
  await worker.getByText('选其他类别').click()
  await worker.getByRole('combobox').fill('暴露垃圾')
  await worker.getByRole('option', { name: /暴露垃圾/ }).first().click()
  await expect(worker.locator('.send').getByRole('button', { name: '就地办结' })).toBeVisible()
  await worker.locator('.send').getByRole('button', { name: '上报' }).click()
  await expect(worker.getByText('已上报，编号')).toBeVisible() // who leaves within the blink of an eye has the draft
  await worker.goto('/field/outbox')
  await worker.getByRole('button', { name: '看事件' }).first().click()
  await expect(act(worker, '撤回')).toBeVisible()
  const path = new URL(worker.url()).pathname.replace('/field/', '')
  await worker.context().setOffline(true)

  const village = await at(browser, 'village', 'sample-village', path)
  await does(village, '受理分类')
  await expect(act(village, '派单')).toBeVisible()
  await does(village, '派单')

  await does(worker, '撤回', { 原因: '已经扶好了' })
  await expect(worker.getByText('已存在手机里，待发')).toBeVisible()
  await worker.context().setOffline(false)
  await worker.goto('/field/outbox')
  await expect(worker.getByText('已送达，记为补充说明')).toBeVisible()

  const hand = await at(browser, 'villagehand', 'sample-villagehand', path)
  await does(hand, '签收')
  await does(hand, '处置完成', { 处置情况: '已扶正' })
  const check = await at(browser, 'villagecheck', 'sample-villagecheck', path)
  await does(check, '核查通过并答复', { 答复: '已扶正，谢谢您' })
  await expect(check.locator('.timeline')).toContainText('已经扶好了')
  expect(await check.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  expect(faults).toEqual([])
})

test('found and done in one act takes two taps', async ({ browser }) => {
  const worker = await at(browser, 'wg029', 'sample-worker')
  await worker.locator('.report-big').click()
  await worker.getByLabel('什么情况').fill('样例路边暴露垃圾一袋，已当场清走')
  await worker.locator('.send').getByRole('button', { name: /就地办结.*暴露垃圾/ }).click()
  await expect(worker.getByText(/已上报，编号/)).toBeVisible()
  expect(faults).toEqual([])
})
