import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
// @ts-expect-error a maker of photos, without types
import { photo } from './exif.mjs'

const inlet = { code: '331125', name: '云和县', sample: true, unsorted: true, recording: true, challenge: false, max_text: 2000, max_photos: 9, max_file: 8 << 20, classes: [], fields: [] }
const village = { id: 'v1', name: '庄前村', level: 5, has_children: false }

/** The page of a report, answered by this file; what it files is kept. */
async function open(page: Page): Promise<{ filed: { key?: string; body: Record<string, unknown> }[]; faults: string[] }> {
  const w = { filed: [] as { key?: string; body: Record<string, unknown> }[], faults: [] as string[] }
  page.on('pageerror', e => w.faults.push(e.message))
  page.on('request', r => !r.url().startsWith('http://127.0.0.1:') && !/^(data|blob):/.test(r.url()) && w.faults.push('asks ' + r.url()))
  await page.setViewportSize({ width: 390, height: 844 })
  await page.route('**/api/v1/**', route => {
    const r = route.request()
    const at = `${r.method()} ${new URL(r.url()).pathname.slice(7)}`
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body })
    if (at === 'GET /intake') return json(inlet)
    if (at === 'GET /intake/areas') return json({ areas: [] })
    if (at === 'POST /intake/propose') return json({ places: r.postDataJSON().point ? [{ ...village, why: '按位置' }] : [], classes: [] })
    if (at === 'POST /intake/files') return json({ id: 'f1', name: 'a.jpg', kind: 'picture', type: 'image/jpeg', size: 1 }, 201)
    if (at === 'POST /intake/reports') {
      w.filed.push({ key: r.headers()['idempotency-key'], body: r.postDataJSON() as Record<string, unknown> })
      return json({ number: 'S26110001', code: '0000-0000-0000-0000' }, 201)
    }
    return json({ status: 401, code: 'session.none', detail: '' }, 401)
  })
  await page.goto('/home/report')
  await expect(page.getByLabel('用一句话说说')).toBeVisible()
  return w
}

test('where and when a photo was taken is offered to who reports; nothing is taken without a yes', async ({ page }) => {
  const w = await open(page)
  const yesterday = new Date(Date.now() - 16 * 3_600_000).toISOString()
  await page.getByLabel('用一句话说说').fill('护栏断了')
  await page.getByLabel('拍照或选照片').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: photo({ lon: 119.5251, lat: 28.1153, at: yesterday.slice(0, 19).replaceAll('-', ':').replace('T', ' ') }) })
  const place = page.getByRole('button', { name: '用照片里的拍摄地点：庄前村' })
  await expect(place).toBeVisible()
  await expect(page.getByText('照片里记着拍摄时间')).toContainText(yesterday.slice(11, 16))
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.map(v => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await page.screenshot({ path: test.info().outputPath('taken.png'), fullPage: true })
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.getByText('请说明在哪里。')).toBeVisible() // still without a place
  expect(w.filed).toEqual([])
  await place.click()
  await page.getByRole('button', { name: '写进内容' }).click()
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.locator('.code.number')).toHaveText('S26110001')
  expect(w.filed[0]!.body).toMatchObject({ text: `护栏断了（照片拍摄于 ${yesterday.slice(5, 16).replace('T', ' ')}）`, point: { lon: 119.5251, lat: 28.1153 }, photos: ['f1'] })
  expect(w.faults).toEqual([])
})

test('a recording goes in parts under the key of its report, and after a cut only what is missing', async ({ page }) => {
  await page.addInitScript(() => delete (window as { MediaRecorder?: unknown }).MediaRecorder)
  const w = await open(page)
  const parts: number[] = []
  const keys = new Set<string | undefined>()
  let arrived = 0
  await page.route('**/api/v1/intake/uploads**', async route => {
    const r = route.request()
    keys.add(r.headers()['idempotency-key'])
    if (r.method() === 'POST' && !r.url().includes('/file')) return route.fulfill({ status: 201, headers: { Location: '/api/v1/intake/uploads/u1' } })
    if (r.method() === 'HEAD') return route.fulfill({ headers: { 'Upload-Offset': String(arrived) } })
    if (r.url().includes('/file')) return route.fulfill({ status: 201, json: { id: 'f7', name: 'a.ogg', kind: 'sound', type: 'audio/ogg', size: 600_000 } })
    parts.push(Number(r.headers()['upload-offset']))
    if (parts.length === 2) return route.abort('connectionreset')
    arrived += r.postDataBuffer()!.length
    return route.fulfill({ status: 204, headers: { 'Upload-Offset': String(arrived) } })
  })
  await page.locator('input[accept="audio/*"]').setInputFiles({ name: 'a.ogg', mimeType: 'audio/ogg', buffer: Buffer.alloc(600_000, 7) })
  await expect.poll(() => parts).toEqual([0, 256 << 10, 256 << 10, 512 << 10])
  await page.getByLabel('拍照或选照片').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: photo({ lon: 119.5251, lat: 28.1153 }) })
  await page.getByRole('button', { name: '用照片里的拍摄地点：庄前村' }).click()
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.locator('.code.number')).toHaveText('S26110001')
  expect(w.filed[0]!.body).toMatchObject({ recording: 'f7' })
  expect([...keys]).toEqual([w.filed[0]!.key])
  expect(w.faults).toEqual([])
})

