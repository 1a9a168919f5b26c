// Leaves the wall, a queue of the desk and the start of the field face open for hours beside the real
// binary, while people of the sample county work, and measures what the pages keep in memory.
// Each face has a browser of its own, so that the memory of its process is its own too; Playwright logs
// in and goes, for while it looks on, the browser keeps for it what every answer said. FAST makes the
// pages' clocks tick so many times as often: what eight hours of ticks leave behind shows sooner.
// One line per face and reading goes to OUT (tab-separated); at the end the growth per hour, and what
// the process still holds once the browser was told that memory is scarce: the rest were its caches.
// Usage: HOURS=8 [EVERY=5] [PAUSE=5] [FAST=1] [OUT=soak.tsv] node ui/build/soak.mjs; SIGTERM ends it early.
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
const fast = Number(process.env.FAST ?? 1)
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
  wall: [['--window-size=1920,1080'], ['wall', 'leader', 'sample-leader'], '/wall/', '.area-map .leaf'],
  desk: [['--window-size=1440,900'], ['desk', 'village', 'sample-village'], '/desk/?queue=all', '.queue-table tbody tr'],
  field: [['--window-size=500,844', '--touch-events=enabled'], ['field', 'wg029', 'sample-worker'], '/field/', '.report-big'],
}

/** lets a page's clocks tick more often; how long it waits for an answer stays as it is */
function hurry(times) {
  const { setInterval: every, setTimeout: after } = window
  window.setInterval = (f, ms, ...rest) => every(f, ms / times, ...rest)
  window.setTimeout = (f, ms, ...rest) => after(f, ms >= 60_000 ? ms / times : ms, ...rest)
}

/** a browser on a profile of its own, and what its tools are told, without anybody else looking on */
async function opened(face, [args, who, path, until]) {
  const profile = mkdtempSync(join(tmpdir(), 'gezhi-soak-'))
  const port = await free()
  const browser = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--lang=zh-CN', '--user-data-dir=' + profile, '--remote-debugging-port=' + port, '--remote-debugging-pipe', ...args, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  browsers.push({ browser, profile })
  const at = `http://127.0.0.1:${port}`
  while (!(await fetch(at + '/json/version').catch(() => undefined))?.ok) await rest(200)
  const guide = await chromium.connectOverCDP(at)
  const page = guide.contexts()[0].pages()[0]
  if (fast !== 1) await page.addInitScript(hurry, fast)
  await enter(page, ...who)
  await page.goto(base + path)
  await page.locator(until).first().waitFor()
  await guide.close()
  const whole = told(browser)
  const { targetInfos } = await whole('Target.getTargets')
  const { sessionId } = await whole('Target.attachToTarget', { targetId: targetInfos.find(t => t.type === 'page').targetId, flatten: true })
  return { face, whole, page: (method, params) => whole(method, params, sessionId) }
}

/** the pipe to a browser's tools: a method and its answer */
function told(browser) {
  const [, , , to, from] = browser.stdio
  const waiting = new Map()
  let n = 0
  let rest = ''
  from.setEncoding('utf8').on('data', data => {
    const all = (rest + data).split('\0')
    rest = all.pop()
    for (const { id, result, error } of all.map(x => JSON.parse(x))) {
      if (error) waiting.get(id)?.no(new Error(error.message))
      else waiting.get(id)?.yes(result)
      waiting.delete(id)
    }
  })
  return (method, params = {}, sessionId) => new Promise((yes, no) => {
    waiting.set(++n, { yes, no })
    to.write(JSON.stringify({ id: n, method, params, sessionId }) + '\0')
  })
}

async function held({ page }) {
  for (let i = 0; i < 2; i++) await page('HeapProfiler.collectGarbage')
  const { usedSize } = await page('Runtime.getHeapUsage')
  const { nodes, jsEventListeners, documents } = await page('Memory.getDOMCounters')
  const { result } = await page('Runtime.evaluate', { expression: "document.querySelectorAll('.banner.ended').length" })
  return { heap: usedSize / 1e6, nodes, listeners: jsEventListeners, documents, over: result.value }
}

/** resident memory of a face's processes, MB: what they made themselves, and all; 0 where the system does not tell */
async function resident({ whole }) {
  const { processInfo } = await whole('SystemInfo.getProcessInfo')
  const sum = { own: 0, all: 0 }
  for (const { id } of processInfo.filter(p => p.type === 'renderer')) {
    let status = ''
    try {
      status = readFileSync(`/proc/${id}/status`, 'utf8')
    } catch {
      continue
    }
    sum.own += Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000
    sum.all += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000
  }
  return sum
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
const browsers = []
let over = false
for (const sign of ['SIGTERM', 'SIGINT']) process.on(sign, () => (over = true))
const readings = []
const pressed = {}
let steps = 0
try {
  for (let i = 0; !(await fetch(base + '/home/').catch(() => undefined))?.ok; i++) {
    if (i > 600) throw new Error('the sample county does not answer')
    await rest(200)
  }
  const pages = []
  for (const [face, how] of Object.entries(faces)) pages.push(await opened(face, how))
  writeFileSync(out, 'minute\tface\theap_mb\tnodes\tlisteners\tdocuments\tsteps\town_mb\tresident_mb\n')
  const from = Date.now()
  const read = async (p, when) => {
    const minute = (Date.now() - from) / 60_000
    const h = { minute, face: p.face, ...(await held(p)), ...(await resident(p)) }
    if (h.over) throw new Error(`${p.face}: the session ended after ${minute.toFixed(0)} minutes`)
    appendFileSync(out, [when ?? minute.toFixed(1), p.face, h.heap.toFixed(3), h.nodes, h.listeners, h.documents, steps, h.own.toFixed(0), h.all.toFixed(0)].join('\t') + '\n')
    return h
  }
  let next = from
  const doing = work()
  while (!over && Date.now() - from < hours * 3_600_000) {
    if (Date.now() >= next) {
      next += every
      for (const p of pages) readings.push(await read(p))
    }
    await doing.next()
    steps++
    await rest(pause)
  }
  for (const p of pages) await p.page('Memory.simulatePressureNotification', { level: 'critical' })
  await rest(5000)
  for (const p of pages) pressed[p.face] = await read(p, 'pressed')
} finally {
  for (const { browser, profile } of browsers) {
    browser.stdio[3].write('{"id":0,"method":"Browser.close"}\0')
    await new Promise(done => browser.exitCode !== null ? done() : browser.on('exit', done))
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 })
  }
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
  const bad = Object.keys(most).filter(k => grows[k] * 8 / fast > most[k])
  if (bad.length) process.exitCode = 1
  const last = rows[rows.length - 1]
  console.log(`${face}: ${last.heap.toFixed(2)} MB and ${last.nodes} nodes after ${last.minute.toFixed(0)} minutes and ${steps} steps; per hour ${(grows.heap * 1000).toFixed(0)} kB and ${grows.nodes.toFixed(0)} nodes, in 8 hours of the pages’ clocks ${(grows.heap * 8 / fast).toFixed(2)} MB; its process ${rows[0].own.toFixed(0)} -> ${last.own.toFixed(0)} MB, ${pressed[face].own.toFixed(0)} under pressure${bad.length ? ': GROWS' : ''}`)
}
