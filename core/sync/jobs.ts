import { randomBytes } from 'node:crypto'
import type { Proof, SyncJob } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { check } from './check.ts'
import type { Destination } from './destination.ts'
import { type Failure, waitBefore } from './failures.ts'
import type { Asked } from './job-book.ts'
import type { Ledger } from './ledger.ts'
import type { Pace } from './pace.ts'
import { sendAgain } from './send-again.ts'
import { type Topics, telemetryTopics } from './topics.ts'
import { sleep } from './wait.ts'

export interface JobsOptions {
  readonly ledger: Ledger
  readonly destination: (name: string) => Destination
  readonly now: () => Millis
  readonly changed: () => void
  readonly pace: Pick<Pace, 'stepMs' | 'transactionMs'>
}

interface Running {
  readonly job: SyncJob
  readonly stopping: AbortController
  readonly ended: Promise<void>
}

/**
 * What a person has done with spans: at most one at a time for each destination. One that sends goes on after a restart;
 * one that checks is cancelled by it, because it is begun again at no cost.
 */
export class Jobs {
  private readonly o: JobsOptions
  private readonly running = new Map<string, Running>()
  /** Of those that check, from 0 to 1. */
  private readonly done = new Map<string, number>()

  constructor(options: JobsOptions) {
    this.o = options
  }

  /** Answers its id. Throws where there is nothing to do, or another one runs. */
  start(asked: Omit<Asked, 'id'>): string {
    const { destination, from, to } = asked
    const busy = this.running.get(destination)
    if (busy !== undefined)
      throw new FieldError(
        'bad_input',
        `"${destination}" is busy with offsets ${busy.job.from} to ${busy.job.to - 1}`,
        {
          hint: 'Wait until that is done, or cancel it.',
        },
      )
    if (from >= to)
      throw new FieldError('bad_input', `nothing of that range was sent to "${destination}" and is still in the log`, {
        hint: 'Choose a range between where the log begins and what is confirmed.',
      })
    const id = `again-${randomBytes(4).toString('hex')}`
    this.o.ledger.jobs.add({ ...asked, id }, this.o.now())
    this.run(this.o.ledger.jobs.get(id)!) // just added
    return id
  }

  /** The destination runs again: what it was sending goes on. */
  resume(destination: string): void {
    for (const job of this.o.ledger.jobs.running())
      if (job.destination === destination && !this.running.has(destination))
        if (job.kind === 'send') this.run(job)
        else this.end(job, 'cancelled')
  }

  cancel(id: string): void {
    const job = this.o.ledger.jobs.get(id)
    if (job === null) throw new FieldError('not_found', `there is no job "${id}"`)
    if (job.state !== 'running') return
    this.end(job, 'cancelled')
    this.running.get(job.destination)?.stopping.abort()
  }

  rows(limit: number): readonly SyncJob[] {
    return this.o.ledger.jobs.list(limit).map((job) => ({ ...job, done: this.done.get(job.id) ?? job.done }))
  }

