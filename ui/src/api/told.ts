// What people were told, whom to telephone, and what did not arrive. Times are RFC 3339.
import { newKey, request } from './request'

export interface Note { id: string; case?: string; number?: string; event: string; event_title: string; severity?: number; due_at?: string; text: string; made_at: string; read_at?: string }
export interface Call { id: string; case?: string; number: string; person: string; person_name?: string; address?: string; severity?: number; due_at?: string; text: string; made_at: string }
export interface Letter { id: string; of: string; subject?: string; channel?: string; person?: string; person_name?: string; state: 'failed' | 'dead'; why?: string; why_text?: string; attempts: number; made_at: string }
export interface Unread { count: number; more: boolean; clerk: boolean; operator: boolean }
export interface Page<T> { items: T[]; next?: string }

const one = (id: string) => encodeURIComponent(id)

export const unread = () => request<Unread>('GET', '/notes/unread')
export const notes = (query: { cursor?: string; unread?: string }) => request<Page<Note>>('GET', '/notes', { query })
export const readNote = (id: string) => request<void>('POST', `/notes/${one(id)}/read`, { key: newKey() })
export const calls = (query: { cursor?: string }) => request<Page<Call>>('GET', '/calls', { query })
export const called = (id: string, reached: boolean) => request<void>('POST', `/calls/${one(id)}`, { body: { reached }, key: newKey() })
export const letters = (query: { cursor?: string }) => request<Page<Letter>>('GET', '/dead-letters', { query })
export const resend = (id: string) => request<void>('POST', `/dead-letters/${one(id)}/resend`, { key: newKey() })
