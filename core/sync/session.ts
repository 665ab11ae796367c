import type { Kafka } from 'kafkajs'
import type { SyncDoing } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { type Checkpoint, type ClusterFacts, patiently, readCheckpoint, signature } from './cluster.ts'
import { onVerdict, type Verdict } from './coordinator.ts'
import { lastStatus } from './last-status.ts'
import type { Ledger } from './ledger.ts'
import { type Place, type Resume, resume, type Seen, stopped } from './resume.ts'
import { type Form, type KafkaRecord, type ProducerName, TransactionSender } from './sender.ts'
import { atOnce, type Sending } from './set-aside.ts'
import { type Step, sleep, within } from './wait.ts'

/** One life of a producer. After any error it must be closed; the next one finds out what had arrived. */
export interface Session {
  readonly delivery: 'exactly once' | 'at least once'
  /** Offset of the first record that is not confirmed. */
  readonly next: Offset
  /** Records before this offset may have arrived already: they carry `edge-maybe-dup`. */
  readonly markedUntil: Offset
  /** `batch.from` must be `next`. Resolves, to what was taken of it, when it is confirmed by the cluster and booked here. */
  deliver(batch: Batch, sending?: Sending): Promise<Batch>
  /** Moves the checkpoint over records that hold nothing to send, so that it does not expire; `also` travels with it. */
  renew(to: Offset, also: readonly KafkaRecord[]): Promise<void>
  /** Whether another installation has taken over since: asked after the cluster has fenced us, and before the next one is opened. */
  takenOver(): Promise<boolean>
  close(): Promise<void>
}

export interface SessionOptions {
  readonly destination: string
  readonly kafka: Kafka
  readonly form: Form
  readonly facts: ClusterFacts
  readonly name: ProducerName
  readonly ledger: Ledger
  /** First offset to send when nothing was ever sent. */
  readonly start: Offset
  /** Made anew at each start of the program. */
  readonly instance: string
  readonly now: () => Millis
  readonly signal: AbortSignal
  readonly stepMs: Millis
  readonly transactionMs: Millis
  /** Before each part of the work, for the screen. */
  readonly doing: (what: SyncDoing) => void
  /** A record that says that we are at `next`; null where the cluster has no topic for it. */
  readonly status: (next: Offset) => KafkaRecord | null
  /** After each step; for tests that must stop in between. */
  readonly after?: ((step: Step) => void) | undefined
}

const closeMs = 2_000
/** Where the coordinator cannot be asked whether all partitions have been told, they have been after this. */
const markersMs = 300
const flushTries = 4
const flushAgainMs = 1_000

