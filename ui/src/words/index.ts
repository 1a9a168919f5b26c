// Words of the faces: one small t() over two files with equal keys, Chinese first; English comes
// when it is asked for.
import { ref } from 'vue'
import { hooks } from '@/api/request'
import zh from './zh.json'

export type Language = 'zh' | 'en'
type Leaves<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Leaves<T[K]>}` }[keyof T & string]
export type Key = Leaves<typeof zh>

const store = 'gezhi.language'
interface Part { zh: object; en?: object; load: () => Promise<{ default: object }> }
const faces: Part = { zh, load: () => import('./en.json') }
const parts = [faces]
/** counts the English words that came later than what shows them */
const came = ref(0)

function remembered(): Language {
  try {
    return localStorage.getItem(store) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh' // storage may be forbidden
  }
}

export const language = ref<Language>(typeof localStorage === 'undefined' ? 'zh' : remembered())
hooks.language = () => language.value

async function english(part: Part) {
  part.en ??= (await part.load()).default
}

/** Changes the language. Where its words cannot be got, the language stays. */
export async function speak(l: Language): Promise<void> {
  try {
    if (l === 'en') await Promise.all(parts.map(english))
  } catch {
    language.value = 'zh'
    return
  }
  language.value = l
  document.documentElement.lang = l === 'zh' ? 'zh-CN' : 'en'
  try {
    localStorage.setItem(store, l)
  } catch {
    // then it lasts as long as the page
  }
}

function find(part: Part, key: string): string | undefined {
  let at: unknown = (came.value >= 0 && language.value === 'en' && part.en) || part.zh
  for (const step of key.split('.')) at = (at as Record<string, unknown> | undefined)?.[step]
  return typeof at === 'string' ? at : undefined
}

type Args = Record<string, string | number>
function say(part: Part, key: string, args: Args): string {
  const forms = (find(part, key) ?? key).split('|')
  const text = forms.length > 1 && args.n !== 1 ? forms[1]! : forms[0]!
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in args ? String(args[name]) : whole))
}

/** The words of key, with {name} filled from args. "one|many" is chosen by args.n. */
export const t = (key: Key, args: Args = {}): string => say(faces, key, args)

/** Words that come with a part which not every face carries, as t says those of all; English when it is asked for. */
export function wordsOf<T extends object>(zh: T, load: () => Promise<{ default: T }>) {
  const part: Part = { zh, load }
  parts.push(part)
  if (language.value === 'en') void english(part).then(() => came.value++).catch(() => undefined)
  return (key: Leaves<T>, args: Args = {}): string => say(part, key, args)
}

/** The words of a code that a server gave, such as channel.window; the code itself if there are none. */
export const named = (group: string, code: string): string => find(faces, `${group}.${code}`) ?? code
