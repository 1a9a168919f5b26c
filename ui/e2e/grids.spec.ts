// Grids drawn anew, and the stories of a pack, by the system administrator: their API answered here.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

type Ring = number[][]
const square = (x: number, y: number, wide = 0.01, high = 0.01): Ring[][] => [[[[x, y], [x + wide, y], [x + wide, y + high], [x, y + high], [x, y]]]]
const grid = (id: string, name: string, x: number, people: { name: string; role: string }[] = []) => ({ id, name, code: `9901${id}`, kind: 'comprehensive', parent_id: 'v1', shape: square(x, 28), mark: `m-${id}`, square_m: 1.1e6, people })
const ground = { id: 'v1', name: '样例村', above: '样例镇', level: 5, code: '9901', shape: square(119.5, 28, 0.02), around: square(119.5, 28, 0.02), beside: [], grids: [grid('01', '一网格', 119.5, [{ name: '样例网格员', role: '网格员' }]), grid('02', '二网格', 119.51)] }
const areas = [{ id: 'v1', name: '样例村', above: '样例镇', level: 5, grids: 2, unstaffed: 1 }, ...Array.from({ length: 2000 }, (_, i) => ({ id: `x${i}`, name: `村${i}`, above: '样例乡', level: 5, grids: 1 }))]
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])

interface Change { key: string; name: string; begins?: boolean; ends?: boolean; into?: string; code?: string; shape?: Ring[][] }
const gap = { kind: 'gap', parent_id: 'v1', keys: [], square_m: 5000, lon: 119.505, lat: 28.001, shape: square(119.504, 28, 0.002, 0.002) }

async function enter(page: Page, sent: [string, Record<string, unknown>][], more: (at: string, body: Record<string, unknown>) => { status?: number; body: object } | undefined = () => undefined) {
  await page.route('**/api/v1/**', route => {
    const at = `${route.request().method()} ${new URL(route.request().url()).pathname.slice('/api/v1'.length)}`
    const answer = (body: object, status = 200) => route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) })
    if (at === 'GET /me') return answer({ person: { id: 'p', name: '样例管理员' }, posts: [{ id: 'q', role: 'admin.system', role_title: '系统管理员' }], jurisdiction: { id: 'j', name: '样例县', sample: true } })
    if (!at.includes('/setup/')) return route.fallback()
    const body = (route.request().postData() ? route.request().postDataJSON() : {}) as Record<string, unknown>
    if (!at.startsWith('GET')) sent.push([at, body])
    const special = more(at, body)
    if (special) return answer(special.body, special.status)
    if (at === 'GET /setup/grids') return answer({ areas })
    if (at === 'GET /setup/grids/v1') return answer(ground)
    if (at === 'GET /setup/sketches') return answer({ sketches: [] })
    if (at === 'GET /setup/grids/02/boundaries') return answer({ versions: [{ version: 1, from: Date.UTC(2025, 0, 1), square_m: 1.1e6, shape: square(119.51, 28) }] })
    if (at === 'POST /setup/grids/look') {
      const changes = body.changes as Change[]
      return answer({ problems: [], flaws: changes.some(c => c.shape && !c.begins) ? [gap] : [], differences: changes.map(c => ({ key: c.key, before: 1.1e6, after: 1e6, gained: 0, lost: 1e5 })) })
    }
    if (at === 'POST /setup/grids/shape') return answer({ shape: square(119.5, 28, 0.02) })
    if (at === 'POST /setup/sketches') return answer({ id: 's1', name: body.name, version: 1, state: 'open', made_by_name: '', changed_by_name: '', changed_at: 1, changes: [] }, 201)
    if (at === 'PUT /setup/sketches/s1') return answer({ id: 's1', name: body.name, version: 2, state: 'open', made_by_name: '', changed_by_name: '', changed_at: 1, changes: [] })
    return answer({ problems: [], flaws: [], differences: [], cases: [], left: [] })
  })
  await page.request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
}
const last = (sent: [string, Record<string, unknown>][], at: string) => sent.filter(s => s[0] === at).slice(-1)[0]?.[1]
const changes = (sent: [string, Record<string, unknown>][]) => (last(sent, 'POST /setup/grids/look')?.changes ?? []) as Change[]

