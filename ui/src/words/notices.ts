// Words of the residents' public notices: of their pages alone, so that no other face carries them.
import { wordsOf } from './index'
import zh from './notices.zh.json'

export const word = wordsOf(zh, () => import('./notices.en.json'))
