// The desk of who answers for ledgers, alone; the API is answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const ledger = { name: 'points', title: '积分', unit: '分', spendable: true, shop: true, may: ['propose', 'confirm', 'look', 'shop'] }
const me = { person: { id: 'p1', name: '样例主任' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [{ id: 'o', role: 'street_office', role_title: '街道办', unit: { id: 'u1', name: '浮云街道办' }, area: { id: 'a', name: '浮云街道', level: 4 } }] }
const hour = 3_600_000
const proposals = [
  { id: 'x1', kind: 'budget', unit: 'u1', unit_name: '浮云街道办', year: 2026, amount: 1000, reason: '年度预算', person: 'p2', person_name: '样例员乙', mine: false, made_at: Date.now() - hour },
  { id: 'x2', kind: 'adjust', unit: 'u1', unit_name: '浮云街道办', year: 2026, owner: 'person/p9', owner_name: '样例网格员', amount: -12, reason: '抽查不符', person: 'p1', person_name: '样例主任', mine: true, made_at: Date.now() - 2 * hour },
]
const entries = [{ at: Date.now() - hour, amount: 12, balance: 62, kind: 'grant', key: 'k2', reason: '秸秆焚烧巡查', cause: 'case/c1' }, { at: Date.now() - 2 * hour, amount: -30, balance: 50, kind: 'hold', key: 'k3', reason: '理发券' }]
const claim = { id: 'v', good: 'g', title: '大米五公斤', amount: 50, code: 'ABCDEFGH', state: 'fetched', until: Date.now() }

async function open(page: Page, path: string) {
  const w = { sent: [] as { path: string; body: Record<string, unknown> }[], refuse: undefined as object | undefined, faults: [] as string[] }
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && w.faults.push(m.text()))
  page.on('pageerror', e => w.faults.push(e.message))
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice(7)}`
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body })
    if (at === 'GET /me') return json(me)
    if (at === 'GET /classes') return json({ classes: [{ id: 'village-points/sample-points:502', code: '502', scheme: 'sample-points', title: '农技推广', pack: 'village-points', severity: '4', fields: [], channels: ['window'] }] })
    if (at === 'GET /events') return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 60000\n\n' })
    if (at === 'GET /notes/unread') return json({ count: 0, more: false, clerk: false, operator: false })
    if (at === 'GET /units') return json({ units: [{ id: 'u1', name: '浮云街道办' }] })
    if (at === 'GET /people') return json({ people: [{ id: 'p9', name: '样例网格员' }] })
    if (at === 'GET /points/ledgers') return json({ ledgers: [ledger] })
    if (at === 'GET /points/budget') return json({ given: 1000, granted: 380, left: 620 })
    if (at === 'GET /points/proposals') return json({ proposals })
    if (at === 'GET /points/entries') return json({ entries })
    if (at === 'GET /points/report' && url.searchParams.get('by') === 'unclaimed') return json({ from: '2026-11', until: '2026-11', groups: [], budgets: [], offers: [{ case: 'c1', number: 'T26110001', title: '协助民宿登记', item: '民宿协助', module: '产业兴旺', area: '样例一村', places: 5, left: 5, days: 12 }] })
    if (at === 'GET /points/report' && url.searchParams.get('by') === 'idle') return json({ from: '2026-11', until: '2026-11', groups: [], budgets: [], idle: [{ item: '502', class: 'village-points/sample-points:502', title: '农技推广', module: '产业兴旺', published: 2 }] })
    if (at === 'GET /points/report') return json({ from: '2026-11', until: '2026-11', groups: [{ group: '2026-11', title: '2026-11', issued: 380, spent: 90, held: 20, expired: 0 }], budgets: [{ unit: 'u1', title: '浮云街道办', year: 2026, left: 620 }] })
    if (at === 'GET /points/report/entries') return json(url.searchParams.get('figure') === 'spent' && url.searchParams.get('group') === '2026-11' ? { entries } : { entries: [] })
    if (at === 'GET /points/goods') return json({ goods: [{ id: 'g', title: '大米五公斤', price: 50, stock: 0, days: 5 }] })
    if (at === 'GET /points/merchants') return json({ merchants: [{ id: 'm1', ledger: 'points', name: '样例理发店', mine: false }] })
    if (at === 'GET /points/settlements') return json({ settlements: [{ merchant: 'm1', name: '样例理发店', claims: 7, points: 210, settled: false }] })
    if (at.startsWith('GET /')) return json({}, 404)
    w.sent.push({ path: at, body: route.request().postDataJSON() as Record<string, unknown> })
    if (w.refuse) return json(w.refuse, 409)
    if (at === 'POST /points/proposals') return json({ id: 'x3' }, 201)
    return /pickups|refunds/.test(at) ? json(claim) : route.fulfill({ status: 204 })
  })
  await page.goto(path)
  await expect(page.locator('.points-page .tabs')).toBeVisible()
  return w
}

for (const [language, scheme, width] of [['zh', 'light', 1440], ['en', 'dark', 390]] as const)
  test(`every tab of the ledgers is whole and without barrier: ${language}, ${scheme}, ${width} px`, async ({ page }, info) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: 900 })
    await page.addInitScript(l => localStorage.setItem('gezhi.language', l), language)
    const w = await open(page, '/desk/points')
    for (const [tab, seen] of [['budgets', '.sums'], ['accounts?owner=person/p9&name=x', '.entries'], ['shop', 'table'], ['settlements', 'table'], ['reports', 'table']] as const) {
      await page.goto('/desk/points/' + tab)
      await expect(page.locator('.points-page ' + seen).first()).toBeVisible()
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
      expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ' ' + v.nodes[0]?.target.join())).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.screenshot({ path: info.outputPath(tab.replace(/\W.*/, '') + '.png') })
    }
    expect(w.faults).toEqual([])
  })

test('a proposal of one’s own waits for another; somebody else’s is agreed to, or refused with a reason', async ({ page }) => {
  const w = await open(page, '/desk/points/budgets')
  const own = page.locator('.asked-for', { hasText: '从 样例网格员 扣回 12 分' })
  await expect(own).toContainText('须由另一人审批')
  await expect(own.getByRole('button')).toHaveCount(0)
  const other = page.locator('.asked-for', { hasText: '给 浮云街道办 拨 2026 年度预算 1000 分' })
  await other.getByRole('button', { name: '不同意' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByRole('button', { name: '不同意' })).toBeDisabled()
  await sheet.getByLabel('理由').fill('重复')
  await sheet.getByRole('button', { name: '不同意' }).click()
  await expect.poll(() => w.sent[0]).toEqual({ path: 'POST /points/proposals/x1', body: { ledger: 'points', agree: false, why: '重复' } })
  w.refuse = { status: 409, code: 'points.decided', detail: '此申请已处理。' }
  await other.getByRole('button', { name: '同意', exact: true }).click()
  await expect(page.getByText('此申请已处理。')).toBeVisible()
})

test('nothing but a whole number of points from one on is asked for, and the form says so', async ({ page }) => {
  const w = await open(page, '/desk/points/budgets')
  await page.getByRole('button', { name: '提出申请' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('理由').fill('样例')
  for (const bad of ['', '0', '-5', '1.5', '9007199254740992', '1e30']) {
    await sheet.getByLabel('数量').fill(bad)
    await sheet.getByRole('button', { name: '提交' }).click()
    await expect(sheet.getByText('请填 1 到 9007199254740991 的整数')).toBeVisible()
  }
  expect(w.sent).toEqual([])
})

test('an entry is traced to its case, and undone only as something asked for', async ({ page }) => {
  const w = await open(page, '/desk/points/accounts?owner=person/p9&name=样例网格员')
  const granted = page.locator('.entries li', { hasText: '秸秆焚烧巡查' })
  await expect(granted.getByRole('link')).toHaveAttribute('href', '/desk/cases/c1')
  await expect(page.locator('.entries li', { hasText: '理发券' }).getByRole('button')).toHaveCount(0)
  await granted.getByRole('button', { name: '冲正' }).click()
  await page.getByRole('dialog').getByLabel('理由').fill('抽查不符')
  await page.getByRole('button', { name: '提交' }).click()
  await expect.poll(() => w.sent[0]?.body).toEqual({ ledger: 'points', kind: 'reverse', unit: 'u1', reason: '抽查不符', of_kind: 'grant', of_key: 'k2', partly: true })
})

test('goods are handed out by their code and brought back after a question; a month is settled by asking', async ({ page }) => {
  const w = await open(page, '/desk/points/shop')
  await page.getByLabel('领取码').fill('abcd efgh')
  await page.getByRole('button', { name: '交付' }).click()
  await expect(page.getByText('可以交付：大米五公斤（50 分）')).toBeVisible()
  await page.getByLabel('领取码').fill('ABCDEFGH')
  await page.getByRole('button', { name: '退回' }).click()
  await page.getByRole('button', { name: '确定退回积分' }).click()
  await expect(page.getByText('已退回：大米五公斤')).toBeVisible()
  await page.goto('/desk/points/settlements')
  await expect(page.getByRole('link', { name: '下载给银行的表' })).toHaveAttribute('href', /settlements\.xlsx\?ledger=points&month=\d{4}-\d\d$/)
  await page.getByRole('button', { name: '提出结算' }).click()
  await expect.poll(() => w.sent.map(x => x.path)).toEqual(['POST /points/pickups', 'POST /points/refunds', 'POST /points/proposals'])
  expect(w.sent[2]!.body.kind).toBe('settle')
})

test('work with free places opens its case, and items that nobody takes part in are named', async ({ page }) => {
  await open(page, '/desk/points/reports')
  await page.getByLabel('按什么').selectOption('unclaimed')
  await expect(page.getByRole('link', { name: '协助民宿登记' })).toHaveAttribute('href', '/desk/cases/c1')
  await expect(page.locator('tbody tr')).toContainText(['5 / 5'])
  await page.getByLabel('按什么').selectOption('idle')
  await expect(page.locator('tbody tr')).toHaveText([/农技推广.*产业兴旺.*2/])
  await expect(page.getByRole('link', { name: '农技推广：发布次数 2，看明细' })).toHaveAttribute('href', /queue=opened&.*class=village-points\/sample-points:502/)
  await page.getByRole('link', { name: '发布“农技推广”' }).click()
  await expect(page.getByRole('dialog').getByRole('combobox', { name: '类别' })).toHaveValue('农技推广') // its form, with the class chosen
  await expect(page).not.toHaveURL(/report=/)
})

test('a figure of the report opens its entries, and there is a way back to it', async ({ page }, info) => {
  await open(page, '/desk/points/reports')
  const spent = page.getByRole('button', { name: '2026-11：兑换 90，看明细' })
  await spent.press('Enter')
  await expect(page.getByRole('heading', { name: '2026-11 · 兑换 90' })).toBeFocused()
  await expect(page.locator('.entries li').first().getByRole('link')).toHaveAttribute('href', '/desk/cases/c1')
  await page.screenshot({ path: info.outputPath('behind.png') })
  await page.getByRole('button', { name: '返回汇总' }).press('Enter')
  await expect(spent).toBeFocused()
  await expect(page.locator('tbody tr').first().getByRole('button')).toHaveCount(3) // nothing expired: nothing to open
})
