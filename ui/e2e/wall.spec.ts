// The wall alone; the API is answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const at = Date.UTC(2026, 10, 22, 5, 20, 9) // 13:20:09 in China
const day = '2026-11-22'
const since = '2026-10-24'
const ring = (x: number, y: number, w: number, h: number) => [[[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]]]
/** a county of ten townships with twelve grids each */
const towns = Array.from({ length: 10 }, (_, i) => ({ id: 't' + i, name: ['浮云街道', '元和街道', '白龙山街道', '凤凰山街道', '崇头镇', '石塘镇', '紧水滩镇', '雾溪乡', '安溪乡', '赤石乡'][i]!, level: 4, parent: 'c', how: 'part', shape: ring(119.4 + (i % 5) * 0.08, 28 + Math.floor(i / 5) * 0.16, 0.08, 0.16) }))
const grids = towns.flatMap((t, i) => Array.from({ length: 12 }, (_, g) => ({ id: `g${i}-${g}`, name: `第${g + 1}网格`, level: 6, parent: t.id, how: 'part', shape: ring(119.4 + (i % 5) * 0.08 + (g % 3) * 0.0266, 28 + Math.floor(i / 5) * 0.16 + Math.floor(g / 3) * 0.04, 0.0266, 0.04) })))
const county = { id: 'c', name: '云和县', level: 3, how: 'mine', shape: ring(119.4, 28, 0.4, 0.32) }
const queries: Record<string, Record<string, string>> = {
  all: { queue: 'all' }, overdue: { queue: 'overdue' }, due_soon: { queue: 'due_soon' }, unassigned: { queue: 'unassigned' }, supervised: { queue: 'supervised' }, returned: { queue: 'returned' }, urgent: { queue: 'urgent' },
  opened_today: { queue: 'opened', opened_from: day }, closed_today: { queue: 'closed', closed_from: day }, closed: { queue: 'closed', closed_from: since }, on_time: { queue: 'closed', closed_from: since, kept: 'on_time' }, late: { queue: 'closed', closed_from: since, kept: 'late' },
}
const counted = (k: number) => ({
  at: at + k * 5000, since,
  counts: Object.keys(queries).map((name, i) => ({ name, n: name === 'all' ? 430 + k : name === 'on_time' ? 900 : name === 'late' ? 100 : (i * 7 + k) % 40, query: queries[name] })),
  solved: [['6', 610], ['5', 240], ['4', 120], ['3', 30]].map(([name, n]) => ({ name, n, query: { ...queries.closed, solved: name } })),
  areas: grids.map((g, i) => ({ area: g.id, name: '样例村' + g.name, open: (i * 13 + k) % 5, overdue: (i + k) % 11 ? 0 : 1, urgent: (i + k) % 37 ? 0 : 1, opened: i % 2, closed: 6, late: 1 })).filter(a => a.open),
})
const happened = (k: number) => Array.from({ length: 30 }, (_, i) => ({ case: 'x' + (k * 7 + 30 - i), at: at - i * 190_000, class_title: i % 4 ? '路灯不亮' : undefined, area_name: '样例村第3网格', step_title: ['待分派', '办理中', '核查中', '已办结'][i % 4], phase: ['waiting', 'working', 'verifying', 'closed'][i % 4], urgent: i % 9 === 0 }))
const none = { at, since, counts: Object.keys(queries).map(name => ({ name, n: 0, query: queries[name] })), solved: [], areas: [] }

