import { constants, ZstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { Scratch } from './scratch.ts'
import { type Handle, isHandle } from './zstd-handle.ts'

/** What is exactly as long as the room for it ends in another step, and fresh pieces would be put together by a copy. */
const spareBytes = 64
const untold = 0xffffffff

/**
 * zstd back to what was packed. Into a room that is used again it is one context for all: fresh memory for each block is
 * collected by whole rounds of the heap, which cost as much as all else that sending does.
 */
export class Unpacker {
  private handle: Handle | null

  constructor(open: () => Handle | null = openHandle) {
    this.handle = open()
  }

  /** Throws what node:zlib throws on what is no such frame, and where it holds more than `size`. */
  unpack(packed: Uint8Array, size: number, room: Scratch | null): Uint8Array {
    const kept = room === null ? null : this.intoRoom(packed, room.take(size + spareBytes))
    return kept ?? zstdDecompressSync(packed, { maxOutputLength: size, chunkSize: size + spareBytes })
  }

  /** Null where it was not done in one go: it is damaged, and whoever looks again says how. */
  private intoRoom(packed: Uint8Array, room: Uint8Array): Uint8Array | null {
    if (this.handle === null) return null
    const { _handle, _writeState } = this.handle
    _writeState.fill(untold) // where it fails nothing is said there
    _handle.writeSync(constants.ZSTD_e_end, packed, 0, packed.length, room, 0, room.length)
    const [left, over] = _writeState
    if (over === 0 && left === spareBytes) return room.subarray(0, room.length - left)
    this.handle = openHandle()
    return null
  }
}

function openHandle(): Handle | null {
  const zstd = new ZstdDecompress()
  zstd.on('error', () => {}) // said by `zstdDecompressSync`, which is asked then
  return isHandle(zstd) ? zstd : null
}
