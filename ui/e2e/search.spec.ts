import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

type Server = (order: object) => Promise<{ log: { route: string; body: Record<string, unknown> }[] }>

const test = base.extend<{ server: Server; desk: Page }>({
  server: async ({ request }, use) => {
    const server: Server = async order => (await request.post('/test', { data: order })).json()
    await server({ reset: true })
    await use(server)
  },
  desk: async ({ page, server, baseURL }, use) => {
    void server
    const faults: string[] = []
    page.on('console', m => m.type() === 'error' && !/Failed to load resource|ERR_/.test(m.text()) && faults.push(m.text()))
    page.on('pageerror', e => faults.push(e.message))
    page.on('request', r => !r.url().startsWith(baseURL!) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await use(page)
    expect(faults).toEqual([])
  },
})

const found = (page: Page) => page.locator('.search-page li')
const box = (page: Page) => page.locator('.top .search input')

test('a word typed into the box narrows the list, and Enter looks through all cases', async ({ desk }) => {
  await desk.goto('/desk/?queue=all')
  await expect(desk.locator('.queue-table tbody tr').first()).toBeVisible()
  await desk.keyboard.press('/')
  await desk.keyboard.type('路灯')
  await expect(desk.getByRole('button', { name: '全部事件' })).toBeVisible()
  await desk.keyboard.press('Enter')
  await expect(desk).toHaveURL(/search\?q=/)
  await expect(box(desk)).toHaveValue('路灯')
  await expect(found(desk).first().locator('mark')).toHaveText('路灯')
  await expect(found(desk)).toHaveCount(10)
  await desk.getByRole('button', { name: '再看一些' }).click()
  await expect(found(desk)).not.toHaveCount(10)
  await found(desk).first().getByRole('link').click()
  await expect(desk).toHaveURL(/cases\//)
})

test('filters stand in the address, and nothing found says how to go on', async ({ desk }) => {
  await desk.goto('/desk/search?q=路灯')
  await expect(found(desk).first()).toBeVisible()
  await desk.getByLabel('阶段').selectOption('closed')
  await expect(desk).toHaveURL(/phase=closed/)
  await expect(desk.getByText('没有找到')).toBeVisible()
  await desk.getByRole('link', { name: '取消筛选' }).click()
  await expect(found(desk).first()).toBeVisible()
  await box(desk).fill('不存在的词')
  await box(desk).press('Enter')
  await expect(desk.getByText('没有找到')).toBeVisible()
  await box(desk).fill('水')
  await box(desk).press('Enter')
  await expect(desk.getByText('请至少输入两个字')).toBeVisible()
})

test('a search that fails can be tried again', async ({ desk, server }) => {
  await server({ list: 'error' })
  await desk.goto('/desk/search?q=路灯')
  await expect(desk.getByRole('alert')).toContainText('服务器出错')
  await server({ list: 'full' })
  await desk.getByRole('button', { name: '再试一次' }).click()
  await expect(found(desk).first()).toBeVisible()
})

for (const [name, address] of [['found', '/desk/search?q=路灯'], ['empty', '/desk/search'], ['none', '/desk/search?q=不存在']] as const)
  test(`the page can be read on a desk and on a telephone: ${name}`, async ({ desk }, info) => {
    await desk.goto(address)
    await expect(name === 'found' ? found(desk).first() : desk.locator('.blank')).toBeVisible()
    expect((await new AxeBuilder({ page: desk }).analyze()).violations.map(v => v.id)).toEqual([])
    for (const [width, height] of [[1440, 900], [375, 740]] as const) {
      await desk.setViewportSize({ width, height })
      await expect.poll(() => desk.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      await desk.screenshot({ path: info.outputPath(`search-${name}-${width}.png`) })
    }
  })

test('a place that is misspelt is proposed', async ({ desk }, info) => {
  await desk.goto('/desk/search?q=路灯')
  const place = desk.getByRole('combobox').last()
  await place.fill('水确村')
  await expect(desk.getByText('没有这个地名，是否指')).toBeVisible()
  await desk.screenshot({ path: info.outputPath('place-near.png') })
  await desk.getByRole('option', { name: /水碓村/ }).click()
  await expect(desk).toHaveURL(/area=/)
})

test('days of the filter are written and shown in one form, whatever the browser speaks', async ({ page }, info) => {
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  await page.goto('/desk/search?q=路灯&from=2026-03-02')
  const from = page.getByLabel('从', { exact: true })
  await expect(from).toHaveValue('2026-03-02')
  await from.fill('2026年3月9日')
  await from.press('Enter')
  await expect(page).toHaveURL(/from=2026-03-09/)
  await expect(from).toHaveValue('2026-03-09')
  await page.getByLabel('到', { exact: true }).fill('2026-2-30')
  await page.getByLabel('到', { exact: true }).blur()
  await expect(page.getByLabel('到', { exact: true })).toHaveAttribute('aria-invalid', 'true')
  await expect(page).not.toHaveURL(/until/)
  await page.screenshot({ path: info.outputPath('search-days.png') })
  await page.goto('/desk/paste')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.screenshot({ path: info.outputPath('paste.png') })
})
