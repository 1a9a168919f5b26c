// Every call the faces make. Paths and shapes are known here and nowhere else.
import { address, request } from './request'
import type { Area, CaseClass, CasePage, CaseQuery, CaseRow, CaseView, LikelyCase, Me, NewCase, NewMove, Person, Unit, Upload } from './types'

const one = (id: string) => encodeURIComponent(id)

export const signIn = (login: string, password: string) => request<void>('POST', '/session', { body: { login, password }, bare: true })
export const signOut = () => request<void>('DELETE', '/session', { bare: true })
export const me = () => request<Me>('GET', '/me', { bare: true })

export const classesToOpen = () => request<{ classes: CaseClass[] }>('GET', '/classes', { query: { for: 'open' } }).then(r => r.classes)
export const areas = (query: { parent?: string; q?: string }) => request<{ areas: Area[] }>('GET', '/areas', { query }).then(r => r.areas)
export const units = (q: string) => request<{ units: Unit[] }>('GET', '/units', { query: { q } }).then(r => r.units)
export const people = (q: string) => request<{ people: Person[] }>('GET', '/people', { query: { q } }).then(r => r.people)

export const cases = (query: CaseQuery) => request<CasePage>('GET', '/cases', { query: { ...query } })
export const caseView = (id: string) => request<CaseView>('GET', `/cases/${one(id)}`)
export const likely = (id: string) => request<{ duplicates: LikelyCase[] }>('GET', `/cases/${one(id)}/duplicates`).then(r => r.duplicates)
export const likelyTo = (body: Pick<NewCase, 'class' | 'text' | 'area_id' | 'point'>) => request<{ duplicates: LikelyCase[] }>('POST', '/cases/duplicates', { body }).then(r => r.duplicates)
export const openCase = (body: NewCase, key: string) => request<{ id: string; number: string }>('POST', '/cases', { body, key })
export const move = (id: string, body: NewMove, key: string) => request<{ case: CaseRow }>('POST', `/cases/${one(id)}/moves`, { body, key }).then(r => r.case)

export function upload(file: File, key: string): Promise<Upload> {
  const body = new FormData()
  body.set('file', file, file.name)
  return request<Upload>('POST', '/files', { body, key })
}
export const fileAddress = (id: string) => address(`/files/${one(id)}`)

export const exportAddress = (kind: 'csv' | 'xlsx', query: Omit<CaseQuery, 'cursor' | 'limit'>) => address(`/cases.${kind}`, { ...query })
export const eventsAddress = () => address('/events')
