import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

test.beforeEach(async ({ page, request }) => {
  await request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
})

const clean = async (page: Page) => {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id)).toEqual([])
}

test('what is hidden shows a part; the whole is read for a purpose, which must be said', async ({ page }, info) => {
  await page.goto('/desk/cases/c1')
  await expect(page.locator('.facts')).toContainText('138****5678')
  await expect(page.locator('body')).not.toContainText('13812345678')
  await page.getByRole('button', { name: '查看原文' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet).toContainText('查看会留下记录')
  await expect(sheet.getByRole('button', { name: '查看', exact: true })).toBeDisabled()
  await sheet.getByLabel('联系').check()
  await clean(page)
  await page.screenshot({ path: info.outputPath('ask.png') })
  await sheet.getByRole('button', { name: '查看', exact: true }).click()
  await expect(sheet).toContainText('13812345678')
  await page.screenshot({ path: info.outputPath('read.png') })
  await sheet.getByRole('button', { name: '关闭' }).last().click()
  await expect(page.locator('body')).not.toContainText('13812345678')
})

test('who read my data stands beside my notes, also on a phone', async ({ page }, info) => {
  await page.goto('/desk/notes')
  await page.getByRole('link', { name: '谁看过我的信息' }).click()
  await expect(page.locator('.told-list li')).toContainText('查看了联系电话、联系人，目的：联系')
  await clean(page)
  await page.screenshot({ path: info.outputPath('readings.png') })
  await page.setViewportSize({ width: 360, height: 720 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await page.screenshot({ path: info.outputPath('readings-phone.png') })
  await page.goto('/desk/cases/c1')
  await page.getByRole('button', { name: '查看原文' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.screenshot({ path: info.outputPath('ask-phone.png') })
})
