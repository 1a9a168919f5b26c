// Who came, what is published, and a person's own page: alone, the API is answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

test.use({ serviceWorkers: 'block' })

const day = 86_400_000
const row = { id: 'e1', number: 'S26110007', kind: 'case', class: 'village-points/sample-points:404', class_title: '环境整治', title: '周末环境整治（样例）', severity: '', step: 'held', step_title: '待登记到场', phase: 'working', area_id: 'v1', area_name: '样例村', opened_at: Date.now() - day, version: 4, nature: 'sample', sample: true }
const part = (n: number, name: string) => ({ ...row, id: 'a' + n, number: 'S261100' + n, title: '报名', step: 'signed_up', step_title: '已报名', set: 'roster', set_title: '报名', round: 1, for: name })
const names = ['样例员甲', '样例员乙', '样例员丙']
const view = { case: { ...row, text: '', channel: 'window', reporter: { name: '样*' }, fields: [] }, clocks: [], seats: [], parts: names.map((x, i) => part(i, x)), moves: [], can: [], unmask: [] }
const attendance = (said: Record<string, boolean> = {}) => ({
  set: 'roster', set_title: '报名', action: 'mark', title: '登记', field: 'came', asks: '是否到场',
  people: names.map((name, i) => ({ case: 'a' + i, name, phase: 'working', step_title: said['a' + i] ? '已到场' : '已报名', said: said['a' + i], may: true })),
})
const offers = [
  { case: 'j1', part: 'claims', part_title: '认领', number: 'S26110008', title: '协助民宿登记（样例）', class_title: '民宿协助', area_name: '样例村', places: 5, left: 5, unclaimed: true, until: Date.now() + 2 * day, since: Date.now() - day, shows: [{ name: 'points', title: '分值', type: 'number', value: 2 }], sample: true },
  { case: 'j2', part: 'claims', part_title: '认领', number: 'S26110009', title: '夜间平安巡查（样例）', class_title: '平安巡查', area_name: '样例村', places: 60, left: 41, unclaimed: false, until: Date.now() + day, since: Date.now() - day, shows: [] },
]
const person = {
  id: 'p1', name: '样例网格员', own: true, posts: [{ role: 'grid_worker', title: '网格员', unit: '样例村村委会', area: '第三网格', since: Date.UTC(2025, 2, 2) }], duties: [{ pack: '治村宝', classes: ['平安巡查', '消防安全'] }],
  purses: [{ ledger: 'points', title: '积分', unit: '分', spendable: true, free: 62, held: 20, month: 32 }], benefits: [{ case: 'b1', number: 'S26110010', title: '样例电影票', step: '已给予', open: true, since: Date.now() - day }], honours: [{ title: '样例之星', since: '2026-03-01' }],
}

