// One control for each field type; a type that this face does not know is asked as text.
import type { Component } from 'vue'
import type { Field, FieldType } from '@/api/types'
import { isList } from '../check'
import AccusedField from './AccusedField.vue'
import AreaField from './AreaField.vue'
import AudioField from './AudioField.vue'
import BooleanField from './BooleanField.vue'
import ChoiceField from './ChoiceField.vue'
import ChoicesField from './ChoicesField.vue'
import CreditCodeField from './CreditCodeField.vue'
import DateField from './DateField.vue'
import DatetimeField from './DatetimeField.vue'
import DurationField from './DurationField.vue'
import FileField from './FileField.vue'
import IdNumberField from './IdNumberField.vue'
import ListField from './ListField.vue'
import LongTextField from './LongTextField.vue'
import MoneyField from './MoneyField.vue'
import NumberField from './NumberField.vue'
import PersonField from './PersonField.vue'
import PhoneField from './PhoneField.vue'
import PhotoField from './PhotoField.vue'
import PointField from './PointField.vue'
import PolygonField from './PolygonField.vue'
import RecordField from './RecordField.vue'
import SignatureField from './SignatureField.vue'
import TextField from './TextField.vue'
import UnitField from './UnitField.vue'

const controls: Record<FieldType, Component> = {
  text: TextField, long_text: LongTextField, choice: ChoiceField, choices: ChoicesField, number: NumberField, money: MoneyField,
  date: DateField, datetime: DatetimeField, duration: DurationField, boolean: BooleanField, point: PointField, polygon: PolygonField,
  photo: PhotoField, audio: AudioField, file: FileField, signature: SignatureField, person: PersonField, unit: UnitField, area: AreaField,
  phone: PhoneField, id_number: IdNumberField, credit_code: CreditCodeField, list: ListField, record: RecordField,
}
/** how many options are shown at once instead of searched for */
export const atOnce = 6

// Whom a report is about may be a unit as well as a person; the kernel asks for it by this name.
// A choice without options is between yes and no, which every pack has.
export const controlOf = (f: Field): Component =>
  f.name === 'against' && f.type === 'person' ? AccusedField : f.type === 'choice' && !f.options?.length ? BooleanField : (controls[f.type] ?? TextField)

/** Tells whether the control is several controls, so that its label names a group. */
export const isGroup = (f: Field): boolean =>
  ['choices', 'boolean', 'point', 'photo', 'audio', 'file', 'signature', 'list', 'duration', 'area'].includes(f.type) ||
  (['person', 'unit'].includes(f.type) && isList(f)) ||
  (f.type === 'choice' && (f.options?.length ?? 0) <= atOnce)
