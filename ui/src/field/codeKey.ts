// Where this telephone keeps the key of the code that it shows. It goes with all else that is
// known of a person when they leave.
import { serverAhead } from '@/words/time'
import * as code from '@/points/code'
import { me } from './session'
import * as store from './store'

let held: { person: string; key: code.CodeKey } | undefined
const at = () => 'code-key/' + me.value!.person.id

export async function keptKey(): Promise<code.CodeKey | undefined> {
  if (held?.person === me.value!.person.id) return held.key
  return (await store.get('known', at()).catch(() => undefined))?.value as code.CodeKey | undefined
}

async function keep(key: code.CodeKey): Promise<code.CodeKey> {
  held = { person: me.value!.person.id, key } // a telephone that cannot keep it shows codes until the page closes
  await store.put('known', { key: at(), at: Date.now(), value: key }).catch(() => undefined)
  return key
}

export const makeKey = async () => keep(await code.enable(serverAhead()))
/** Keeps by how much this telephone's clock is off, for when there is no network to ask. */
export const setClock = (key: code.CodeKey) => keep({ ...key, ahead: serverAhead() })

export async function dropKey(): Promise<void> {
  held = undefined
  await store.remove('known', at()).catch(() => undefined)
}
