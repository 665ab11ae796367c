import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Block } from '../contract/block.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Scratch } from './scratch.ts'
import { listSegments, segmentFile } from './segment.ts'
import { isDamage, SegmentReader, type Unpacked } from './segment-reader.ts'

/** Read-only, any number of them, in any thread or process; each call sees what was committed before it. */
export interface LogReader {
  readonly dir: string
  /** One past the newest record. */
  head(): Offset
  /** The oldest offset that is kept. */
  base(): Offset
  /** The clock of the log at its head; null while it is empty. */
  lastTime(): Millis | null
  firstTime(): Millis | null
  /**
   * The block that holds `from`, whole (its first may be less than `from`), or null at the head.
   * Throws FieldError offset_expired before the base, and log_damaged unless damage is skipped: then the next good
   * block comes, which begins after `from`. With a `room` it is good until that is used again.
   */
  read(from: Offset, room?: Scratch): Block | null
  /** All of [from, to) will be read, one block after the other: where the reader was given a way, they are unpacked ahead. */
  expect(from: Offset, to: Offset): void
  /** First offset at which the clock of the log (the latest arrival so far) had reached `time`; the head when none has. */
  offsetAt(time: Millis): Offset
  /** Records passed over because their block is damaged, as ranges [first, first + n). */
  skipped(): readonly { readonly first: Offset; readonly n: number }[]
  /** Bytes on disk. */
  bytes(): number
  close(): void
}

export interface ReaderOptions {
  readonly damaged?: 'stop' | 'skip'
  readonly ahead?: BlocksAhead
}

/** Unpacks what will be read while that which was read is worked on. Only a help: what it does not have is read without it. */
export interface BlocksAhead {
  begin(from: Offset, to: Offset): void
  /** The block that holds `from`, if it is there. Good until the next call. */
  take(from: Offset): Unpacked | null
  close(): void
}

/** Reads blocks as far as they can be without the names of their topics. */
export interface BlockUnpacker {
  /** As `LogReader.read` with damage skipped. */
  unpack(from: Offset, room: Scratch): Unpacked | null
  close(): void
}

const openAtOnce = 8

/** Opens the log of a directory; it may be empty, and may not exist yet. */
export function openReader(dir: string, options: ReaderOptions = {}): LogReader {
  return new OpenReader(dir, options)
}

export function openUnpacker(dir: string): BlockUnpacker {
  return new OpenReader(dir, { damaged: 'skip' })
}

class OpenReader implements LogReader, BlockUnpacker {
  readonly dir: string
  private readonly damaged: 'stop' | 'skip'
  private readonly ahead: BlocksAhead | null
  private firsts: Offset[]
  /** Open segments, the one used last at the end. */
  private readonly segments = new Map<Offset, SegmentReader>()
  private readonly clocks = new Map<Offset, Millis>()
  /** Arrival of the first record of a segment, which never changes: asking often must not keep it open. */
  private readonly oldest = new Map<Offset, Millis>()
  private readonly passed = new Map<Offset, number>()

  constructor(dir: string, { damaged = 'stop', ahead }: ReaderOptions) {
    this.dir = dir
    this.damaged = damaged
    this.ahead = ahead ?? null
    this.firsts = listSegments(dir)
  }

  head(): Offset {
    let active = this.newest()
    if (active === null) return 0
    for (;;) {
      const head = this.segment(active).head()
      if (head === active || !existsSync(segmentFile(this.dir, head))) return head
      this.release(active)
      this.firsts.push(head)
      active = head
    }
  }

  base(): Offset {
    this.list()
    return this.firsts[0] ?? 0
  }

  lastTime(): Millis | null {
    this.head()
    const newest = this.firsts.at(-1)
    const before = this.firsts.at(-2)
    if (newest === undefined) return null
    return this.segment(newest).last()?.t1 ?? (before === undefined ? null : this.clockAfter(before))
  }

  firstTime(): Millis | null {
    this.base()
    for (const first of this.firsts) {
      const time = this.oldest.get(first) ?? this.segment(first).after(0)?.t0
      if (time === undefined) continue
      this.oldest.set(first, time)
      return time
    }
    return null
  }

  read(from: Offset, room: Scratch | null = null): Block | null {
    return this.passing(from, (at) => {
      const found = this.ahead?.take(at) ?? this.unpackStrictly(at, room)
      return found === null ? null : this.segment(found.segment, at).blockOf(found)
    })
  }

  unpack(from: Offset, room: Scratch): Unpacked | null {
    return this.passing(from, (at) => this.unpackStrictly(at, room))
  }

  expect(from: Offset, to: Offset): void {
    this.ahead?.begin(from, to)
  }

  offsetAt(time: Millis): Offset {
    const head = this.head()
    const first = this.firsts[firstWhere(this.firsts.length, (i) => this.clockAfter(this.firsts[i]!) >= time)]
    return first === undefined ? head : this.offsetInSegment(this.segment(first), time)
  }

  skipped(): readonly { first: Offset; n: number }[] {
    return Array.from(this.passed, ([first, n]) => ({ first, n }))
  }

