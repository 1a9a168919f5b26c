// The queue beyond looking: several cases in one go, views that are kept, what is proposed.
import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

const person = (why: string) => ({ value: 'u1', title: '样例环卫站', why, holds: true })
const dispatch = (n: number) => ({
  action: 'dispatch', title: '派单', asks: [], unmet: [], danger: false, batch: true,
  also: [{ name: 'handler', type: 'unit', title: '承办单位', required: false, proposed: [person(`第 ${n} 件：镇街一级负责这类事`), { value: 'u9', title: '样例城管局', why: '县级负责' }] }],
})
const answer = { action: 'decline', title: '不予受理', danger: true, unmet: [], asks: [{ name: 'reply', type: 'long_text', title: '答复', required: true, texts: ['您反映的事项不属于我们的职责。', '您反映的问题已有人反映，正在办理。'] }],
  also: [{ name: 'severity', type: 'choice', title: '等级', required: false, known: '3', options: [{ value: '3', title: '较急' }, { value: '4', title: '一般' }] }] }

const approve = { action: 'approve', title: '审批通过', danger: true, confirm: '通过后记入积分。', batch: true, looked: true, unmet: [], also: [], asks: [{ name: 'grade', type: 'choice', title: '给分', required: true, options: [{ value: 'full', title: '全部' }, { value: 'none', title: '不给' }] }] }

const test = base.extend<{ desk: Page }>({
  desk: async ({ page }, use) => {
    await page.request.post('/test', { data: { reset: true } })
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await page.route(/\/api\/v1\/cases\/c\d+$/, async r => {
      const got = await r.fetch()
      const body = await got.json()
      const n = Number(body.case.id.slice(1))
      body.can = [dispatch(n), answer, approve, ...(n === 2 ? [] : [{ ...dispatch(n), action: 'urge', title: '催办', also: [] }])]
      await r.fulfill({ response: got, json: body })
    })
    await use(page)
  },
})
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])
const log = async (page: Page) => ((await (await page.request.post('/test', { data: {} })).json()) as { log: { route: string; key: string; body: Record<string, unknown> }[] }).log

test('several cases are acted on in one go, each by an act of its own; one that fails says why and is tried again', async ({ desk }, info) => {
  await desk.goto('/desk/?queue=all')
  await desk.getByRole('checkbox', { name: /选中 S/ }).first().check()
  await desk.keyboard.press('j')
  await desk.keyboard.press('j')
  await desk.keyboard.press('x')
  await desk.getByRole('checkbox', { name: /选中 S/ }).nth(2).check()
  await expect(desk.getByText('已选 3 件')).toBeVisible()
  await desk.screenshot({ path: info.outputPath('chosen.png') })
  await desk.keyboard.press('b')
  const sheet = desk.getByRole('dialog')
  await expect(sheet.getByRole('button', { name: '派单' })).toBeVisible()
  await expect(sheet.getByRole('button', { name: '催办' })).toHaveCount(0) // one of the three does not offer it
  await expect(sheet.getByRole('button', { name: '不予受理' })).toHaveCount(0) // it decides about people
  await sheet.getByRole('button', { name: '派单' }).click()
  await expect(sheet).toContainText('第 2 件：镇街一级负责这类事')
  await clean(desk)
  await desk.screenshot({ path: info.outputPath('batch.png') })
  await desk.request.post('/test', { data: { changed: 'c1' } }) // meanwhile somebody else acts on one
  await sheet.getByRole('button', { name: '办理 3 件' }).click()
  await expect(sheet.getByText('2 件已办好；1 件没有办成')).toBeVisible()
  await expect(sheet.locator('li.failed')).toContainText('刚刚有了变化')
  await desk.screenshot({ path: info.outputPath('batch-done.png') })
  const acts = (await log(desk)).filter(l => l.body?.action === 'dispatch')
  expect(acts.map(a => a.route)).toEqual(['c0', 'c1', 'c2'])
  expect(new Set(acts.map(a => a.key)).size).toBe(3)
  await sheet.getByRole('button', { name: '再试没有办成的' }).click()
  await expect(sheet.getByText('3 件已办好')).toBeVisible()
  expect((await log(desk)).filter(l => l.body?.action === 'dispatch')).toHaveLength(4)
  await sheet.locator('footer').getByRole('button', { name: '关闭' }).click()
  await expect(desk.getByText(/已选/)).toHaveCount(0)
})

