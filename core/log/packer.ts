import { constants, ZstdCompress, zstdCompressSync } from 'node:zlib'
import { Scratch } from './scratch.ts'
import { type Handle, isHandle } from './zstd-handle.ts'

/**
 * A window of 128 KB stays in the processor's cache. Its table of places is left as it is: one of 2,048 packs messages
 * that are all alike 3 % smaller, and those of 50 kinds of device 70 % larger.
 */
const packing = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 17, [constants.ZSTD_c_minMatch]: 7 },
}

/**
 * zstd, into one buffer with one context for all that is packed: node:zlib makes a context for each call, and its output
 * in pieces, which costs 25 to 70 us a block of 1,000 records, and up to twice that between other work. Where node:zlib
 * has no such handle inside, each call is one of its own.
 */
export class Packer {
  private readonly scratch = new Scratch()
  private handle: Handle | null

  constructor(open: () => Handle | null = openHandle) {
    this.handle = open()
  }

  /** Whether it packs with one context. */
  get isKept(): boolean {
    return this.handle !== null
  }

  /** One frame, behind `room` bytes that are for the caller to fill. Good until the next call. */
  pack(bytes: Uint8Array, room: number): Uint8Array {
    const into = this.scratch.take(room + bound(bytes.length))
    const size = this.handle === null ? null : this.frame(this.handle, bytes, into, room)
    if (size !== null) return into.subarray(0, room + size)
    this.handle = null
    const packed = zstdCompressSync(bytes, packing)
    into.set(packed, room)
    return into.subarray(0, room + packed.length)
  }

  /** Null when it was not done in one go, as it is when there is room for any outcome. */
  private frame({ _handle, _writeState }: Handle, bytes: Uint8Array, into: Uint8Array, at: number): number | null {
    const room = into.length - at
    _handle.writeSync(constants.ZSTD_e_end, bytes, 0, bytes.length, into, at, room)
    const [left, unread] = _writeState
    return unread === 0 && left !== undefined && left > 0 ? room - left : null
  }
}

function openHandle(): Handle | null {
  const zstd = new ZstdCompress(packing)
  return isHandle(zstd) ? zstd : null
}

/** More than zstd can ever make of so many bytes. */
function bound(size: number): number {
  return size + (size >>> 8) + 1_024
}