interface World { empty?: boolean; away?: boolean; ended?: boolean; k: number; faults: string[]; asked: URLSearchParams[] }
async function open(page: Page, world: Partial<World> = {}, look: { language?: string; light?: boolean } = {}): Promise<World> {
  const w: World = { k: 0, faults: [], asked: [], ...world }
  page.on('console', m => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && w.faults.push(m.text()))
  page.on('pageerror', e => w.faults.push(e.message))
  page.on('request', r => !r.url().startsWith('http://127.0.0.1:') && !/^(data|blob):/.test(r.url()) && w.faults.push('asks ' + r.url()))
  await page.addInitScript(([l, light]) => {
    localStorage.setItem('gezhi.language', l as string)
    localStorage.setItem('gezhi.wall.light', light ? '1' : '0')
    // The line of live events, in the hands of the test.
    class Line extends EventTarget {
      onopen?: () => void; onmessage?: (e: MessageEvent) => void; onerror?: () => void; readyState = 1
      constructor() { super(); (window as unknown as { line: Line }).line = this; setTimeout(() => this.onopen?.()) }
      close() { this.readyState = 2 }
    }
    Object.assign(Line, { CLOSED: 2 })
    window.EventSource = Line as unknown as typeof EventSource
  }, [look.language ?? 'zh', look.light ?? false])
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const path = `${route.request().method()} ${url.pathname.slice(7)}`
    if (w.away) return route.abort('connectionrefused')
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body })
    if (path === 'POST /session') {
      w.ended = false
      return json({})
    }
    if (path === 'GET /session/device') return route.fulfill({ status: 204 })
    if (path === 'GET /session/outside') return json({ providers: [] })
    if (w.ended) return json({ status: 401, code: 'session.none', detail: '请先登录。' }, 401)
    if (path === 'GET /me') return json({ person: { id: 'p', name: '样例县领导' }, jurisdiction: { id: 'j', name: '云和县', code: '331125' }, posts: [{ id: 'o', role: 'county_chief', area: { id: 'c', name: '云和县', level: 3 } }] })
    if (path === 'GET /areas/outlines') return json({ areas: w.empty ? [] : url.searchParams.get('area') ? [{ ...towns[0], how: 'mine', parent: undefined }, ...grids.filter(g => g.parent === 't0')] : [county, ...towns, ...grids] })
    if (path === 'GET /figures') {
      w.asked.push(url.searchParams)
      return json(w.empty ? none : counted(w.k))
    }
    if (path === 'GET /figures/news') return json({ news: w.empty ? [] : happened(w.k) })
    return json({}, 404)
  })
  await page.goto('/wall/')
  return w
}
const change = (page: Page, n = 1) => page.evaluate(n => {
  for (let i = 0; i < n; i++) (window as unknown as { line: { onmessage: (e: unknown) => void } }).line.onmessage({ data: JSON.stringify({ topic: 'area/c', id: 'x' + i }) })
}, n)
async function clean(page: Page) {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ' ' + v.nodes[0]?.target.join() + ' ' + v.nodes[0]?.failureSummary)).toEqual([])
}

for (const [language, light, width, height] of [['zh', false, 1920, 1080], ['en', true, 1440, 900], ['zh', true, 390, 844], ['en', false, 390, 844]] as const)
  test(`the wall is whole and without barrier: ${language}, ${light ? 'light' : 'dark'}, ${width} px`, async ({ page }, info) => {
    await page.setViewportSize({ width, height })
    const w = await open(page, {}, { language, light })
    await expect(page.locator('.leaf')).toHaveCount(120)
    await expect(page.locator('.rate')).toHaveText('90.0%')
    await page.locator('[data-area="g0-0"]').dispatchEvent('click')
    await expect(page.locator('.area-card')).toBeVisible()
    await clean(page)
    await page.screenshot({ path: info.outputPath('wall.png'), fullPage: width < 1000 })
    const sizes = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight])
    expect(sizes[0]).toBeLessThanOrEqual(0)
    if (width > 1000) expect(sizes[1], 'a wall does not scroll').toBeLessThanOrEqual(0)
    if (width < 1000) expect(await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.wall button, .wall a')].filter(e => e.offsetHeight > 0 && e.getBoundingClientRect().height < 44).map(e => e.textContent))).toEqual([])
    expect(w.faults).toEqual([])
  })

