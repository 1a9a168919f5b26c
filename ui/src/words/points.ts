// Words of points: of their pages alone, so that no other face carries them.
import { wordsOf } from './index'
import zh from './points.zh.json'

export const p = wordsOf(zh, () => import('./points.en.json'))
export type PointsKey = Parameters<typeof p>[0]
