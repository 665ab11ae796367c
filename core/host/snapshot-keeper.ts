import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { dropSnapshot, listSnapshots, type Snapshot } from '../views/snapshot.ts'

const hour: Millis = 3_600_000
const day = 24 * hour
/** So far back there is one an hour, before that one a day. */
const dense = 2 * day
const share = 0.05

/** A snapshot, and the log time at which it stands. */
export interface Standing extends Snapshot {
  readonly time: Millis
}

/**
 * Keeps snapshots along the log, where a replay begins: one an hour for two days, one a day before that, fewer where
 * they would pass a twentieth of the log's bytes.
 */
export class SnapshotKeeper {
  private readonly dir: string
  private readonly log: LogReader
  private readonly part: number
  private standing: Standing[]
  /** Bytes that they may have together. */
  private room = Infinity

  /** `part`: of the log's bytes that they may have together. */
  constructor(dir: string, log: LogReader, part = share) {
    this.part = part
    this.dir = dir
    this.log = log
    this.standing = listSnapshots(dir).flatMap((one) => this.found(one))
  }

  /** Whether there should be one where the path stands, which has reached this log time: then save, take one, and call `took`. */
  isDue(next: Offset, time: Millis): boolean {
    if (next <= this.log.base()) return false
    const newest = this.standing.at(-1)
    if (newest === undefined) return true
    const isOld = (this.log.lastTime() ?? time) - time > dense
    const isLarge = 4 * newest.bytes > this.room // most would have to go again
    return time - newest.time >= (isOld || isLarge ? day : hour)
  }

  /** One was written, and stands here. */
  took({ next, time }: Pick<Standing, 'next' | 'time'>): void {
    const bytes = listSnapshots(this.dir).find((one) => one.next === next)?.bytes ?? 0
    this.standing.push({ next, bytes, time })
    this.thin()
  }

  private thin(): void {
    const now = this.log.lastTime() ?? 0
    this.room = this.part * bytesIn(this.log.dir)
    const gone = tooMany(this.standing, now, this.room)
    for (const { next } of this.standing) if (next < this.log.base()) gone.add(next)
    for (const next of gone) dropSnapshot(this.dir, next)
    // the newest is remembered when it had no room, so that it is not made again at once
    this.standing = this.standing.filter(({ next }, i) => !gone.has(next) || i === this.standing.length - 1)
  }

  /** With its time; one that does not lie in this log is of another. */
  private found(one: Snapshot): readonly Standing[] {
    const block = one.next < this.log.head() && one.next >= this.log.base() ? this.log.read(one.next) : null
    if (block === null || block.first > one.next) return []
    return [{ ...one, time: block.time[one.next - block.first]! }]
  }
}

/** Those that should go, oldest first: a second one of its hour or day, then one after the other whose neighbours are closest. */
export function tooMany(standing: readonly Standing[], now: Millis, room: number): Set<Offset> {
  const gone = new Set<Offset>()
  const slots = new Set<string>()
  for (const { next, time } of standing) {
    const every = now - time > dense ? day : hour
    const slot = `${every} ${Math.floor(time / every)}`
    if (slots.has(slot)) gone.add(next)
    slots.add(slot)
  }
  const left = standing.filter(({ next }) => !gone.has(next))
  while (left.length > 0 && sizeOf(left) > room) gone.add(left.splice(closest(left), 1)[0]!.next)
  return gone
}

function sizeOf(standing: readonly Standing[]): number {
  return standing.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Which one is missed least; not the newest, unless it is alone. */
function closest(standing: readonly Standing[]): number {
  let found = 0
  let least = Infinity
  for (let i = 0; i < standing.length - 1; i++) {
    const after = standing[i + 1]!.time - standing[i]!.time
    const span = after + (i === 0 ? after : standing[i]!.time - standing[i - 1]!.time)
    if (span >= least) continue
    least = span
    found = i
  }
  return found
}

function bytesIn(dir: string): number {
  let bytes = 0
  for (const name of readdirSync(dir)) bytes += statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
