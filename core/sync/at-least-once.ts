import type { Offset } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { cutShort, stopped } from './resume.ts'
import { type KafkaRecord, PlainSender } from './sender.ts'
import type { Session, SessionOptions } from './session.ts'
import { atOnce, type Sending } from './set-aside.ts'
import { type Step, within } from './wait.ts'

const closeMs = 2_000

/**
 * For clusters without transactions, when a person chose it: a batch that was under way when we were stopped is sent
 * again, marked. Everything arrives, in order per device; at most that one batch arrives twice.
 */
export async function openAtLeastOnce(options: SessionOptions): Promise<Session> {
  const session = new AtLeastOnce(options)
  try {
    await session.open()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

class AtLeastOnce implements Session {
  readonly delivery = 'at least once'
  next: Offset
  readonly markedUntil: Offset
  private readonly o: SessionOptions
  private readonly sender: PlainSender
  private readonly shared: Offset | null
  private booked = false

  constructor(options: SessionOptions) {
    this.o = options
    this.sender = new PlainSender(options.kafka, options.form)
    const { acked, intent, shared } = options.ledger.place(options.destination, options.start)
    this.next = acked
    const doubted = Math.max(intent?.to ?? 0, shared ?? 0) // what it was copied from may have sent it
    options.ledger.markUntil(options.destination, doubted)
    this.markedUntil = options.ledger.markedUntil(options.destination)
    this.shared = shared
  }

  async open(): Promise<void> {
    if (this.shared !== null && this.next > this.shared)
      throw stopped(this.o.destination, cutShort(this.next, this.shared))
    this.o.doing('connecting')
    await this.step('connect', this.sender.connect())
    if (this.markedUntil <= this.next) this.book()
  }

  async deliver(batch: Batch, sending: Sending = atOnce): Promise<Batch> {
    this.o.ledger.intend(this.o.destination, batch, false)
    this.o.after?.('intent')
    this.o.doing('sending')
    const taken = await sending(batch, (records, packed) => this.step('send', this.sender.send(records, packed)))
    this.o.ledger.confirm(this.o.destination, taken, this.o.now())
    this.next = batch.to
    this.book()
    this.o.after?.('ack')
    if (!batch.full) await this.tell()
    return taken
  }

  async renew(to: Offset, also: readonly KafkaRecord[]): Promise<void> {
    if (also.length > 0) await this.step('send', this.sender.send(also))
    this.o.ledger.move(this.o.destination, { from: this.next, to })
    this.next = to
    await this.tell()
  }

  async takenOver(): Promise<boolean> {
    return false // without transactions nobody can be fenced
  }

  async close(): Promise<void> {
    const patience = AbortSignal.timeout(closeMs + 1_000)
    await within('connect', closeMs, patience, this.sender.close()).catch(() => {}) // it is thrown away either way
  }

  /** Only what is confirmed: what is sent together need not arrive together here. */
  private async tell(): Promise<void> {
    const status = this.o.status(this.next)
    if (status !== null) await this.step('send', this.sender.send([status]))
  }

  private book(): void {
    if (this.booked) return
    const { ledger, destination, facts, now } = this.o
    ledger.begin(destination, { next: this.next, cluster: facts.id, delivery: this.delivery, time: now() })
    this.booked = true
  }

  private async step<T>(step: Step, work: Promise<T>): Promise<T> {
    const result = await within(step, this.o.stepMs, this.o.signal, work)
    this.o.after?.(step)
    return result
  }
}
