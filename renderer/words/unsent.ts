import type { Status } from '../../core/contract/calls.ts'

/** Said from four fifths on, and more urgently from nine tenths on; null: there is room. */
export function unsentWords({ unsent, limitBytes }: Pick<Status['log'], 'unsent' | 'limitBytes'>): string | null {
  const share = unsentShare({ unsent, limitBytes })
  if (share < 0.8) return null
  const room = `What ${unsent!.destination} lacks fills ${Math.floor(share * 100)} % of the room for the log.` // else the share is 0
  return share < 0.9 ? room : `${room} Soon the log grows past its bound, until the disk is full.`
}

function unsentShare({ unsent, limitBytes }: Pick<Status['log'], 'unsent' | 'limitBytes'>): number {
  return unsent === null || limitBytes <= 0 ? 0 : unsent.bytes / limitBytes
}