test('every number leads to the list of what it counts, at most two clicks away', async ({ page }) => {
  await page.setViewportSize({ width: 1920, height: 1080 })
  await open(page)
  await expect(page.locator('.leaf')).toHaveCount(120)
  await expect.poll(() => page.locator('.board .num a, .board a .num').count()).toBeGreaterThan(20) // the figures come on their own
  const seen = await page.evaluate(() => [...document.querySelectorAll('.board .num')].filter(e => /\d/.test(e.textContent!) && !e.closest('time')).map(e => [e.textContent, e.closest('a')?.getAttribute('href') ?? e.querySelector('a')?.getAttribute('href') ?? 'no list']))
  expect(seen.length).toBeGreaterThan(20)
  for (const [n, href] of seen) expect(href, n!).toMatch(/^\/desk\/\?queue=/)
  expect(seen.map(s => s[1])).toContain(`/desk/?queue=closed&closed_from=${since}&kept=late`)
  await page.locator('[data-area="g3-1"]').click() // one
  const card = page.locator('.area-card')
  await expect.poll(() => card.locator('li a').evaluateAll(all => all.map(a => a.getAttribute('href')))).toEqual([
    '/desk/?queue=all&area=g3-1', '/desk/?queue=overdue&area=g3-1', '/desk/?queue=urgent&area=g3-1', `/desk/?queue=opened&opened_from=${day}&area=g3-1`, `/desk/?queue=closed&closed_from=${since}&area=g3-1`, `/desk/?queue=closed&closed_from=${since}&kept=late&area=g3-1`])
  await card.getByRole('link', { name: /超期办结/ }).click() // two
  await expect(page).toHaveURL(/\/desk\/.*queue=closed.*kept=late/)
})

test('by keyboard alone: the map is one stop, arrows go on, Enter chooses, Escape closes', async ({ page }) => {
  await open(page)
  await page.locator('.leaf[tabindex="0"]').focus()
  await expect(page.locator('.leaf[tabindex="0"]')).toHaveCount(1)
  const first = await page.evaluate(() => document.activeElement!.getAttribute('data-area'))
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowUp')
  const next = page.locator('.leaf:focus')
  await expect(next).not.toHaveAttribute('data-area', first!)
  await expect(next).toHaveAttribute('aria-label', /第\d+网格：(在办|没有在办)/)
  await page.keyboard.press('Enter')
  await expect(page.locator('.area-card h2')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.locator('.area-card')).toHaveCount(0)
  await page.getByRole('button', { name: '浮云街道' }).press('Enter')
  await expect(page.locator('h1')).toHaveText('浮云街道治理一张图')
  await expect(page.locator('.leaf')).toHaveCount(12)
  await page.goBack()
  await expect(page.locator('.leaf')).toHaveCount(120)
})

test('what changes is shown by itself; a cut line says since when and goes on; an ended session too', async ({ page }) => {
  await page.clock.install({ time: at })
  const w = await open(page)
  const open_ = page.locator('.counters a').first().locator('.num')
  await expect(open_).toHaveText('430')
  w.k = 3
  const before = w.asked.length
  await change(page, 500)
  await page.clock.runFor(6000)
  await expect(open_).toHaveText('433')
  expect(w.asked.length - before, 'many changes are read at once').toBeLessThanOrEqual(2)
  w.away = true
  await page.evaluate(() => (window as unknown as { line: { onerror: () => void } }).line.onerror())
  await expect(page.locator('.banner')).toContainText('13:20 起连不上服务器')
  await expect(open_).toHaveText('433')
  await page.clock.runFor(61_000)
  w.away = false
  w.k = 9
  await page.evaluate(() => (window as unknown as { line: { onopen: () => void } }).line.onopen())
  await page.clock.runFor(11_000)
  await expect(open_).toHaveText('439')
  await expect(page.locator('.banner')).toHaveCount(0)
  w.ended = true
  await change(page)
  await page.clock.runFor(6000)
  await expect(page.locator('.banner.ended')).toContainText('登录已于 13:2')
  await page.locator('.banner').getByRole('button', { name: '登录' }).press('Enter')
  await page.clock.runFor(1000)
  await page.getByLabel('账号').fill('leader')
  await page.getByLabel('密码').fill('sample')
  w.k = 11
  await page.getByLabel('密码').press('Enter')
  await page.clock.runFor(1000)
  await expect(open_).toHaveText('441')
  await expect(page.locator('.banner')).toHaveCount(0)
})

