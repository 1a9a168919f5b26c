import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { wechat } from './wechat'

const faults: string[] = []

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

/** A page of somebody's own, on a telephone that of WeChat. What the console says, or asks elsewhere, is a fault. */
async function page(browser: Browser, phone = false): Promise<Page> {
  const p = phone ? await wechat(browser) : await (await browser.newContext()).newPage()
  p.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && faults.push(m.text()))
  p.on('pageerror', e => faults.push(e.message))
  p.on('request', r => !r.url().startsWith(test.info().project.use.baseURL!) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  return p
}
async function clean(p: Page) {
  const found = await new AxeBuilder({ page: p }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id)).toEqual([])
}
async function signIn(p: Page, login: string) {
  await p.goto('/desk/')
  await p.getByLabel('账号').fill(login)
  await p.getByLabel('密码').fill('sample-' + login)
  await p.keyboard.press('Enter')
  await expect(p.locator('.rail')).toBeVisible()
}

test('a cadre lets a worker in by telephone, and ends the telephone when it is lost', async ({ browser }) => {
  const cadre = await page(browser)
  await signIn(cadre, 'village')
  await cadre.goto('/desk/colleagues')
  const row = cadre.locator('.list li').filter({ hasText: '样例村处置员' })
  await row.getByRole('button', { name: /^邀请.*样例村处置员/ }).click()
  const digits = (await cadre.locator('.invitation .digits').textContent())!
  await clean(cadre)
  await cadre.keyboard.press('Escape')

  const phone = await page(browser, true)
  await phone.goto('/desk/join')
  await phone.getByLabel('邀请数字').fill(digits)
  await phone.getByRole('button', { name: '下一步' }).click()
  await expect(phone.getByText('样例村处置员，您好')).toBeVisible()
  await clean(phone)
  const pin = async (text: string) => {
    await phone.getByLabel('设一个 6 位数字的 PIN').fill(text)
    await phone.getByLabel('再输一次').fill(text)
    await phone.getByRole('button', { name: '绑定并登录' }).click()
  }
  await pin('123456')
  await expect(phone.getByText('太容易被猜到')).toBeVisible()
  await pin('402917')
  await expect(phone.locator('.rail')).toBeVisible()
  await phone.getByRole('button', { name: '更多', exact: true }).click()
  await phone.getByRole('button', { name: '退出' }).click()
  await expect(phone.getByText('样例村处置员，您好')).toBeVisible()
  await clean(phone)
  await phone.getByLabel('PIN').fill('402918')
  await phone.keyboard.press('Enter')
  await expect(phone.getByText('还可以试 4 次')).toBeVisible()
  await phone.getByLabel('PIN').fill('402917')
  await phone.keyboard.press('Enter')
  await expect(phone.locator('.rail')).toBeVisible()

  await cadre.reload()
  await row.getByRole('button', { name: /手机丢失/ }).click()
  await expect(row.getByRole('button', { name: /手机丢失/ })).toHaveCount(0)
  await phone.reload()
  await expect(phone.getByLabel('账号')).toBeVisible()
  expect(faults).toEqual([])
})

test('the square of an invitation, opened in WeChat, lets a worker in by PIN, who reports with a picture', async ({ browser }) => {
  const cadre = await page(browser)
  await signIn(cadre, 'village')
  await cadre.goto('/desk/colleagues')
  const row = cadre.locator('.list li').filter({ hasText: '样例网格员030' })
  const made = cadre.waitForResponse(r => r.url().endsWith('/invitations') && r.request().method() === 'POST')
  await row.getByRole('button', { name: /^邀请.*样例网格员030/ }).click()
  const square = new URL((await (await made).json()).invitations[0].address as string) // what the square says
  await expect(cadre.locator('.invitation img')).toBeVisible()
  await cadre.keyboard.press('Escape')

  const phone = await page(browser, true)
  await phone.goto(square.pathname + square.hash)
  await expect(phone.getByText('样例网格员030，您好')).toBeVisible()
  await phone.getByLabel('设一个 6 位数字的 PIN').fill('402917')
  await phone.getByLabel('再输一次').fill('402917')
  await phone.getByRole('button', { name: '绑定并登录' }).click()
  await expect(phone.getByLabel('再输一次')).toHaveCount(0)
  await phone.goto('/field/')
  await phone.locator('.report-big').click()
  const text = '样例：微信里上报的渗水' + Date.now()
  await phone.getByLabel('什么情况').fill(text)
  await phone.getByLabel('拍照').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png })
  await expect(phone.locator('.proof img')).toBeVisible()
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/wechat-report.png` })
  await phone.getByRole('button', { name: '上报', exact: true }).click()
  await expect(phone.getByText(/已上报，编号/)).toBeVisible()
  if (process.env.SHOTS) await phone.screenshot({ path: `${process.env.SHOTS}/wechat-reported.png` })
  await phone.reload() // the device is bound, and the session holds
  await expect(phone.getByLabel('账号')).toHaveCount(0)

  await cadre.reload()
  await row.getByRole('button', { name: /手机丢失/ }).click()
  await expect(row.getByRole('button', { name: /手机丢失/ })).toHaveCount(0)
  expect(faults).toEqual([])
})

test('a sheet for a village is printed, one square for each worker', async ({ browser }) => {
  const cadre = await page(browser)
  await signIn(cadre, 'village')
  await cadre.goto('/desk/colleagues')
  for (const name of ['样例网格员029', '样例网格员030', '样例网格员031']) await cadre.getByLabel(name, { exact: true }).check()
  await cadre.getByRole('button', { name: '打印邀请单（3 人）' }).click()
  await expect(cadre.locator('.printed .invitation')).toHaveCount(3)
  await cadre.emulateMedia({ media: 'print' })
  await expect(cadre.locator('.rail')).toBeHidden()
  await expect(cadre.locator('.printed .invitation img').first()).toBeVisible()
  expect(faults).toEqual([])
})

test('somebody acts for an absent colleague, both see it, and it is ended early', async ({ browser }) => {
  const clerk = await page(browser)
  await signIn(clerk, 'village')
  await clerk.goto('/desk/colleagues/absences')
  await clerk.getByLabel('由谁代理').fill('样例村监督员')
  await clerk.getByRole('option', { name: '样例村监督员' }).first().click()
  await clerk.getByLabel('到', { exact: true }).fill('2099-01-02T12:00')
  await clerk.getByRole('button', { name: '记录代理' }).click()
  await expect(clerk.getByText('样例村监督员 代 样例村干部')).toBeVisible()
  await clean(clerk)
  const other = await page(browser)
  await signIn(other, 'villagecheck')
  await other.goto('/desk/colleagues/absences')
  await expect(other.getByText('样例村监督员 代 样例村干部')).toBeVisible()
  await other.getByRole('button', { name: /提前结束/ }).click()
  await expect(other.getByText('已结束')).toBeVisible()
  expect(faults).toEqual([])
})
