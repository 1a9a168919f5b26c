// Pictures of the README: the faces of the sample county as they are. Starts bin/gezhi on a
// database of its own, takes the pictures into docs/pictures and stops it.
// Usage: node ui/build/screenshots.mjs [PART OF A NAME]
import { chromium } from '@playwright/test'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const only = process.argv[2] ?? ''
const most = 200 * 1024 // bytes of one picture
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1.5 }
const desk = { viewport: { width: 1440, height: 900 } }

const free = () => new Promise(done => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address()
    s.close(() => done(port))
  })
})

async function enter(page, face, login, password) {
  await page.goto(`${base}/${face}/`)
  await page.getByLabel('账号', { exact: true }).fill(login)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByLabel('密码', { exact: true }).press('Enter')
  await page.getByLabel('密码', { exact: true }).waitFor({ state: 'detached' })
}
/** nothing turns or loads any more */
async function calm(page) {
  await page.waitForLoadState('load')
  await page.waitForFunction(() => !document.querySelector('[aria-busy=true],.turning') && document.fonts.status === 'loaded')
  await page.waitForTimeout(600)
}

const pictures = {
  'desk': [desk, async p => {
    await enter(p, 'desk', 'street', 'sample-street')
    await p.goto(`${base}/desk/?queue=unassigned`)
    await p.locator('.queue-table tbody tr').first().click()
  }],
  'desk-map': [{ viewport: { width: 1760, height: 990 } }, async p => {
    await enter(p, 'desk', 'street', 'sample-street')
    await p.goto(`${base}/desk/?queue=unassigned`)
    await p.getByRole('button', { name: '地图' }).click()
    await p.locator('.queue-map .leaf').first().waitFor()
  }],
  'desk-dark': [{ ...desk, colorScheme: 'dark' }, async p => {
    await enter(p, 'desk', 'street', 'sample-street')
    await p.goto(`${base}/desk/?queue=unassigned`)
    await p.locator('.queue-table tbody tr').nth(1).click()
  }],
  'desk-phone': [phone, async p => {
    await enter(p, 'desk', 'village', 'sample-village')
    await p.goto(`${base}/desk/?queue=unassigned`)
    await p.locator('.queue-table tbody tr').first().waitFor()
  }],
  'grids': [desk, async p => {
    await enter(p, 'desk', 'sysadmin', 'sample-sysadmin')
    await p.goto(`${base}/desk/setup/grids`)
    await p.locator('.grids .places button').first().click()
    await p.getByRole('combobox', { name: '网格', exact: true }).selectOption({ index: 2 })
  }],
  'field': [phone, async p => enter(p, 'field', 'wg029', 'sample-worker')],
  'field-report': [phone, async p => {
    await enter(p, 'field', 'wg029', 'sample-worker')
    await p.goto(`${base}/field/report`)
  }],
  'home': [phone, async p => p.goto(`${base}/home/`)],
  'home-elder': [phone, async p => {
    await p.addInitScript(() => localStorage.setItem('gezhi.big', '1'))
    await p.goto(`${base}/home/`)
  }],
  'home-desk': [desk, async p => p.goto(`${base}/home/report`)],
  'wall': [{ viewport: { width: 1920, height: 1080 }, colorScheme: 'dark' }, async p => {
    await enter(p, 'desk', 'leader', 'sample-leader')
    await p.goto(`${base}/wall/`)
    await p.locator('.area-map .leaf').first().waitFor()
  }],
}

const data = mkdtempSync(join(tmpdir(), 'gezhi-pictures-'))
const base = `http://127.0.0.1:${await free()}`
const server = spawn(join(root, 'bin/gezhi'), ['-demo', '-addr', base.slice(7), '-data', data], { stdio: 'ignore' })
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-color-profile=srgb'] })
let failed = 0
try {
  for (let i = 0; !(await fetch(base + '/home/').catch(() => undefined))?.ok; i++) {
    if (i > 1500) throw new Error('the sample county does not answer')
    await new Promise(r => setTimeout(r, 200))
  }
  for (const [name, [how, walk]] of Object.entries(pictures).filter(([n]) => n.includes(only))) {
    const context = await browser.newContext({ locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', colorScheme: 'light', ...how })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    try {
      await walk(page)
      await calm(page)
      const cdp = await context.newCDPSession(page)
      let size = Infinity
      for (let quality = 85; size > most && quality > 30; quality -= 15) {
        const shot = await cdp.send('Page.captureScreenshot', { format: 'webp', quality })
        const file = join(root, 'docs/pictures', name + '.webp')
        writeFileSync(file, Buffer.from(shot.data, 'base64'))
        size = statSync(file).size
      }
      console.log(`${name}.webp ${Math.round(size / 1024)} KiB`)
    } catch (e) {
      failed++
      console.error(`${name}: ${e.message.split('\n')[0]}`)
    }
    await context.close()
  }
} finally {
  await browser.close()
  server.kill()
  await new Promise(done => server.exitCode !== null ? done() : server.on('exit', done))
  rmSync(data, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