test('a county without boundaries and without cases says so; it turns to other areas only when told to', async ({ page }) => {
  await page.clock.install({ time: at })
  const w = await open(page, { empty: true })
  await expect(page.locator('.middle')).toContainText('还没有划定边界')
  await expect(page.locator('.rate')).toHaveText('件数少')
  await expect(page.locator('.stream')).toContainText('没有动静')
  w.empty = false
  await page.reload()
  await expect(page.locator('.leaf')).toHaveCount(120)
  await page.clock.runFor(70_000)
  await expect(page.locator('h1')).toHaveText('云和县治理一张图')
  await page.getByRole('button', { name: '轮播' }).click()
  await page.clock.runFor(20_500)
  await expect(page.locator('h1')).toHaveText('浮云街道治理一张图')
  await page.locator('h1').click()
  await page.clock.runFor(30_000)
  await expect(page.locator('h1')).toHaveText('浮云街道治理一张图')
})

test('a working day of events leaves nothing behind: 20,000 of them, and every redrawing that comes of it', async ({ page }) => {
  test.setTimeout(90_000)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.addInitScript(() => { // once told to, time runs a thousand times as fast
    const [once, speed] = [window.setTimeout, { by: 1 }]
    window.setTimeout = ((f: () => void, ms = 0) => once(f, ms / speed.by)) as typeof setTimeout
    Object.assign(window, { speed })
  })
  await open(page)
  await expect(page.locator('.leaf')).toHaveCount(120)
  const answers = Array.from({ length: 8 }, (_, k) => ({ figures: JSON.stringify(counted(k * 3)), news: JSON.stringify({ news: happened(k * 3) }) }))
  await page.evaluate(all => { // answered in the page, so that a day fits into seconds
    let k = 0
    window.fetch = (to => Promise.resolve(new Response(String(to).includes('/news') ? all[++k % 8]!.news : all[k % 8]!.figures))) as typeof fetch
    ;(window as unknown as { speed: { by: number } }).speed.by = 1000
    Object.assign(window, { reads: () => k })
  }, answers)
  const tools = await page.context().newCDPSession(page)
  await tools.send('Performance.enable')
  const held = async () => {
    for (let i = 0; i < 2; i++) await tools.send('HeapProfiler.collectGarbage')
    const { metrics } = await tools.send('Performance.getMetrics')
    const of = (name: string) => metrics.find(m => m.name === name)!.value
    return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners'), documents: of('Documents') }
  }
  const day = (rounds: number) => page.evaluate(async rounds => {
    const w = window as unknown as { line: { onmessage: (e: unknown) => void }; reads: () => number }
    for (let i = 0; i < rounds; i++) {
      const before = w.reads()
      for (let n = 0; n < 350; n++) w.line.onmessage({ data: `{"topic":"area/c","id":"${i * 350 + n}"}` })
      while (w.reads() === before) await new Promise(done => setTimeout(done, 500))
    }
    return w.reads()
  }, rounds)
  await day(20)
  // The engine's own notes on the code it runs grow now and then, and what is thrown away is not
  // collected at once; what is kept of each event or reading grows in every stretch.
  const all = [await held()]
  for (let i = 0; i < 3; i++) {
    expect(await day(20)).toBeGreaterThan(20 * (i + 1))
    all.push(await held())
  }
  await expect(page.locator('.stream li')).toHaveCount(30) // and no more
  const grown = (of: 'heap' | 'nodes' | 'listeners') => all.slice(1).map((x, i) => x[of] - all[i]![of])
  for (const [of, most] of [['heap', 7_000 * 8], ['nodes', 20], ['listeners', 20]] as const)
    expect(Math.min(...grown(of)), `${of} by stretch of 7,000 events and 20 readings: ${grown(of).join(', ')}`).toBeLessThan(most)
  expect(all[3]!.documents).toBe(all[0]!.documents)
})
