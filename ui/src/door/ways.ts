// How a face lets people in. Each face keeps its own idea of who is there; the forms are shared.
import { inject, type InjectionKey } from 'vue'
import type * as api from '@/api/client'

export interface Ways {
  signIn(login: string, password: string, code?: string): Promise<void>
  signInByPin(pin: string): Promise<void>
  join(held: Parameters<typeof api.join>[0], pin: string): Promise<void>
}
export const ways: InjectionKey<Ways> = Symbol('ways')
export const useWays = (): Ways => inject(ways)!
