// Who is on duty, a hand-over confirmed line by line, the calendar; their API answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const hour = 3_600_000
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])
const kind = { id: 'incident/sample:9001', code: '9001', scheme: 'sample', pack: 'incident', title: '值班交接', severity: '4', on_duty: true, channels: ['window'], against: 'never', fields: [
  { name: 'items', type: 'list', title: '交接清单', required: true, rows: [{ name: 'what', type: 'text', title: '事项', required: true }, { name: 'case_number', type: 'text', title: '编号', required: false }, { name: 'promised_by', type: 'date', title: '答应的日期', required: false }] },
  { name: 'successor', type: 'person', title: '接班人', required: true, many: true },
] }
const empty = { clocks: [], seats: [], parts: [], moves: [], can: [] }
const row = (id: string, more: object) => ({ id, number: 'S26' + id, title: '值班交接', class: kind.id, class_title: '值班交接', severity: '4', severity_title: '一般', step: 'listed', step_title: '待确认', phase: 'waiting', area_id: 'a0', area_name: '浮云街道', opened_at: Date.now() - hour, due_at: Date.now() + hour, late: false, version: 1, sample: true, text: '', fields: [], channel: 'window', reporter: { name_masked: '样**' }, ...more })

async function serve(page: Page) {
  const sent: [string, Record<string, unknown>][] = []
  const done = new Set<string>()
  const part = (n: number) => ({ ...row('h1-' + n, { title: '值班交接' }), set: 'lines', set_title: '交接清单', round: 1, for: String(n), phase: done.has('h1-' + n) ? 'closed' : 'waiting' })
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice('/api/v1'.length)}`
    const answer = (json: object) => route.fulfill({ json })
    if (at === 'GET /duty') return answer({ shifts: [
      { area_id: 'a0', area_name: '浮云街道', shift: 'night', seat: 'clerk', person_id: 'p1', name: '样例员乙', from: Date.now() - 8 * hour, until: Date.now() + hour, now: true, mine: true },
      { area_id: 'a0', area_name: '浮云街道', shift: 'night', seat: 'leader', person_id: 'p3', name: '样例领导', from: Date.now() - 8 * hour, until: Date.now() + hour, now: true },
      { area_id: 'a0', area_name: '浮云街道', shift: 'day', seat: 'clerk', person_id: 'p2', name: '样例员甲', from: Date.now() + hour, until: Date.now() + 9 * hour },
    ] })
    if (at === 'GET /classes') return answer({ classes: [kind] })
    if (at === 'GET /cases' && url.searchParams.get('class') === kind.id) return answer({ cases: [row('h1', {})] })
    if (at === 'GET /cases/h1') return answer({ ...empty, case: row('h1', { fields: [{ name: 'items', title: '交接清单', type: 'list', value: [{ what: '燃气泄漏待复检' }, { what: '答应王先生上午回电', promised_by: '2026-02-17' }] }] }), parts: [part(1), part(2)] })
    if (/^GET \/cases\/h1-\d$/.test(at)) {
      const id = at.slice(-4)
      return answer({ ...empty, case: row(id, {}), can: done.has(id) ? [] : [{ action: 'answer', title: '答复', asks: [{ name: 'taken', type: 'text', title: '接收意见', required: true }], also: [], unmet: [], danger: false }],
        moves: done.has(id) ? [{ id: 'm', action: 'answer', action_title: '答复', by_name: '样例员甲', at: Date.now(), done: true, values: [{ name: 'taken', title: '接收意见', type: 'text', value: '已知悉' }] }] : [] })
    }
    if (at.startsWith('POST /cases')) {
      sent.push([at, route.request().postDataJSON() as Record<string, unknown>])
      if (at === 'POST /cases') return route.fulfill({ status: 201, json: { id: 'h2', number: 'S26h2' } })
      done.add(at.split('/')[2]!)
      return answer({ case: row('h1-1', {}) })
    }
    if (at === 'GET /calendar') return answer({ year: Number(url.searchParams.get('year')), announced: url.searchParams.get('year') === '2026', versions: [{ version: 1, loaded_at: Date.UTC(2026, 0, 2) }],
      days: Array.from({ length: 365 }, (_, i) => {
        const day = new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10)
        const rest = [0, 6].includes(new Date(day).getUTCDay())
        if (day === '2026-02-14') return { day, hours: ['08:30-12:00'], reason: '春节', made_up: true }
        if (day >= '2026-02-15' && day <= '2026-02-23') return { day, hours: [], reason: '春节' }
        return { day, hours: rest ? [] : ['08:30-12:00', '14:00-17:30'], ...(rest && { reason: '周末' }) }
      }) })
    if (at === 'GET /calendar/due') return answer({ due: Date.UTC(2026, 1, 25, 9, 30), limit: '3 个工作日', why: ['2026-02-13 起算当天不计', '2026-02-14 调休上班（春节），计', '2026-02-15 至 2026-02-23：春节，不计'] })
    return route.fallback()
  })
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  return sent
}

test('a shift is handed over: what is open is ticked, who comes next is proposed, each line is confirmed', async ({ page }, info) => {
  const sent = await serve(page)
  await page.goto('/desk/duty')
  await expect(page.getByRole('row', { name: /样例员甲/ })).toBeVisible()
  const over = page.locator('.hand-over')
  await expect(over).toContainText('燃气泄漏待复检')
  await expect(over).toContainText('还有 2 条未确认')
  await clean(page)
  await page.screenshot({ path: info.outputPath('duty.png') })
  await page.getByLabel(/接收意见：燃气泄漏/).fill('九点复检')
  await over.getByRole('button', { name: '确认' }).first().click()
  await expect(over).toContainText('还有 1 条未确认')
  expect(sent.at(-1)![1].values).toEqual({ taken: '九点复检' })

  await page.getByRole('button', { name: '值班交接' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('group', { name: /勾选/ }).getByRole('checkbox').first().check()
  await expect(sheet.getByLabel('事项')).not.toHaveValue('')
  await sheet.getByRole('radio', { name: /样例员甲/ }).check()
  await clean(page)
  await page.screenshot({ path: info.outputPath('hand-over.png') })
  await sheet.locator('footer').getByRole('button', { name: '值班交接' }).click()
  await expect(sheet).toHaveCount(0)
  expect(sent.at(-1)![1]).toMatchObject({ class: kind.id, area_id: 'a0', fields: { successor: ['p2'], items: [{ what: expect.any(String), case_number: expect.any(String) }] } })
  await page.emulateMedia({ media: 'print' })
  await expect(page.locator('.rail')).toBeHidden()
  await page.emulateMedia({ media: 'screen' })
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: info.outputPath('duty-390.png') })
})

test('the calendar shows what is worked and what is not, and reckons a limit with its reasons', async ({ page }, info) => {
  await serve(page)
  await page.goto('/desk/duty/calendar')
  await expect(page.getByText('2026-02-15 – 02-23')).toBeVisible()
  await expect(page.getByText('调休上班（春节）').first()).toBeVisible()
  await page.getByRole('button', { name: '算一算' }).click()
  await expect(page.getByRole('status').getByText('春节，不计')).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('calendar.png'), fullPage: true })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('button', { name: 'The year after' }).click()
  await expect(page.getByText(/not announced yet/)).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('calendar-dark.png') })
})
