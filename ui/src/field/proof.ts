// Photos and recordings as forms of this face take them: made smaller, and kept here until sent.
import { Problem } from '@/api/request'
import { smaller } from '@/kit/photo'
import { t } from '@/words'
import { keepFile } from './outbox'

const largest = 20 << 20 // bytes

/** A huge photo that cannot be made smaller is refused here: in the outbox it would hold up the words it came with. */
export async function keepSmaller(file: File): Promise<{ id: string; name: string }> {
  const small = await smaller(file)
  if (small === file && file.type.startsWith('image/') && file.size > largest) throw new Problem(413, 'blob.too_large', t('field.photo_failed'), [], {})
  return keepFile(small)
}
