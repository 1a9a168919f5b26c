import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

// What the inlet and the feeds answer here is the spec's own; all else is the sample server's.
const test = base.extend<{ desk: Page; sent: Record<string, unknown>[] }>({
  sent: async ({}, use) => use([]),
  desk: async ({ page, request, sent }, use) => {
    await request.post('/test', { data: { reset: true } })
    const says = (path: string, body: unknown, status = 200) => page.route(`**/api/v1${path}`, r => r.fulfill({ status, json: body }))
    await page.route(/\/api\/v1\/intake(\?|$)/, r => r.fulfill({ json: { code: '990102', name: '样例县', sample: true, unsorted: true, recording: true, challenge: false, max_text: 2000, max_photos: 9, max_file: 1, fields: [],
      classes: [{ id: 'incident/sample:0102', title: '暴露垃圾', group_title: '市容环境', fields: [] }] } }))
    await says('/intake/propose', { places: [{ id: 'v1', name: '北镇桥头村', level: 5, has_children: false, why: '文字提到“桥头”' }], classes: [{ id: 'incident/sample:0102', title: '暴露垃圾', share: 93, sure: true, why: '依据：垃圾' }],
      severity: { id: '3', title: '一般（三级）', why: '该类的通常等级' }, unit: { id: 'u1', title: '城北环卫站', why: '市容类由镇街环卫站办理' } })
    await says('/cases/duplicates', { duplicates: [{ id: 'c1', number: '2026-000007', title: '桥头垃圾', reasons: ['同一地点', '3 天内'] }] })
    await page.route('**/api/v1/intake/reports', r => {
      sent.push(r.request().postDataJSON() as Record<string, unknown>)
      return r.fulfill({ status: 201, json: { number: '2026-000123', code: '7K3M-0QX9-4T2B-HN5C', id: 'c9' } })
    })
    await says('/feeds', { feeds: [{ name: 'city-hotline', title: '市热线平台（样例）', replies: true, runs: [] }] })
    await says('/feeds/city-hotline/imports?*', { run: 'r1' }, 202)
    await says('/feeds/city-hotline/runs/r1', { id: 'r1', kind: 'check', state: 'done', done: 2, total: 2, began_at: 1772413200000, moved_at: 1772413200000, counts: { new: 1, updated: 0, unchanged: 0, withdrawn: 0, refused: 1, answers: 0 },
      lines: [{ line: 2, theirs: 'P-001', state: 'new' }, { line: 3, state: 'refused', why: '工单编号：没有编号，或编号过长。' }] })
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await use(page)
  },
})

test('a call is filed by keys alone, and ends with a number and a code to read out', async ({ desk, sent }) => {
  await desk.goto('/desk/file')
  await expect(desk.locator('#file-text')).toBeFocused()
  await desk.keyboard.type('桥头村垃圾三天没人收')
  await expect(desk.getByText('文字提到“桥头”')).toBeVisible()
  await desk.getByRole('button', { name: '北镇桥头村' }).click()
  await desk.getByRole('button', { name: '暴露垃圾' }).click()
  await expect(desk.getByText('2026-000007 桥头垃圾')).toBeVisible()
  await expect(desk.getByText('城北环卫站')).toBeVisible()
  expect((await new AxeBuilder({ page: desk }).include('.file-page').analyze()).violations.map(v => v.id)).toEqual([])
  await desk.screenshot({ path: 'test-results/file-desk.png' })
  await desk.setViewportSize({ width: 375, height: 800 })
  await desk.screenshot({ path: 'test-results/file-phone.png' })
  expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
  await desk.locator('#file-text').press('Control+Enter')
  await expect(desk.getByText('7K3M-0QX9-4T2B-HN5C')).toBeVisible()
  expect(sent).toEqual([expect.objectContaining({ by: 'caller', channel: 'hotline', class: 'incident/sample:0102', area_id: 'v1', text: '桥头村垃圾三天没人收' })])
  await desk.keyboard.press('Enter')
  await expect(desk.locator('#file-text')).toBeFocused()
  await expect(desk.locator('#file-text')).toHaveValue('')
})

test('a table is looked at before it is taken in, line by line with reasons', async ({ desk }) => {
  await desk.goto('/desk/feeds')
  await desk.setInputFiles('input[type=file]', { name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from('x') })
  await desk.getByRole('button', { name: '预览' }).click()
  await expect(desk.getByText('没有编号')).toBeVisible()
  expect((await new AxeBuilder({ page: desk }).include('.feeds-page').analyze()).violations.map(v => v.id)).toEqual([])
  await desk.screenshot({ path: 'test-results/feeds-desk.png' })
})