  /** The destination stops; resolves when nothing of it runs. What it was sending goes on if it comes `back`. */
  async leave(destination: string, back: boolean): Promise<void> {
    const running = this.running.get(destination)
    if (running === undefined) return
    if (!back) this.end(running.job, 'cancelled')
    running.stopping.abort()
    await running.ended
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.keys()].map((destination) => this.leave(destination, true)))
  }

  private run(job: SyncJob): void {
    const stopping = new AbortController()
    const work = job.kind === 'send' ? this.send(job, stopping.signal) : this.check(job, stopping.signal)
    const ended = work.then(
      (proof) => this.finish(job, 'done', null, proof),
      (error) => this.finish(job, 'failed', error, null),
    )
    this.running.set(job.destination, { job, stopping, ended })
    this.o.changed()
  }

  /** One that was stopped or cancelled is as it is: it goes on, or was ended. */
  private finish(job: SyncJob, state: SyncJob['state'], error: unknown, proof: Proof | null): void {
    const stopped = this.running.get(job.destination)?.stopping.signal.aborted
    this.running.delete(job.destination)
    this.done.delete(job.id)
    if (!stopped) this.end(job, state, error, proof)
    this.o.changed()
  }

  private end(job: SyncJob, state: SyncJob['state'], error: unknown = null, proof: Proof | null = null): void {
    const told = error === null ? null : this.told(job, error)
    this.o.ledger.jobs.end(job.id, { state, error: told === null ? null : shown(told), proof, time: this.o.now() })
  }

  /** As often as it takes; what only a person can mend ends it. */
  private async send(job: SyncJob, signal: AbortSignal): Promise<null> {
    let careful = job.asideOnly
    for (let attempt = 1; ; attempt++) {
      const before = this.o.ledger.jobs.get(job.id)!
      try {
        await sendAgain(before, this.againOptions(job, careful, signal))
        if (job.asideOnly) await this.sendAlerts(job, signal)
        return null
      } catch (error) {
        if (signal.aborted) throw error
        const failure = this.told(job, error)
        if (this.o.ledger.jobs.get(job.id)!.next > before.next) attempt = 1
        const wait =
          failure.backoff === 'rejected' && careful ? null : waitBefore(attempt, failure.backoff, Math.random())
        if (wait === null) throw error
        careful ||= failure.backoff === 'rejected'
        this.o.ledger.jobs.wait(job.id, shown(failure))
        this.o.changed()
        await sleep(wait, signal)
      }
    }
  }

  /** By the loop itself, one by one; what the cluster still refuses stays aside. */
  private async sendAlerts(job: SyncJob, signal: AbortSignal): Promise<void> {
    const { ledger, now, changed } = this.o
    for (const of of ledger.aside.alerts(job.destination, job)) {
      const entry = { from: of.offset, to: of.offset + 1, records: 1, bytes: 0, maybeTwice: 0, letters: [] }
      ledger.jobs.intend(job, entry)
      try {
        await this.o.destination(job.destination).alertAgain(of, job.id, signal)
        ledger.jobs.confirm(job, { ...entry, to: job.to }, [of], now())
      } catch (error) {
        if (signal.aborted || this.told(job, error).backoff !== 'rejected') throw error
      }
      changed()
    }
  }

  private againOptions({ destination }: SyncJob, careful: boolean, signal: AbortSignal) {
    const { ledger, now, pace, changed } = this.o
    const loop = this.o.destination(destination)
    const mayGo = () => loop.mayGo(signal)
    return { means: loop.means(), ledger, now, careful, mayGo, sent: changed, ...pace, signal }
  }

  private async check(job: SyncJob, signal: AbortSignal): Promise<Proof> {
    const { ledger, changed } = this.o
    const means = this.o.destination(job.destination).means()
    refuseShared(means.topics)
    return check({
      kafka: await means.client(),
      lines: ledger.identity.lines,
      by: { name: job.destination, always: ledger.isNamed(job.destination) },
      span: job,
      batch: means.batch,
      topics: telemetryTopics(means.topics),
      aside: (span) => ledger.aside.readings(job.destination, span),
      progress: (done) => {
        this.done.set(job.id, done)
        changed()
      },
      signal,
    })
  }

  private told({ destination }: SyncJob, error: unknown): Failure {
    return this.o.destination(destination).means().explain(error)
  }
}

/** Where a topic holds more than readings their names are not unique in it. */
function refuseShared(topics: Topics): void {
  const shared = [topics.alerts, topics.status, topics.deadletter].find((topic) =>
    telemetryTopics(topics).includes(topic),
  )
  if (shared === undefined) return
  throw new FieldError('bad_input', `"${shared}" holds more than readings, so it cannot be compared with the log`, {
    hint: 'Give readings a topic of their own in the settings of this destination.',
  })
}

function shown({ error: { message, hint, code }, grant }: Failure): NonNullable<SyncJob['error']> {
  return { message, hint, code, grant: grant.length === 0 ? null : grant.join('\n') }
}
