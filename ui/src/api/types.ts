// What travels between the desk and the server. All times are milliseconds UTC.

/** A place in the world, WGS-84 degrees. */
export interface Point { lon: number; lat: number }

export type FieldType =
  | 'text' | 'long_text' | 'choice' | 'choices' | 'number' | 'money' | 'date' | 'datetime' | 'duration' | 'boolean'
  | 'point' | 'photo' | 'file' | 'signature' | 'person' | 'unit' | 'area' | 'phone' | 'id_number' | 'list' | 'polygon'

export interface Option { value: string; title: string }

/** One thing a form asks for, as a pack describes it. */
export interface Field {
  name: string
  type: FieldType
  title: string
  required?: boolean
  options?: Option[]
  help?: string
  at_least?: number
  at_most?: number
  personal?: boolean
  /** list: its columns; a list without columns is a list of texts */
  rows?: Field[]
}

export type Values = Record<string, unknown>

export interface Named { id: string; name?: string }
export interface Post { id: string; role: string; role_title?: string; unit?: Named; area?: Named & { level: number } }

export interface Me {
  person: { id: string; name: string }
  posts: Post[]
  jurisdiction: { id: string; name: string; sample: boolean }
}

export interface CaseClass {
  id: string; code: string; scheme: string; title: string; group: string; group_title: string; pack: string; severity: string
  fields: Field[]
  channels?: string[]
}

export interface Area { id: string; name: string; level: number; code: string; has_children: boolean }
export interface Unit { id: string; name: string }
export interface Person { id: string; name: string; unit_name?: string }
export interface Upload { id: string; name: string }

export type Phase = 'waiting' | 'working' | 'verifying' | 'rating' | 'closed'

export interface CaseRow {
  id: string; number: string; title: string; class: string; class_title: string
  severity: string; severity_title: string; step: string; step_title: string; phase: Phase
  area_name: string; unit_name: string; opened_at: number; due_at?: number; late: boolean; version: number; sample: boolean
}

/** an open case that may be the same matter, and why */
export interface LikelyCase extends CaseRow { reasons: string[] }

export interface CasePage { cases: CaseRow[]; next?: string }

export interface CaseQuery { queue: string; phase?: string; class?: string; cursor?: string; limit?: number }

export interface ShownField { name: string; title: string; type: FieldType; value?: unknown; masked?: boolean }

export interface Clock {
  name: string; title: string; state: 'running' | 'paused' | 'stopped'
  from: number; due?: number; spent_text?: string; why?: string[]; provisional?: boolean
}

export interface Holder { kind: string; id: string; name: string; from: number; until?: number; state: string }
export interface Seat { seat: string; title: string; holders: Holder[] }

export interface Part {
  id: string; set: string; set_title: string; title: string; step: string; step_title: string; phase: Phase; due_at?: number; late: boolean
}

export interface Move {
  id: string; action: string; action_title: string; from_step: string; to_step: string; step_title: string
  by_name: string; by_post_title?: string; at: number; reason?: string; note?: string; marks?: string[]; values?: { title: string; value: unknown }[]; cause?: string
}

/** What is in the way of an action; with items, a reason for each of them will do. */
export interface Unmet { code: string; text: string; items?: Option[] }

/** An action the reader may do now, what it asks, and what is still in its way. */
export interface Offer { action: string; title: string; asks: Field[]; also: Field[]; unmet: Unmet[]; danger: boolean; confirm?: string }

export interface CaseView {
  case: CaseRow & { text: string; fields: ShownField[]; outcome?: string; channel?: string; reporter?: { name_masked: string } }
  clocks: Clock[]; seats: Seat[]; parts: Part[]; moves: Move[]; can: Offer[]
}

export interface NewCase { class: string; text: string; area_id: string; point?: Point; fields: Values; channel: string }
export interface NewMove { action: string; version: number; values: Values; note?: string; why?: Record<string, string> }

/** One place in a request that is wrong. */
export interface Wrong { path?: string; code: string; detail?: string; text?: string }
