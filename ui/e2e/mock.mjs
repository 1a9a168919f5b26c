// A small server in memory, for the tests of the faces alone and for their screenshots.
// It speaks the desk's API, serves the built files under the same policy as the program,
// and can be told to fail: POST /test {reset, list, classes, ended, changed, away, lost}.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const port = Number(process.argv[2] ?? 18491)
const dist = join(fileURLToPath(new URL('..', import.meta.url)), 'dist')
const hour = 3_600_000
const day = 24 * hour

const classes = [
  ['0102', '道路塌陷', 'roads', '公用设施', '2', [
    { name: 'blocks_road', type: 'boolean', title: '是否阻断交通', required: true },
    { name: 'width', type: 'number', title: '塌陷宽度（米）', at_most: 200 },
    { name: 'photo', type: 'photo', title: '现场照片', many: true, at_most: 9 },
  ]],
  ['0204', '路灯不亮', 'roads', '公用设施', '4', [{ name: 'lamps', type: 'number', title: '盏数' }]],
  ['1001', '邻里纠纷', 'people', '矛盾调解', '3', [
    { name: 'parties', type: 'number', title: '涉及人数', required: true, at_least: 2 },
    { name: 'kind', type: 'choice', title: '纠纷类型', required: true, options: ['宅基地', '噪声', '相邻排水', '债务', '赡养', '林地边界', '其他'].map((title, i) => ({ value: 'k' + i, title })) },
    { name: 'phone', type: 'phone', title: '联系电话', personal: true },
  ]],
  ['1203', '饮用水浑浊', 'water', '饮水安全', '2', [{ name: 'since', type: 'date', title: '从哪天开始' }, { name: 'households', type: 'number', title: '影响户数' }]],
  ['1404', '山体滑坡征兆', 'danger', '地质灾害', '1', [{ name: 'danger', type: 'choices', title: '威胁对象', many: true, required: true, options: [{ value: 'houses', title: '房屋' }, { value: 'road', title: '道路' }, { value: 'school', title: '学校' }] }]],
  ['1601', '垃圾乱倒', 'clean', '环境卫生', '4', []],
].map(([code, title, group, group_title, severity, fields]) => ({ id: `incident/sample:${code}`, code, scheme: 'sample', title, group, group_title, pack: 'incident', severity, fields, channels: ['window', 'hotline', 'letter'] }))

const grades = { 1: '特急', 2: '紧急', 3: '较急', 4: '一般' }
const titles = ['北坡村道塌陷约三米，需设警示', '十一盏路灯连片不亮', '宅基地边界争议，双方情绪激动', '三组自来水浑浊两日', '后山出现新裂缝，雨后有小块落石', '村口空地乱倒建筑垃圾', '溪边护栏断裂，学生上学经过', '夜间施工噪声，居民多次反映']
const places = ['新华社区', '城西社区', '城北社区', '水碓村', '贵溪村', '睦田村', '前溪社区', '古坊社区']
const steps = [['reported', '待分派', 'waiting'], ['handling', '办理中', 'working'], ['handling', '办理中', 'working'], ['checking', '核查中', 'verifying']]
const areas = [
  { id: 'a0', name: '浮云街道', level: 4, code: '331125001', parent: '', has_children: true },
  ...places.map((name, i) => ({ id: 'a' + (i + 1), name, level: 5, code: `33112500100${i + 1}`, parent: 'a0', has_children: i < 2 })),
  ...['第一网格', '第二网格', '第三网格'].map((name, i) => ({ id: 'g' + i, name, level: 6, code: `33112500100100${i + 1}`, parent: 'a1', has_children: false })),
]