interface World { away?: boolean; said: Record<string, boolean>; refuse?: string; sent: { path: string; body: Record<string, unknown>; key?: string }[]; faults: string[]; offers: object[] }
async function open(page: Page, path: string, role: string, world: Partial<World> = {}): Promise<World> {
  const w: World = { said: {}, sent: [], faults: [], offers, ...world }
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && w.faults.push(m.text()))
  page.on('pageerror', e => w.faults.push(e.message))
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice(7)}`
    if (w.away) return route.abort('internetdisconnected')
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body, headers: { Date: new Date().toUTCString() } })
    if (at === 'GET /me') return json({ person: { id: 'p1', name: '样例网格员' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [{ id: 'o', role, role_title: '社区管理员', unit: { id: 'u1', name: '样例村村委会' }, area: { id: 'v1', name: '样例村', level: 5 } }] })
    if (at === 'GET /events') return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 60000\n\n' })
    if (at === 'GET /notes/unread') return json({ count: 0, more: false, clerk: false, operator: false })
    if (at === 'GET /classes') return json({ classes: [] })
    if (at === 'GET /cases') return json({ cases: [row] })
    if (at === 'GET /areas/outlines') return json({ areas: [] })
    if (at === 'GET /cases/e1') return json(view)
    if (at === 'GET /cases/e1/attendance') return json({ lists: [attendance(w.said)] })
    if (at === 'GET /offers') return json({ offers: [] })
    if (at === 'GET /offers/published') return json({ offers: w.offers })
    if (at === 'GET /workload') return json({ places: [{ area_id: 'g1', area_name: '第三网格', open: 4, workers: 2, people: [{ id: 'p8', name: '样例员乙', open: 1 }, { id: 'p9', name: '样例员丙', open: 3 }] }] })
    if (at === 'GET /points/ledgers') return json({ ledgers: [{ name: 'points', title: '积分', unit: '分', spendable: true, shop: true, may: ['look'] }] })
    if (at === 'GET /points/person') return json({ ...person, own: !url.searchParams.get('person') })
    if (at === 'GET /points/entries') return json({ entries: [] })
    if (at.startsWith('GET /')) return json({}, 404)
    const body = route.request().postDataJSON() as Record<string, unknown>
    w.sent.push({ path: at, body, key: route.request().headers()['idempotency-key'] })
    if (at !== 'POST /batches') return json({}, 404)
    const items = body.items as { case: string; values: { came: boolean } }[]
    for (const x of items) if (x.case !== w.refuse) w.said[x.case] = x.values.came
    return json({ results: items.map(x => (x.case === w.refuse ? { case: x.case, done: false, code: 'case.no_right', text: '不能登记本人。' } : { case: x.case, done: true })) })
  })
  await page.goto(path)
  return w
}
async function whole(page: Page, w: World) {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ' ' + v.nodes[0]?.target.join())).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(page.viewportSize()!.width)
  expect(w.faults).toEqual([])
}
const marks = (page: Page) => page.locator('.attendance .mark[aria-pressed=true]')

test('on a telephone who came is marked without a network, and sent in one when there is one', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const w = await open(page, '/field/case/e1', 'village_cadre')
  await expect(page.locator('.attendance li')).toHaveCount(3)
  w.away = true
  await page.getByRole('group', { name: '样例员乙' }).getByRole('button', { name: '未到' }).click()
  await page.getByRole('button', { name: '其余 2 人都到场' }).click()
  await expect(marks(page)).toHaveCount(3)
  await page.screenshot({ path: info.outputPath('attendance.png'), fullPage: true })
  await page.getByRole('button', { name: '保存 3 人的登记' }).click()
  await expect(page.locator('.top .net')).toContainText('1')
  await expect(marks(page)).toHaveCount(3) // as it stands in this telephone
  w.away = false
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect.poll(() => w.said).toEqual({ a0: true, a1: false, a2: true })
  expect(new Set(w.sent.map(x => x.key)).size).toBe(1)
  await expect(page.locator('.top .net b')).toHaveCount(0)
  await whole(page, w)
})

test('my own page says posts, duties, points, benefits and honours, also without a network', async ({ page }, info) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const w = await open(page, '/field/me', 'grid_worker')
  await page.getByRole('link', { name: '我的信息' }).click()
  for (const text of ['62', '第三网格', '治村宝', '样例电影票', '样例之星']) await expect(page.locator('.person-card')).toContainText(text)
  await whole(page, w)
  await page.screenshot({ path: info.outputPath('person.png'), fullPage: true })
  w.away = true
  await page.getByRole('button', { name: '返回' }).first().click()
  await page.getByRole('link', { name: '我的信息' }).click()
  await expect(page.locator('.old')).toBeVisible()
  await expect(page.locator('.person-card')).toContainText('样例电影票')
})

for (const [language, scheme, width] of [['zh', 'light', 1440], ['en', 'dark', 390]] as const)
  test(`the desk shows what is published, who has how much to do, and who came: ${language}, ${scheme}, ${width} px`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: 900 })
    await page.addInitScript(l => localStorage.setItem('gezhi.language', l), language)
    const w = await open(page, '/desk/offers', 'community_admin', { refuse: 'a1' })
    await expect(page.locator('.published li')).toHaveCount(2)
    await expect(page.locator('.published li').first().locator('.none-yet')).toBeVisible()
    await page.locator('.work-load summary').click()
    await expect(page.locator('.work-load td').first()).toContainText('样例员丙 3')
    await whole(page, w)
    await page.screenshot({ path: info.outputPath('published.png') })
    await page.goto('/desk/points/accounts?owner=person/p9&name=x')
    await page.locator('.person-of summary').first().click()
    await expect(page.locator('.person-card')).toContainText('样例电影票')
    await whole(page, w)
    await page.screenshot({ path: info.outputPath('person.png') })
    await page.goto('/desk/cases/e1')
    await expect(page.locator('.attendance li')).toHaveCount(3)
    await page.locator('.attendance .do .act').first().click()
    await page.locator('.attendance .do .act').last().click()
    await expect(page.locator('.attendance')).toContainText('样例员乙 不能登记本人。') // one is refused, the others are done
    await expect.poll(() => w.said).toEqual({ a0: true, a2: true })
    await whole(page, w)
    await page.screenshot({ path: info.outputPath('attendance.png') })
    w.offers = []
    await page.goto('/desk/offers')
    await expect(page.locator('.blank')).toBeVisible()
  })
