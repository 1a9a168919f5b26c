// What every field control takes and gives.
import type { Field } from '@/api/types'
import type { Errors } from './check'

export interface Control {
  field: Field
  modelValue?: unknown
  id: string
  describedby?: string
  invalid?: boolean
  errors?: Errors
}
/** undefined empties the field */
export interface Gives { 'update:modelValue': [unknown] }
