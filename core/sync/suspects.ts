import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { typesOf } from './cluster.ts'

/**
 * Finds the message that a cluster rejects: the batch that holds it is halved until it is alone, then its readings
 * travel as dead letters. Nothing is skipped: if even that is rejected, sync stops and says so.
 */
export class Suspects {
  /** Offsets set aside, and why. */
  readonly aside = new Map<Offset, string>()
  /** One of the records before is the one, and a batch may span this many. */
  private hunt: { readonly until: Offset; readonly span: number } | null = null

  /** How far a batch from `from` may reach. */
  limit(from: Offset, upto: Offset): Offset {
    return this.hunt === null ? upto : Math.min(upto, from + this.hunt.span)
  }

  rejected(batch: Batch, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : 'rejected by the cluster'
    const span = batch.to - batch.from
    if (batch.messages > 1 || (span > 1 && batch.letters.length === 0)) {
      this.hunt = { until: Math.max(batch.to, this.hunt?.until ?? 0), span: Math.max(1, Math.floor(span / 2)) }
      return
    }
    if (batch.messages === 0 || this.aside.has(batch.from)) {
      if (typesOf(cause).includes('INVALID_TIMESTAMP')) throw this.ourClock(batch, cause)
      throw new FieldError('kafka_rejected', `the cluster rejects what belongs to record ${batch.from}: ${reason}`, {
        hint: 'It is not skipped. Look at the limits of the topics (max.message.bytes), then retry.',
      })
    }
    this.aside.set(batch.from, reason)
  }

  /** A dead letter has the time of this machine: where that is refused too, no record is at fault and none is set aside. */
  private ourClock({ sent }: Batch, cause: unknown): FieldError {
    this.aside.clear()
    this.hunt = null
    const latest = new Date(sent.reduce((last, { time }) => Math.max(last, time), 0)).toISOString()
    return new FieldError('kafka_clock', `the cluster refuses the time of this machine, ${latest}`, {
      hint: 'Its clock is more than an hour ahead of the cluster. Correct it; sync goes on by itself.',
      cause,
    })
  }

  /** Everything before `to` is confirmed. */
  passed(to: Offset): void {
    const found = [...this.aside.keys()].filter((offset) => offset < to)
    for (const offset of found) this.aside.delete(offset)
    if (found.length > 0 || to >= (this.hunt?.until ?? 0)) this.hunt = null
  }
}
