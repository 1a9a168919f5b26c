// The pages of grid workers alone; the API is answered here. Without a service worker, as in
// browsers inside other programs.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
// @ts-expect-error a maker of photos, without types
import { photo } from './exif.mjs'

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, serviceWorkers: 'block' })

const hour = 3_600_000
const row = (n: number) => ({
  id: 'c' + n, number: 'S2611000' + n, title: ['北坡村道塌陷约三米，需设警示', '十一盏路灯连片不亮', '溪边护栏断裂，学生上学经过'][n % 3]!, class: 'x/s:1', class_title: '道路塌陷', severity: String((n % 3) + 1), severity_title: ['紧急（一级）', '较急（二级）', '一般（三级）'][n % 3]!,
  step: 'handling', step_title: '办理中', phase: 'working', area_id: 'g1', area_name: '第三网格', opened_at: Date.now() - 9 * hour, due_at: Date.now() + (n - 1) * 5 * hour, late: n < 1, version: 3, sample: true, point: { lon: 119.51 + n / 300, lat: 28.112 },
})
const finish = { action: 'finish', title: '处置完成', asks: [{ name: 'result', type: 'long_text', title: '处置情况', required: true }], also: [{ name: 'photo', type: 'photo', title: '处置后照片', many: true, at_most: 3, required: false }], unmet: [], danger: false }
const view = (n: number) => ({
  case: { ...row(n), text: row(n).title, fields: [{ name: 'width', title: '塌陷宽度（米）', type: 'number', value: 3.2 }], channel: 'field', reporter: { name_masked: '样**' } },
  clocks: [{ name: 'step', title: '本环节时限', state: 'running', from: Date.now() - hour, due: row(n).due_at, why: ['4 个工作小时'], provisional: false }], seats: [], parts: [],
  moves: [{ id: 'm1', action: 'open', action_title: '上报', from_step: '', to_step: 'reported', step_title: '已采集', by_name: '样例员', at: Date.now() - 9 * hour, done: true, values: [] }],
  unmask: n === 1 ? [{ value: 'contact', title: '联系当事人' }] : undefined,
  can: n === 2 ? [{ ...finish, action: 'urge', title: '催办', asks: [], also: [] }] : [{ ...finish, action: 'comment', title: '备注', asks: [], also: [] }, finish, { action: 'return', title: '退回', asks: [{ name: 'reason', type: 'choice', title: '退回理由', required: true, options: [{ value: 'a', title: '不属本单位职责' }, { value: 'b', title: '情况不清' }] }], also: [], unmet: [], danger: true, confirm: '退回会计入次数。' }],
})
const fields = [{ name: 'photo', type: 'photo', title: '现场照片', required: false, many: true, at_most: 9 }, { name: 'danger', type: 'choice', title: '危及人身安全', required: false }, { name: 'recording', type: 'audio', title: '录音', required: false, many: true, at_most: 1 }]
const kind = (code: string, title: string, more = {}) => ({ id: 'x/s:' + code, code, scheme: 's', pack: 'x', title, severity: '3', channels: [], fields, against: 'allowed', ...more })
const classes = [kind('0', '待分类', { unsorted: true }), kind('1', '暴露垃圾', { spot: true, on_spot: { action: 'spot', title: '就地办结', asks: [], also: [] } }), kind('2', '路灯不亮'), { ...kind('3', '巡查记录'), id: 'y/s:3', pack: 'y', channels: ['field'] }]
const square = (x: number, how: string, name: string) => ({ id: 'a' + x, name, level: 6, how, shape: [[[[x, 28.11], [x + 0.01, 28.11], [x + 0.01, 28.12], [x, 28.12], [x, 28.11]]]] })

const note = { id: 'n1', case: 'c1', number: 'S26110001', event: 'assigned', event_title: '派单', text: '请前往处置：十一盏路灯连片不亮', made_at: new Date(Date.now() - hour).toISOString() }

