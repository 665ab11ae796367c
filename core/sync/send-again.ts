import type { Kafka } from 'kafkajs'
import type { SyncJob } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { type ClusterFacts, patiently, readFacts } from './cluster.ts'
import { missingTopics } from './failures.ts'
import type { Ledger } from './ledger.ts'
import type { Means } from './means.ts'
import { type KafkaRecord, type Origin, PlainSender, TransactionSender } from './sender.ts'
import { atOnce, carefully } from './set-aside.ts'
import { telemetryTopics } from './topics.ts'
import { type Step, within } from './wait.ts'

export interface AgainOptions {
  readonly means: Means
  readonly ledger: Ledger
  readonly now: () => Millis
  /** A record was rejected: each goes so that those are known. */
  readonly careful: boolean
  /** Resolves when the destination may send: it is not paused, and has bandwidth left. */
  readonly mayGo: () => Promise<void>
  readonly sent: () => void
  readonly stepMs: Millis
  readonly transactionMs: Millis
  readonly signal: AbortSignal
}

const carefulSpan = 50

/**
 * Sends the readings of a span once more, each marked with the id of the job, in transactions of its own: the checkpoint
 * of the destination is not in them. It goes on at `job.next`; what was under way when it was stopped goes again, with the
 * same mark. After any error it is called again.
 */
export async function sendAgain(job: SyncJob, options: AgainOptions): Promise<void> {
  const again = new Again(job, options)
  try {
    await again.open()
    for (let at = job.next; at < job.to; ) {
      await options.mayGo()
      at = await again.next(at)
    }
  } finally {
    await again.close()
  }
}

class Again {
  private readonly job: SyncJob
  private readonly o: AgainOptions
  private sender: Sender | null = null
  private topics: ClusterFacts['topics'] = new Map()

  constructor(job: SyncJob, options: AgainOptions) {
    this.job = job
    this.o = options
  }

  async open(): Promise<void> {
    const { means } = this.o
    const kafka = await means.client()
    const facts = await this.step('topics', readFacts(kafka, means.topics))
    const missing = telemetryTopics(means.topics).filter((topic) => !facts.topics.has(topic))
    if (missing.length > 0) throw missingTopics(missing, means.where()).error
    this.topics = facts.topics
    this.sender = senderOf(kafka, facts, this.o)
    await this.step('connect', this.sender.connect())
  }

  /** Sends what comes next from `at`; resolves to where to go on. */
  async next(at: Offset): Promise<Offset> {
    const { job } = this
    if (job.asideOnly) {
      const aside = this.o.ledger.aside.nextReading(job.destination, { from: at, to: job.to })
      if (aside !== at) return this.skipTo(aside ?? job.to)
    }
    const batch = this.o.careful
      ? this.o.means.batch(at, Math.min(job.to, at + carefulSpan))
      : this.o.means.batch(at, job.to)
    const sent = this.wanted(batch).map((record) => resent(record, job.id))
    if (sent.length === 0) this.o.ledger.jobs.move(job.id, batch)
    else await this.deliver({ ...batch, sent, records: sent.length })
    this.o.sent()
    return batch.to
  }

  private skipTo(to: Offset): Offset {
    this.o.ledger.jobs.move(this.job.id, { from: to, to })
    return to
  }

  async close(): Promise<void> {
    const closed = this.sender?.close() ?? Promise.resolve()
    await within('connect', 2_000, AbortSignal.timeout(3_000), closed).catch(() => {}) // it is thrown away either way
  }

  private wanted({ from, to, sent }: Batch): readonly KafkaRecord[] {
    if (!this.job.asideOnly) return sent
    const aside = this.o.ledger.aside.readings(this.job.destination, { from, to })
    return sent.filter(({ of }) => of !== null && aside.has(`${of.offset}:${of.index}`))
  }

  private async deliver(batch: Batch): Promise<void> {
    const { ledger, means, now } = this.o
    const sender = this.sender! // open
    ledger.jobs.intend(this.job, batch)
    await this.step(
      'begin',
      patiently(this.o.signal, () => sender.begin()),
    )
    // Of what was refused before a dead letter is there, unless none could be written then.
    const wantsLetter = (of: Origin) => ledger.aside.isOnlyInLog(this.job.destination, of)
    const care = { voice: means.voice, now: now(), topics: this.topics, wantsLetter, explain: means.explain }
    const sending = this.o.careful ? carefully(care) : atOnce
    const taken = await sending(batch, (records) => this.step('send', sender.send(records)))
    await this.step('commit', sender.commit())
    const refused = new Set(taken.letters.map(({ offset, index }) => `${offset}:${index}`))
    const arrived = batch.sent.flatMap(({ of }) => (of === null || refused.has(`${of.offset}:${of.index}`) ? [] : [of]))
    ledger.jobs.confirm(this.job, taken, arrived, now())
  }

  private step<T>(step: Step, work: Promise<T>): Promise<T> {
    return within(step, this.o.stepMs, this.o.signal, work)
  }
}

/** As it is marked that a person sends once more. */
export function resent(record: KafkaRecord, id: string): KafkaRecord {
  return { ...record, headers: { ...record.headers, 'edge-resend': id } }
}

type Sender = Pick<TransactionSender, 'connect' | 'begin' | 'send' | 'commit' | 'close'>

function senderOf(kafka: Kafka, facts: ClusterFacts, { means, transactionMs }: AgainOptions): Sender {
  const { compression, delivery } = means.config
  const form = { compression, partitions: new Map(facts.topics) }
  if (delivery !== 'at-least-once') return new TransactionSender(kafka, means.where().name, form, transactionMs)
  const sender = new PlainSender(kafka, form)
  return Object.assign(sender, { begin: async () => {}, commit: async () => {} })
}