  bytes(): number {
    if (!existsSync(this.dir)) return 0
    let bytes = 0
    for (const name of readdirSync(this.dir))
      bytes += statSync(join(this.dir, name), { throwIfNoEntry: false })?.size ?? 0
    return bytes
  }

  close(): void {
    this.ahead?.close()
    for (const segment of this.segments.values()) segment.close()
    this.segments.clear()
  }

  /** What `look` answers at an offset, or behind damage there where that is skipped. */
  private passing<T>(from: Offset, look: (at: Offset) => T): T {
    for (let at = from; ; at = this.passOver(at))
      try {
        return look(at)
      } catch (error) {
        if (this.damaged === 'stop' || !isDamage(error)) throw error
      }
  }

  private unpackStrictly(from: Offset, room: Scratch | null): Unpacked | null {
    const first = this.segmentOf(from)
    if (first === null) return null
    const found = this.segment(first, from).unpack(from, room)
    if (found !== null) return found
    const head = this.head()
    if (from >= head) return null
    const now = this.segmentOf(from)
    if (now !== null && now !== first) return this.unpackStrictly(from, room)
    // A commit may have come between the two looks.
    return this.segment(first, from).unpack(from, room) ?? this.missing(from)
  }

  private missing(from: Offset): never {
    throw new FieldError('log_damaged', `${this.dir}: record ${from} is missing from its segment`, {
      hint: 'restore the file from a backup, or skip the damaged block',
    })
  }

  /** The offset behind what cannot be read at `from`. */
  private passOver(from: Offset): Offset {
    const first = this.segmentOf(from)!
    const end = this.firsts.find((other) => other > first) ?? this.head()
    const next = Math.max(from + 1, this.findPast(first, from, end))
    this.passed.set(from, next - from)
    return next
  }

  private findPast(first: Offset, from: Offset, end: Offset): Offset {
    try {
      return this.segment(first).nextBlock(from, end)
    } catch (error) {
      if (isDamage(error)) return end
      throw error
    }
  }

  /** The segment that holds an offset, as far as is known; null when there is none at all. */
  private segmentOf(offset: Offset): Offset | null {
    if (this.newest() === null) return null
    const at = firstWhere(this.firsts.length, (i) => this.firsts[i]! > offset) - 1
    if (at >= 0) return this.firsts[at]!
    throw this.expired(offset)
  }

  private expired(offset: Offset): FieldError {
    return new FieldError('offset_expired', `record ${offset} is no longer kept: the log begins at ${this.firsts[0]}`, {
      hint: 'start from there, or restore a backup that holds it',
    })
  }

  /** Lets go of what retention has dropped, which would take room as long as it is open, and of what is to be sealed. */
  private list(): void {
    this.firsts = listSegments(this.dir)
    const newest = this.firsts.at(-1)
    for (const first of this.segments.keys())
      if (first !== newest && (!this.firsts.includes(first) || isJournaled(this.dir, first))) this.release(first)
  }

  private newest(): Offset | null {
    if (this.firsts.length === 0) this.firsts = listSegments(this.dir)
    return this.firsts.at(-1) ?? null
  }

  /** `wanted`: the record that is asked for, when it is gone. */
  private segment(first: Offset, wanted = first): SegmentReader {
    if (first !== this.firsts.at(-1) && !existsSync(segmentFile(this.dir, first))) this.gone(wanted)
    const open = this.segments.get(first) ?? this.open(first, wanted)
    this.segments.delete(first)
    this.segments.set(first, open)
    for (const oldest of this.segments.keys()) if (this.segments.size > openAtOnce) this.release(oldest)
    return open
  }

  private open(first: Offset, wanted: Offset): SegmentReader {
    try {
      return new SegmentReader(this.dir, first)
    } catch (error) {
      if (existsSync(segmentFile(this.dir, first))) throw error
      return this.gone(wanted)
    }
  }

  private gone(wanted: Offset): never {
    this.list()
    throw this.expired(wanted)
  }

  /** A finished segment is let go, so that the writer can seal it. */
  private release(first: Offset): void {
    this.segments.get(first)?.close()
    this.segments.delete(first)
  }

  private clockAfter(first: Offset): Millis {
    const known = this.clocks.get(first)
    if (known !== undefined) return known
    const clock = this.segment(first).last()?.t1 ?? Number.POSITIVE_INFINITY
    if (first !== this.firsts.at(-1)) this.clocks.set(first, clock)
    return clock
  }

  private offsetInSegment(segment: SegmentReader, time: Millis): Offset {
    let low = segment.first
    let high = segment.last()?.first ?? low
    while (low < high) {
      const middle = segment.before(Math.floor((low + high) / 2))!
      if (middle.t1 >= time) high = middle.first
      else low = middle.first + middle.n
    }
    const block = this.read(low)
    if (block === null) return low
    const row = block.time.findIndex((at) => at >= time)
    return block.first + Math.max(0, row)
  }
}

function isJournaled(dir: string, first: Offset): boolean {
  return existsSync(`${segmentFile(dir, first)}-wal`)
}

/** The least i in [0, n) for which a monotone condition holds; n when for none. */
function firstWhere(n: number, holds: (i: number) => boolean): number {
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