// what people were told, whom the clerk is to telephone, and what did not arrive
function told(now) {
  const at = n => new Date(now - n * hour).toISOString()
  return {
    clerk: true, operator: true,
    notes: Array.from({ length: 60 }, (_, i) => ({ id: 'n' + String(99 - i), case: 'c' + (i % 8), number: 'S2611' + i, event: 'assigned', event_title: '待您办理', severity: 3, text: `待您办理：路灯不亮（S2611${i}）`, made_at: at(i), ...(i > 2 ? { read_at: at(i - 1) } : {}) })),
    calls: ['样例员甲', '样例员乙'].map((person_name, i) => ({ id: 'k' + i, case: 'c' + i, number: 'S26110' + i, person: 'p' + i, person_name, ...(i ? {} : { address: '10000000001' }), severity: 1, due_at: new Date(now + hour).toISOString(), text: '新事件：燃气泄漏', made_at: at(1) })),
    letters: [{ id: 'l1', of: 'delivery', subject: 'case/c1', channel: 'sms', person: 'p1', person_name: '样例员丙', state: 'failed', why: 'notify.refused', why_text: '对方拒收。', attempts: 1, made_at: at(5) }, { id: 'l2', of: 'notice', state: 'dead', attempts: 8, made_at: at(4) }],
  }
}
function toldApi(req, res, path, q, body) {
  const all = state.told
  const page = list => {
    const from = Number(q.get('cursor') ?? 0)
    return json(res, 200, { items: list.slice(from, from + 50), next: list.length > from + 50 ? String(from + 50) : undefined })
  }
  if (state.list === 'error' && req.method === 'GET' && path !== '/notes/unread') return problem(res, 500, 'internal', '服务器出错')
  if (path === '/notes/unread') return json(res, 200, { count: all.notes.filter(n => !n.read_at).length, more: false, clerk: all.clerk, operator: all.operator })
  if (path === '/notes') return page(q.get('unread') ? all.notes.filter(n => !n.read_at) : all.notes)
  if (path === '/calls' && req.method === 'GET') return page(all.calls)
  if (path === '/dead-letters') return page(all.letters)
  const [, , id] = path.split('/')
  state.log.push({ route: path, body })
  if (path.endsWith('/read')) all.notes.find(n => n.id === id).read_at = new Date().toISOString()
  else if (path.startsWith('/calls/')) {
    if (!all.calls.some(c => c.id === id)) return problem(res, 409, 'notify.call_done', '这个电话已有人处理。')
    all.calls = all.calls.filter(c => c.id !== id)
  } else all.letters = all.letters.filter(l => l.id !== id)
  return json(res, 204)
}

let state
function reset() {
  const now = Date.now()
  state = { ended: false, list: 'full', away: false, lost: false, reload: false, keys: new Map(), log: [], cases: [], views: [], told: told(now), streams: state?.streams ?? new Set() }
  for (let i = 0; i < 120; i++) {
    const c = classes[[0, 1, 2, 3, 4, 5, 0, 5][i % 8]]
    const [step, step_title, phase] = steps[(i * 3 + 1) % 4]
    const due_at = now + (i < 3 ? -(5 - i * 2) * hour - day * (i === 0 ? 3 : 0) : (i - 2) * 1.7 * hour)
    state.cases.push({
      id: 'c' + i, number: `S2611${String(2107 - i * 13).padStart(5, '0')}`, title: titles[i % 8], class: c.id, class_title: c.title, severity: c.severity, severity_title: grades[c.severity],
      step, step_title, phase, area_name: places[(i * 5) % 8], unit_name: phase === 'waiting' ? '' : ['城建办', '应急消防管理站', '综合治理办'][i % 3], opened_at: now - (30 + i * 3) * hour, due_at, late: due_at < now, version: 3, sample: true, queue: i % 4 === 3 ? 'unassigned' : 'mine',
      moves: [
        { id: `m${i}-1`, action: 'open', action_title: '受理', from_step: '', to_step: 'reported', step_title: '待分派', by_name: '样例员甲', by_post_title: '网格员 · ' + places[(i * 5) % 8], at: now - (30 + i * 3) * hour, note: '附近住户说昨夜下雨后出现，今早扩大。', values: [{ title: '是否阻断交通', value: true }, { title: '塌陷宽度（米）', value: 3.2 }] },
        { id: `m${i}-2`, action: 'assign', action_title: '分派', from_step: 'reported', to_step: 'handling', step_title: '办理中', by_name: '样例员乙', by_post_title: '街道指挥长', at: now - (28 + i * 3) * hour, cause: '按类别和属地建议：城建办' },
        { id: `m${i}-3`, action: 'mark', action_title: '临期提醒', from_step: 'handling', to_step: 'handling', step_title: '办理中', by_name: '', by_post_title: '', at: now - 2 * hour },
      ],
    })
  }
}
reset()

