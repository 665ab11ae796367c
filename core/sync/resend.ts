import { randomBytes } from 'node:crypto'
import type { OffsetSpan, SpanCount, SyncJob } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import { type Beside, meansBeside, neverSent, sentOf } from './beside.ts'
import { Budget } from './budget.ts'
import { Ledger, readLedger } from './ledger.ts'
import { usualPace } from './pace.ts'
import { type AgainOptions, sendAgain } from './send-again.ts'
import { count } from './span-count.ts'
import { telemetryTopics, topicsOf } from './topics.ts'
import { sleep } from './wait.ts'

export interface ResendOptions extends Beside {
  readonly stateFile: string
  /** Bounds of the span, as far as it is confirmed and in the log. */
  readonly wanted: OffsetSpan
  /** Only readings that were set aside. */
  readonly asideOnly: boolean
  readonly signal: AbortSignal
}

/** How much it would be. Nothing is written, and the program may run meanwhile. */
export async function previewResend(options: ResendOptions): Promise<SpanCount> {
  const { made, reader, wanted, asideOnly, signal } = options
  const { name } = made.destination
  const ledger = readLedger(options.stateFile)
  try {
    const place = ledger.place(name)
    if (place === null) throw neverSent(name)
    const span = sentOf(wanted, place, reader)
    const { means, source } = meansBeside(options, ledger.identity)
    if (!asideOnly) return await count(means, source, span, signal)
    return { ...span, records: ledger.aside.readings(name, span).size, bytes: 0, exact: true, began: null, ended: null }
  } finally {
    ledger.close()
  }
}

/** The same as a job of the Sync page, while the program does not run: whoever calls holds its lock. */
export async function resend(options: ResendOptions, progress: (done: number) => void): Promise<SyncJob> {
  const { made, site, reader, wanted, asideOnly } = options
  const { name } = made.destination
  const ledger = new Ledger(options.stateFile)
  try {
    const shares = ledger.hasOther(name, telemetryTopics(topicsOf(made.destination, site)))
    const { means, meter } = meansBeside(options, ledger.identity, shares ? name : null)
    const span = sentOf(wanted, { acked: ledger.acked(name), began: ledger.began(name)?.offset ?? null }, reader)
    if (span.from >= span.to)
      throw new FieldError('bad_input', `nothing of that range was sent to "${name}" and is still in the log`)
    const id = `again-${randomBytes(4).toString('hex')}`
    ledger.jobs.add({ id, destination: name, kind: 'send', asideOnly, ...span }, Date.now())
    const budget = new Budget(made.destination.maxBytesPerSecond, performance.now())
    let spent = 0
    const mayGo = async () => {
      const sent = meter.sent()
      budget.spend(sent - spent, performance.now())
      spent = sent
      await sleep(budget.wait(performance.now()), options.signal)
    }
    const sent = () => progress(ledger.jobs.get(id)!.done)
    await run(
      id,
      ledger,
      { means, ledger, now: Date.now, mayGo, sent, ...usualPace, signal: options.signal },
      asideOnly,
    )
    return ledger.jobs.get(id)!
  } finally {
    ledger.close()
  }
}

/** What ends it is said, and the job is at an end with it: the program does not take it up. */
async function run(id: string, ledger: Ledger, how: Omit<AgainOptions, 'careful'>, careful: boolean): Promise<void> {
  const { explain } = how.means
  try {
    await sendAgain(ledger.jobs.get(id)!, { ...how, careful })
    ledger.jobs.end(id, { state: 'done', time: Date.now(), error: null, proof: null })
  } catch (error) {
    const failure = explain(error)
    if (failure.backoff === 'rejected' && !careful) return run(id, ledger, how, true)
    const { message, hint, code } = failure.error
    const told = { message, hint, code, grant: failure.grant.join('\n') || null }
    ledger.jobs.end(id, {
      state: how.signal.aborted ? 'cancelled' : 'failed',
      time: Date.now(),
      error: told,
      proof: null,
    })
    throw failure.error
  }
}
