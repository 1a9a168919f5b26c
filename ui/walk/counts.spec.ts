// What was promised in taps and clicks, counted on the whole binary as the pages receive them.
import { expect, test, type Browser, type Page } from '@playwright/test'
import pages from '../playwright.config'
import { counted, since } from './taps'

const launch = pages.use!.launchOptions!
test.use({ launchOptions: { ...launch, args: [...launch.args!, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'] } }) // somebody speaks: a tone
const shots = process.env.SHOTS
const shot = (page: Page, name: string) => (shots ? page.screenshot({ path: `${shots}/${name}.png` }) : undefined)

async function somebody(browser: Browser, login: string, password: string, face: string, phone = false): Promise<Page> {
  const context = await browser.newContext({ permissions: ['microphone'], ...(phone ? { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } : {}) })
  await counted(context)
  const page = await context.newPage()
  await page.goto(`/${face}/`)
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('密码')).toHaveCount(0)
  return page
}

test('a worker reports a sentence or a recording with two taps more, and what is done on the spot with two', async ({ browser }) => {
  const worker = await somebody(browser, 'wg029', 'sample-worker', 'field', true)
  await expect(worker.locator('.report-big')).toBeVisible()
  await since(worker)
  await worker.locator('.report-big').tap()
  await worker.getByLabel('什么情况').fill('样例数数：渠边暴露垃圾两袋')
  await expect(worker.locator('.guess').first()).toContainText('暴露垃圾') // proposed, and nobody needs to press it
  await shot(worker, 'count-report')
  await worker.locator('.send').getByRole('button', { name: '上报' }).tap()
  await expect(worker.getByText(/已上报，编号/).last()).toBeVisible()
  expect((await since(worker)).taps, 'a sentence').toBeLessThanOrEqual(2)

  await worker.locator('.report-big').tap()
  await worker.getByLabel('什么情况').fill('样例数数：亭边暴露垃圾一袋，已带走')
  await worker.locator('.send').getByRole('button', { name: /就地办结.*暴露垃圾/ }).tap()
  await expect(worker.getByText(/已上报，编号/).last()).toBeVisible()
  expect((await since(worker)).taps, 'done on the spot').toBeLessThanOrEqual(2)

  await worker.locator('.report-big').tap()
  await worker.getByRole('button', { name: '录音', exact: true }).tap()
  await expect(worker.getByRole('timer')).toBeVisible()
  await worker.getByRole('button', { name: '录好了', exact: true }).tap()
  await expect(worker.locator('.heard audio')).toBeVisible()
  await shot(worker, 'count-spoken')
  expect(await worker.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await worker.locator('.send').getByRole('button', { name: '上报' }).tap()
  await expect(worker.getByText(/已上报，编号/).last()).toBeVisible()
  expect((await since(worker)).taps - 2, 'a recording, which two taps begin and end').toBeLessThanOrEqual(2)
})

test('a matter is dispatched from the queue with three clicks, the unit proposed and its reason read', async ({ browser }) => {
  const text = '样例数数：桥下暴露垃圾成堆 ' + Date.now()
  const worker = await somebody(browser, 'wg029', 'sample-worker', 'field', true)
  const area = (await (await worker.request.get('/api/v1/me')).json() as { posts: { area?: { id: string } }[] }).posts.find(p => p.area)!.area!.id
  const base = test.info().project.use.baseURL!
  const opened = await worker.request.post('/api/v1/cases', { headers: { Origin: base, 'Idempotency-Key': crypto.randomUUID() }, data: { class: 'incident/sample:0102', text, area_id: area } })
  expect(opened.status()).toBe(201)

  const village = await somebody(browser, 'village', 'sample-village', 'desk')
  await village.goto('/desk/?queue=all')
  const row = village.locator('.queue-table a.title', { hasText: text })
  await row.click()
  const act = (name: string) => village.locator('.actions').getByRole('button', { name, exact: true })
  const sheet = village.getByRole('dialog')
  await act('受理分类').click()
  await sheet.locator('footer').getByRole('button', { name: '受理分类' }).click()
  await expect(act('派单')).toBeVisible()
  await village.keyboard.press('Escape')
  await expect(village.locator('.actions')).toHaveCount(0)
  await since(village)

  await row.click()
  await act('派单').click()
  await expect(sheet.getByRole('radio', { checked: true })).toBeVisible()
  await shot(village, 'count-dispatch')
  await expect(sheet.locator('label', { has: village.getByRole('radio', { checked: true }) })).toContainText(/建议\s*村里的小事先由村里办/) // why this unit
  await sheet.locator('footer').getByRole('button', { name: '派单' }).click()
  await expect(act('派单')).toHaveCount(0)
  expect((await since(village)).taps).toBeLessThanOrEqual(3)
})

test('whatever number stands on the wall, the list behind it is one click away and as long as the number says', async ({ browser }) => {
  const leader = await somebody(browser, 'leader', 'sample-leader', 'desk')
  await leader.setViewportSize({ width: 1920, height: 1080 })
  await leader.goto('/wall/')
  await expect(leader.locator('.counters .num').first()).toHaveText(/^\d+$/)
  await expect(leader.locator('.worst tbody tr').first()).toBeVisible()
  await shot(leader, 'count-wall')
  const numbers = await leader.locator('.board').evaluate(board => [...board.querySelectorAll('.num')].filter(e => /\d/.test(e.textContent!) && !e.closest('time')).map(e => ({ says: e.textContent!, href: (e.closest('a') ?? e.querySelector('a'))?.getAttribute('href') ?? 'no list' })))
  const lists = new Map(numbers.filter(x => /^\d+$/.test(x.says)).map(x => [x.href, Number(x.says)]))
  expect(lists.size).toBeGreaterThan(12)
  for (const x of numbers) expect(x.href, `${x.says} opens a list`).toMatch(/^\/desk\/\?.*\bqueue=/)
  for (const [href, n] of lists) {
    const asked = new URLSearchParams(href.slice(href.indexOf('?')))
    asked.set('limit', '200')
    const list = await leader.request.get('/api/v1/cases?' + asked)
    expect(((await list.json()) as { cases: unknown[] }).cases.length, href).toBe(Math.min(n, 200))
  }
  await since(leader)
  const late = leader.locator('.on-time .late a')
  const many = Number(await late.locator('.num').textContent())
  await late.click()
  await expect(leader.locator('.queue-table tbody tr')).toHaveCount(Math.min(many, 50))
  expect((await since(leader)).taps).toBe(1)
})