const note = { name: 'found', type: 'long_text', title: '处置情况', required: true, at_most: 500 }
const can = c => c.phase === 'closed' ? [] : c.phase === 'verifying'
  ? [{ action: 'verify', title: '核查通过', asks: [], also: [note], unmet: [{ code: 'apart.handler', text: '办理人不能核查自己办的事' }], danger: false }]
  : [
      { action: 'finish', title: '办结送核', asks: [note, { name: 'photo_after', type: 'photo', title: '处置后照片', many: true, at_most: 3, required: false }], also: [{ name: 'cost', type: 'money', title: '支出' }], unmet: [], danger: false },
      { action: 'return', title: '退回', asks: [{ name: 'reason', type: 'choice', title: '退回理由', required: true, options: [{ value: 'not_ours', title: '不属本单位职责' }, { value: 'unclear', title: '情况不清' }] }], also: [], unmet: [], danger: false, confirm: '退回会计入次数；两次之后由上级指定，不能再退。' },
      { action: 'extend', title: '申请延期', asks: [{ name: 'span', type: 'duration', title: '延长多久', required: true }], also: [], unmet: [], danger: false },
      { action: 'close_out', title: '不予受理', asks: [], also: [], unmet: [], danger: true, confirm: '反映人会收到不予受理的答复。' },
      { action: 'answer', title: '答复反映人', asks: [note], also: [], unmet: [{ code: 'part.open', text: '协办单位尚未答复' }, { code: 'field.missing', text: '缺处置后照片' }], danger: false },
    ]

const row = ({ moves, queue, ...c }) => c
function view(c) {
  const stopped = c.phase === 'closed'
  return {
    case: { ...row(c), text: c.title + '。\n路面向下沉约四十厘米，摩托车已经过不去，早晚有学生经过。', outcome: stopped ? 'solved' : undefined, channel: 'field', reporter: { name_masked: '样**' }, fields: [
      { name: 'blocks_road', title: '是否阻断交通', type: 'boolean', value: true }, { name: 'width', title: '塌陷宽度（米）', type: 'number', value: 3.2 },
      { name: 'phone', title: '联系电话', type: 'phone', value: '138****5678', masked: true }, { name: 'photo', title: '现场照片', type: 'photo', value: ['f1', 'f2'] } ] },
    clocks: [
      { name: 'citizen', title: '群众时限', state: stopped ? 'stopped' : 'running', from: c.opened_at, due: c.due_at + 2 * day, spent_text: '1 天 6 小时', why: ['11-20（周五）受理，当天不计', '11-21、11-22 周末，不计', '11-23（周一）第 1 个工作日', '11-24（周二）第 2 个工作日，到 17:30'], provisional: false },
      { name: 'step', title: '本环节时限', state: stopped ? 'stopped' : 'running', from: c.moves[1].at, due: c.due_at, why: ['4 个工作小时', '今天 14:00—17:30 计 3 小时 30 分', '次日 08:30 起再计 30 分'], provisional: c.id === 'c1' },
    ],
    seats: [
      { seat: 'handler', title: '主办', holders: c.unit_name ? [{ kind: 'unit', id: 'u1', name: c.unit_name, from: c.moves[1].at, state: 'held' }] : [] },
      { seat: 'assist', title: '协办', holders: [{ kind: 'unit', id: 'u2', name: '供电所', from: c.moves[1].at, state: 'offered' }] },
    ],
    parts: [{ id: 'c7', set: 'assist', set_title: '协办事项', title: '切断受影响路段的路灯电源', step: 'open', step_title: '待答复', phase: 'waiting', due_at: c.due_at, late: c.late }],
    moves: c.moves, can: can(c), unmask: [{ value: 'contact', title: '联系' }, { value: 'handling', title: '办理' }],
  }
}

function tell(id) {
  for (const s of state.streams) s.write(`data: ${JSON.stringify({ id })}\n\n`)
}
function act(c, by, action, title, to, values, why) {
  const [step, step_title, phase] = to
  c.moves.push({ id: `m${c.id}-${c.moves.length + 1}`, action, action_title: title, from_step: c.step, to_step: step, step_title, by_name: by, by_post_title: '样例岗位', at: Date.now(), note: why, values: Object.entries(values).map(([k, value]) => ({ title: k, value })) })
  Object.assign(c, { step, step_title, phase, version: c.version + 1 })
  tell(c.id)
}

const json = (res, status, body) => res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' }).end(body === undefined ? undefined : JSON.stringify(body))
const problem = (res, status, code, detail, more = {}) => json(res, status, { type: 'about:blank', title: code, status, code, detail, ...more })

const me = { person: { id: 'p1', name: '样例员乙' }, posts: [{ id: 'o1', role: 'commander', role_title: '街道指挥长', unit: { id: 'u0', name: '综合信息指挥室' }, area: { id: 'a0', name: '浮云街道', level: 4 } }], jurisdiction: { id: 'j1', name: '云和县', sample: true } }