test('grids are divided, joined and drawn by hand, undone, kept and put in force from a day', async ({ page }, info) => {
  const sent: [string, Record<string, unknown>][] = []
  await enter(page, sent, (at, body) => (at === 'POST /setup/sketches/s1/put'
    ? { body: { problems: [], flaws: body.dry_run ? [gap] : [], differences: [{ key: '02', before: 1.1e6, after: 5e5, gained: 0, lost: 6e5 }], cases: [{ from: '二网格', to: '一网格', cases: 3 }], left: [{ name: '样例网格员', role: '网格员', area: '二网格' }] } } : undefined))
  await page.goto('/desk/setup/grids')
  await expect(page.locator('.grids .places li')).toHaveCount(200) // of a large county so many, and what they are narrowed to
  await page.getByPlaceholder('按名称找村社区').fill('样例村')
  await page.locator('.grids .places').getByRole('button', { name: /样例村/ }).click()
  const map = page.getByRole('group', { name: '样例村的网格图' })
  await expect(map.locator('.piece')).toHaveCount(2)
  await expect(map).toContainText('无人在岗')
  await clean(page)

  // divided with the pointer: from one border to the other
  await map.locator('[data-grid="02"]').click()
  await expect(page.locator('.piece h2')).toContainText('二网格')
  await page.getByRole('button', { name: '划线分格' }).click()
  const box = (await map.locator('[data-grid="02"]').boundingBox())!
  await page.mouse.click(box.x + box.width / 2, box.y + 1)
  await page.mouse.click(box.x + box.width / 2, box.y + box.height - 1)
  await expect(map.locator('.piece')).toHaveCount(3)
  await expect(page.locator('.piece h2')).toContainText('二网格（分）')
  await expect.poll(() => changes(sent).map(c => [c.begins ? c.code : c.key, !!c.shape])).toEqual([['02', true], ['990103', true]])
  await page.getByLabel('名称', { exact: true }).fill('三网格')
  await page.getByLabel('名称', { exact: true }).press('Enter')
  await expect(map).toContainText('三网格')
  await page.screenshot({ path: info.outputPath('divided.png') })

  // undone and done again
  await page.keyboard.press('Escape')
  await map.focus()
  for (let i = 0; i < 2; i++) await page.keyboard.press('Control+z')
  await expect(map.locator('.piece')).toHaveCount(2)
  await page.getByRole('button', { name: '重做' }).click()
  await expect(map.locator('.piece')).toHaveCount(3)
  await page.getByRole('button', { name: '撤销', exact: true }).click()

  // joined by the list
  await page.getByRole('combobox', { name: '网格', exact: true }).selectOption('01')
  await page.getByRole('combobox', { name: '并入另一个网格…' }).selectOption('02')
  await expect(map.locator('.piece')).toHaveCount(1)
  await expect.poll(() => changes(sent).find(c => c.key === '02')).toMatchObject({ ends: true, into: '01' })
  await page.getByRole('button', { name: '撤销', exact: true }).click()

  // a corner moved by keys alone, both grids that share it
  await map.focus()
  await page.keyboard.press(']')
  await page.keyboard.press('c')
  await page.keyboard.press('ArrowUp')
  await expect.poll(() => changes(sent).map(c => c.key).sort()).toEqual(['01', '02'])
  await expect(page.locator('.findings li')).toHaveCount(1)
  await page.locator('.findings .what').click()
  await clean(page)
  await page.screenshot({ path: info.outputPath('gap.png') })
  await page.getByRole('button', { name: '在此新设网格' }).click()
  await expect(map.locator('.piece')).toHaveCount(3)

  // kept, compared, put in force
  await page.getByLabel('草图名称').fill('分格')
  await page.getByRole('button', { name: '保存草图' }).click()
  await expect(page.getByRole('button', { name: '保存草图' })).toBeDisabled()
  await expect.poll(() => last(sent, 'POST /setup/sketches')?.name).toBe('分格')
  await page.getByRole('button', { name: '对比与生效…' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet).toContainText('3 件从二网格到一网格')
  await expect(sheet).toContainText('样例网格员 · 网格员 · 二网格')
  await clean(page)
  await page.screenshot({ path: info.outputPath('put.png') })
  const put = sheet.getByRole('button', { name: /起生效/ })
  await expect(put).toBeDisabled()
  await sheet.getByRole('checkbox').check()
  await put.click()
  await expect(sheet).toHaveCount(0)
  expect(last(sent, 'POST /setup/sketches/s1/put')).toMatchObject({ version: 1, accept: true })
})

test('a new grid is drawn by keyboard alone, corners are typed, and what was drawn survives a server that is down', async ({ page }) => {
  const sent: [string, Record<string, unknown>][] = []
  let down = false
  await enter(page, sent, at => (down && at === 'POST /setup/sketches' ? { status: 503, body: { status: 503, code: 'db.busy', title: '', detail: '暂时无法保存。' } } : undefined))
  await page.goto('/desk/setup/grids')
  await page.getByPlaceholder('按名称找村社区').fill('样例村')
  await page.locator('.grids .places').getByRole('button', { name: /样例村/ }).press('Enter')
  const map = page.getByRole('group', { name: '样例村的网格图' })
  await expect(map.locator('.piece')).toHaveCount(2)
  await page.getByRole('button', { name: '画新网格' }).press('Enter')
  await expect(map).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('至少要三个顶点')
  for (const way of ['ArrowRight', 'ArrowDown', 'ArrowLeft']) {
    await page.keyboard.press(' ')
    for (let i = 0; i < 6; i++) await page.keyboard.press(way)
  }
  await page.keyboard.press('Enter')
  await expect(map.locator('.piece')).toHaveCount(3)
  await expect.poll(() => changes(sent)[0]).toMatchObject({ begins: true, code: '990103', parent_id: 'v1' })
  await page.getByText('顶点坐标').click()
  const lon = page.getByLabel('1 经度')
  await lon.fill('999')
  await lon.press('Tab')
  await expect(page.getByRole('alert')).toContainText('经度应在 ±180 之内')
  await lon.fill('119.512345')
  await lon.press('Tab')
  await expect.poll(() => changes(sent)[0]!.shape?.[0]?.[0]?.[0]?.[0]).toBe(119.512345)
  down = true
  await page.getByRole('button', { name: '保存草图' }).click()
  await expect(page.getByRole('alert')).toContainText('暂时无法保存。')
  await expect(map.locator('.piece')).toHaveCount(3)
  down = false
  await page.getByRole('button', { name: '保存草图' }).click()
  await expect(page.getByRole('button', { name: '保存草图' })).toBeDisabled()
  await page.setViewportSize({ width: 390, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
})

test('the stories of a pack are listed, run with progress, and a failed one says what was not so', async ({ page }, info) => {
  const sent: [string, Record<string, unknown>][] = []
  let asked = 0
  const run = (state: string, results: object[]) => ({ version: '1.1.0', hash: 'b'.repeat(64), state, started: Date.UTC(2026, 2, 2), changed: Date.UTC(2026, 2, 2), by_name: '样例管理员', passed: 1, failed: results.length - 1, total: 2, results })
  const good = { file: 'a.yaml', name: 'whole loop', passed: true }
  const bad = { file: 'b.yaml', name: 'handler leaves', passed: false, text: 'b.yaml:12: step: handling, not closed' }
  await enter(page, sent, at => {
    if (at === 'GET /setup/packs') return { body: { packs: [{ name: 'incident', title: '事件处置', lives: [], versions: [{ version: '1.1.0', hash: 'b'.repeat(64), from: Date.UTC(2026, 2, 2) }] }] } }
    if (at === 'GET /setup/packs/incident/stories') return { body: { count: 2, names: ['whole loop', 'handler leaves'], run: [undefined, run('running', [good]), run('done', [good, bad])][Math.min(asked++, 2)] } }
    return undefined
  })
  await page.route('**/stories/run', route => route.fulfill({ status: 202, headers: { 'Content-Length': '0' } })) // begun, and nothing to say
  await page.goto('/desk/setup/packs')
  await expect(page.getByRole('button', { name: /本县参数/ })).toBeVisible()
  await page.getByText('故事（验收）').click()
  const stories = page.locator('.stories')
  await expect(stories.locator('.told li')).toHaveText(['whole loop', 'handler leaves'])
  await stories.getByRole('button', { name: '运行故事' }).click()
  await expect(stories.getByRole('status')).toHaveText('正在运行：1/2')
  await expect(stories.getByRole('status')).toContainText('通过 1 个，未通过 1 个')
  await expect(stories.locator('.told li.bad pre')).toHaveText('b.yaml:12: step: handling, not closed')
  await stories.getByLabel('只看未通过的').check()
  await expect(stories.locator('.told li')).toHaveCount(1)
  await clean(page)
  await page.screenshot({ path: info.outputPath('stories.png') })
})
