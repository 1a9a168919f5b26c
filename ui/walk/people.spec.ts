// Administrators, one-time passwords, second factors and sessions, on the whole binary.
import { createHmac } from 'node:crypto'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { wechat } from './wechat'

const shots = process.env.SHOTS
const shot = (page: Page, name: string) => (shots ? page.screenshot({ path: `${shots}/${name}.png` }) : undefined)

async function open(browser: Browser, width = 1440, height = 900) {
  const page = watched(await (await browser.newContext({ viewport: { width, height }, locale: 'zh-CN' })).newPage())
  await page.goto('/desk/')
  return page
}
function watched(page: Page) {
  page.on('console', m => { if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) throw new Error(m.text()) })
  return page
}
async function logIn(page: Page, login: string, password: string) {
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.getByRole('button', { name: '登录' }).click()
}
const section = (page: Page, name: string) => page.locator('.account-page section').filter({ has: page.getByRole('heading', { name, exact: true }) })
const serious = async (page: Page) => (await new AxeBuilder({ page }).analyze()).violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => `${v.id} ${v.nodes[0]?.html}`)

/** What an authenticator app shows for a secret in base 32 (RFC 6238). */
function codeOf(secret: string, at = Date.now()) {
  let bits = ''
  for (const c of secret.replaceAll(' ', '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')
  const key = Buffer.from(bits.match(/.{8}/g)!.map(b => parseInt(b, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const sum = createHmac('sha1', key).update(step).digest()
  return String((sum.readUInt32BE(sum[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

test('an account is made, gets a password of its own, a post, and is locked', async ({ browser }) => {
  const system = await open(browser)
  await logIn(system, 'sysadmin', 'sample-sysadmin')
  await expect(system.getByRole('heading', { name: '人员与岗位' })).toBeVisible()
  await expect(system.getByRole('link', { name: '待办' })).toHaveCount(0)
  await shot(system, 'people-1440')
  expect(await serious(system)).toEqual([])
  await system.getByRole('button', { name: '新建账号' }).click()
  const dialog = system.getByRole('dialog')
  await dialog.getByLabel('姓名').fill('样例新人')
  await dialog.getByLabel('账号').fill('newcomer')
  await dialog.getByRole('button', { name: '建立' }).click()
  const oneTime = await system.locator('.one-time code').innerText()
  await shot(system, 'created-1440')
  await expect(system.getByRole('button', { name: '给一个岗位' })).toHaveCount(0)

  const person = await open(browser, 390, 844)
  await logIn(person, 'newcomer', oneTime)
  await expect(person.getByRole('alert')).toContainText('一次性密码')
  await shot(person, 'first-390')
  await person.goto('/desk/')
  await expect(person).toHaveURL(/account/)
  await person.getByLabel('原密码').fill(oneTime)
  await person.getByLabel('新密码', { exact: true }).fill('newcomer1')
  await person.getByLabel('再输一次新密码').fill('newcomer1')
  await person.getByRole('button', { name: '修改密码' }).click()
  await expect(section(person, '密码').getByRole('alert')).toBeVisible() // too weak
  await person.getByLabel('新密码', { exact: true }).fill('云和 梯田 春耕')
  await person.getByLabel('再输一次新密码').fill('云和 梯田 春耕')
  await person.getByRole('button', { name: '修改密码' }).click()
  await expect(person.getByRole('link', { name: '待办' })).toBeVisible()

  const security = await open(browser)
  await logIn(security, 'secadmin', 'sample-secadmin')
  await security.getByRole('searchbox', { name: '按姓名或账号查找' }).fill('newcomer')
  await security.getByRole('button', { name: /样例新人/ }).click()
  const sheet = security.getByRole('dialog')
  await sheet.getByRole('button', { name: '给一个岗位' }).click()
  await sheet.getByLabel('岗位').selectOption({ label: '承办人员' })
  await sheet.getByRole('combobox', { name: '单位' }).click()
  await sheet.getByRole('listbox').getByRole('option').first().click()
  await shot(security, 'give-1440')
  expect(await serious(security)).toEqual([])
  await sheet.getByRole('button', { name: '任命' }).click()
  await expect(sheet.getByRole('button', { name: /结束岗位/ })).toBeVisible()
  await shot(security, 'given-1440')
  await sheet.getByRole('button', { name: '锁定', exact: true }).click()
  await sheet.getByLabel('原因').fill('样例：手机丢失')
  await shot(security, 'lock-1440')
  await sheet.getByRole('button', { name: '确定' }).click()
  await expect(sheet.getByRole('button', { name: '解锁' })).toBeVisible()

  await person.goto('/desk/account')
  await expect(person).toHaveURL(/login/)
  await logIn(person, 'newcomer', '云和 梯田 春耕')
  await expect(person.getByRole('alert')).toContainText('已锁定')
  await sheet.getByRole('button', { name: '解锁' }).click()
  await expect(sheet.getByRole('button', { name: '锁定', exact: true })).toBeVisible()
  await person.getByRole('button', { name: '登录' }).click()
  await expect(person.getByRole('link', { name: '待办' })).toBeVisible()

  const small = await open(browser, 360, 740)
  await logIn(small, 'secadmin', 'sample-secadmin')
  await expect(small.getByRole('heading', { name: '人员与岗位' })).toBeVisible()
  await shot(small, 'people-360')
  expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
})

test('a second factor is set up, asked for, and stood in for by a recovery code; sessions are ended', async ({ browser }) => {
  const page = await open(browser)
  await logIn(page, 'water', 'sample-water')
  const phone = watched(await wechat(browser))
  await phone.goto('/desk/')
  await logIn(phone, 'water', 'sample-water')
  await expect(phone.getByRole('link', { name: '待办' })).toBeVisible()
  await page.getByRole('link', { name: '账号', exact: true }).click()
  await expect(section(page, '登录的设备').getByRole('listitem')).toHaveCount(2)
  await shot(page, 'account-1440')
  expect(await serious(page)).toEqual([])
  await section(page, '登录的设备').getByRole('button', { name: '退出', exact: false }).first().click()
  await expect(section(page, '登录的设备').getByRole('listitem')).toHaveCount(1)

  const factor = section(page, '动态验证码')
  await factor.getByRole('button', { name: '绑定' }).click()
  await factor.getByLabel('当前密码').fill('not the password')
  await factor.getByRole('button', { name: '下一步' }).click()
  await expect(factor.getByRole('alert')).toBeVisible()
  await factor.getByLabel('当前密码').fill('sample-water')
  await factor.getByRole('button', { name: '下一步' }).click()
  const secret = await factor.locator('code').innerText()
  await shot(page, 'bind-1440')
  await factor.getByLabel('应用上显示的 6 位数字').fill(codeOf(secret))
  await factor.getByRole('button', { name: '确认启用' }).click()
  await expect(factor.locator('.codes li')).toHaveCount(10)
  const codes = await factor.locator('.codes li').allInnerTexts()
  await shot(page, 'codes-1440')
  await factor.getByRole('button', { name: '我已保存' }).click()
  await expect(factor).toContainText('已启用')

  await page.getByRole('button', { name: '退出', exact: true }).click()
  await logIn(page, 'water', 'sample-water')
  await expect(page.getByLabel('动态验证码')).toBeFocused()
  await shot(page, 'code-1440')
  await page.getByLabel('动态验证码').fill('000000')
  await page.getByRole('button', { name: '登录' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('动态验证码').fill(codes[0]!)
  await page.getByRole('button', { name: '登录' }).click()
  await expect(page.getByRole('link', { name: '待办' })).toBeVisible()

  await phone.goto('/desk/')
  await logIn(phone, 'water', 'sample-water')
  await phone.getByLabel('动态验证码').fill(codeOf(secret, Date.now() + 30_000)) // the one before has been used
  await phone.getByRole('button', { name: '登录' }).click()
  await phone.getByRole('button', { name: '更多', exact: true }).click()
  await phone.getByRole('link', { name: '账号', exact: true }).click()
  await expect(section(phone, '登录的设备').getByText('用验证码登录').first()).toBeVisible()
  await shot(phone, 'account-wechat')
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  expect(await serious(phone)).toEqual([])
})