function list(res, q) {
  if (state.list === 'error') return problem(res, 500, 'internal', '服务器出错')
  let all = state.list === 'empty' ? [] : state.cases
  const name = q.get('queue')
  if (name === 'overdue') all = all.filter(c => c.due_at < Date.now() && c.phase !== 'closed')
  else if (name === 'due_soon') all = all.filter(c => c.due_at > Date.now() && c.due_at < Date.now() + 8 * hour)
  else if (name === 'closed') all = all.filter(c => c.phase === 'closed')
  else if (name === 'supervised' || name === 'returned') all = []
  else if (name !== 'all') all = all.filter(c => c.queue === name && c.phase !== 'closed')
  if (q.get('phase')) all = all.filter(c => c.phase === q.get('phase'))
  if (q.get('class')) all = all.filter(c => c.class === q.get('class'))
  const from = Number(q.get('cursor') ?? 0)
  const limit = Number(q.get('limit') ?? 50)
  json(res, 200, { cases: all.slice(from, from + limit).map(row), next: from + limit < all.length ? String(from + limit) : undefined })
}

function search(res, q) {
  const words = q.get('q').split(/\s+/).filter(Boolean)
  if (state.list === 'error') return problem(res, 500, 'internal', '服务器出错')
  if (words.every(w => w.length < 2)) return problem(res, 422, 'search.too_short', '请至少输入两个字，或一个编号。')
  const mark = text => text.split(new RegExp(`(${words.map(w => w.replace(/\W/g, c => (c.charCodeAt(0) < 128 ? '\\' + c : c))).join('|')})`)).filter(Boolean).map(x => (words.includes(x) ? { text: x, hit: true } : { text: x }))
  let all = state.cases.filter(c => words.every(w => (c.title + c.number).includes(w)))
  if (q.get('phase')) all = all.filter(c => c.phase === q.get('phase'))
  const from = Number(q.get('cursor') ?? 0)
  json(res, 200, { hits: all.slice(from, from + 10).map(c => ({ case: row(c), numbered: c.number === q.get('q'), snippet: mark(`${c.title}，请尽快派人来看`) })), next: all.length > from + 10 ? String(from + 10) : undefined })
}

function write(req, res, body, route) {
  const key = req.headers['idempotency-key']
  state.log.push({ route, key, body })
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(key ?? '')) return problem(res, 400, 'idempotency.bad_key', 'Idempotency-Key 请求头须为 UUID。')
  if (state.away) return req.socket.destroy()
  const send = answer => {
    state.keys.set(key, { answer, body: JSON.stringify(body) })
    if (state.lost) { // done, but the answer never arrives
      state.lost = false
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 }).write('{') // begun, so that no browser repeats it by itself
      return setTimeout(() => req.socket.destroy(), 50)
    }
    json(res, 200, answer)
  }
  const before = state.keys.get(key)
  if (before && before.body !== JSON.stringify(body)) return problem(res, 409, 'idempotency.other_body', '这个 Idempotency-Key 已用于内容不同的请求。')
  if (before) return json(res, 200, before.answer)
  if (route === 'cases') {
    if (!body.text || !body.class || !body.area_id || !body.channel) return problem(res, 422, 'form.invalid', '有几处没有填对。', { errors: [{ path: 'body.text', code: 'form.required', detail: '请填写。' }] })
    const c = classes.find(x => x.id === body.class)
    const now = Date.now()
    const made = { ...state.cases[0], id: 'c' + state.cases.length, number: `S26119${String(state.cases.length).padStart(4, '0')}`, title: body.text.slice(0, 40), class: c.id, class_title: c.title, severity: c.severity, severity_title: grades[c.severity], opened_at: now, due_at: now + 4 * hour, late: false, version: 1, step: 'reported', step_title: '待分派', phase: 'waiting', unit_name: '', moves: [1, 2].map(n => ({ ...state.cases[0].moves[0], id: `n${now}-${n}`, at: now })) }
    state.cases.unshift(made)
    tell(made.id)
    return send({ id: made.id, number: made.number })
  }
  const c = state.cases.find(x => x.id === route)
  if (!c) return problem(res, 404, 'case.not_found', '没有这件事。')
  if (body.version !== c.version) return problem(res, 409, 'case.changed', '这件事刚刚有了变化。')
  if (body.action === 'finish' && body.values.found === '好了') return problem(res, 422, 'form.invalid', '有一处没有填对。', { errors: [{ path: 'body.values.found', code: 'form.too_short', detail: '请写明做了什么。' }] })
  if (body.action === 'close_out') return problem(res, 403, 'act.supervised', '督办中的事件不能由被督办单位结束。')
  const to = { finish: ['checking', '核查中', 'verifying'], return: ['reported', '待分派', 'waiting'] }[body.action] ?? [c.step, c.step_title, c.phase]
  act(c, '样例员乙', body.action, can(c).find(o => o.action === body.action)?.title ?? body.action, to, body.values, body.note)
  send({ case: row(c) })
}

