import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { BatchSource } from './batch.ts'
import { inLine } from './lines.ts'
import { alertRecords, type Voice } from './record-format.ts'
import { resent } from './send-again.ts'
import type { KafkaRecord, Origin } from './sender.ts'

interface Wish {
  readonly of: Origin
  /** What they carry as `edge-resend`. */
  readonly id: string
  readonly granted: PromiseWithResolvers<void>
}

export interface WishesOptions {
  readonly source: BatchSource
  readonly voice: Voice
  readonly now: () => Millis
}

/** Alerts that a person has sent once more: by the loop itself, so that no older state of one overtakes a newer. */
export class Wishes {
  private readonly o: WishesOptions
  private readonly open: Wish[] = []

  constructor(options: WishesOptions) {
    this.o = options
  }

  /** Resolves once it is sent. Rejects when the cluster would not take it. */
  async ask(of: Origin, id: string, signal: AbortSignal): Promise<void> {
    const granted = Promise.withResolvers<void>()
    const wish = { of, id, granted }
    const stopped = () => granted.reject(new FieldError('stopped', 'sync was stopped'))
    signal.addEventListener('abort', stopped)
    this.open.push(wish)
    try {
      await granted.promise
    } finally {
      signal.removeEventListener('abort', stopped)
      const at = this.open.indexOf(wish)
      if (at >= 0) this.open.splice(at, 1)
    }
  }

  /** Sends all that are open, as they stand before `at`. */
  async grant(at: Offset, send: (records: readonly KafkaRecord[]) => Promise<void>): Promise<void> {
    for (let wish = this.open.shift(); wish !== undefined; wish = this.open.shift())
      try {
        await send(this.asOf(wish, at))
        wish.granted.resolve()
      } catch (error) {
        wish.granted.reject(error)
        throw error
      }
  }

  /** Its topic holds the newest state of each alert, so it is sent as it is by now. */
  private asOf({ of, id }: Wish, at: Offset): readonly KafkaRecord[] {
    const { source, voice, now } = this.o
    const then = source.changes({ from: of.offset, to: of.offset + 1 }).find(({ seq }) => seq === of.index)
    const change = then === undefined ? null : source.newestChange(then.alert.id, at)
    if (change === null) return []
    const own = inLine(voice, change.transition.offset).voice
    return alertRecords(own, change, now(), false).map((record) => resent(record, id))
  }
}
