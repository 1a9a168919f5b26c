// Units and packs of the system administrator, their API answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

const units = [
  { id: 'u1', code: 'centre', name: '样例中心', kind: 'centre', posts: 3, duty: 0 },
  { id: 'u2', code: 'station', name: '样例站', kind: 'station', parent_id: 'u1', parent_name: '样例中心', area_id: 'a0', area_name: '浮云街道', posts: 0, duty: 1 },
]
const packs = [{ name: 'incident', title: '事件处置', versions: [{ version: '1.1.0', hash: 'b'.repeat(64), from: Date.UTC(2026, 2, 2), by_name: '样例员甲' }, { version: '1.0.0', hash: 'a'.repeat(64), from: Date.UTC(2026, 1, 2) }] }]
const fine = { name: 'incident', title: '事件处置', version: '1.2.0', hash: 'c'.repeat(64), ok: true, before: '1.1.0', problems: [], changes: ['动作 dispatch（派单）：who 由 a 改为 b'], roles: ['网格员'], units: ['waste'] }
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])

test('units are found, made and ended; a pack is checked before it is loaded, and an older one put back', async ({ page }, info) => {
  const sent: [string, unknown][] = []
  let checked: object = { ...fine, ok: false, problems: [{ place: 'lives.yaml:12:5', code: 'life.unknown_step', text: '没有这个步骤', quoted: '    to: handing\n        ^', meant: 'handling' }] }
  await page.route('**/api/v1/**', route => {
    const url = new URL(route.request().url())
    const at = `${route.request().method()} ${url.pathname.slice('/api/v1'.length)}`
    const answer = (body: object, status = 200) => route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) })
    if (at === 'GET /me') return answer({ person: { id: 'p', name: '样例管理员' }, posts: [{ id: 'q', role: 'admin.system', role_title: '系统管理员' }], jurisdiction: { id: 'j', name: '样例县', sample: true } })
    if (at === 'GET /setup/units') return answer({ units, kinds: ['station', 'waste'] })
    if (at === 'GET /setup/packs') return answer({ packs })
    if (at === 'GET /setup/packs/incident/changes') return answer({ changes: ['角色 handler 没有了'] })
    if (!at.includes('/setup/')) return route.fallback()
    sent.push([at + url.search, route.request().headers()['content-type']?.includes('json') ? route.request().postDataJSON() : undefined])
    if (at === 'POST /setup/units') return sent.length === 1 ? answer({ status: 400, code: 'unit.invalid', title: '', detail: '单位不能这样设置。', errors: [{ path: 'code', code: 'territory.duplicate_code', detail: '代码重复。' }] }, 400) : answer({ id: 'u3' }, 201)
    if (at.endsWith('/end')) return answer({ status: 409, code: 'unit.in_use', title: '', detail: '单位还在用：任职 0 个，职责 1 条。' }, 409)
    if (at === 'POST /setup/packs/check') return answer(checked)
    if (at === 'GET /setup/packs/incident/overlay') return answer({ text: 'overlay: incident\nkeep: { personal: erase 30 days after closed }\n' })
    if (at.endsWith('/overlay/check')) return answer({ title: '事件处置', version: '1.1.0', pack: 'b'.repeat(64), before: 'd'.repeat(64), ok: true, problems: [], changes: ['本县参数“keep”的 personal 由“erase 30 days after closed”改为“erase 60 days after closed”'], units: [] })
    if (at === 'POST /setup/packs') return answer({ ...fine, same: true }, 201)
    return route.fulfill({ status: 204 })
  })
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
  await page.goto('/desk/setup')
  const rows = page.locator('.setup-page .list li')
  await expect(rows).toHaveCount(2)
  await page.getByRole('searchbox').fill('stat')
  await expect(rows).toHaveCount(1)
  await page.getByRole('searchbox').fill('')
  await clean(page)
  await page.screenshot({ path: info.outputPath('units.png') })

  await page.getByRole('button', { name: '新建单位' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('名称').fill('样例二站')
  await sheet.getByLabel('代码').fill('centre')
  await sheet.getByLabel('上级单位').fill('样例')
  await page.getByRole('option', { name: /样例中心/ }).click()
  await sheet.getByRole('button', { name: '保存' }).click()
  await expect(sheet).toContainText('代码重复。')
  await clean(page)
  await sheet.getByLabel('代码').fill('station2')
  await sheet.getByRole('button', { name: '保存' }).click()
  await expect(sheet).toHaveCount(0)
  expect(sent.at(-1)).toEqual(['POST /setup/units', { name: '样例二站', code: 'station2', parent_id: 'u1' }])
  await rows.last().getByRole('button').click()
  await sheet.getByRole('button', { name: '撤销' }).click()
  await sheet.getByRole('button', { name: '确认撤销' }).click()
  await expect(sheet).toContainText('单位还在用')
  await page.screenshot({ path: info.outputPath('unit.png') })
  await page.keyboard.press('Escape')

  await page.getByRole('link', { name: '场景包' }).click()
  const file = page.getByLabel('检查并加载场景包')
  await file.setInputFiles({ name: 'incident.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') })
  await expect(page.getByText('检查没有通过')).toBeVisible()
  await expect(page.getByText('是不是：handling')).toBeVisible()
  await expect(page.getByRole('button', { name: /加载，对新事件/ })).toHaveCount(0)
  checked = fine
  await file.setInputFiles({ name: 'incident2.zip', mimeType: 'application/zip', buffer: Buffer.from('PK') })
  await expect(page.getByText('动作 dispatch')).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('packs.png'), fullPage: true })
  await page.getByRole('button', { name: /加载，对新事件/ }).click()
  await expect(page.locator('.new-pack .found')).toHaveCount(0)
  expect(sent.at(-1)![0]).toBe('POST /setup/packs?hash=' + fine.hash)
  await page.getByRole('button', { name: /^本县参数/ }).click()
  const values = page.getByRole('textbox', { name: /^本县参数/ })
  await expect(values).toHaveValue(/30 days/)
  await page.getByLabel('从文件读入').setInputFiles({ name: 'own.yaml', mimeType: 'text/yaml', buffer: Buffer.from('overlay: incident\nkeep: { personal: erase 60 days after closed }\n') })
  await expect(values).toHaveValue(/60 days/)
  await page.getByRole('button', { name: '检查', exact: true }).click()
  await expect(page.getByText('erase 60 days')).toBeVisible()
  await clean(page)
  await page.screenshot({ path: info.outputPath('values.png'), fullPage: true })
  await page.locator('.own-values').getByRole('button', { name: /加载，对新事件/ }).click()
  await expect(page.locator('.own-values')).toHaveCount(0)
  expect(sent.at(-1)).toEqual(['PUT /setup/packs/incident/overlay', { text: 'overlay: incident\nkeep: { personal: erase 60 days after closed }\n', pack: 'b'.repeat(64), before: 'd'.repeat(64) }])
  await page.getByRole('button', { name: /与在用版本的差别/ }).click()
  await expect(page.getByText('角色 handler 没有了')).toBeVisible()
  await page.getByRole('button', { name: '重新启用这一版' }).click()
  await page.setViewportSize({ width: 360, height: 720 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await page.screenshot({ path: info.outputPath('packs-360.png') })
  await page.getByRole('button', { name: '确认启用' }).click()
  await expect.poll(() => sent.at(-1)).toEqual(['POST /setup/packs/incident/again', { hash: 'a'.repeat(64) }])
})