// Files of the first case: one to look at that was used before, one that only unmasking opens.
const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const file = (id, more) => ({ id, field: 'photo', field_title: '现场照片', kind: 'picture', type: 'image/jpeg', size: 81_000, width: 960, height: 720, at: Date.now() - hour, shown: 'copy', unmask: true, reported: true, ...more })
const evidence = [file('f1', { flags: [{ id: 'f1.f9', why: 'alike', case_id: 'c2', number: 'S26102', file_id: 'f9' }] }), file('f2', { shown: 'masked' }), file('f3', { kind: 'sound', type: 'audio/webm', field: 'voice', field_title: '录音' })]

function api(req, res, path, q, body) {
  const at = `${req.method} ${path}`
  if (at === 'POST /session') {
    if (body.password !== 'sample') return problem(res, 401, 'session.wrong', '账号或密码不正确。')
    state.ended = false
    res.setHeader('Set-Cookie', 'gezhi_session=sample; Path=/; HttpOnly; SameSite=Lax')
    return json(res, 204)
  }
  if (at === 'DELETE /session') {
    res.setHeader('Set-Cookie', 'gezhi_session=; Path=/; Max-Age=0')
    return json(res, 204)
  }
  if (state.ended || !/gezhi_session=sample/.test(req.headers.cookie ?? '')) return problem(res, 401, 'session.none', '请先登录。')
  if (at === 'GET /me') return json(res, 200, me)
  if (at === 'GET /classes') return json(res, 200, { classes })
  if (at === 'POST /class-proposals') {
    const sure = body.text.includes('路灯')
    return json(res, 200, { learnt: true, classes: [
      { class: 'incident/sample:0204', title: '路灯不亮', probability: sure ? 0.96 : 0.41, words: ['路灯', '不亮'].filter(w => body.text.includes(w)), sure },
      { class: 'incident/sample:0102', title: '道路塌陷', probability: sure ? 0.03 : 0.38, words: ['路面'].filter(w => body.text.includes(w)), sure: false },
      { class: 'incident/sample:1001', title: '邻里纠纷', probability: 0.01, words: [], sure: false },
    ] })
  }
  if (at === 'GET /areas') return json(res, 200, { areas: areas.filter(a => a.parent === (q.get('parent') ?? '')) })
  if (at === 'GET /places') {
    const exact = areas.filter(a => a.name.includes(q.get('q')))
    return json(res, 200, { places: (exact.length ? exact : areas.filter(a => [...a.name].filter(c => !q.get('q').includes(c)).length <= 1)).map(a => ({ ...a, path: '云和县' + (areas.find(b => b.id === a.parent)?.name ?? ''), how: exact.length ? 'part' : 'near' })) })
  }
  if (at === 'GET /units') return json(res, 200, { units: [{ id: 'u1', name: '城建办' }, { id: 'u2', name: '供电所' }].filter(u => u.name.includes(q.get('q') ?? '')) })
  if (at === 'GET /people') return json(res, 200, { people: [{ id: 'p2', name: '样例员甲', unit_name: '城建办' }] })
  if (at === 'GET /me/views') return json(res, 200, { views: state.views })
  if (at === 'POST /me/views') {
    const kept = { id: 'v' + Date.now(), ...body }
    state.views = [...state.views.filter(v => v.name !== body.name), kept]
    return json(res, 201, kept)
  }
  if (req.method === 'DELETE' && path.startsWith('/me/views/')) {
    state.views = state.views.filter(v => v.id !== path.slice(10))
    return json(res, 204)
  }
  if (at === 'GET /cases') return list(res, q)
  if (at === 'GET /search') return search(res, q)
  if (/^\/(notes|calls|dead-letters)(\/|$)/.test(path)) return toldApi(req, res, path, q, body)
  if (at === 'GET /events') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).write(':\n\n')
    state.streams.add(res)
    return req.on('close', () => state.streams.delete(res))
  }
  if (at === 'GET /cases/c1/files') return json(res, 200, { files: evidence, purposes: [{ value: 'contact', title: '联系' }] })
  if (req.method === 'GET' && /^\/cases\/[^/]+\/files$/.test(path)) return json(res, 200, { files: [], purposes: [] })
  if (req.method === 'POST' && path.startsWith('/file-flags/')) {
    evidence.find(f => f.flags).flags[0].finding = body.finding
    return json(res, 204)
  }
  if (/^\/files\/f\d(\/unmask)?$/.test(path)) {
    state.log.push({ route: at + (q.get('form') ? ' ' + q.get('form') : ''), purpose: q.get('purpose') })
    return res.writeHead(200, { 'Content-Type': 'image/png', ...(req.method === 'POST' && { 'Gezhi-Hint': JSON.stringify({ point: { lon: 119.5732, lat: 28.1145 } }) }) }).end(dot)
  }
  if (at === 'POST /files') return json(res, 200, { id: 'f' + Date.now(), name: '照片.jpg' })
  if (path === '/cases.csv') return res.writeHead(200, { 'Content-Type': 'text/csv', 'Content-Disposition': 'attachment; filename=cases.csv' }).end('\ufeffnumber\n')
  if (at === 'POST /cases') return write(req, res, body, 'cases')
  if (at === 'GET /me/readings') return json(res, 200, { readings: [{ id: 'r1', at: Date.now() - hour, by_name: '样例员乙', by_unit_name: '城建办', by_post_title: '派单员', case_id: 'c1', number: 'S26110', purpose: '联系', what: ['联系电话', '联系人'] }] })
  if (req.method === 'POST' && path.endsWith('/unmask')) {
    state.log.push({ route: 'unmask', body })
    return json(res, 200, { values: [{ name: 'phone', title: '联系电话', move_id: 'm1', value: '13812345678' }, { name: 'text', title: '情况描述', move_id: 'm1', value: '路面塌了，找李某 13812345678' }] })
  }
  const [, id, moves] = /^\/cases\/([^/]+)(\/moves)?$/.exec(path) ?? []
  if (req.method === 'POST' && moves) return write(req, res, body, id)
  const c = state.cases.find(x => x.id === id)
  if (req.method === 'GET' && c) return json(res, 200, view(c))
  return problem(res, 404, 'case.not_found', '没有这件事。')
}

