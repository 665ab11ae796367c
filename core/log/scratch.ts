/**
 * A buffer that is used again: a fresh one of a megabyte costs a page fault for each of its pages, which is half of what
 * a large commit costs. What it gives is good until it is asked again, and holds whatever was in it before.
 */
export class Scratch {
  private buffer = new Uint8Array(0)

  take(size: number): Uint8Array<ArrayBuffer> {
    if (size > mostKept) return new Uint8Array(size)
    if (this.buffer.length < size) this.buffer = new Uint8Array(Math.min(mostKept, size * 2))
    return this.buffer.subarray(0, size)
  }
}

const mostKept = 4_194_304
