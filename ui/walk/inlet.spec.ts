import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { counted, since } from './taps'

const faults: string[] = []
const shots = process.env.SHOTS
const shot = (page: Page, name: string) => (shots ? page.screenshot({ path: `${shots}/${name}.png`, fullPage: true }) : undefined)

/** Somebody with a browser of their own. Whatever the console says, or asks elsewhere, is a fault. */
async function somebody(browser: Browser, phone: boolean): Promise<Page> {
  const home = test.info().project.use.baseURL!
  const context = await browser.newContext(phone ? { viewport: { width: 390, height: 844 } } : {})
  await counted(context)
  const page = await context.newPage()
  page.on('console', m => m.type() === 'error' && !/Failed to load resource/.test(m.text()) && faults.push(m.text()))
  page.on('pageerror', e => faults.push(e.message))
  page.on('request', r => !r.url().startsWith(home) && !/^(data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  return page
}
async function desk(browser: Browser, login: string, password: string): Promise<Page> {
  const page = await somebody(browser, false)
  await page.goto('/desk/')
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.locator('.rail')).toBeVisible()
  return page
}
async function does(page: Page, name: string, fill: Record<string, string> = {}) {
  await page.locator('.actions').getByRole('button', { name, exact: true }).click()
  const form = page.getByRole('dialog')
  for (const [label, text] of Object.entries(fill)) await form.getByLabel(label).first().fill(text)
  await form.locator('footer').getByRole('button', { name, exact: true }).click()
  await expect(form).toHaveCount(0)
}
async function barriers(page: Page) {
  const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  return found.violations.map(v => `${v.id}: ${v.nodes[0]?.html}`)
}
const choose = (page: Page, label: string, name: string) => page.getByLabel(label).selectOption({ label: name })

test('somebody without an account reports, a village handles it on the desk, and by number and code the reporter sees the answer and rates it', async ({ browser }) => {
  const me = await somebody(browser, true)
  const text = `桥头<script>alert(1)</script>垃圾桶满了 ${Date.now()}`
  const began = Date.now()
  await me.goto('/home/')
  await me.getByRole('link', { name: /我要上报/ }).click()
  await me.getByLabel('用一句话说说').fill(text)
  const file = me.waitForResponse(r => r.url().includes('/intake/files'))
  await me.getByLabel('拍照或选照片').setInputFiles({ name: '../a.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') })
  expect((await file).status()).toBe(201)
  await choose(me, '乡镇（街道）', '浮云街道')
  await choose(me, '村（社区）', '庄前村委会')
  await me.getByRole('radio', { name: /其他类别/ }).check()
  await me.getByLabel('从全部类别里选').selectOption({ label: '暴露垃圾' })
  await expect(me.getByText(/会交给/)).toBeVisible()
  await me.getByRole('button', { name: '上报', exact: true }).click()
  const number = await me.locator('.code.number').innerText()
  const code = await me.locator('.code.query').innerText()
  // Two minutes for a slow hand: three characters and a third of a tap a second; the photo and the three lists cost three taps each.
  const { taps, typed } = await since(me)
  expect((Date.now() - began) / 1000 + typed / 3 + (taps + 4 * 3) * 3, `${taps} taps, ${typed} characters`).toBeLessThan(120)
  expect(code).toMatch(/^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/)

  // The clerk on duty at the county sees it in the list, as text and nothing else.
  const county = await desk(browser, 'county', 'sample-county')
  await county.goto('/desk/?queue=all')
  const found = await county.request.get('/api/v1/cases?queue=all&limit=200')
  const row = ((await found.json()) as { cases: { id: string; number: string; title: string }[] }).cases.find(c => c.number === number)!
  expect(row.title).toBe(text.slice(0, 60))

  const act = async (login: string, password: string, acts: [string, Record<string, string>?][]) => {
    const page = await desk(browser, login, password)
    await page.goto('/desk/cases/' + row.id)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(row.title)
    for (const [name, fill] of acts) await does(page, name, fill)
    await page.context().close()
  }
  await act('village', 'sample-village', [['受理分类'], ['派单']])
  await act('villagehand', 'sample-villagehand', [['签收'], ['处置完成', { 处置情况: '已清运' }]])
  await act('villagecheck', 'sample-villagecheck', [['核查通过并答复', { 答复: '已清理，谢谢您' }]])

  const later = await somebody(browser, true)
  await later.goto('/home/follow')
  await later.getByLabel('编号').fill(number)
  await later.getByLabel('查询码').fill(code.slice(0, -1) + (code.endsWith('0') ? '1' : '0'))
  await later.getByRole('button', { name: '查看' }).click()
  await expect(later.getByRole('alert')).toContainText('查询码输错了')
  await later.getByLabel('查询码').fill(code.toLowerCase().replaceAll('-', ' '))
  await later.keyboard.press('Enter')
  await expect(later.getByText('已清理，谢谢您')).toBeVisible()
  await later.getByRole('radio', { name: /5 星/ }).check()
  await later.getByRole('button', { name: '评价', exact: true }).click()
  await expect(later.getByText('已记下，谢谢您。')).toBeVisible()
  await expect(later.locator('.state b').first()).toHaveText('已办结')
  await later.getByRole('button', { name: '查看记录' }).click()
  await expect(later.getByText('还没有人看过。')).toBeVisible()
  await holds(browser, later, number)
  expect(faults).toEqual([])
})

