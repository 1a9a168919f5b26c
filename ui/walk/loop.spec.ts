import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'

const faults: string[] = []

/** Somebody at a desk of their own. Whatever the console says, or asks elsewhere, is a fault. */
async function desk(browser: Browser, login: string, password: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  page.on('console', m => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(e.message))
  page.on('request', r => !r.url().startsWith(test.info().project.use.baseURL!) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  await page.goto('/desk/')
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.locator('.rail')).toBeVisible()
  return page
}

const act = (page: Page, name: string) => page.locator('.actions').getByRole('button', { name, exact: true })
const form = (page: Page) => page.getByRole('dialog')
async function does(page: Page, name: string, fill: Record<string, string> = {}) {
  await act(page, name).click()
  for (const [label, text] of Object.entries(fill)) await form(page).getByLabel(label).first().fill(text)
  await form(page).locator('footer').getByRole('button', { name, exact: true }).click()
  await expect(form(page)).toHaveCount(0)
}

test('one event goes the whole loop across five people, live, and another village knows nothing of it', async ({ browser }) => {
  const text = '桥头垃圾桶满了 ' + Date.now()
  const worker = await desk(browser, 'wg029', 'sample-worker')
  const village = await desk(browser, 'village', 'sample-village')
  const wall = await desk(browser, 'leader', 'sample-leader')
  await wall.goto('/wall/')
  const closedToday = wall.locator('.counters a').filter({ hasText: '今日办结' })
  await expect(closedToday.locator('.num')).toHaveText(/^\d+$/)
  const closedBefore = Number(await closedToday.locator('.num').textContent())
  await village.getByRole('link', { name: '全部', exact: true }).or(village.getByRole('tab', { name: '全部', exact: true })).or(village.getByText('全部', { exact: true })).first().click()

  await worker.keyboard.press('n')
  await form(worker).getByLabel('类别').fill('暴露垃圾')
  await form(worker).getByRole('option', { name: /暴露垃圾/ }).first().click()
  await form(worker).getByLabel('情况').fill(text)
  await form(worker).locator('footer').getByRole('button', { name: '上报' }).click()
  await expect(worker.getByRole('heading', { level: 1 })).toHaveText(text)
  const address = new URL(worker.url()).pathname
  await expect(act(worker, '受理分类')).toHaveCount(0)

  await village.goto(address)
  await expect(village.getByRole('heading', { level: 1 })).toHaveText(text)
  await does(village, '受理分类')
  await does(village, '派单')

  const hand = await desk(browser, 'villagehand', 'sample-villagehand')
  await hand.goto(address)
  await does(hand, '签收')
  await does(hand, '处置完成', { 处置情况: '已清运' })
  await expect(act(hand, '核查通过并答复')).toHaveCount(0)

  const check = await desk(browser, 'villagecheck', 'sample-villagecheck')
  await check.goto(address)
  await does(check, '核查通过并答复', { 答复: '已清理，谢谢您' })

  await expect(act(worker, '评价')).toBeVisible({ timeout: 15_000 }) // heard live, without a reload
  await does(worker, '评价', { '满意度（1至5星）': '5' })
  await expect(worker.locator('.timeline li')).toHaveCount(7)

  await expect(closedToday.locator('.num')).toHaveText(String(closedBefore + 1), { timeout: 20_000 }) // by itself
  await expect(wall.locator('.stream li').first()).toContainText('暴露垃圾')
  await expect(wall.locator('body')).not.toContainText(text) // what people wrote stays off the wall
  await closedToday.click()
  await expect(wall.locator('.queue-table tbody tr')).toHaveCount(closedBefore + 1)

  const other = await desk(browser, 'wg034', 'sample-worker')
  await other.goto(address)
  await expect(other.getByText('看不到这件事')).toBeVisible()
  expect(faults).toEqual([])
})

test('the dispatcher’s desk has no serious barrier, in both languages', async ({ browser }) => {
  const street = await desk(browser, 'street', 'sample-street')
  await street.goto('/desk/?queue=all')
  await expect(street.locator('.queue-table tbody tr').first()).toBeVisible()
  for (const language of ['English', '中文']) {
    const found = await new AxeBuilder({ page: street }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
    expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id)).toEqual([])
    await street.getByRole('button', { name: language }).click()
    await expect(street.locator('html')).toHaveAttribute('lang', language === 'English' ? 'en' : 'zh-CN')
  }
  expect(faults).toEqual([])
})
