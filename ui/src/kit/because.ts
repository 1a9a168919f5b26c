// Failures in words, and brought under the eyes.
import { Problem } from '@/api/request'
import { t } from '@/words'

/** Why something could not be read, in a sentence. */
export const because = (e: unknown): string => (e instanceof Problem ? e.detail || t('failed.refused', { code: e.code }) : t('failed.away'))

/** Brings the first thing that is wrong under the eyes and the keyboard. */
export function showFirst(within: HTMLElement | undefined) {
  const bad = within?.querySelector<HTMLElement>('.row.bad')
  bad?.scrollIntoView({ block: 'center' })
  bad?.querySelector<HTMLElement>('input,textarea,select,button')?.focus()
}