/** The receipt and the checker are taken away, and checked without the program and without a network. */
async function holds(browser: Browser, me: Page, number: string) {
  await me.getByRole('button', { name: '取回执' }).click()
  await expect(me.getByAltText(/回执二维码/)).toBeVisible()
  expect(await barriers(me)).toEqual([])
  await shot(me, 'receipt')
  const taken = async (name: string) => {
    const file = me.waitForEvent('download')
    await me.getByRole('link', { name }).click()
    const path = test.info().outputPath((await file).suggestedFilename())
    await (await file).saveAs(path)
    return path
  }
  const [receipt, checker] = [await taken('下载回执'), await taken('下载验证网页')]
  const away = await (await browser.newContext({ viewport: { width: 390, height: 844 }, offline: true })).newPage()
  away.on('console', m => m.type() === 'error' && faults.push(m.text()))
  away.on('pageerror', e => faults.push(e.message))
  away.on('request', r => !/^(file|data|blob):/.test(r.url()) && faults.push('asks ' + r.url()))
  await away.goto(pathToFileURL(checker).href)
  await away.getByLabel('回执文件').setInputFiles(receipt)
  await expect(away.getByRole('status')).toContainText('回执成立')
  await expect(away.getByRole('status')).toContainText(number)
  expect(await barriers(away)).toEqual([])
  await shot(away, 'checker')
  const [text, key, kept] = [readFileSync(receipt, 'utf8'), ...(await Promise.all(['/api/v1/log', '/api/v1/log/checkpoint'].map(async p => (await me.request.get(p)).text())))]
  await away.getByText('用自己留存的凭据核对').click()
  await away.getByLabel('日志的公钥').fill((JSON.parse(key!) as { key: string }).key)
  await away.getByLabel('自己留存的检查点').fill(kept!)
  const size = Number(kept!.split('\n')[1])
  const from = Number((JSON.parse(text!) as { checkpoint: string }).checkpoint.split('\n')[1])
  if (size !== from) await away.getByLabel('一致性证明').fill(await (await me.request.get(`/api/v1/log/consistency?from=${from}&to=${size}`)).text())
  await away.getByRole('button', { name: '验证' }).click()
  await expect(away.getByRole('status')).toContainText('与您留存的检查点')
  await away.getByLabel('或者粘贴').fill(text!.replace('"seq": ', '"seq": 1'))
  await away.getByRole('button', { name: '验证' }).click()
  await expect(away.getByRole('status')).toContainText('回执不成立')
  await away.context().close()
}