const field = { name: 'where', type: 'text', title: '涉及哪里' }
const notice = { id: 'c1', number: 'S26110001', view: 'posted', kind: '工程公示', title: '村口广场改造方案公示', class_title: '工程公示', area_name: '庄前村', since: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 11, 1), open: true, objections: true, asks: [field], shows: [{ name: 'plan', title: '方案', text: '硬化地面三百平方米' }, { name: 'cost', title: '预算', text: '8 万元' }], sample: true }

for (const [language, big] of [['zh', false], ['en', true]] as const)
  test(`what is on public notice is read without an account and objected to with a query code: ${language}${big ? ', big' : ''}`, async ({ page }, info) => {
    await page.addInitScript(([l, b]) => (localStorage.setItem('gezhi.language', l!), b && localStorage.setItem('gezhi.big', b)), [language, big ? '1' : ''])
    await page.setViewportSize({ width: 360, height: 780 })
    const asked: string[] = []
    let sent: unknown
    await page.route('**/api/v1/**', route => {
      const url = new URL(route.request().url())
      const at = `${route.request().method()} ${url.pathname.slice(7)}`
      const json = (body: unknown, status = 200) => route.fulfill({ status, json: body })
      if (at === 'GET /intake') return json(inlet)
      if (at === 'GET /intake/areas') return json({ areas: url.searchParams.get('parent') ? [village] : [{ id: 't1', name: '浮云街道', level: 4, has_children: true }] })
      if (at === 'GET /intake/notices') {
        asked.push(`${url.searchParams.get('area') ?? ''} ${url.searchParams.get('cursor') ?? ''}`.trim())
        if (url.searchParams.get('area') === 'v1') return json({ notices: [] })
        return json(url.searchParams.get('cursor') ? { notices: [{ ...notice, id: 'c2', number: 'S26110002', view: 'grant', kind: '积分公示', title: '积分公示', class_title: '认领', shows: [{ name: 'item', title: '事项', text: '困难帮扶' }, { name: 'granted', title: '给分', text: '20' }] }] } : { notices: [notice], next: 'more' })
      }
      if (at === 'GET /intake/notices/c1/posted') return json(notice)
      if (at === 'POST /intake/notices/c1/posted/objections') {
        sent = route.request().postDataJSON()
        return json({ number: 'S26110009', code: '0000-0000-0000-0000' }, 201)
      }
      return json({ status: 404, code: 'case.not_found', detail: 'gone' }, 404)
    })
    const whole = async (name: string) => {
      const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
      expect(found.violations.map(v => `${v.id}: ${v.nodes[0]?.html}`)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
      await page.screenshot({ path: info.outputPath(name + '.png'), fullPage: true })
    }
    const faults: string[] = []
    page.on('pageerror', e => faults.push(e.message))
    await page.goto('/home/')
    await page.getByRole('link', { name: language === 'zh' ? '公告公示' : 'Notices' }).press('Enter')
    await expect(page.locator('h1')).toBeFocused()
    await page.getByRole('button', { name: language === 'zh' ? '更多' : 'More' }).press('Enter')
    await expect(page.locator('.posted li')).toHaveCount(2)
    await expect(page.locator('.posted li').nth(1)).toContainText('积分公示困难帮扶庄前村 · 给分 20') // a kind of its own, and no name
    expect(asked).toEqual(['', 'more'])
    await whole('list')
    await page.locator('select').first().selectOption('t1')
    await page.locator('select').nth(1).selectOption('v1')
    await expect(page.getByText(language === 'zh' ? '现在没有公示。' : 'Nothing is on public notice now.')).toBeVisible()
    await page.locator('select').nth(1).selectOption('')
    await page.locator('.posted a', { hasText: notice.title }).press('Enter')
    await expect(page).toHaveURL('/home/notices/c1/posted')
    await expect(page.getByRole('heading', { level: 1, name: notice.title })).toBeFocused()
    await expect(page.getByText('硬化地面三百平方米')).toBeVisible()
    await page.getByRole('button', { name: language === 'zh' ? '我有异议' : 'I object' }).press('Enter')
    await expect(page.locator('textarea')).toBeFocused()
    const send = page.getByRole('button', { name: language === 'zh' ? '提交异议' : 'Send the objection' })
    await send.press('Enter')
    await expect(page.locator('.said')).toBeVisible()
    await whole('notice')
    await page.locator('textarea').fill('预算偏高')
    await send.press('Enter')
    await expect(page.locator('.code.number')).toHaveText('S26110009')
    await expect(page.locator('.code.query')).toHaveText('0000-0000-0000-0000')
    expect(sent).toEqual({ text: '预算偏高' })
    await page.goto('/home/notices/c9/posted')
    await expect(page.getByRole('alert')).toHaveText('gone') // its time is over
    expect(faults).toEqual([])
  })
