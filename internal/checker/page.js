// The page: what is put in, and what is said of it.
let language = /^en/i.test(navigator.language) ? 'en' : 'zh'
let said
const at = id => document.getElementById(id)
const say = (code, args = {}) => Object.entries(args).reduce((text, [name, value]) => text.replace(`{${name}}`, value), spoken[language][code] ?? code)

function speak() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  document.title = say('title')
  for (const e of document.querySelectorAll('[data-word]')) e.textContent = say(e.dataset.word)
  at('speak').textContent = say('other_language')
  at('speak').lang = language === 'zh' ? 'en' : 'zh-CN'
  show()
}
function show() {
  const box = at('result')
  box.hidden = !said
  box.replaceChildren()
  if (!said) return
  box.classList.toggle('wrong', Boolean(said.wrong))
  const line = (tag, text) => box.appendChild(Object.assign(document.createElement(tag), { textContent: text }))
  if (said.wrong) {
    line('b', say('fails'))
    line('p', say(said.wrong.code, said.wrong.args))
    return
  }
  const r = said.good
  line('b', say('holds'))
  const list = document.createElement('dl')
  const pair = (word, value) => value && list.append(Object.assign(document.createElement('dt'), { textContent: say(word) }), Object.assign(document.createElement('dd'), { textContent: value }))
  pair('number', r.number)
  pair('at', new Date(r.at).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', hour12: false }) + ' (UTC+8)')
  pair('about', r.about)
  pair('what', r.what)
  pair('place', say('place_text', { seq: r.seq, size: r.size }))
  pair('log', r.origin)
  box.append(list)
  if (r.kept) line('p', say('kept_same', { size: r.kept }))
  if (r.number) line('p', say('number_text')).className = 'hint'
  if (r.ownKey) line('p', say('own_key')).className = 'hint'
}
at('speak').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh'
  speak()
})
at('file').addEventListener('change', async () => {
  const file = at('file').files[0]
  if (!file) return
  at('receipt').value = file.size > 1 << 20 ? '' : await file.text()
  at('go').click()
})
at('go').addEventListener('click', () => {
  try {
    said = { good: check({ receipt: at('receipt').value, key: at('key').value, kept: at('kept').value, proof: at('proof').value }) }
  } catch (e) {
    said = { wrong: e instanceof Wrong ? e : new Wrong('no_receipt') }
  }
  show()
  at('result').focus()
})
speak()
