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

const rows = (page: Page) => page.locator('.told-list li')
const count = (page: Page) => page.locator('.rail .count')

test('a note is read, counted down in the rail, and leads to its case', async ({ desk }) => {
  await desk.goto('/desk/')
  await expect(count(desk)).toContainText('3')
  await desk.keyboard.press('m')
  await expect(desk).toHaveURL(/desk\/notes/)
  await expect(desk.getByRole('heading', { level: 1 })).toHaveText('消息')
  await expect(rows(desk)).toHaveCount(3)
  await rows(desk).first().getByRole('button', { name: '知道了' }).click()
  await expect(rows(desk)).toHaveCount(2)
  await expect(count(desk)).toContainText('2')
  await desk.getByLabel('包括已读的').check()
  await expect(rows(desk)).toHaveCount(50)
  await desk.getByRole('button', { name: '再读一些' }).click()
  await expect(rows(desk)).toHaveCount(60)
  await rows(desk).nth(1).getByRole('link').click()
  await expect(desk).toHaveURL(/cases\/c1/)
  await expect(count(desk)).toContainText('1')
})

test('what comes in while the page is open is counted and shown by itself', async ({ desk, server }) => {
  await desk.goto('/desk/notes')
  await expect(rows(desk)).toHaveCount(3)
  await expect(desk.locator('.top .line')).toHaveText('实时')
  await server({ told: { notes: [] } })
  await expect(desk.getByText('没有新消息')).toBeVisible()
  await expect(count(desk)).toHaveCount(0)
})

test('the clerk says who was reached, and what another clerk has done goes by itself', async ({ desk, server }) => {
  await desk.goto('/desk/notes/calls')
  await expect(rows(desk)).toHaveCount(2)
  await expect(rows(desk).first().getByRole('link', { name: '10000000001' })).toHaveAttribute('href', 'tel:10000000001')
  await expect(rows(desk).nth(1)).toContainText('没有登记电话')
  await rows(desk).first().getByRole('button', { name: '没接通' }).click()
  await expect(rows(desk)).toHaveCount(1)
  await expect(desk.getByText('样例员甲没有接通')).toBeVisible()
  const { log } = await server({})
  expect(log.at(-1)).toMatchObject({ route: '/calls/k0', body: { reached: false } })
  await server({ told: { calls: [] } })
  await expect(desk.getByText('没有要打的电话')).toBeVisible()
})

test('an operator sees why something did not arrive, in words, and sends it again', async ({ desk }) => {
  await desk.goto('/desk/notes/letters')
  await expect(rows(desk)).toHaveCount(2)
  await expect(rows(desk).first()).toContainText('短信')
  await expect(rows(desk).first()).toContainText('对方拒收。')
  await expect(rows(desk).nth(1)).toContainText('原因见服务器日志')
  await rows(desk).first().getByRole('button', { name: '重新发送' }).click()
  await expect(rows(desk)).toHaveCount(1)
  await rows(desk).first().getByRole('button', { name: '重新发送' }).press('Enter')
  await expect(desk.getByText('都已送达')).toBeVisible()
})

test('who is neither clerk nor operator has notes alone; a list that cannot be read says so', async ({ desk, server }) => {
  await server({ told: { clerk: false, operator: false }, list: 'error' })
  await desk.goto('/desk/notes/letters')
  await expect(desk.getByRole('alert')).toContainText('没有读到列表')
  await expect(desk.getByRole('link', { name: '未送达' })).toHaveCount(0)
  await server({ list: 'full' })
  await desk.getByRole('button', { name: '再试一次' }).click()
  await expect(rows(desk)).toHaveCount(3)
})

test('nobody is kept out: axe finds nothing grave, in both languages, and a phone needs no scrolling sideways', async ({ desk }) => {
  for (const tab of ['', '/calls', '/letters']) {
    await desk.goto('/desk/notes' + tab)
    await expect(rows(desk).first()).toBeVisible()
    for (const language of ['English', '中文']) {
      const found = await new AxeBuilder({ page: desk }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
      expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id)).toEqual([])
      await desk.getByRole('button', { name: language }).click()
      await expect(desk.locator('html')).toHaveAttribute('lang', language === 'English' ? 'en' : 'zh-CN')
    }
  }
  await desk.setViewportSize({ width: 360, height: 720 })
  expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
})
