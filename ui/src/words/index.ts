// Words of the faces: one small t() over two files with equal keys, Chinese first. English comes
// when it is asked for, so that nobody loads two languages to read one.
import { ref, shallowRef } from 'vue'
import { hooks } from '@/api/request'
import zh from './zh.json'

export type Language = 'zh' | 'en'
type Leaves<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Leaves<T[K]>}` }[keyof T & string]
export type Key = Leaves<typeof zh>

const store = 'gezhi.language'
const all = shallowRef<{ zh: object; en?: object }>({ zh })

function remembered(): Language {
  try {
    return localStorage.getItem(store) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh' // storage may be forbidden
  }
}

export const language = ref<Language>(typeof localStorage === 'undefined' ? 'zh' : remembered())
hooks.language = () => language.value

/** Fetches the words of a language; false when they cannot be had. */
export async function learn(l: Language): Promise<boolean> {
  if (all.value[l]) return true
  const en = await import('./en.json').catch(() => undefined)
  if (en) all.value = { zh, en: en.default }
  return !!en
}

/** Goes over to a language, as soon as its words are there; without them everything stays as it is. */
export async function speak(l: Language): Promise<void> {
  if (!(await learn(l))) return
  language.value = l
  document.documentElement.lang = l === 'zh' ? 'zh-CN' : 'en'
  try {
    localStorage.setItem(store, l)
  } catch {
    // then it lasts as long as the page
  }
}

function find(key: string): string | undefined {
  let at: unknown = all.value[language.value] ?? zh
  for (const part of key.split('.')) at = (at as Record<string, unknown> | undefined)?.[part]
  return typeof at === 'string' ? at : undefined
}

/** The words of key, with {name} filled from args. "one|many" is chosen by args.n. */
export function t(key: Key, args: Record<string, string | number> = {}): string {
  const forms = (find(key) ?? key).split('|')
  const text = forms.length > 1 && args.n !== 1 ? forms[1]! : forms[0]!
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in args ? String(args[name]) : whole))
}

/** The words of a code that a server gave, such as channel.window; the code itself if there are none. */
export const named = (group: string, code: string): string => find(`${group}.${code}`) ?? code