interface World { away?: boolean; refuse?: string; notes: object[]; sent: { path: string; key?: string; body: Record<string, unknown> }[]; faults: string[] }
async function open(page: Page, path = '', world: Partial<World> = {}): Promise<World> {
  const w: World = { notes: [note], sent: [], faults: [], ...world }
  page.on('console', m => m.type() === 'error' && !/Failed to load resource|Permissions-Policy/.test(m.text()) && w.faults.push(m.text()))
  page.on('pageerror', e => w.faults.push(e.message))
  page.on('request', r => !r.url().startsWith('http://127.0.0.1:') && !/^(data|blob):/.test(r.url()) && w.faults.push('asks ' + r.url()))
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice(7)}`
    if (w.away) return route.abort('internetdisconnected')
    const json = (body: unknown, status = 200) => route.fulfill({ status, json: body, headers: { Date: new Date().toUTCString() } })
    if (at === 'GET /me') return json({ person: { id: 'p1', name: '样例网格员' }, jurisdiction: { id: 'j', name: '云和县', code: '331125', sample: true }, posts: [{ id: 'o', role: 'grid_worker', role_title: '网格员', area: { id: 'g1', name: '第三网格', level: 6 } }] })
    if (at === 'GET /classes') return json({ classes })
    if (at === 'GET /cases') return json({ cases: [0, 1, 2].map(row) })
    if (at === 'GET /offers') return json({ offers: [] })
    if (at === 'GET /areas/outlines') return json({ areas: [square(119.51, 'mine', '第三网格'), square(119.52, 'beside', '第四网格')] })
    if (/^GET \/cases\/c\d$/.test(at)) return json(view(Number(at.at(-1))))
    if (at === 'GET /events') return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 60000\n\n' })
    if (at === 'GET /notes/unread') return json({ count: w.notes.length, more: false, clerk: false, operator: false })
    if (at === 'GET /notes') return json({ items: w.notes })
    if (at === 'GET /search') return json({ hits: url.searchParams.get('q') === '护栏' ? [{ case: row(2), snippet: [], numbered: false }] : [] })
    if (/^POST \/notes\/n\d\/read$/.test(at)) {
      w.notes = []
      return route.fulfill({ status: 204 })
    }
    if (at === 'POST /cases/c1/unmask') return json({ values: [{ name: 'phone', title: '联系电话', value: '样例号码' }] })
    if (at.endsWith('/files') && at.startsWith('GET')) return json({ files: [], purposes: [] })
    if (at === 'POST /class-proposals') return json({ learnt: true, classes: [{ class: 'x/s:1', title: '暴露垃圾', probability: 0.6, words: ['垃圾'], sure: false }, { class: 'x/s:2', title: '路灯不亮', probability: 0.1, words: [], sure: false }] })
    if (at === 'POST /intake/propose' && route.request().postDataJSON().point) return json({ places: [{ id: 'g2', name: '第四网格', level: 6, has_children: false, why: '按位置' }], classes: [] })
    if (at === 'POST /intake/propose') return json({ places: [], classes: [], severity: { id: '3', title: '一般（三级）', why: '这类事通常如此' }, unit: { id: 'u', title: '环卫站', why: '按类别' } })
    if (at === 'POST /files') return json({ id: 'f1', name: 'a.jpg' }, 201)
    w.sent.push({ path: at, key: route.request().headers()['idempotency-key'], body: route.request().postDataJSON() as Record<string, unknown> })
    if (w.refuse) return json({ status: 422, code: 'x', detail: w.refuse }, 422)
    return at === 'POST /cases' ? json({ id: 'c9', number: 'S26110009' }, 201) : json({ case: row(1) })
  })
  await page.goto('/field/' + path)
  await expect(page.locator('.top .where')).toBeVisible()
  return w
}
async function clean(page: Page) {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id + ' ' + v.nodes[0]?.target.join())).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(page.viewportSize()!.width)
}
const big = (page: Page) => page.evaluate(() => [...document.querySelectorAll<HTMLElement>('#content a, #content button, .tabs a')].filter(e => e.offsetHeight > 0 && !e.closest('.facts, svg, .clock')).filter(e => e.getBoundingClientRect().height < 44).map(e => e.textContent))

for (const [language, scheme, width] of [['zh', 'light', 360], ['en', 'dark', 390]] as const)
  test(`every page is whole and without barrier: ${language}, ${scheme}, ${width} px`, async ({ page }, info) => {
    test.setTimeout(90_000) // nine pages, each looked at whole
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: width === 360 ? 740 : 844 })
    await page.addInitScript(l => localStorage.setItem('gezhi.language', l), language)
    const w = await open(page)
    for (const path of ['', 'list', 'report', 'case/c0', 'map', 'me', 'outbox', 'notes', 'search']) {
      await page.goto('/field/' + path)
      await expect(page.locator('#content h1')).toBeAttached()
      await expect(page.getByText(language === 'zh' ? '正在读取…' : 'Loading…')).toHaveCount(0)
      await clean(page)
      expect(await big(page), path).toEqual([])
      await page.screenshot({ path: info.outputPath(`${path.replace('/', '-') || 'start'}.png`), fullPage: path !== 'map' })
    }
    expect(w.faults).toEqual([])
  })

test('three taps report: the way in, a class with its reason, and send', async ({ page }) => {
  const w = await open(page)
  await page.locator('.report-big').click()
  await page.getByLabel('什么情况').fill('桥头一大堆垃圾')
  await expect(page.locator('.guess').first()).toContainText('依据：垃圾')
  await page.locator('.guess').first().click()
  await expect(page.getByText('会交给：环卫站')).toBeVisible()
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.getByText('已上报，编号 S26110009')).toBeVisible()
  expect(w.sent).toHaveLength(1)
  expect(w.sent[0]!.body).toMatchObject({ class: 'x/s:1', text: '桥头一大堆垃圾', area_id: 'g1', channel: 'field' })
})

test('what is written survives a reload, denied position and microphone, and is never sent unasked', async ({ page }) => {
  const w = await open(page, 'report')
  await page.getByLabel('什么情况').fill('护栏断了')
  await page.getByRole('button', { name: '用手机定位' }).click()
  await expect(page.getByText('没能定位，可以自己选地点。')).toBeVisible()
  await page.getByRole('button', { name: '录音' }).click()
  await expect(page.getByText('没能打开麦克风')).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('什么情况')).toHaveValue('护栏断了')
  expect(w.sent).toEqual([])
})

test('where and when a photo was taken is offered, and nothing is taken without a yes', async ({ page }) => {
  const w = await open(page, 'report')
  const yesterday = new Date(Date.now() + 8 * hour - 24 * hour).toISOString()
  const at = yesterday.slice(0, 19).replaceAll('-', ':').replace('T', ' ')
  await page.getByLabel('什么情况').fill('护栏断了')
  await page.locator('.proof input[accept="image/*"]').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: photo({ lon: 119.5251, lat: 28.1153, at }) })
  const place = page.getByRole('button', { name: '用照片里的拍摄地点：第四网格' })
  await expect(place).toBeVisible()
  await expect(page.getByText('照片里记着拍摄时间')).toContainText(yesterday.slice(11, 16))
  await expect(page.locator('.place .at')).toContainText('第三网格')
  await expect(page.getByLabel('什么情况')).toHaveValue('护栏断了')
  await clean(page)
  await page.screenshot({ path: test.info().outputPath('taken.png'), fullPage: true })
  await place.click()
  await expect(page.locator('.place .at')).toContainText('第四网格')
  await page.getByRole('button', { name: '写进内容' }).click()
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.getByText('已上报，编号 S26110009')).toBeVisible()
  expect(w.sent[0]!.body).toMatchObject({ text: `护栏断了（照片拍摄于 ${yesterday.slice(5, 16).replace('T', ' ')}）`, point: { lon: 119.5251, lat: 28.1153 } })
  expect(w.sent[0]!.body).not.toHaveProperty('happened_at')
  expect(w.faults).toEqual([])
})

test('a full telephone says so, and sends all the same', async ({ page }) => {
  await page.addInitScript(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
  })
  const w = await open(page, 'report', {})
  await expect(page.getByText('危及人身安全')).toBeVisible()
  w.away = true
  await page.getByLabel('什么情况').fill('护栏断了')
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.getByText('手机存储已满')).toBeVisible()
  w.away = false
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.locator('.net').click()
  await expect(page.getByText('已送达')).toBeVisible()
  await expect(page.getByText('手机存储已满')).toHaveCount(0)
  expect(w.sent).toHaveLength(1)
})

test('a clock that is wrong by a day is told, and deadlines stay right', async ({ page }) => {
  await page.clock.install({ time: Date.now() - 24 * hour })
  await open(page)
  await expect(page.getByText('手机时间差了')).toBeVisible()
  await expect(page.locator('.case-row').nth(2)).toContainText(/剩 [45] 小时/)
})

test('a refusal comes back into the form with all that was typed', async ({ page }) => {
  const w = await open(page, 'case/c1', { refuse: '请写明做了什么。' })
  await page.locator('.can').getByRole('button', { name: '处置完成' }).click()
  await page.getByLabel('处置情况').fill('好了')
  await page.getByRole('dialog').locator('footer').getByRole('button', { name: '处置完成' }).click()
  await expect(page.getByRole('dialog')).toContainText('请写明做了什么。')
  await expect(page.getByLabel('处置情况')).toHaveValue('好了')
  w.refuse = undefined
  await page.getByRole('dialog').locator('footer').getByRole('button', { name: '处置完成' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(new Set(w.sent.map(s => s.key)).size).toBe(2)
  expect(w.sent.at(-1)!.body).toMatchObject({ action: 'finish', version: 3, step: 'handling', offline: true, values: { result: '好了' } })
})

test('what is written on the sheet of an act survives a reload, and is gone once it was done', async ({ page }) => {
  const w = await open(page, 'case/c1')
  const begin = () => page.locator('.can').getByRole('button', { name: '处置完成' }).click()
  await begin()
  await page.getByLabel('处置情况').fill('管道已换')
  await expect.poll(() => page.evaluate(() => new Promise<string>(done => {
    const asked = indexedDB.open('gezhi-field')
    asked.onsuccess = () => {
      const rows = asked.result.transaction('known').objectStore('known').getAll()
      rows.onsuccess = () => (asked.result.close(), done(JSON.stringify(rows.result)))
    }
  }))).toContain('管道已换')
  await page.reload()
  await begin()
  await expect(page.getByLabel('处置情况')).toHaveValue('管道已换')
  expect(w.sent).toEqual([])
  await page.getByRole('dialog').locator('footer').getByRole('button', { name: '处置完成' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(w.sent.map(s => s.body.values)).toEqual([{ result: '管道已换' }])
  await begin()
  await expect(page.getByLabel('处置情况')).toHaveValue('')
})

test('without a network a task is refused with a reason, and the form of the last look is there', async ({ page }) => {
  const w = await open(page)
  await expect(page.locator('.case-row')).toHaveCount(3)
  await expect.poll(() => page.evaluate(() => new Promise<boolean>(done => {
    const asked = indexedDB.open('gezhi-field')
    asked.onsuccess = () => {
      const keys = asked.result.transaction('known').objectStore('known').getAllKeys()
      keys.onsuccess = () => (asked.result.close(), done(keys.result.some(k => String(k).endsWith('/outlines'))))
    }
  }))).toBe(true)
  w.away = true
  await page.locator('.case-row').first().click()
  await page.locator('.can').getByRole('button', { name: '退回' }).click()
  await page.getByLabel('情况不清').check()
  await page.getByRole('dialog').locator('footer').getByRole('button', { name: '退回' }).click()
  await expect(page.getByText('“退回 · 北坡村道塌陷约三米，需设警示”已存在手机里，待发')).toBeVisible()
  await page.locator('.tabs a').nth(3).click()
  await expect(page.getByRole('group', { name: '辖区地图' })).toBeVisible()
  await expect(page.locator('.map-page .old')).toBeVisible()
  await page.locator('.net').click()
  await page.getByRole('button', { name: '现在发送' }).click()
  await expect(page.getByRole('button', { name: '现在发送' })).toBeEnabled()
  w.away = false // it is tried again by itself
  await expect(page.getByText('已送达')).toBeVisible()
  expect(w.sent.map(s => s.body.action)).toEqual(['return'])
})

test('what waits for somebody else does not stand among what is mine to do', async ({ page }) => {
  await open(page)
  await expect(page.locator('section').filter({ hasText: '等别人办的' }).locator('.case-row')).toContainText('溪边护栏断裂')
  await expect(page.locator('section').filter({ hasText: '我要办的' }).locator('.case-row')).toHaveCount(2)
})

test('a message is read, a case is found by words, and what is hidden is seen for a purpose', async ({ page }) => {
  const w = await open(page)
  await expect(page.locator('.bell b')).toContainText('1')
  await page.locator('.bell').click()
  await page.getByRole('link', { name: '看事件' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('十一盏路灯连片不亮')
  await expect(page.locator('.bell b')).toHaveCount(0)
  await page.getByRole('button', { name: '查看原文' }).click()
  await page.getByLabel('联系当事人').check()
  await page.getByRole('button', { name: '查看', exact: true }).click()
  await expect(page.locator('.unmasked')).toContainText('样例号码')
  await page.getByRole('dialog').locator('footer button').click()
  await page.locator('.tabs a').nth(1).click()
  await page.locator('.to-search').click()
  await page.getByLabel('查找词').fill('没有的')
  await page.keyboard.press('Enter')
  await expect(page.getByText('没有找到')).toBeVisible()
  await page.getByLabel('查找词').fill('护栏')
  await page.keyboard.press('Enter')
  await expect(page.locator('.case-row')).toContainText('溪边护栏断裂')
  expect(w.faults).toEqual([])
})

test('an engine of 2020 has no modal dialog, locks or newer lists, and everything works', async ({ page }) => {
  await page.addInitScript(() => {
    for (const [from, name] of [[HTMLDialogElement.prototype, 'showModal'], [Navigator.prototype, 'locks'], [Array.prototype, 'at'], [Array.prototype, 'findLast'], [String.prototype, 'at'], [String.prototype, 'replaceAll'], [Object, 'hasOwn'], [window, 'structuredClone'], [Crypto.prototype, 'randomUUID'], [Promise, 'any']] as const) delete (from as unknown as Record<string, unknown>)[name]
  })
  const w = await open(page, 'case/c1')
  await page.locator('.can').getByRole('button', { name: '处置完成' }).click()
  await page.getByLabel('处置情况').fill('好了')
  await page.locator('.sheet footer').getByRole('button', { name: '处置完成' }).click()
  await expect(page.locator('.sheet')).toHaveCount(0)
  await page.locator('.tabs a').nth(2).click()
  await page.getByLabel('什么情况').fill('护栏断了')
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect(page.getByText('已上报，编号 S26110009')).toBeVisible()
  expect(w.sent.map(s => s.path)).toEqual(['POST /cases/c1/moves', 'POST /cases'])
  expect(w.faults).toEqual([])
})

test('a large file goes in parts, and after a cut only what is missing', async ({ page }) => {
  await page.addInitScript(() => delete (window as { MediaRecorder?: unknown }).MediaRecorder)
  const w = await open(page, 'report')
  const parts: number[] = []
  let arrived = 0
  await page.route('**/api/v1/uploads**', async route => {
    const r = route.request()
    if (r.method() === 'POST' && !r.url().endsWith('/file')) return route.fulfill({ status: 201, headers: { Location: '/api/v1/uploads/u1' } })
    if (r.method() === 'HEAD') return route.fulfill({ headers: { 'Upload-Offset': String(arrived) } })
    if (r.url().endsWith('/file')) return route.fulfill({ status: 201, json: { id: 'f1', name: 'a.ogg' } })
    parts.push(Number(r.headers()['upload-offset']))
    if (parts.length === 2) return route.abort('connectionreset')
    arrived += r.postDataBuffer()!.length
    return route.fulfill({ status: 204, headers: { 'Upload-Offset': String(arrived) } })
  })
  await page.getByLabel('什么情况').fill('录音为证')
  await page.locator('input[accept="audio/*"]').setInputFiles({ name: 'a.ogg', mimeType: 'audio/ogg', buffer: Buffer.alloc(2_500_000, 7) })
  await page.getByRole('button', { name: '上报', exact: true }).click()
  await expect.poll(() => parts.length).toBe(2)
  await page.locator('.net').click()
  await expect(page.getByText('已送达')).toBeVisible() // it is tried again by itself
  expect(parts).toEqual([0, 1 << 20, 1 << 20, 2 << 20])
  expect(w.faults).toEqual([])
})
