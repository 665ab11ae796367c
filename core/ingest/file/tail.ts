import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

/** Where a line ends: in which file, how many bytes in, and what that file begins with, because a number of a file is used again. */
export interface Place {
  readonly file: string
  readonly at: number
  readonly begins: number
}

export interface TailLine extends Place {
  readonly bytes: Uint8Array
}

export interface Tail {
  /** Lines that are whole. `more`: there may be others at once. Throws what the system says when the file cannot be read. */
  read(max: number): { readonly lines: readonly TailLine[]; readonly more: boolean }
  /** The lines of the last read come again. */
  back(): void
  close(): void
}

const chunk = 262_144
/** A line that does not end is cut here. */
const maxLine = 1_000_000
const beginning = 64
const newline = 0x0a
const packed = /\.(gz|zst|xz|bz2|zip)$/

/** Follows the file at a path from a place on; null: from its beginning. What was renamed is read to its end first. */
export function openTail(path: string, from: Place | null): Tail {
  return new FollowedFile(path, from)
}

class FollowedFile implements Tail {
  private readonly path: string
  private wanted: Place | null
  private fd: number | null = null
  private file = ''
  private at = 0
  private begins = 0
  private before = 0

  constructor(path: string, from: Place | null) {
    this.path = path
    this.wanted = from
  }

  read(max: number): { lines: readonly TailLine[]; more: boolean } {
    if (this.fd === null) this.open()
    const fd = this.fd!
    const { size } = fstatSync(fd)
    if (size < this.at) this.at = 0 // it was emptied and is written anew
    this.before = this.at
    const left = size - this.at
    const bytes = Buffer.alloc(Math.min(left, Math.max(chunk, maxLine)))
    const n = bytes.length === 0 ? 0 : readSync(fd, bytes, 0, bytes.length, this.at)
    const replaced = left <= bytes.length && this.isReplaced()
    const lines = this.cut(bytes.subarray(0, n), max, replaced)
    if (lines.length === 0 && replaced && n === 0) return { lines, more: this.next() }
    return { lines, more: lines.length > 0 }
  }

  back(): void {
    this.at = this.before
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd)
    this.fd = null
  }

  /** `last`: nobody writes to this file any more, so that its last line is whole too. */
  private cut(bytes: Buffer, max: number, last: boolean): readonly TailLine[] {
    const lines: TailLine[] = []
    let from = 0
    while (lines.length < max && from < bytes.length) {
      const end = bytes.indexOf(newline, from)
      if (end < 0 && !last && bytes.length - from < maxLine) break
      const to = end < 0 ? bytes.length : end
      this.at += to - from + (end < 0 ? 0 : 1)
      if (this.begins === 0) this.begins = this.beginsWith(this.fd!)
      const text = bytes[to - 1] === 0x0d ? bytes.subarray(from, to - 1) : bytes.subarray(from, to)
      if (text.length > 0) lines.push({ bytes: text, file: this.file, at: this.at, begins: this.begins })
      from = end < 0 ? to : end + 1
    }
    return lines
  }

  private open(): void {
    const renamed = this.wanted === null ? null : this.renamed(this.wanted)
    const fd = openSync(renamed ?? this.path, 'r')
    this.use(fd)
    const { wanted } = this
    if (wanted !== null && wanted.file === this.file && (wanted.at === 0 || wanted.begins === this.beginsWith(fd))) {
      this.at = wanted.at
      this.begins = wanted.begins
    }
    this.wanted = null
  }

  private use(fd: number): void {
    this.close()
    this.fd = fd
    this.file = idOf(fstatSync(fd, { bigint: true }))
    this.at = 0
    this.begins = 0
  }

  /** The file that was followed before, under the name that it has now; null: it is still at its path, or gone. */
  private renamed({ file, begins }: Place): string | null {
    if (idAt(this.path) === file) return null
    const folder = dirname(this.path)
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (idAt(path) !== file) continue
      const fd = openSync(path, 'r')
      const same = begins === this.beginsWith(fd)
      closeSync(fd)
      if (same) return path
    }
    return null
  }

  private isReplaced(): boolean {
    const now = idAt(this.path)
    return now !== null && now !== this.file
  }

  /** Goes on in the file that was written next: the one at the path, or one that has its name with an addition by now. */
  private next(): boolean {
    const { mtimeNs } = fstatSync(this.fd!, { bigint: true })
    const folder = dirname(this.path)
    let next = { path: this.path, time: statSync(this.path, { bigint: true }).mtimeNs }
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(basename(this.path)) || packed.test(name)) continue
      const path = join(folder, name)
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (stats === undefined || idOf(stats) === this.file || stats.mtimeNs <= mtimeNs) continue
      if (stats.mtimeNs < next.time) next = { path, time: stats.mtimeNs }
    }
    this.use(openSync(next.path, 'r'))
    return true
  }

  /** 0: it is empty. */
  private beginsWith(fd: number): number {
    const bytes = Buffer.alloc(beginning)
    const n = readSync(fd, bytes, 0, beginning, 0)
    const end = bytes.subarray(0, n).indexOf(newline)
    return n === 0 ? 0 : crc32(bytes.subarray(0, end < 0 ? n : end)) || 1
  }
}

function idAt(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats?.isFile() ? idOf(stats) : null
}

function idOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}
