// Photos and recordings as forms of this face take them: made smaller, and kept here until sent.
import { smaller } from '@/kit/photo'
import { keepFile } from './outbox'

export const keepSmaller = async (file: File) => keepFile(await smaller(file))
