// The desk in one hand, and its map: what a village cadre has between two errands.
import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

const test = base.extend<{ desk: Page }>({
  desk: async ({ page }, use) => {
    await page.request.post('/test', { data: { reset: true } })
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await use(page)
  },
})
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])

for (const [width, scheme, language] of [[360, 'light', 'zh'], [390, 'dark', 'en']] as const)
  test(`five entries stand below and the others one tap away: ${width} px, ${scheme}, ${language}`, async ({ desk }, info) => {
    await desk.setViewportSize({ width, height: 780 })
    await desk.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await desk.goto('/desk/?queue=all')
    await expect(desk.locator('.queue-table tbody tr').first()).toBeVisible()
    if (language === 'en') await desk.getByRole('button', { name: 'English' }).click()
    const entries = desk.locator('.rail a:visible, .rail button:visible')
    await expect(entries).toHaveCount(5)
    for (const box of await entries.evaluateAll(all => all.map(e => e.getBoundingClientRect().toJSON()))) expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(56)
    for (const box of await desk.locator('.filters select').evaluateAll(all => all.map(e => ({ has: e.clientWidth, height: e.clientHeight })))) {
      expect(box.has).toBeGreaterThan(80) // what is chosen can be read
      expect(box.height).toBeGreaterThanOrEqual(42)
    }
    expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await desk.screenshot({ path: info.outputPath('queue.png') })
    await clean(desk)
    const more = desk.getByRole('button', { name: language === 'en' ? 'More' : '更多', exact: true })
    await expect(more).toHaveAttribute('aria-expanded', 'false')
    const under = await more.evaluate(async button => { // who wants nothing to move sees the new order at once, not after a frame
      (button as HTMLElement).click()
      await new Promise(done => setTimeout(done))
      button.getBoundingClientRect() // what begins to move begins here
      return document.getAnimations().map(a => (a as CSSTransition).transitionProperty)
    })
    expect(under).toEqual([])
    await expect(more).toHaveAttribute('aria-expanded', 'true')
    await expect.poll(() => entries.count()).toBeGreaterThan(8)
    const below = await desk.locator('.rail > :is(a, button):not(.later):visible').evaluateAll(all => all.map(e => ({ at: e.textContent, box: e.getBoundingClientRect().toJSON() })))
    expect(below).toHaveLength(5)
    expect(new Set(below.map(b => Math.round(b.box.top))).size, JSON.stringify(below)).toBe(1) // the five stay where the thumb knows them
    await desk.screenshot({ path: info.outputPath('more.png') })
    await clean(desk)
    await more.press('Escape')
    await expect(entries).toHaveCount(5)
    await more.click()
    await desk.locator('.rail').getByRole('link', { name: language === 'en' ? 'Account' : '账号', exact: true }).click()
    await expect(desk).toHaveURL(/account/)
    await expect(entries).toHaveCount(5) // who has gone somewhere needs them no longer
    expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  })

const ring = (x: number, y: number, w: number, h: number) => [[[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]]]
const outlines = [
  { id: 'a0', name: '浮云街道', level: 4, how: 'mine', shape: ring(119.5, 28.1, 0.2, 0.1) },
  ...['新华社区', '城西社区'].map((name, i) => ({ id: 'a' + (i + 1), name, level: 5, parent: 'a0', how: 'part', shape: ring(119.5 + i * 0.1, 28.1, 0.1, 0.1) })),
]
test('the map of a queue shows where its cases lie, narrows it to an area and opens one; without the map nothing is missing', async ({ desk }, info) => {
  await desk.setViewportSize({ width: 1760, height: 990 })
  let away = true
  await desk.route('**/api/v1/areas/outlines**', r => (away ? r.fulfill({ status: 500, json: { code: 'internal', detail: '服务器出错' } }) : r.fulfill({ json: { areas: outlines } })))
  const asked: string[] = []
  await desk.route(/\/api\/v1\/cases\?/, async r => {
    asked.push(new URL(r.request().url()).searchParams.get('area') ?? '')
    const got = await r.fetch()
    const body = await got.json()
    body.cases.slice(0, 3).forEach((c: Record<string, unknown>, i: number) => Object.assign(c, { point: { lon: 119.53 + i * 0.06, lat: 28.15 }, coarse: i === 2 }))
    await r.fulfill({ response: got, json: body })
  })
  await desk.goto('/desk/?queue=all')
  await expect(desk.locator('.queue-table tbody tr').first()).toBeVisible()
  const shown = desk.getByRole('button', { name: '地图', exact: true })
  if ((await shown.getAttribute('aria-pressed')) === 'false') await shown.click()
  const map = desk.getByRole('region', { name: '地图' })
  await expect(map).toContainText('服务器出错') // and the list beside it works
  away = false
  await map.getByRole('button', { name: '再试一次' }).click()
  await expect(map.locator('.leaf')).toHaveCount(2)
  await expect(map.locator('.dot')).toHaveCount(3)
  await expect(map).toContainText('没有位置') // of the rest it says so
  await desk.screenshot({ path: info.outputPath('map.png') })
  await clean(desk)
  await map.locator('.leaf').first().click()
  await expect(desk).toHaveURL(/area=a1/)
  await expect.poll(() => asked[asked.length - 1]).toBe('a1')
  await expect(map.locator('.dot')).toHaveCount(3)
  const first = await desk.locator('.queue-table tbody tr').first().getByRole('link').first().innerText()
  await map.locator('.dot').first().click()
  await expect(desk.getByRole('heading', { level: 1 })).toHaveText(first)
  await map.getByRole('button', { name: '关闭' }).click()
  await expect(map).toHaveCount(0)
})