function test(res, body) {
  if (body.reset) reset()
  for (const name of ['list', 'ended', 'away', 'lost']) if (name in body) state[name] = body[name]
  if (body.told) {
    Object.assign(state.told, body.told)
    for (const s of state.streams) s.write(`data: ${JSON.stringify({ topic: 'notes/p1', id: 'n' })}\n\n`)
  }
  if (body.cut) for (const s of state.streams) s.destroy()
  const c = state.cases.find(x => x.id === body.changed)
  if (c) act(c, '样例员丙', 'note', '补充', [c.step, c.step_title, c.phase], {}, '现场又沉了十厘米。')
  const gone = state.cases.find(x => x.id === body.finished)
  if (gone) act(gone, '样例员丙', 'finish', '办结送核', ['checking', '核查中', 'verifying'], {}, '')
  json(res, 200, { log: state.log, moves: Object.fromEntries(state.cases.slice(0, 8).map(x => [x.id, x.moves.length])), cases: state.cases.length })
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png', '.webmanifest': 'application/manifest+json', '.json': 'application/json' }
function page(res, path) {
  let file = join(dist, normalize(path))
  if (!path.includes('.')) file = join(dist, ['field', 'home', 'shop', 'wall'].find(f => path.startsWith('/' + f)) ?? 'desk', 'index.html')
  if (!existsSync(file) || !statSync(file).isFile()) return res.writeHead(404).end()
  res.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  }).end(readFileSync(file))
}

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://mock')
  const parts = []
  for await (const part of req) parts.push(part)
  const text = Buffer.concat(parts).toString()
  const body = text && /json/.test(req.headers['content-type'] ?? '') ? JSON.parse(text) : {}
  if (url.pathname === '/test') return test(res, body)
  if (url.pathname.startsWith('/api/v1')) return api(req, res, url.pathname.slice(7), url.searchParams, body)
  page(res, url.pathname)
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/desk/`))
