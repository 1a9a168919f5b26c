// Where the files of a form go: to the server at once, unless a face keeps them until it has a network.
import type { InjectionKey } from 'vue'

export type Filing = (file: File, told: (share: number) => void) => Promise<{ id: string; name: string }>
export const filing: InjectionKey<Filing> = Symbol('filing')
