import { chmodSync, statfsSync, statSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import type { GiveUp } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { hasBase } from './base.ts'
import { keptFrom, letGoBefore } from './catalogue.ts'
import { listSegments, segmentFile } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'

/** What the log may take of the disk. */
export interface Bounds {
  /** Null: a tenth of the disk, at most 20 GB. */
  readonly maxBytes: number | null
  readonly minFreeBytes: number
  /** Age of a segment's newest record, against the clock of the log; null: any. */
  readonly maxAge: Millis | null
  /** What may go, first to last. */
  readonly giveUp: readonly GiveUp[]
}

/** Somebody who has everything before an offset, and needs the rest. */
export interface Reader {
  /** Null: the views. */
  readonly destination: string | null
  readonly offset: Offset
  /** It may have to do without. */
  readonly optional?: boolean
}

/** Records that went before a destination had them. */
export interface Lost {
  readonly destination: string
  readonly from: Offset
  /** One past the last offset. */
  readonly to: Offset
}

/** What else can make room, and who is told what it cost. */
export interface Surroundings {
  /** Whether there was one. */
  dropSnapshot(): boolean
  lost(lost: Lost): void
}

export const alone: Surroundings = { dropSnapshot: () => false, lost: () => {} }

/** Most bytes that the log takes by itself on a disk of this size. */
export function limitBytes(maxBytes: number | null, diskBytes: number): number {
  return maxBytes ?? Math.min(diskBytes / 10, 20e9)
}

/**
 * Lets the oldest finished segments go while a bound asks for it: never the active one, never past a reader that may not
 * do without, never before the base at the next segment is durable. Answers who holds a segment that should go.
 */
export async function letGo(
  dir: string,
  bounds: Bounds,
  readers: readonly Reader[],
  clock: Millis,
  isSealing: (first: Offset) => boolean,
  around: Surroundings,
): Promise<Reader | null> {
  await finish(dir)
  for (;;) {
    const firsts = listSegments(dir)
    const [oldest, next] = firsts
    const why = reasonToGo(dir, firsts, bounds, clock)
    if (oldest === undefined || why === null) return null
    const lacking = readers.filter((reader) => next !== undefined && reader.offset < next)
    const holder = lacking.find((reader) => !maySpare(reader, why, bounds))
    const stays = next === undefined || holder !== undefined
    if (why === 'room' && snapshotsFirst(stays ? null : costOf(lacking), bounds) && around.dropSnapshot())
      return holder ?? null
    if (stays) return holder ?? null
    if (!hasBase(dir, next)) return { destination: null, offset: oldest }
    if (isSealing(oldest)) return null
    letGoBefore(dir, next)
    await remove(segmentFile(dir, oldest))
    for (const { destination, offset } of lacking)
      if (destination !== null) around.lost({ destination, from: Math.max(offset, oldest), to: next })
    if (why === 'room') return null // a reader may still hold the bytes: they count when it has let go
  }
}

function maySpare({ destination, optional }: Reader, why: Why, { giveUp }: Bounds): boolean {
  if (destination === null) return false
  return optional === true ? giveUp.includes('optional') : why === 'room' && giveUp.includes('required')
}

/** What it is that would go with a segment, from which these lack something. */
function costOf(lacking: readonly Reader[]): GiveUp {
  if (lacking.length === 0) return 'sent'
  return lacking.every(({ optional }) => optional === true) ? 'optional' : 'required'
}

/** Null: no segment can go. */
function snapshotsFirst(cost: GiveUp | null, { giveUp }: Bounds): boolean {
  const at = giveUp.indexOf('snapshots')
  return at >= 0 && (cost === null || at < giveUp.indexOf(cost))
}

/** What could not be removed before, because a reader had it open. */
async function finish(dir: string): Promise<void> {
  const begins = keptFrom(dir)
  for (const first of listSegments(dir)) if (first < begins) await remove(segmentFile(dir, first))
}

/** In a thread of the pool: 40 to 110 ms for a whole segment. */
async function remove(file: string): Promise<void> {
  if (process.platform === 'win32') chmodSync(file, 0o666)
  await unlink(file).catch((error: NodeJS.ErrnoException) => {
    if (!['EBUSY', 'EPERM', 'EACCES', 'ENOENT'].includes(error.code ?? '')) throw error // open on Windows: tried again
  })
}

type Why = 'size' | 'age' | 'room'

function reasonToGo(dir: string, firsts: readonly Offset[], bounds: Bounds, clock: Millis): Why | null {
  const { bavail, blocks, bsize } = statfsSync(dir)
  if (bytesOf(dir, firsts) > limitBytes(bounds.maxBytes, blocks * bsize)) return 'size'
  if (bounds.maxAge !== null && firsts.length > 1 && clock - newestIn(dir, firsts[0]!) > bounds.maxAge) return 'age'
  return bavail * bsize < bounds.minFreeBytes ? 'room' : null
}

function bytesOf(dir: string, firsts: readonly Offset[]): number {
  let bytes = 0
  for (const first of firsts) bytes += statSync(segmentFile(dir, first), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}

function newestIn(dir: string, first: Offset): Millis {
  const segment = new SegmentReader(dir, first)
  try {
    return segment.last()?.t1 ?? Number.NEGATIVE_INFINITY
  } finally {
    segment.close()
  }
}
