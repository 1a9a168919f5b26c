// Words of the faces: one small t() over two files with equal keys, Chinese first; English comes
// when it is asked for.
import { ref } from 'vue'
import { hooks } from '@/api/request'
import zh from './zh.json'

export type Language = 'zh' | 'en'
type Leaves<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${Leaves<T[K]>}` }[keyof T & string]
export type Key = Leaves<typeof zh>

const store = 'gezhi.language'
const all: Partial<Record<Language, typeof zh>> = { zh }

function remembered(): Language {
  try {
    return localStorage.getItem(store) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh' // storage may be forbidden
  }
}

export const language = ref<Language>(typeof localStorage === 'undefined' ? 'zh' : remembered())
hooks.language = () => language.value

/** Changes the language. Where its words cannot be got, the language stays. */
export async function speak(l: Language): Promise<void> {
  try {
    if (l === 'en') all.en ??= (await import('./en.json')).default
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

function find(key: string): string | undefined {
  let at: unknown = all[language.value] ?? zh
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
