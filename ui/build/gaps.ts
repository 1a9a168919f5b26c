// Space between the parts of a flex box for engines before 2020 (Chromium under 84, Safari under 14.1),
// which know "gap" only of grids: the same space as margins, before the rules themselves, so that a
// margin that a rule names still counts.
import type { Plugin } from 'vite'

/** Known together by every engine that knows gaps in flex boxes, and by none that does not. */
const older = '@supports not ((ruby-position: over) or (translate: none))'
interface Box { flex?: boolean; column?: boolean; wrap?: boolean; row?: string; between?: string }

/** What stands in braces, with what stands before it: "a { b }" gives ["a", "b"]. */
function blocks(css: string): [string, string][] {
  const all: [string, string][] = []
  for (let at = 0; at < css.length;) {
    const open = css.indexOf('{', at)
    if (open < 0) break
    let end = open + 1
    for (let depth = 1; depth && end < css.length; end++) depth += css[end] === '{' ? 1 : css[end] === '}' ? -1 : 0
    all.push([css.slice(at, open).trim(), css.slice(open + 1, end - 1)])
    at = end
  }
  return all
}

const said = (body: string, name: string) => new RegExp(`(?:^|;)\\s*${name}:\\s*([^;]+)`).exec(body)?.[1]!.trim()

function margins(selector: string, of: Box): string {
  if (of.wrap) return `${selector} > * { margin: 0 ${of.between} ${of.row} 0; }`
  return `${selector} > * + * { margin: ${of.column ? `${of.row} 0 0` : `0 0 0 ${of.between}`}; }`
}

/** The margins that stand for the gaps of a style sheet. */
export function spaced(css: string, known = new Map<string, Box>()): string {
  let out = ''
  for (const [head, body] of blocks(css.replace(/\/\*[^]*?\*\//g, ''))) {
    if (/^@(media|supports)/.test(head)) {
      const inner = spaced(body, new Map(known))
      if (inner) out += `${head} { ${inner} }\n`
    }
    if (head.startsWith('@') || head.includes(':has(')) continue
    const [display, flow, gap] = [said(body, 'display'), [said(body, 'flex-direction'), said(body, 'flex-flow'), said(body, 'flex-wrap')].join(' '), said(body, 'gap')]
    for (const selector of head.split(/,(?![^(]*\))/).map(s => s.trim())) {
      const box = { ...known.get(selector) }
      if (display) box.flex = /flex/.test(display)
      if (flow.trim()) [box.column, box.wrap] = [/column/.test(flow) || !!box.column && !/row/.test(flow), / wrap|^wrap/.test(flow) || !!box.wrap && !/nowrap/.test(flow)]
      if (gap) [box.row, box.between] = [gap.split(' ')[0], gap.split(' ')[1] ?? gap.split(' ')[0]]
      known.set(selector, box)
      if (box.flex && box.row && (display || gap || flow.trim())) out += margins(selector, box) + '\n'
    }
  }
  return out
}

export const gaps = (): Plugin => ({
  name: 'gaps', apply: 'build',
  transform(code, id) {
    if (!/\.css$|[?&]lang\.css/.test(id)) return
    const more = spaced(code)
    return more ? { code: `${older} {\n${more}}\n${code}`, map: null } : undefined
  },
})
