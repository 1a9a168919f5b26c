// Sending a form: one key for every try, failures told in words, nothing typed ever lost.
import { ref } from 'vue'
import { newKey, Problem, refused, Unreachable } from '@/api/request'
import type { Field } from '@/api/types'
import { placed, type Errors } from '@/pack/check'
import { t } from '@/words'
import type { Draft } from './drafts'

export type Failure =
  /** nobody knows whether it arrived; the same key makes trying again harmless */
  | { kind: 'away' }
  /** the case has moved on since the form was opened */
  | { kind: 'stale' }
  /** other words came under this key before; whether they still matter only the person knows */
  | { kind: 'twice' }
  | { kind: 'no'; text: string; rest: string[] }

export function useSend(draft: Draft) {
  const busy = ref(false)
  const failure = ref<Failure>()
  const errors = ref<Errors>({})

  async function send<T>(fields: Field[], ask: (key: string) => Promise<T>): Promise<T | undefined> {
    busy.value = true
    failure.value = undefined
    errors.value = {}
    try {
      return await ask(draft.key)
    } catch (e) {
      if (refused(e) && !otherWords(e)) draft.key = newKey() // it was surely not done, and the next try may say something else
      failure.value = explain(e, fields)
    } finally {
      busy.value = false
    }
    return undefined
  }

  function explain(e: unknown, fields: Field[]): Failure {
    if (e instanceof Unreachable) return { kind: 'away' }
    if (!(e instanceof Problem)) throw e
    if (e.status === 409 && e.code === 'case.changed') return { kind: 'stale' }
    if (otherWords(e)) return { kind: 'twice' }
    const { errors: at, rest } = placed(e.errors, fields)
    errors.value = at
    return { kind: 'no', text: e.detail || t('failed.refused', { code: e.code }), rest }
  }

  /** Lets the next try count as something new. */
  function anew() {
    draft.key = newKey()
    failure.value = undefined
  }

  return { busy, failure, errors, send, anew }
}

const otherWords = (e: Problem) => e.code === 'idempotency.other_body'
