import { setImmediate as breath } from 'node:timers/promises'
import type { Millis, Offset } from '../contract/model.ts'
import type { Bandwidth } from './bandwidth.ts'
import { type Batch, type BatchOptions, type BatchSource, batchInPieces, nextBatch } from './batch.ts'
import { explain } from './failures.ts'
import type { Opening } from './opening.ts'
import { refusesOurClock } from './our-clock.ts'
import { Reach } from './reach.ts'
import type { Voice } from './record-format.ts'
import { packingOf } from './sender.ts'
import type { Session } from './session.ts'
import { atOnce, carefully, type Sending } from './set-aside.ts'
import { Suspects } from './suspects.ts'

export interface BatchesOptions {
  readonly source: BatchSource
  readonly voice: Voice
  readonly now: () => Millis
  readonly opening: Opening
  readonly bandwidth: Bandwidth
  readonly signal: AbortSignal
}

const mostRecords = 100_000
/** Without transactions a batch is what may come twice. */
export const small = { maxRecords: 1_000, maxBytes: 512 * 1024 }

/** What travels next: how much at once, and with how much care where the cluster rejected something. */
export class Batches {
  private readonly o: BatchesOptions
  private readonly suspects = new Suspects()
  private readonly reach = new Reach()
  /** Read already, while what is before it was on its way. */
  private ahead: Batch | null = null

  constructor(options: BatchesOptions) {
    this.o = options
  }

  /** Another session begins. */
  forget(): void {
    this.ahead = null
  }

  /** How far a batch from `from` may reach. */
  limit(from: Offset): Offset {
    return this.suspects.limit(from, this.o.source.upto())
  }

  next(from: Offset, limit: Offset, session: Session): Batch {
    const { ahead } = this
    this.ahead = null
    if (ahead?.from === from && ahead.to <= limit) return ahead
    return nextBatch(this.building(session, from), from, limit)
  }

  /** While a batch is on its way the next one is made, between the answers of the cluster. */
  async readAhead({ to, full }: Batch, session: Session): Promise<void> {
    const limit = this.o.source.upto()
    if (!full || to >= limit || this.suspects.careful(to)) return
    const pieces = batchInPieces(this.building(session, to), to, limit)
    for (let piece = pieces.next(); !this.o.signal.aborted; piece = pieces.next()) {
      if (piece.done) this.ahead = piece.value
      if (piece.done) return
      await breath()
    }
  }

  sending({ from }: Batch): Sending {
    if (!this.suspects.careful(from)) return atOnce
    const { voice, now, opening } = this.o
    const { topics } = opening.facts! // a session is open
    return carefully({ voice, now: now(), topics, explain: (error) => explain(error, opening.where()) })
  }

  /** It was taken, all but what its letters name. */
  taken({ to, full, letters }: Batch, ms: Millis): void {
    this.suspects.passed(to, letters.length)
    if (full) this.reach.took(ms)
  }

  /** What was sent of the batch is aborted with this session; the next one sends it with care. */
  rejected(batch: Batch, error: unknown): never {
    this.reach.failed()
    const ours = refusesOurClock(error, batch, this.o.now())
    if (ours !== null) throw ours
    const failure = explain(error, this.o.opening.where())
    if (failure.backoff === 'rejected') this.suspects.rejected(batch, failure.error)
    throw error
  }

  private building({ markedUntil, delivery }: Session, from: Offset): BatchOptions {
    const { source, voice, now, bandwidth, opening } = this.o
    const most = delivery === 'exactly once' ? { maxRecords: mostRecords, maxBytes: Infinity } : small
    const maxBytes = bandwidth.atOnce(Math.min(most.maxBytes, this.reach.bytes))
    const bounds = { markedUntil, maxRecords: most.maxRecords, maxBytes }
    const packing = this.suspects.careful(from) ? {} : { packing: packingOf(opening.form) }
    return { source, voice, now: now(), ...bounds, ...packing }
  }
}
