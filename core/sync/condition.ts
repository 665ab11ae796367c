import type { Millis } from '../contract/model.ts'
import { type Condition, installationRecord, type Voice } from './record-format.ts'
import type { KafkaRecord } from './sender.ts'

interface ConditionOptions {
  readonly voice: Voice
  readonly condition: () => Condition
  readonly now: () => Millis
  readonly everyMs: Millis
}

/** Tells how this installation is: with what is sent anyway, and by itself when there is news; never more often than `everyMs`. */
export class ConditionTelling {
  private readonly o: ConditionOptions
  // Of a clock that is never set.
  private toldAt: Millis = Number.NEGATIVE_INFINITY
  private lookedAt: Millis = Number.NEGATIVE_INFINITY
  private told = ''

  constructor(options: ConditionOptions) {
    this.o = options
  }

  /** Looking costs a query, so it is done as rarely as telling. */
  hasNews(): boolean {
    const { condition, everyMs } = this.o
    if (performance.now() - Math.max(this.toldAt, this.lookedAt) < everyMs) return false
    this.lookedAt = performance.now()
    return newsIn(condition()) !== this.told
  }

  /** To be sent now; empty when it was told a moment ago. */
  records(): readonly KafkaRecord[] {
    const { voice, condition, now, everyMs } = this.o
    if (performance.now() - this.toldAt < everyMs) return []
    this.toldAt = performance.now()
    const whole = condition()
    this.told = newsIn(whole)
    return [installationRecord(voice, whole, now())]
  }
}

/** What of it is worth a record of its own: states, and how many alerts are open. */
function newsIn({ sources, alerts, destinations }: Condition): string {
  const states = (all: readonly { readonly name: string; readonly state: string }[]) =>
    all.map(({ name, state }) => [name, state])
  return JSON.stringify([states(sources), alerts, states(destinations)])
}
