// Memory in which records are written, used again: fresh memory is given by the system a page at a time, which costs as
// much as writing it, and has to be collected.

const smallest = 12 // 4 kB: a topic may have hundreds of partitions
const mostKept = 48 * 1024 * 1024
/** By the power of two of their size. */
let spare: Buffer[][] = []
let kept = 0

/** At least so many bytes, with anything in them. */
export function takeRoom(bytes: number): Buffer {
  const power = Math.max(smallest, Math.ceil(Math.log2(Math.max(1, bytes))))
  const room = spare[power]?.pop()
  if (room === undefined) return Buffer.allocUnsafeSlow(2 ** power)
  kept -= room.length
  return room
}

/** Nobody reads or writes it any more. It is one that was taken, whole. */
export function giveRoom(room: Buffer): void {
  if (kept + room.length > mostKept) return
  const power = Math.log2(room.length)
  spare[power] ??= []
  spare[power].push(room)
  kept += room.length
}

/** Until there is much to send again. */
export function freeRoom(): void {
  spare = []
  kept = 0
}
