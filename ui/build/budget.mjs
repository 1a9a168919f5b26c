// Weighs the built faces (brotli, from the built files) and fails above the budget.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

// KiB of brotli: JavaScript and CSS before the first useful screen (entry and the routes
// named), all JavaScript of the face, and the largest single part that comes later.
const budgets = {
  home: { entry: 'home/index.html', routes: [], js: 60, css: 8, all: 80, lazy: 40 },
  field: { entry: 'field/index.html', routes: [], js: 80, css: 10, all: 160, lazy: 40 },
  wall: { entry: 'wall/index.html', routes: [], js: 56, css: 8, all: 80, lazy: 20 },
  shop: { entry: 'shop/index.html', routes: [], js: 60, css: 6, all: 105, lazy: 40 },
  desk: { entry: 'desk/index.html', routes: ['src/desk/Shell.vue', 'src/desk/QueuePage.vue', 'src/desk/NothingOpen.vue'], js: 190, css: 25, all: 480, lazy: 170 },
}

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))
const weight = file => {
  const path = join('dist', file)
  return statSync(existsSync(path + '.br') ? path + '.br' : path).size / 1024
}
const sum = files => [...files].reduce((total, file) => total + weight(file), 0)

function reach(keys, dynamic) {
  const seen = new Set()
  const js = new Set()
  const css = new Set()
  const walk = key => {
    if (seen.has(key)) return
    seen.add(key)
    const part = manifest[key]
    if (part.file.endsWith('.js')) js.add(part.file)
    if (part.file.endsWith('.css')) css.add(part.file)
    part.css?.forEach(file => css.add(file))
    part.imports?.forEach(walk)
    if (dynamic) part.dynamicImports?.forEach(walk)
  }
  keys.forEach(walk)
  return { js, css }
}

let failed = false
function check(name, got, most) {
  const over = got > most
  failed ||= over
  console.log(`${over ? 'OVER' : ' ok '}  ${name.padEnd(28)} ${got.toFixed(1).padStart(7)} KiB of ${most}`)
}

for (const [face, budget] of Object.entries(budgets)) {
  const first = reach([budget.entry, ...budget.routes], false)
  const all = reach([budget.entry], true)
  const later = [...all.js].filter(file => !first.js.has(file)).map(weight)
  check(`${face}: first JS`, sum(first.js), budget.js)
  check(`${face}: first CSS`, sum(first.css), budget.css)
  check(`${face}: all JS`, sum(all.js), budget.all)
  check(`${face}: largest later part`, Math.max(0, ...later), budget.lazy)
}
// What a telephone keeps so that the field face opens without a network, as it is stored.
const bytes = file => statSync(join('dist', file)).size / 1024
const kept = readFileSync('dist/field/sw.js', 'utf8').split(/["'`,]/).filter(f => /^\/[\w./-]+\.\w+$/.test(f))
check('field: worker', weight('field/sw.js'), 40)
check('field: kept, raw', [...new Set(kept)].reduce((n, f) => n + bytes(f), 0), 500)
process.exit(failed ? 1 : 0)