test('with the keyboard alone, in both languages and in big type, nothing stands in the way', async ({ browser }) => {
  const me = await somebody(browser, true)
  await me.goto('/home/')
  await expect(me.locator('.way').first()).toBeVisible()
  for (const language of ['English', '中文']) {
    await me.getByRole('button', { name: language }).click()
    await expect(me.getByRole('button', { name: language === 'English' ? '中文' : 'English' })).toBeVisible() // its words have come
    for (const place of ['/home/', '/home/report', '/home/follow', '/home/near']) {
      await me.goto(place)
      await expect(me.getByRole('heading', { level: 1 })).toBeVisible()
      expect(await barriers(me), `${place} before ${language}`).toEqual([])
    }
  }
  await me.getByRole('button', { name: '大字版' }).click()
  await me.goto('/home/report')
  expect(await barriers(me)).toEqual([])
  expect(await me.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

  await me.getByLabel('用一句话说说').focus()
  await me.keyboard.type('井盖没了')
  const reach = async (name: RegExp) => {
    for (let i = 0; i < 60; i++) {
      await me.keyboard.press('Tab')
      const label = await me.evaluate(() => { const e = document.activeElement as HTMLInputElement; return [e.innerText, e.labels?.[0]?.innerText].join(' ') })
      if (name.test(label)) return
    }
    throw new Error(`the keyboard does not reach ${name}`)
  }
  await reach(/乡镇/)
  await me.keyboard.press('ArrowDown')
  await expect(me.getByLabel('村（社区）')).toBeVisible()
  await reach(/村（社区）/)
  await me.keyboard.press('ArrowDown')
  await expect(me.getByText(/地点：/)).toBeVisible()
  await me.getByLabel('电话').focus()
  await reach(/^上报/)
  await me.keyboard.press('Enter')
  await expect(me.locator('.code.query')).toBeVisible()
  await expect(me.getByRole('heading', { level: 1 })).toBeFocused()
  expect(await barriers(me)).toEqual([])
  await me.getByRole('link', { name: '现在就看进度' }).focus()
  await me.keyboard.press('Enter')
  await expect(me.locator('.state')).toBeVisible()
  expect(await barriers(me)).toEqual([])
  expect(faults).toEqual([])
})

test('what is being done nearby is told by kind, village and day, and remembered is only the place', async ({ browser }) => {
  const me = await somebody(browser, true)
  await me.goto('/home/')
  await me.getByRole('link', { name: /身边在办/ }).click()
  await choose(me, '乡镇（街道）', '浮云街道')
  await expect(me.locator('.matters li').first()).toContainText(/\d\d-\d\d 受理/)
  const all = await me.locator('.matters li').count()
  const village = (await me.locator('.matters small').first().innerText()).split(' ·')[0]!
  await choose(me, '村（社区）', village)
  await expect(me.getByRole('heading', { level: 2 })).toBeVisible()
  await expect(me.locator('.matters small', { hasText: village })).toHaveCount(0) // the heading says it once
  await expect.poll(async () => {
    const here = await me.locator('.matters li').count()
    return here > 0 && here < all
  }).toBe(true)
  await shot(me, 'near')
  expect(await barriers(me)).toEqual([])
  await me.reload()
  await expect(me.getByLabel('村（社区）').locator('option:checked')).toHaveText(village)
  expect(faults).toEqual([])
})

test('after several reports a question is asked, which a picture or a sum in words answers', async ({ browser }) => {
  const me = await somebody(browser, true)
  const digits = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二', '十三', '十四', '十五', '十六', '十七', '十八', '十九', '二十']
  let asked = false
  for (let n = 0; n < 4 && !asked; n++) {
    await me.goto('/home/report')
    await me.getByLabel('用一句话说说').fill('路灯不亮')
    await choose(me, '乡镇（街道）', '浮云街道')
    await choose(me, '村（社区）', await me.getByLabel('村（社区）').locator('option').nth(1).innerText())
    asked = await me.getByRole('heading', { name: '请答一个小问题' }).isVisible()
    if (!asked) {
      await me.getByRole('button', { name: '上报', exact: true }).click()
      await expect(me.locator('.code.query').or(me.getByRole('heading', { name: '请答一个小问题' }))).toBeVisible()
      asked = await me.getByRole('heading', { name: '请答一个小问题' }).isVisible()
    }
  }
  expect(asked).toBe(true)
  await me.getByRole('button', { name: '换成看图' }).click()
  await expect(me.getByRole('img', { name: '一张写着五个数字的图' })).toBeVisible()
  await me.getByRole('textbox', { name: '图里的数字是什么？' }).fill('00000')
  await me.getByRole('button', { name: '上报', exact: true }).click()
  await expect(me.getByText('回答不对')).toBeVisible()
  await me.getByRole('button', { name: '换成算一算（可朗读）' }).click()
  expect(await barriers(me)).toEqual([])
  const question = me.locator('label', { hasText: '等于多少' })
  const [, a, op, b] = (await question.innerText()).match(/^(.+?)(加|减)(.+?)等于/)!
  const sum = op === '加' ? digits.indexOf(a!) + digits.indexOf(b!) : digits.indexOf(a!) - digits.indexOf(b!)
  await question.getByRole('textbox').fill(String(sum))
  await expect(me.getByText('准备好了')).toBeVisible({ timeout: 60_000 })
  await me.getByRole('button', { name: '上报', exact: true }).click()
  await expect(me.locator('.code.query')).toBeVisible()
  expect(faults).toEqual([])
})
