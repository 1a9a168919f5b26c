// Leaves the wall, a queue of the desk and the start of the field face open for hours beside the real
// binary, while people of the sample county work, and measures what the pages keep in memory.
// One line per face and reading goes to OUT (tab-separated); at the end the growth per hour.
// Usage: HOURS=8 [EVERY=5] [PAUSE=5] [OUT=soak.tsv] node ui/build/soak.mjs; SIGTERM ends it early.
import { chromium } from '@playwright/test'
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const hours = Number(process.env.HOURS ?? 8)
const every = Number(process.env.EVERY ?? 5) * 60_000 // between readings
const pause = Number(process.env.PAUSE ?? 5) * 1000 // between steps of the people
const out = process.env.OUT ?? join(root, 'soak.tsv')
const warm = Math.min(30, hours * 60 / 4) // minutes: caches fill, code is compiled
const most = { heap: 8, nodes: 2000 } // growth in eight hours that is still none: MB, and nodes of the document
const rest = ms => new Promise(done => setTimeout(done, ms))
const free = () => new Promise(done => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address()
    s.close(() => done(port))
  })
})

/** Somebody of the sample county, by the API; logs in again when the session is over. */
function person(login, password) {
  let cookie = ''
  const ask = (method, path, body) => fetch(`${base}/api/v1${path}`, {
    method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(30_000),
    headers: { Origin: base, Cookie: cookie, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
  })
  const enter = async () => {
    const r = await ask('POST', '/session', { login, password })
    if (!r.ok) throw new Error(`${login} cannot log in: ${r.status}`)
    cookie = r.headers.get('set-cookie').split(';')[0]
  }
  return async (method, path, body) => {
    let r = cookie ? await ask(method, path, body) : undefined
    if (!r || r.status === 401) {
      await enter()
      r = await ask(method, path, body)
    }
    if (!r.ok) throw new Error(`${login}: ${method} ${path}: ${r.status} ${await r.text()}`)
    return r.status === 204 ? undefined : r.json()
  }
}

/** one step after another of one report after another, as long as it lasts */
async function* work() {
  const [worker, village, hand, check] = [['wg029', 'sample-worker'], ...['village', 'villagehand', 'villagecheck'].map(x => [x, 'sample-' + x])].map(x => person(...x))
  const area_id = (await worker('GET', '/me')).posts.find(p => p.area).area.id
  const steps = [[village, 'classify'], [village, 'dispatch'], [hand, 'acknowledge'], [hand, 'finish', { result: '样例：已清运' }], [check, 'confirm', { reply: '样例：已清理，谢谢' }]]
  for (let n = 1; ; n++) {
    const { id } = await worker('POST', '/cases', { class: 'incident/sample:0102', text: `样例垃圾堆放第 ${n} 处`, area_id })
    yield
    for (const [who, action, values] of steps) {
      await who('POST', `/cases/${id}/moves`, { action, values })
      yield
    }
  }
}

async function enter(page, face, login, password) {
  await page.goto(`${base}/${face}/`)
  await page.getByLabel('账号', { exact: true }).fill(login)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByLabel('密码', { exact: true }).press('Enter')
  await page.getByLabel('密码', { exact: true }).waitFor({ state: 'detached' })
}

const faces = {
  wall: [{ viewport: { width: 1920, height: 1080 } }, ['wall', 'leader', 'sample-leader'], '/wall/', '.area-map .leaf'],
  desk: [{ viewport: { width: 1440, height: 900 } }, ['desk', 'village', 'sample-village'], '/desk/?queue=all', '.queue-table tbody tr'],
  field: [{ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, ['field', 'wg029', 'sample-worker'], '/field/', '.report-big'],
}

async function opened(browser) {
  const pages = []
  for (const [face, [how, who, path, until]] of Object.entries(faces)) {
    const context = await browser.newContext({ locale: 'zh-CN', ...how })
    const page = await context.newPage()
    await enter(page, ...who)
    await page.goto(base + path)
    await page.locator(until).first().waitFor()
    pages.push({ face, page, tools: await context.newCDPSession(page) })
  }
  return pages
}

async function held({ page, tools }) {
  for (let i = 0; i < 2; i++) await tools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await tools.send('Runtime.getHeapUsage')
  const { nodes, jsEventListeners, documents } = await tools.send('Memory.getDOMCounters')
  return { heap: usedSize / 1e6, nodes, listeners: jsEventListeners, documents, over: await page.locator('.banner.ended').count() }
}

/** resident memory of all pages' processes together, MB; where the system tells it */
async function resident(tools) {
  const { processInfo } = await tools.send('SystemInfo.getProcessInfo')
  try {
    return processInfo.filter(p => p.type === 'renderer').reduce((sum, p) => sum + Number(readFileSync(`/proc/${p.id}/statm`, 'utf8').split(' ')[1]) * 4096 / 1e6, 0)
  } catch {
    return 0
  }
}

/** growth per hour by least squares, of [minutes, value] */
function slope(rows) {
  const n = rows.length, mean = i => rows.reduce((s, r) => s + r[i], 0) / n
  const [x, y] = [mean(0), mean(1)]
  return 60 * rows.reduce((s, r) => s + (r[0] - x) * (r[1] - y), 0) / rows.reduce((s, r) => s + (r[0] - x) ** 2, 0)
}

const data = mkdtempSync(join(tmpdir(), 'gezhi-soak-'))
const base = `http://127.0.0.1:${await free()}`
const server = spawn(join(root, 'bin/gezhi'), ['-demo', '-log', 'warn', '-addr', base.slice(7), '-data', data], { stdio: 'ignore' })
const browser = await chromium.launch({ handleSIGTERM: false, handleSIGINT: false, executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
let over = false
for (const sign of ['SIGTERM', 'SIGINT']) process.on(sign, () => (over = true))
const readings = []
let steps = 0
try {
  for (let i = 0; !(await fetch(base + '/home/').catch(() => undefined))?.ok; i++) {
    if (i > 600) throw new Error('the sample county does not answer')
    await rest(200)
  }
  const pages = await opened(browser)
  const whole = await browser.newBrowserCDPSession()
  writeFileSync(out, 'minute\tface\theap_mb\tnodes\tlisteners\tdocuments\tsteps\tall_pages_resident_mb\n')
  const from = Date.now()
  let next = from
  const doing = work()
  while (!over && Date.now() - from < hours * 3_600_000) {
    if (Date.now() >= next) {
      next += every
      const minute = (Date.now() - from) / 60_000
      for (const p of pages) {
        const h = await held(p)
        if (h.over) throw new Error(`${p.face}: the session ended after ${minute.toFixed(0)} minutes`)
        readings.push({ minute, face: p.face, ...h })
        appendFileSync(out, [minute.toFixed(1), p.face, h.heap.toFixed(3), h.nodes, h.listeners, h.documents, steps, (await resident(whole)).toFixed(0)].join('\t') + '\n')
      }
    }
    await doing.next()
    steps++
    await rest(pause)
  }
} finally {
  await browser.close()
  server.kill()
  await new Promise(done => server.exitCode !== null ? done() : server.on('exit', done))
  rmSync(data, { recursive: true, force: true })
}
for (const face of Object.keys(faces)) {
  const rows = readings.filter(r => r.face === face && r.minute >= warm)
  if (rows.length < 3) {
    console.log(`${face}: too short to say`)
    continue
  }
  const grows = { heap: slope(rows.map(r => [r.minute, r.heap])), nodes: slope(rows.map(r => [r.minute, r.nodes])) }
  const bad = Object.keys(most).filter(k => grows[k] * 8 > most[k])
  if (bad.length) process.exitCode = 1
  const last = rows[rows.length - 1]
  console.log(`${face}: ${last.heap.toFixed(2)} MB and ${last.nodes} nodes after ${last.minute.toFixed(0)} minutes and ${steps} steps; per hour ${(grows.heap * 1000).toFixed(0)} kB and ${grows.nodes.toFixed(0)} nodes, in 8 hours ${(grows.heap * 8).toFixed(2)} MB${bad.length ? ': GROWS' : ''}`)
}
