import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { Span } from './resume.ts'

/** So few that each of them can travel alone within one transaction. */
const carefulSpan = 50
/** Of more, it is first looked where among them something is rejected: each with care would take minutes. */
const nearSpan = 1_000

/** Remembers where the cluster rejected something: over that span batches are small, and sent with care. */
export class Suspects {
  private hunt: Span | null = null
  private found = false
  /** Batches are short up to here. */
  private nearUntil: Offset = 0
  /** What is rejected only together is sent in smaller batches from then on. */
  private span = Number.POSITIVE_INFINITY

  careful(from: Offset): boolean {
    return this.hunt !== null && from < this.hunt.to
  }

  /** How far a batch from `from` may reach. */
  limit(from: Offset, upto: Offset): Offset {
    return Math.min(upto, from + (this.careful(from) ? carefulSpan : this.span), this.nearLimit(from))
  }

  private nearLimit(from: Offset): Offset {
    return from < this.nearUntil ? from + nearSpan : Number.POSITIVE_INFINITY
  }

  /** Throws where care was taken already: then it is none of the records. */
  rejected({ from, to }: Span, cause: FieldError): void {
    if (this.careful(from))
      throw new FieldError(
        'kafka_rejected',
        `the cluster takes nothing of the records from ${from}: ${cause.message}`,
        {
          hint: 'Nothing is skipped. Look at the limits of the topics, then retry.',
          cause,
        },
      )
    if (to - from > nearSpan) {
      this.nearUntil = to
      return
    }
    this.hunt = { from, to }
    this.found = false
  }

  /** Everything before `to` is confirmed; `aside` of it were set aside. */
  passed(to: Offset, aside: number): void {
    if (this.hunt === null) return
    this.found ||= aside > 0
    if (to < this.hunt.to) return
    if (!this.found) this.span = Math.max(1, Math.floor((this.hunt.to - this.hunt.from) / 2))
    this.hunt = null
  }
}