test('where each is to be looked at, only what was opened, answered for and ticked is done', async ({ desk }, info) => {
  await desk.goto('/desk/?queue=all')
  for (const i of [0, 1]) await desk.getByRole('checkbox', { name: /选中 S/ }).nth(i).check()
  await desk.keyboard.press('b')
  const sheet = desk.getByRole('dialog')
  await sheet.getByRole('button', { name: '审批通过' }).click()
  await expect(sheet.getByRole('button', { name: '办理 0 件' })).toBeDisabled()
  const first = sheet.locator('.look').first()
  await expect(first.getByRole('checkbox')).toBeDisabled()
  await first.getByRole('button', { name: /打开看/ }).click()
  await first.getByRole('checkbox', { name: '看过了' }).click()
  await expect(first).toContainText('请填写')
  await expect(first.getByRole('checkbox', { name: '看过了' })).not.toBeChecked()
  await first.getByLabel('全部').check()
  await first.getByRole('checkbox', { name: '看过了' }).check()
  await desk.screenshot({ path: info.outputPath('looked.png') })
  await clean(desk)
  await sheet.getByRole('button', { name: '办理 1 件' }).click()
  await expect(sheet.getByText('1 件已办好')).toBeVisible()
  const acts = (await log(desk)).filter(l => l.body?.action === 'approve')
  expect(acts.map(a => [a.route, a.body.values])).toEqual([['c0', { grade: 'full' }]])
})

test('the proposed unit takes three clicks, with its reason; what is known is shown, what stands ready is taken', async ({ desk }, info) => {
  await desk.goto('/desk/?queue=all')
  await desk.locator('.queue-table a.title').first().click()
  await desk.locator('.actions').getByRole('button', { name: '派单' }).click()
  const sheet = desk.getByRole('dialog')
  await expect(sheet.getByRole('radio', { name: /样例环卫站.*镇街一级负责这类事/ })).toBeChecked()
  await clean(desk)
  await desk.screenshot({ path: info.outputPath('dispatch.png') })
  await sheet.locator('footer').getByRole('button', { name: '派单' }).click()
  await expect(sheet).toHaveCount(0)
  expect((await log(desk)).at(-1)!.body.values).toEqual({})

  await desk.keyboard.press('Escape')
  await desk.keyboard.press('j')
  await desk.keyboard.press('e') // the first thing to do, without opening the case first
  await sheet.getByRole('radio', { name: /样例城管局/ }).check()
  await sheet.locator('footer').getByRole('button', { name: '派单' }).click()
  await expect(sheet).toHaveCount(0)
  expect((await log(desk)).at(-1)!.body.values).toEqual({ handler: 'u9' })

  await desk.locator('.actions').getByRole('button', { name: '不予受理' }).click()
  await expect(sheet.locator('.known')).toContainText('较急')
  await sheet.getByLabel('选用现成的答复').selectOption({ index: 2 })
  await expect(sheet.getByLabel('答复', { exact: true })).toHaveValue('您反映的问题已有人反映，正在办理。')
  await clean(desk)
  await desk.screenshot({ path: info.outputPath('ready.png') })
  await sheet.locator('.known').getByRole('button').click()
  await expect(sheet.getByRole('radio', { name: '较急' }).or(sheet.getByRole('combobox', { name: '等级' }))).toBeVisible()
})

test('a queue with its filters is kept under a name; a number of the wall opens what it counts', async ({ desk }, info) => {
  await desk.goto('/desk/?queue=overdue&class=incident%2Fsample%3A0102')
  await desk.getByRole('button', { name: '我的视图' }).click()
  await desk.getByLabel(/起个名字/).fill('超期的塌陷')
  await clean(desk)
  await desk.getByRole('button', { name: '存为视图' }).click()
  await desk.getByRole('button', { name: '全部', exact: true }).click()
  await desk.getByRole('button', { name: '超期的塌陷' }).click()
  await expect(desk).toHaveURL(/queue=overdue&class=incident|class=incident.*queue=overdue/)
  await expect(desk.getByRole('button', { name: '超期的塌陷' })).toHaveAttribute('aria-current', 'true')
  await desk.screenshot({ path: info.outputPath('views.png') })
  await desk.getByRole('button', { name: '我的视图' }).click()
  await desk.getByRole('button', { name: '删除 超期的塌陷' }).click()
  await desk.getByRole('dialog').locator('footer').getByRole('button', { name: '关闭' }).click()
  await expect(desk.locator('.tabs .view')).toHaveCount(0)

  const asked = desk.waitForRequest(/\/api\/v1\/cases\?/)
  await desk.goto('/desk/?queue=closed&closed_from=2026-10-24&kept=late&solved=4&area=a1')
  expect(new URL((await asked).url()).search).toBe('?queue=closed&area=a1&closed_from=2026-10-24&kept=late&solved=4&limit=50')
  await expect(desk.locator('.narrowed')).toContainText('超期办结')
  await clean(desk)
  await desk.screenshot({ path: info.outputPath('narrowed.png') })
  await desk.setViewportSize({ width: 390, height: 844 })
  await desk.screenshot({ path: info.outputPath('narrowed-390.png') })
  expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await desk.getByRole('button', { name: '看全部' }).click()
  await expect(desk).not.toHaveURL(/kept=/)
})
