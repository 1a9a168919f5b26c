// Forms and orders on paper, their API answered here; the rest is the sample server's.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const code = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#fff" d="M0 0h8v8H0z"/><path d="M1 1h3v3H1zM5 5h2v2H5z"/></svg>'
const file = { id: 'f1', name: 'order.jpg', type: 'image/jpeg', size: 9 }
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).include('main').withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])

test.beforeEach(async ({ page }) => {
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  await page.route('**/api/v1/paper/code?*', r => r.fulfill({ contentType: 'image/svg+xml', body: code }))
})

test('numbered forms are reserved and printed, one sheet each', async ({ page }, info) => {
  const sent: unknown[] = []
  await page.route('**/api/v1/paper/forms', r => {
    if (r.request().method() === 'GET') return r.fulfill({ json: { forms: [{ number: '2026-000009', reserved_at: 1772413200000, entered: true }, { number: '2026-000010', reserved_at: 1772413200000, entered: false }] } })
    sent.push(r.request().postDataJSON())
    return r.fulfill({ json: { forms: [11, 12].map(n => ({ number: `2026-0000${n}`, reserved_at: 1772413200000, entered: false })) } })
  })
  await page.route('**/api/v1/classes?*', r => r.fulfill({ json: { classes: [{ id: 'incident/sample:0102', code: '0102', scheme: 'sample', pack: 'incident', title: '暴露垃圾', group_title: '市容环境', severity: '3', channels: ['home', 'paper'], against: 'never',
    fields: [{ name: 'danger', title: '危及人身安全', type: 'boolean', required: false }, { name: 'kind', title: '垃圾种类', type: 'choice', required: true, options: [{ value: 'a', title: '生活垃圾' }, { value: 'b', title: '建筑垃圾' }] }, { name: 'photo', title: '照片', type: 'photo', required: false }] }] } }))
  await page.goto('/desk/paper')
  await expect(page.getByText('2026-000009')).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('paper.png') })
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: info.outputPath('paper-phone.png'), fullPage: true })
  await page.setViewportSize({ width: 1440, height: 900 })
  const box = page.getByRole('combobox')
  await box.click()
  await page.getByRole('option').first().click()
  await page.getByLabel('打印几张').fill('2')
  await page.getByRole('button', { name: '取号并显示' }).click()
  await expect(page.locator('.paper-sheet')).toHaveCount(2)
  expect(sent).toEqual([{ class: expect.any(String), count: 2 }])
  await expect(page.getByRole('img', { name: '2026-000011 的二维码' })).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('form.png') })
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 688, height: 1017 })
  await page.screenshot({ path: info.outputPath('printed.png') })
  await page.emulateMedia({ media: null })
  const pdf = await page.pdf({ path: info.outputPath('forms.pdf'), preferCSSPageSize: true })
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(2)
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: info.outputPath('form-phone.png') })
})

test('a photo finds its case by its code or the number typed, and is put on it when confirmed', async ({ page }, info) => {
  const asked: string[] = []
  const acts: unknown[] = []
  await page.route('**/api/v1/paper/forms', r => r.fulfill({ json: { forms: [] } }))
  await page.route('**/api/v1/paper/photos*', r => {
    const number = new URL(r.request().url()).searchParams.get('number')
    asked.push(number ?? '')
    if (!number) return r.fulfill({ status: 400, contentType: 'application/problem+json', json: { status: 400, code: 'feed.no_code', title: '', detail: '照片里没有找到二维码。' } })
    if (number === '2026-000011') return r.fulfill({ status: 201, json: { file, number, form: true, acts: [] } })
    return r.fulfill({ status: 201, json: { file, number, case: 'c1', title: '桥头垃圾', acts: [{ action: 'file_paper', title: '附签字单据', field: 'paper' }] } })
  })
  await page.route('**/api/v1/cases/c1/moves', r => {
    acts.push(r.request().postDataJSON())
    return r.fulfill({ json: { case: { id: 'c1' } } })
  })
  await page.goto('/desk/paper')
  await page.setInputFiles('input[type=file]', { name: 'order.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') })
  await page.getByRole('button', { name: '识别' }).click()
  await expect(page.getByText('照片里没有找到二维码。')).toBeVisible()
  await page.getByLabel(/^编号/).fill('2026-000007')
  await page.getByRole('button', { name: '识别' }).click()
  await expect(page.getByText('属于 2026-000007')).toBeVisible()
  expect(acts).toEqual([])
  await clean(page)
  await page.screenshot({ path: info.outputPath('photo.png') })
  await page.getByRole('button', { name: '附签字单据：把照片放进案件' }).click()
  await expect(page.getByText('照片已放进 2026-000007。')).toBeVisible()
  expect(acts).toEqual([{ action: 'file_paper', values: { paper: ['f1'] } }])
  await page.setInputFiles('input[type=file]', { name: 'form.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') })
  await page.getByLabel(/^编号/).fill('2026-000011')
  await page.getByRole('button', { name: '识别' }).click()
  await page.getByRole('link', { name: '录入这张表格' }).click()
  await expect(page).toHaveURL(/\/desk\/file\?form=2026-000011/)
  await expect(page.locator('select').first()).toHaveValue('paper')
  await expect(page.getByLabel('纸质登记表编号')).toHaveValue('2026-000011')
  expect(asked).toEqual(['', '2026-000007', '2026-000011'])
})

test('the order of a case stands on one sheet, without anything personal', async ({ page }, info) => {
  await page.goto('/desk/cases/c1')
  await page.getByRole('link', { name: '打印交办单' }).click()
  await expect(page.getByRole('heading', { name: '交办单' })).toBeVisible()
  await expect(page.locator('.paper-sheet img')).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('order.png') })
  await page.emulateMedia({ media: 'print' })
  await page.setViewportSize({ width: 688, height: 1017 })
  await page.screenshot({ path: info.outputPath('printed.png') })
  await page.emulateMedia({ media: null })
  const pdf = await page.pdf({ path: info.outputPath('order.pdf'), preferCSSPageSize: true })
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  await page.setViewportSize({ width: 390, height: 844 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: info.outputPath('order-phone.png') })
})
