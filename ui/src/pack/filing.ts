// Where the files of a form go: to the server at once, unless a face keeps them until it has a network.
import type { InjectionKey } from 'vue'

/** told hears how much has arrived, from 0 to 1, where that is known */
export type Filing = (file: File, key: string, told: (share: number) => void) => Promise<{ id: string; name: string }>
export const filing: InjectionKey<Filing> = Symbol('filing')
