import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

type Server = (order: object) => Promise<{ log: { route: string; key: string; body: Record<string, unknown> }[]; moves: Record<string, number>; cases: number }>

// Each test has its own county, a person logged in, and a watch on what no page may do:
// fail in the console, or ask another origin.
const test = base.extend<{ server: Server; desk: Page }>({
  server: async ({ request }, use) => {
    const server: Server = async order => (await request.post('/test', { data: order })).json()
    await server({ reset: true })
    await use(server)
  },
  desk: async ({ page, server, baseURL }, use) => {
    void server
    const faults: string[] = []
    page.on('console', m => m.type() === 'error' && !/Failed to load resource|ERR_/.test(m.text()) && faults.push(m.text()))
    page.on('pageerror', e => faults.push(e.message))
    page.on('request', r => !r.url().startsWith(baseURL!) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await use(page)
    expect(faults).toEqual([])
  },
})

/** what was done, without what was only looked at */
const acts = (at: Awaited<ReturnType<Server>>) => at.log.filter(l => l.key)
const rows = (page: Page) => page.locator('.queue-table tbody tr')
const sheet = (page: Page) => page.getByRole('dialog')
const act = (page: Page, name: string) => page.locator('.actions').getByRole('button', { name })
const send = (page: Page, name: string) => sheet(page).locator('footer').getByRole('button', { name })

async function finishForm(page: Page, text: string) {
  await page.goto('/desk/cases/c1')
  await act(page, '办结送核').click()
  await sheet(page).getByLabel('处置情况').fill(text)
}

test.describe('logging in', () => {
  test('leads to the page that was asked for; a wrong password says so and keeps the name', async ({ page, server }) => {
    await server({})
    await page.goto('/desk/cases/c0')
    await expect(page).toHaveURL(/\/desk\/login/)
    await page.getByRole('button', { name: '登录' }).click()
    await expect(page.getByRole('alert')).toHaveText('请填写账号和密码。')
    await page.getByLabel('账号').fill('sample')
    await page.getByLabel('密码').fill('wrong')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('alert')).toHaveText('账号或密码不正确。')
    await expect(page.getByLabel('账号')).toHaveValue('sample')
    await page.getByLabel('密码').fill('sample')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('北坡村道塌陷约三米，需设警示')
  })

  test('never follows an address to another site', async ({ desk }) => {
    await desk.goto('/desk/login?to=//elsewhere.example/')
    await desk.getByLabel('账号').fill('sample')
    await desk.getByLabel('密码').fill('sample')
    await desk.keyboard.press('Enter')
    await expect(rows(desk)).toHaveCount(50)
    expect(new URL(desk.url()).pathname).toMatch(/^\/desk\//)
  })

  test('logging out forgets what was typed', async ({ desk }) => {
    await finishForm(desk, '不该留下的话')
    await desk.keyboard.press('Escape')
    await desk.getByRole('button', { name: '退出' }).click()
    await desk.getByLabel('账号').fill('sample')
    await desk.getByLabel('密码').fill('sample')
    await desk.keyboard.press('Enter')
    await desk.locator('.queue-table a.title').nth(1).click()
    await act(desk, '办结送核').click()
    await expect(sheet(desk).getByLabel('处置情况')).toHaveValue('')
  })
})

test.describe('the queue', () => {
  test('shows a page, then the rest, each case once', async ({ desk }) => {
    await desk.goto('/desk/?queue=all')
    await expect(rows(desk)).toHaveCount(50)
    await desk.getByRole('button', { name: '再读 50 件' }).click()
    await expect(rows(desk)).toHaveCount(100)
    await desk.getByRole('button', { name: '再读 50 件' }).click()
    await expect(desk.getByText('共 120 件，已全部列出')).toBeVisible()
    const numbers = await desk.locator('.queue-table .sub .num').allTextContents()
    expect(new Set(numbers).size).toBe(120)
  })

  test('says what is late in words, and only that in the colour of what is late', async ({ desk }) => {
    await desk.goto('/desk/?queue=overdue')
    await expect(rows(desk)).toHaveCount(3)
    await expect(rows(desk).first()).toContainText('超 3 天')
    await desk.getByRole('button', { name: '全部', exact: true }).click()
    await expect(rows(desk)).toHaveCount(50)
    await expect(desk.locator('.queue-table .due.late')).toHaveCount(3)
  })

  test('is worked by keyboard alone', async ({ desk }) => {
    await desk.goto('/desk/')
    await expect(rows(desk)).toHaveCount(50)
    await desk.keyboard.press('j')
    await desk.keyboard.press('j')
    await desk.keyboard.press('k')
    await desk.keyboard.press('j')
    await desk.keyboard.press('Enter')
    await expect(desk).toHaveURL(/cases\/c1/)
    await expect(act(desk, '办结送核')).toBeVisible()
    await desk.keyboard.press('e')
    await expect(sheet(desk).getByRole('heading', { name: '办结送核' })).toBeVisible()
    await desk.keyboard.press('Escape')
    await expect(sheet(desk)).toHaveCount(0)
    await desk.keyboard.press('j')
    await expect(desk).toHaveURL(/cases\/c2/)
    await desk.keyboard.press('Escape')
    await expect(desk).toHaveURL(/desk\/$/)
    await desk.keyboard.press('/')
    await desk.keyboard.type('路灯')
    await expect(rows(desk).first()).toContainText('路灯')
    await desk.keyboard.press('Escape')
    await desk.keyboard.press('?')
    await expect(sheet(desk).getByRole('heading', { name: '快捷键' })).toBeVisible()
  })

  test('follows phase and class, keeps them in the address, and exports the same', async ({ desk }) => {
    await desk.goto('/desk/?queue=all')
    await desk.getByLabel('阶段').selectOption('verifying')
    await desk.getByLabel('类别').selectOption({ label: '邻里纠纷' })
    await expect(desk).toHaveURL(/queue=all.*phase=verifying.*class=/)
    await desk.getByLabel('排序').selectOption('opened')
    await expect(desk).toHaveURL(/sort=opened/)
    await expect(rows(desk).first()).toContainText('核查中')
    await expect(desk.getByRole('link', { name: /CSV/ })).toHaveAttribute('href', '/api/v1/cases.csv?queue=all&sort=opened&phase=verifying&class=incident%2Fsample%3A1001')
    const file = desk.waitForEvent('download')
    await desk.getByRole('link', { name: /CSV/ }).click()
    expect((await file).suggestedFilename()).toBe('cases.csv')
  })

  test('is plain about an empty queue and about a failure, and recovers', async ({ desk, server }) => {
    await desk.goto('/desk/?queue=returned')
    await expect(desk.getByText('这个队列是空的。')).toBeVisible()
    await server({ list: 'error' })
    await desk.getByRole('button', { name: '全部', exact: true }).click()
    await expect(desk.getByRole('alert')).toContainText('服务器出错')
    await server({ list: 'full' })
    await desk.getByRole('button', { name: '再试一次' }).click()
    await expect(rows(desk)).toHaveCount(50)
  })

  test('changes by itself when somebody else acts, and catches up after a cut', async ({ desk, server }) => {
    await desk.goto('/desk/')
    await expect(desk.getByText('实时', { exact: true })).toBeVisible()
    await expect(rows(desk).nth(0)).toContainText('办理中')
    await server({ finished: 'c0' })
    await expect(rows(desk).nth(0)).toContainText('核查中')
    await expect(rows(desk).nth(1)).toContainText('待分派')
    await desk.context().setOffline(true)
    await server({ cut: true })
    await expect(desk.getByText('实时更新已断开')).toBeVisible()
    await server({ finished: 'c1' })
    await desk.context().setOffline(false)
    await expect(rows(desk).nth(1)).toContainText('核查中', { timeout: 15_000 })
  })
})

test.describe('a case', () => {
  test('shows both clocks and why each is due then, people, parts, history, and what hides', async ({ desk }) => {
    await desk.goto('/desk/cases/c1')
    const clocks = desk.getByRole('region', { name: '时限', exact: true })
    await expect(clocks).toContainText('群众时限')
    await expect(clocks).toContainText('本环节时限')
    await clocks.getByText('为什么').nth(1).click()
    await expect(clocks.getByText('次日 08:30 起再计 30 分')).toBeVisible()
    await expect(clocks.getByText('暂定', { exact: true })).toBeVisible()
    await desk.keyboard.press('Escape')
    await expect(clocks.getByText('次日 08:30 起再计 30 分')).toBeHidden()
    await expect(desk).toHaveURL(/cases\/c1/)
    await expect(desk.locator('.facts')).toContainText('样**')
    await expect(desk.locator('.facts')).toContainText('已隐去')
    await expect(desk.locator('.seats')).toContainText('供电所')
    await expect(desk.locator('.parts')).toContainText('0 / 1 已办结')
    await expect(desk.locator('.timeline li')).toHaveCount(3)
    await expect(desk.locator('.actions .held')).toContainText('答复反映人 还不能做：协办单位尚未答复；缺处置后照片')
  })

  test('that is not ours is not there', async ({ desk }) => {
    await desk.goto('/desk/cases/elsewhere')
    await expect(desk.getByRole('alert')).toContainText('看不到这件事')
  })
})

test.describe('acting', () => {
  test('asks what is missing first, then moves the case once', async ({ desk, server }) => {
    await finishForm(desk, '')
    await send(desk, '办结送核').click()
    await expect(sheet(desk).getByText('请填写。')).toBeVisible()
    await expect(sheet(desk).getByLabel('处置情况')).toBeFocused()
    await sheet(desk).getByLabel('处置情况').fill('已回填夯实')
    await sheet(desk).getByLabel('支出').fill('１，２００.５０')
    await sheet(desk).locator('input[type=file]').setInputFiles({ name: '照片.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('sample') })
    await expect(sheet(desk).getByText('照片.jpg')).toBeVisible()
    await send(desk, '办结送核').click()
    await expect(sheet(desk)).toHaveCount(0)
    await expect(desk.locator('.timeline li').first()).toContainText('办结送核')
    await expect(rows(desk).nth(1)).toContainText('核查中')
    const log = acts(await server({}))
    expect(log).toHaveLength(1)
    expect(log[0]!.body).toMatchObject({ action: 'finish', version: 3, values: { found: '已回填夯实', cost: 1200.5 } })
  })

  test('on a case that has changed explains it, keeps what was typed, and goes on from there', async ({ desk, server }) => {
    await finishForm(desk, '已回填夯实')
    await server({ changed: 'c1' })
    await expect(sheet(desk).getByRole('alert')).toContainText('样例员丙：补充，现在是“待分派”')
    await expect(send(desk, '办结送核')).toBeDisabled()
    await sheet(desk).getByRole('button', { name: '我看过了，继续' }).click()
    await expect(sheet(desk).getByLabel('处置情况')).toHaveValue('已回填夯实')
    await send(desk, '办结送核').click()
    await expect(desk.locator('.timeline li').first()).toContainText('办结送核')
  })

  test('learns of the change from the answer when the news did not come', async ({ desk, server }) => {
    await finishForm(desk, '已回填夯实')
    await desk.context().setOffline(true)
    await server({ cut: true })
    await server({ finished: 'c1' })
    await desk.route('**/api/v1/events', r => r.abort())
    await desk.context().setOffline(false)
    await send(desk, '办结送核').click()
    await expect(sheet(desk).getByRole('alert')).toContainText('现在已不能再做“办结送核”')
    await expect(sheet(desk).getByLabel('处置情况')).toHaveValue('已回填夯实')
    expect((await server({})).moves.c1).toBe(4)
  })

  test('puts what the server found wrong beside its field, and shows a refusal as it is', async ({ desk, server }) => {
    await finishForm(desk, '好了')
    await send(desk, '办结送核').click()
    await expect(sheet(desk).getByText('请写明做了什么。')).toBeVisible()
    await expect(sheet(desk).getByLabel('处置情况')).toHaveValue('好了')
    await sheet(desk).getByLabel('处置情况').fill('已回填夯实')
    await send(desk, '办结送核').click()
    await expect(sheet(desk)).toHaveCount(0)
    const log = acts(await server({}))
    expect(new Set(log.map(l => l.key)).size).toBe(2) // the refused key may not be used for other words
    await desk.goto('/desk/cases/c0')
    await act(desk, '不予受理').click()
    await expect(sheet(desk)).toContainText('反映人会收到不予受理的答复。')
    await send(desk, '不予受理').click()
    await expect(sheet(desk).getByRole('alert').first()).toContainText('督办中的事件不能由被督办单位结束。')
  })

  test('with the session ended asks for the password and then goes on', async ({ desk, server }) => {
    await finishForm(desk, '已回填夯实')
    await server({ ended: true })
    await send(desk, '办结送核').click()
    const again = desk.getByRole('dialog', { name: '请重新登录' })
    await again.getByLabel('账号').fill('sample')
    await again.getByLabel('密码').fill('sample')
    await desk.keyboard.press('Enter')
    await expect(sheet(desk)).toHaveCount(0)
    await expect(desk.locator('.timeline li').first()).toContainText('办结送核')
    expect((await server({})).moves.c1).toBe(4)
  })

  test('with the server gone keeps what was typed and sends it once', async ({ desk, server }) => {
    await finishForm(desk, '已回填夯实')
    await server({ away: true })
    await send(desk, '办结送核').click()
    await expect(sheet(desk).getByRole('alert')).toContainText('您填的内容都还在')
    await desk.keyboard.press('Escape')
    await act(desk, '办结送核').click()
    await expect(sheet(desk).getByLabel('处置情况')).toHaveValue('已回填夯实')
    await server({ away: false, lost: true }) // now it arrives, but the answer is lost on the way
    await send(desk, '办结送核').click()
    await expect(sheet(desk).getByRole('alert')).toContainText('不知道刚才是否收到')
    await expect(desk.locator('.timeline li')).toHaveCount(4) // the news says it did
    await send(desk, '再试一次').click()
    await expect(sheet(desk)).toHaveCount(0)
    const after = await server({})
    expect(after.moves.c1).toBe(4)
    expect(new Set(acts(after).map(l => l.key)).size).toBe(1)
  })
})

test.describe('a new report', () => {
  test('finds its class, steps down to the place, asks what the class asks, and opens the case', async ({ desk, server }) => {
    await desk.goto('/desk/')
    await expect(rows(desk)).toHaveCount(50)
    await desk.keyboard.press('n')
    const form = sheet(desk)
    await form.getByLabel('类别').fill('1001')
    await expect(form.getByRole('option')).toHaveText(/邻里纠纷/)
    await desk.keyboard.press('Enter')
    await form.getByLabel('情况').fill('两户为排水沟争执，已有推搡')
    await form.getByPlaceholder('再选下一级（可不选）').click()
    await form.getByRole('option', { name: /新华社区/ }).click()
    await form.getByPlaceholder('再选下一级（可不选）').fill('第二')
    await form.getByRole('option', { name: /第二网格/ }).click()
    await form.getByLabel('经度').fill('119.57')
    await send(desk, '上报').click()
    await expect(form.getByText('请填经度和纬度。')).toBeVisible()
    await form.getByLabel('纬度').fill('28.11')
    await form.getByLabel('来源').selectOption('hotline')
    await form.getByLabel('涉及人数').fill('4')
    await form.getByLabel('纠纷类型').fill('排水')
    await form.getByRole('option', { name: '相邻排水' }).click()
    await send(desk, '上报').click()
    await expect(desk.getByRole('heading', { level: 1 })).toHaveText('两户为排水沟争执，已有推搡')
    const { log, cases } = await server({})
    expect(cases).toBe(121)
    expect(log[0]!.body).toEqual({ class: 'incident/sample:1001', text: '两户为排水沟争执，已有推搡', area_id: 'g1', point: { lon: 119.57, lat: 28.11 }, fields: { parties: 4, kind: 'k2' }, channel: 'hotline' })
  })
})

test('the words of a report propose its class: filled in only where it is sure and nobody has chosen', async ({ desk }) => {
  await desk.goto('/desk/')
  await expect(rows(desk)).toHaveCount(50)
  await desk.keyboard.press('n')
  const form = sheet(desk)
  await form.getByLabel('情况').fill('桥头路面很暗，有人绊倒')
  const proposed = form.getByRole('group', { name: '可能是' })
  await expect(proposed.getByRole('button')).toHaveText([/路灯不亮\s*41%/, /道路塌陷\s*38%/, /邻里纠纷/])
  await expect(form.getByLabel('类别')).toHaveValue('')
  await form.getByLabel('情况').fill('桥头路灯不亮，路面很暗')
  await expect(form.getByLabel('类别')).toHaveValue('路灯不亮')
  await expect(proposed.getByText('已按文字预先填写类别，请核对')).toBeVisible()
  await expect(proposed.getByText('依据：路灯、不亮')).toBeVisible()
  await desk.screenshot({ path: 'test-results/proposals-desk.png' })
  await desk.setViewportSize({ width: 390, height: 844 })
  await desk.screenshot({ path: 'test-results/proposals-phone.png' })
  expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await proposed.getByRole('button', { name: '道路塌陷' }).click()
  await expect(form.getByLabel('类别')).toHaveValue('道路塌陷')
  await form.getByLabel('情况').fill('桥头路灯不亮，路面很暗，已有人绊倒')
  await expect(proposed.getByRole('button', { name: '道路塌陷' })).toHaveAttribute('aria-pressed', 'true')
  await expect(form.getByLabel('类别')).toHaveValue('道路塌陷')
})

test('a report whose answer was lost and whose words were changed since is not sent twice unasked', async ({ desk, server }) => {
  await desk.goto('/desk/')
  await expect(rows(desk)).toHaveCount(50)
  await desk.keyboard.press('n')
  await sheet(desk).getByLabel('类别').click()
  await sheet(desk).getByRole('option', { name: /垃圾乱倒/ }).click()
  await sheet(desk).getByLabel('情况').fill('村口有建筑垃圾')
  await server({ lost: true })
  await send(desk, '上报').click()
  await expect(sheet(desk).getByRole('alert')).toContainText('不知道刚才是否收到')
  await sheet(desk).getByLabel('情况').fill('村口有两车建筑垃圾')
  await send(desk, '再试一次').click()
  await expect(sheet(desk).getByRole('alert')).toContainText('刚才那次其实已经收到')
  expect((await server({})).cases).toBe(121)
  await expect(sheet(desk).getByLabel('情况')).toHaveValue('村口有两车建筑垃圾')
  await sheet(desk).getByRole('button', { name: '作为新的提交' }).click()
  await send(desk, '上报').click()
  await expect(sheet(desk)).toHaveCount(0)
  expect((await server({})).cases).toBe(122)
})

test.describe('for everybody', () => {
  const pages: [string, string, ((page: Page) => Promise<void>)?][] = [
    ['the queue', '/desk/'],
    ['an empty queue', '/desk/?queue=returned'],
    ['a case', '/desk/cases/c1'],
    ['an action', '/desk/cases/c1', page => page.locator('.actions button').first().click()],
    ['an action with choices', '/desk/cases/c1', page => page.locator('.actions button').nth(1).click()],
    ['a report', '/desk/cases/c1', async page => {
      await page.locator('.rail .report').click()
      await sheet(page).getByRole('combobox').first().click()
      await sheet(page).getByRole('option').nth(2).click()
      await sheet(page).locator('footer button').last().click()
    }],
    ['the keys', '/desk/?queue=mine', async page => {
      await rows(page).first().waitFor()
      await page.keyboard.press('?')
    }],
  ]
  // Each language at one width; what differs in the dark is the colours.
  for (const [language, width, height, other, schemes] of [['zh', 1440, 900, 360, ['light', 'dark']], ['en', 360, 740, 1440, ['light']]] as const)
    test(`axe finds nothing serious and nothing runs out of the screen (${language})`, async ({ desk }) => {
      test.setTimeout(240_000)
      await desk.addInitScript(l => localStorage.setItem('gezhi.language', l), language)
      for (const [name, at, prepare] of pages) {
        await desk.setViewportSize({ width, height })
        await desk.goto(at)
        await desk.locator('.queue-page').waitFor()
        await prepare?.(desk)
        if (prepare) await sheet(desk).waitFor()
        await expect(desk.locator('.ghosts:visible')).toHaveCount(0)
        for (const colorScheme of schemes) {
          await desk.emulateMedia({ colorScheme })
          await desk.evaluate(() => Promise.all(document.getAnimations().map(a => a.finished.catch(() => undefined))))
          const axe = new AxeBuilder({ page: desk })
          const found = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])).analyze()
          expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => `${v.id}: ${v.nodes.map(n => n.html).join(' ')}`), `${name}, ${colorScheme}`).toEqual([])
        }
        for (const w of [width, other]) {
          await desk.setViewportSize({ width: w, height })
          await expect.poll(() => desk.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(w)
        }
      }
      await desk.context().clearCookies()
      await desk.goto('/desk/login')
      await desk.locator('form').waitFor()
      expect((await new AxeBuilder({ page: desk }).analyze()).violations.filter(v => v.impact === 'serious' || v.impact === 'critical')).toEqual([])
    })

  test('a village cadre acts on a phone', async ({ desk }) => {
    await desk.setViewportSize({ width: 360, height: 740 })
    await desk.goto('/desk/')
    await expect(rows(desk).first()).toContainText('办理中')
    await desk.getByRole('link', { name: '北坡村道塌陷约三米，需设警示' }).first().click()
    await act(desk, '退回').click()
    await sheet(desk).getByLabel('情况不清').check()
    await send(desk, '退回').click()
    await expect(desk.locator('.timeline li').first()).toContainText('退回')
    await desk.getByRole('link', { name: '返回队列' }).click()
    await expect(rows(desk).first()).toContainText('待分派')
  })

  test('English is complete: what is Chinese on the page came from the server', async ({ desk }) => {
    await desk.goto('/desk/cases/c0')
    await desk.getByRole('button', { name: 'English' }).click()
    await expect(desk.locator('html')).toHaveAttribute('lang', 'en')
    const own = async () => (await desk.locator('.rail, .tabs, .queue-table thead, .case section h2, .facts dt:nth-of-type(-n+4)').allInnerTexts()).join(' ')
    await expect.poll(own).toContain('Overdue')
    await expect.poll(async () => (await own()).replace('协办事项', '')).not.toMatch(/[\u4e00-\u9fff]/) // the title of a set of parts is a pack's
  })
})
