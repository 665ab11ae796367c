import type { Millis } from '../contract/model.ts'
import type { Decoded } from './decode/decoded.ts'
import type { Emit } from './emit.ts'
import type { Plant } from './plant.ts'

/** Where the numbers of a Sparkplug edge node stand: 0 to 255 and over again, from birth on. */
export interface Sequence {
  next: number
  /** Log time of the newest message. */
  heard: Millis
}

const numbers = 256

/** Says how many messages are missing before this one. More than 255 at once cannot be told from fewer. */
export function followSequence(plant: Plant, source: string, decoded: Decoded, repeat: boolean, out: Emit): void {
  const { type, node, sequence } = decoded
  if (sequence < 0 || sequence >= numbers || type === 'NDEATH' || type === 'NCMD' || type === 'DCMD') return
  const known = plant.sequences.get(node)
  const missing = known === undefined || type === 'NBIRTH' ? 0 : (sequence - known.next + numbers) % numbers
  const again = missing === numbers - 1 // the number of the message before
  if (missing > 0 && (repeat || again)) return
  if (missing > 0) out.missed(source, node.slice(source.length + 1), missing, known!.heard)
  plant.sequences.set(node, { next: (sequence + 1) % numbers, heard: plant.time })
}
