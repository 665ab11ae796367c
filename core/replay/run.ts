import { existsSync } from 'node:fs'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { Scratch } from '../log/scratch.ts'
import type { Path } from '../stream/path.ts'
import type { Ahead } from '../stream/plant.ts'
import { type Begun, beginViews } from '../views/begin.ts'
import { nearestSnapshot } from '../views/snapshot.ts'
import type { ViewWriter } from '../views/writer.ts'
import type { Span } from './span.ts'

export interface RunOptions {
  readonly log: LogReader
  /**
   * What it is about. The path begins before it, at the nearest snapshot, else at the base of the log, because what it
   * has learned comes from there.
   */
  readonly span: Span
  /** Directory of the snapshots along the log; absent: from its base. */
  readonly snapshots?: string
  /** The mappings that it knows ahead. Default: those that the log holds by now. */
  readonly ahead?: readonly Ahead[]
  /** A file of its own: a run never writes into views that are there already. */
  readonly scratch: string
}

/** The path over the log once more, into scratch views: nothing is notified or sent, and no live view changes. */
export interface Run {
  /** The record from which on its views hold everything. */
  readonly from: Offset
  /** Records read so far, and in all. */
  readonly done: number
  readonly total: number
  /** Reads on for about so many records, in whole blocks. False when it has come to the end. */
  step(records: number): boolean
  /** Flushes and closes the scratch views, which then can be asked like any others. Removing them is for the caller. */
  close(): void
}

const flushRecords = 200_000

/** Throws `bad_input` when the scratch file exists. */
export function startRun({ log, span, scratch, snapshots, ahead }: RunOptions): Run {
  if (existsSync(scratch))
    throw new FieldError('bad_input', `${scratch} is there already; a replay writes into a new file only`, {
      path: 'scratch',
    })
  const start = snapshots === undefined ? null : nearestSnapshot(snapshots, log.base(), span.from)
  return new ScratchRun(log, span, beginViews(scratch, log, { start, ...(ahead === undefined ? {} : { ahead }) }))
}

class ScratchRun implements Run {
  readonly total: number
  private readonly log: LogReader
  /** For the block in hand. */
  private readonly room = new Scratch()
  private readonly span: Span
  private readonly views: ViewWriter
  private readonly path: Path
  readonly from: Offset
  private next: Offset
  private unflushed = 0

  constructor(log: LogReader, span: Span, { views, path }: Begun) {
    this.log = log
    this.span = span
    this.views = views
    this.path = path
    this.next = this.from = Math.max(path.next, log.base())
    this.total = Math.max(0, span.to - this.from)
    log.expect(this.from, span.to)
  }

  get done(): number {
    return this.next - this.from
  }

  step(records: number): boolean {
    const until = this.next + records
    while (this.next < this.span.to && this.next < until) if (!this.stepBlock()) return false
    return this.next < this.span.to
  }

  close(): void {
    this.views.close()
  }

  private stepBlock(): boolean {
    const block = this.log.read(this.next, this.room)
    if (block === null) return false
    const to = Math.min(block.n, this.span.to - block.first)
    this.path.step(block, Math.max(0, this.next - block.first), to, this.views) // behind damage it begins later
    this.unflushed += block.first + to - this.next
    this.next = block.first + to
    if (this.unflushed >= flushRecords) this.flush()
    return true
  }

  private flush(): void {
    this.views.flush()
    this.unflushed = 0
  }
}
