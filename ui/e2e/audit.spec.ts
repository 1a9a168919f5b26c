// The audit page, its API answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const at = Date.UTC(2026, 2, 2, 1, 30)
const person = '01900000-0000-7000-8000-000000000001'
const about = 'case/01900000-0000-7000-8000-0000000000c1'

interface Server { checks: object[]; asked: URL[]; ask: () => { status: number; body: object } }

/** An audit administrator's desk; what it asks is kept. */
async function open(page: Page): Promise<Server> {
  const server: Server = { checks: [], asked: [], ask: () => ({ status: 201, body: { id: 'k1' } }) }
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const [way, answer] = [`${route.request().method()} ${url.pathname.slice('/api/v1'.length)}`, (body: object, status = 200) => route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) })]
    if (way === 'GET /log/leaves') {
      server.asked.push(url)
      const all = Array.from({ length: 120 }, (_, i) => 120 - i).filter(n => n < Number(url.searchParams.get('before') ?? Infinity) && (!url.searchParams.get('subject') || n % 10 === 0) && (url.searchParams.get('act') !== 'erased' || n === 7))
      const leaves = all.slice(0, 50).map(seq => ({ seq, id: 'l' + seq, subject: seq % 10 ? 'case/01900000-0000-7000-8000-00000000' + String(seq).padStart(4, '0') : about, act: seq === 7 ? 'erased' : 'move', ...(seq % 3 ? { person, name: '样例员甲' } : {}), at: at + seq * 1000, hash: 'h', rows: 3, ...(seq === 7 ? { erased: true } : {}) }))
      return answer({ leaves, size: 120, root: 'r', head_at: at, waiting: 2, ...(all.length > 50 ? { next: leaves.at(-1)!.seq } : {}) })
    }
    if (way === 'GET /log/checks') return answer({ checks: server.checks })
    if (way === 'POST /log/checks') {
      const { status, body } = server.ask()
      return answer(body, status)
    }
    if (way === 'GET /me') return answer({ person: { id: person, name: '样例审计员' }, posts: [{ id: 'q', role: 'admin.audit', role_title: '审计管理员' }], jurisdiction: { id: 'j', name: '样例县', sample: true } })
    return route.fallback()
  })
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  await page.goto('/desk/audit')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  return server
}
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])
const done = { id: 'k1', person, name: '样例审计员', state: 'done', done: 120, total: 120, asked_at: at, ended_at: at + 60_000 }
const report = { ok: true, origin: 'gezhi-log/1', size: 120, root: 'r', waiting: 0, heads: 3, rows: 900, cases: 40, erasures: 1, older: 0, own_key: false, ms: 12, per_second: 10000, findings: [] as object[] }

test('leaves are paged, and narrowed by what they are about, who wrote them and what was done', async ({ page }, info) => {
  const server = await open(page)
  const rows = page.locator('.leaf-list tbody tr')
  await expect(rows).toHaveCount(50)
  await expect(page.getByText('还没有核验过')).toBeVisible()
  await expect(rows.first()).toContainText('03-02 09:32') // China Standard Time wherever the screen stands
  await clean(page)
  await page.screenshot({ path: info.outputPath('audit-1440.png') })
  await page.getByRole('button', { name: '再读 50 件' }).click()
  await expect(rows).toHaveCount(100)
  await page.getByRole('button', { name: '再读 50 件' }).click()
  await expect(rows).toHaveCount(120)
  await rows.first().locator('.about').click()
  await expect(rows).toHaveCount(12)
  await expect(page.getByRole('searchbox')).toHaveValue(about)
  await page.getByRole('combobox').selectOption('erased')
  await expect(rows).toHaveCount(1)
  await expect.poll(() => server.asked.at(-1)!.search).not.toContain('subject') // one thing at a time
  await page.getByRole('button', { name: '显示全部' }).click()
  await rows.nth(1).getByRole('button', { name: '样例员甲' }).click()
  await expect.poll(() => server.asked.at(-1)!.searchParams.get('person')).toBe(person)
  await expect(page.locator('.chip')).toContainText('样例员甲')
  await page.setViewportSize({ width: 360, height: 720 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await page.screenshot({ path: info.outputPath('audit-360.png') })
  await clean(page)
})

test('a verification is asked for, runs, and says what it found; one that runs already is told', async ({ page }, info) => {
  const server = await open(page)
  server.ask = () => {
    server.checks = [{ ...done, state: 'running', done: 30, ended_at: undefined }]
    return { status: 201, body: { id: 'k1' } }
  }
  const verify = page.getByRole('button', { name: '核验数据库', exact: true })
  await verify.click()
  await expect(page.getByRole('progressbar', { name: '核验数据库' })).toHaveAttribute('value', '30')
  await expect(verify).toBeDisabled()
  server.checks = [{ ...done, report }]
  await expect(page.locator('.check-part .fine')).toBeVisible()
  await expect(verify).toBeEnabled()
  await clean(page)
  server.ask = () => ({ status: 409, body: { status: 409, code: 'audit.check_runs', title: 'Conflict', detail: '已经有一次核验在进行。' } })
  await verify.click()
  await expect(page.locator('.check-part')).toContainText('已经有一次核验在进行。')
  server.ask = () => {
    server.checks = [{ ...done, report: { ...report, ok: false, more: 4, findings: [{ kind: 'row_changed', table: 'cases', key: '', case: 'c1', number: '2026-000007', columns: ['step'], seq: 88 }, { kind: 'leaf_removed', seq: 12 }] } }]
    return { status: 201, body: { id: 'k2' } }
  }
  await verify.click()
  const found = page.locator('.check-part li')
  await expect(found).toHaveCount(3)
  await expect(found.first()).toContainText('2026-000007')
  await expect(found.first()).toContainText('step · #88')
  await expect(page.locator('.check-part .bad')).toContainText('6')
  await clean(page)
  await page.screenshot({ path: info.outputPath('audit-found.png') })
})
