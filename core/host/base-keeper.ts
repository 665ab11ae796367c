import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { type Base, dropBase, dropBases, hasBase, listBases, writeBase } from '../log/base.ts'
import { type LogReader, openReader } from '../log/reader.ts'
import { listSegments } from '../log/segment.ts'
import type { Ahead } from '../stream/plant.ts'
import { isExact, NextBase } from '../views/base.ts'
import { nearestBase } from '../views/begin.ts'

const lookEvery: Millis = 2_000

/**
 * Keeps a base at the end of the oldest segment, so that the segment can go as soon as a bound asks for it: the path
 * over that one segment, from the base before it. One base ahead, whatever the number of segments.
 */
export class BaseKeeper {
  private readonly dir: string
  private readonly now: () => Millis
  private ahead: readonly Ahead[]
  private readonly reader: LogReader
  private lookedAt: Millis = Number.NEGATIVE_INFINITY
  private made: Offset | null = null
  private making: { readonly base: NextBase; at: Offset; readonly end: Offset } | null = null

  /** `ahead`: what a path that reads the kept log anew would know ahead, because a base is for such a one. */
  constructor(dir: string, now: () => Millis, ahead: readonly Ahead[] = []) {
    this.ahead = ahead
    this.dir = dir
    this.now = now
    this.reader = openReader(dir, { damaged: 'skip' })
  }

  /** Works for about `ms`, never past what the live path has saved. True: there is more to do at once. */
  work(saved: Offset, ms: Millis): boolean {
    this.making ??= this.look(saved)
    if (this.making === null) return false
    const until = this.now() + ms
    while (this.making !== null && this.now() < until) this.step(this.making)
    return this.making !== null
  }

  /** More is to be known ahead: bases beyond the beginning of the log are made again. */
  forget(ahead: readonly Ahead[]): void {
    this.ahead = ahead
    this.making = this.made = null
    const oldest = listSegments(this.dir)[0] ?? 0
    for (const next of listBases(this.dir)) if (next > oldest) dropBase(this.dir, next)
  }

  close(): void {
    this.reader.close()
  }

  private look(saved: Offset): typeof this.making {
    const now = this.now()
    if (now - this.lookedAt < lookEvery) return null
    this.lookedAt = now
    const [oldest, end] = listSegments(this.dir)
    if (oldest === undefined) return null
    dropBases(this.dir, oldest)
    if (end === undefined || end > saved || this.isMade(end)) return null
    return { base: new NextBase(baseAt(this.dir, oldest), this.ahead), at: oldest, end }
  }

  /** One that is damaged, or that another version made, is made again while the records for it are here. */
  private isMade(end: Offset): boolean {
    if (end === this.made) return true
    const base = baseAt(this.dir, end)
    if (base === null || !isExact(base)) return false
    this.made = end
    return true
  }

  private step(making: NonNullable<typeof this.making>): void {
    const block = this.reader.read(making.at)
    if (block === null || block.first >= making.end) {
      this.finish(making)
      return
    }
    const from = Math.max(0, making.at - block.first)
    making.base.step(block, from, block.n)
    making.at = block.first + block.n
    if (making.at >= making.end) this.finish(making)
  }

  private finish({ base, end }: NonNullable<typeof this.making>): void {
    this.making = null
    this.reader.close()
    try {
      writeBase(this.dir, base.finish(end))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error // tried again; the log says that it waits for it
    }
  }
}

function baseAt(dir: string, next: Offset): Base | null {
  if (!hasBase(dir, next)) return null
  const base = nearestBase(dir, next)
  return base instanceof FieldError ? null : base
}
