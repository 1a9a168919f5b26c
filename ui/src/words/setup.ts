// Words of the desk's pages of setting up, of those alone: accounts, units, packs and grids.
import { wordsOf } from './index'
import zh from './setup.zh.json'

export const word = wordsOf(zh, () => import('./setup.en.json'))
export type SetupKey = Parameters<typeof word>[0]