/**
 * Exactly once: records, and the offset up to which they reach, in one transaction; here an intent before and an
 * acknowledgement after. Neither side alone is trusted: a cluster that loses power can lose a confirmed commit.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const session = new ExactlyOnce(options)
  try {
    await session.open()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

class ExactlyOnce implements Session {
  readonly delivery = 'exactly once'
  next: Offset = 0
  private readonly o: SessionOptions
  private readonly sender: TransactionSender
  private readonly signed: string
  /** Who had written the checkpoint when we came. */
  private before: string | null = null
  /** The ledger knows of this session. */
  private booked = false

  constructor(options: SessionOptions) {
    this.o = options
    this.sender = new TransactionSender(options.kafka, options.name, options.form, options.transactionMs)
    this.signed = signature(options.instance, options.ledger.identity.log)
    onVerdict(options.name.transactionalId, {
      asking: () => options.doing('asking how its last transaction ended'),
      heard: (verdict) => options.ledger.judge(options.destination, verdict),
      asked: () => options.doing('fencing older senders'),
    })
  }

  get markedUntil(): Offset {
    return this.o.ledger.markedUntil(this.o.destination)
  }

  async open(): Promise<void> {
    this.o.doing('connecting')
    await this.step('connect', this.sender.connect())
    await this.begin() // fences and aborts; only then does the checkpoint stand still
    const checkpoint = await this.checkpoint()
    this.before = checkpoint?.instance ?? null
    const verdict = this.o.ledger.verdict(this.o.destination)
    const settled = verdict === null ? checkpoint : await this.flush(verdict)
    await this.settle({ checkpoint: settled, flushed: verdict !== null })
  }

  /** Asks the cluster for what is missing until it is known where to go on. */
  private async settle(seen: Seen): Promise<void> {
    const decided = this.decide(seen)
    if (decided.kind === 'flush') return this.settle({ checkpoint: await this.flush(decided.verdict), flushed: true })
    if (decided.kind === 'ask') return this.settle({ ...seen, told: await this.lastStatus() })
    return this.follow(decided)
  }

  async deliver(batch: Batch, sending: Sending = atOnce): Promise<Batch> {
    const status = this.o.status(batch.to)
    this.o.ledger.intend(this.o.destination, batch, status !== null)
    this.done('intent')
    this.o.doing('sending')
    const whole = status === null ? batch : { ...batch, sent: [...batch.sent, status] }
    // The coordinator takes milliseconds to write it. With care more may be sent, so there it comes behind all.
    const tell = sending === atOnce ? () => this.tell(batch.to) : undefined
    const taken = await sending(whole, (records, packed) => this.step('send', this.sender.send(records, packed, tell)))
    this.o.doing('committing')
    await this.commit(batch.to)
    this.o.ledger.confirm(this.o.destination, taken, this.o.now())
    this.next = batch.to
    this.book()
    this.done('ack')
    await this.begin()
    return taken
  }

  async renew(to: Offset, also: readonly KafkaRecord[]): Promise<void> {
    this.o.doing('renewing its checkpoint')
    const span = { from: this.next, to }
    const status = this.o.status(to)
    const empty = { ...span, records: 0, bytes: 0, maybeTwice: 0, letters: [] }
    this.o.ledger.intend(this.o.destination, empty, status !== null)
    const sent = status === null ? also : [...also, status]
    if (sent.length > 0) await this.step('send', this.sender.send(sent))
    await this.commit(to)
    this.o.ledger.move(this.o.destination, span)
    this.next = to
    this.book()
    await this.begin()
  }

  async takenOver(): Promise<boolean> {
    const checkpoint = await this.checkpoint()
    if (checkpoint === null || checkpoint.instance === null) return false
    const { next, instance } = checkpoint
    const { ledger, destination, start } = this.o
    const isOlder = next < ledger.place(destination, start).acked // of a cluster that went back in time
    return !isOlder && instance !== this.o.instance && instance !== this.before
  }

  async close(): Promise<void> {
    const patience = AbortSignal.timeout(closeMs + 1_000)
    await within('connect', closeMs, patience, this.sender.close()).catch(() => {}) // it is thrown away either way
  }

  private decide(seen: Seen): Resume {
    const { ledger, destination, start } = this.o
    const place: Place = ledger.place(destination, start)
    // Without transactions no checkpoint was written meanwhile: what stands there is old.
    const old = ledger.session(destination).delivery === 'at least once'
    return resume(place, old ? { ...seen, checkpoint: null, told: null } : seen, ledger.identity.log)
  }

  private async lastStatus(): Promise<Offset | null> {
    const { kafka, status, signal, doing } = this.o
    const record = status(0)
    if (record === null) return null
    doing('looking for its last status')
    const patience = AbortSignal.any([signal, AbortSignal.timeout(this.o.stepMs)]) // it would wait for others' transactions
    return this.step('status', lastStatus(kafka, record.topic, record.key, patience))
  }

  private async follow(decided: Exclude<Resume, { kind: 'flush' | 'ask' }>): Promise<void> {
    switch (decided.kind) {
      case 'start':
        await this.startAt(decided.next)
        return
      case 'go':
        await this.goOn(decided.next)
        return
      case 'marked':
        this.next = decided.next
        this.o.ledger.markUntil(this.o.destination, decided.until)
        return
      case 'stop':
        throw stopped(this.o.destination, decided)
    }
  }

  private async startAt(next: Offset): Promise<void> {
    this.o.doing('writing its first checkpoint')
    await this.commit(next)
    await this.begin()
    await this.goOn(next)
  }

  private async goOn(next: Offset): Promise<void> {
    this.next = next
    if (this.isAnothers()) {
      await this.commit(next) // replaces the old checkpoint before the ledger trusts it
      await this.begin()
    }
    this.book()
  }

  /** The checkpoint is from before transactions were left out for a while, or from the log that this one was copied from. */
  private isAnothers(): boolean {
    const { ledger, destination, start } = this.o
    return ledger.session(destination).delivery === 'at least once' || ledger.place(destination, start).shared !== null
  }

  /** Decides whatever an older transaction left hanging; resolves to what the cluster says afterwards. */
  private async flush(verdict: Verdict): Promise<Checkpoint | null> {
    const { facts, signal, ledger, destination, start } = this.o
    const { acked } = ledger.place(destination, start)
    for (let tries = 1; ; tries++) {
      this.o.doing('settling its last transaction')
      await this.step('flush', this.sender.flush(facts, verdict, signal))
      await sleep(markersMs, signal)
      const after = await this.checkpoint()
      await this.begin()
      // A cluster that is still starting can lose these markers too; what it had decided to keep must come back.
      const lost = verdict === 'commit' && after !== null && after.next < acked
      if (!lost || tries === flushTries) return after
      await sleep(flushAgainMs, signal)
    }
  }

  /** Beside what is sent; `commit` waits for it, and fails where it failed. */
  private tell(next: Offset): void {
    this.sender.offset(next, this.signed).catch(() => {})
  }

  private async commit(next: Offset): Promise<void> {
    await this.step('offsets', this.sender.offset(next, this.signed))
    await this.step('commit', this.sender.commit())
  }

  private begin(): Promise<void> {
    return this.step(
      'begin',
      patiently(this.o.signal, () => this.sender.begin()),
    )
  }

  private checkpoint(): Promise<Checkpoint | null> {
    this.o.doing('reading its checkpoint')
    return this.step('checkpoint', readCheckpoint(this.o.kafka, this.o.name, this.o.signal))
  }

  private book(): void {
    if (this.booked) return
    const { ledger, destination, facts, now } = this.o
    ledger.begin(destination, { next: this.next, cluster: facts.id, delivery: this.delivery, time: now() })
    this.booked = true
  }

  private async step<T>(step: Step, work: Promise<T>): Promise<T> {
    const result = await within(step, this.o.stepMs, this.o.signal, work)
    this.done(step)
    return result
  }

  private done(step: Step): void {
    this.o.after?.(step)
  }
}
