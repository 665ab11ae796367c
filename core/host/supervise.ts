import type { Worker } from 'node:worker_threads'
import type { Status } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { Channel, Handlers, Side } from './thread.ts'
import { moduleBeside, openChannel, startWorker } from './thread.ts'

export type Stopped = Status['stopped'][number]

/** A thread that is started again when it falls. */
export interface Thread<There extends Side> extends Channel<There> {
  readonly name: string
  /** Why it is not running; null while it runs. */
  stopped(): Stopped | null
  /** How often it fell and was started again. */
  restarts(): number
  /** Clean: lets it finish what it holds. Ends it by force when that takes longer than `withinMs`. */
  stop(withinMs: Millis): Promise<void>
  /** Stops it so, does something, and starts it again whatever came of that. */
  without(withinMs: Millis, something: () => Promise<void>): Promise<void>
}

export interface Supervision<Here extends Side> {
  readonly name: 'ingest' | 'stream' | 'history' | 'query' | 'forward' | 'demo'
  /** What the thread is started with, asked for at every start. */
  readonly data: () => unknown
  readonly handlers: Handlers<Here>
  readonly now: () => Millis
  /** Called after every start, the first too: gives it what it must know. */
  readonly started?: () => void
  readonly changed: () => void
}

/** Every side answers `stop`, and only then may it be ended. */
export type Stoppable = Side & { readonly asks: { readonly stop: { readonly in: null; readonly out: null } } }

/** Starts `core/host/<name>-thread` and keeps it running: restarts have a pause, a bound and a reason that a person sees. */
export function startThread<There extends Stoppable, Here extends Side>(how: Supervision<Here>): Thread<There> {
  return new Supervised(how) as unknown as Thread<There>
}

class Supervised<There extends Stoppable, Here extends Side> {
  readonly name: string
  private readonly how: Supervision<Here>
  private worker: Worker | null = null
  private channel: Channel<There> | null = null
  private why: Stopped | null = null
  private ending = false
  private falls: Millis[] = []
  private fallen = 0
  private restart: NodeJS.Timeout | null = null

  constructor(how: Supervision<Here>) {
    this.how = how
    this.name = how.name
    this.start()
  }

  ask(name: string, input: never, signal?: AbortSignal): Promise<unknown> {
    if (this.channel === null) return Promise.reject(this.notRunning())
    return this.channel.ask(name, input, signal)
  }

  tell(name: string, value: never): void {
    this.channel?.tell(name, value)
  }

  close(reason: FieldError): void {
    this.channel?.close(reason)
  }

  stopped(): Stopped | null {
    return this.why
  }

  restarts(): number {
    return this.fallen
  }

  async stop(withinMs: Millis): Promise<void> {
    this.ending = true
    await this.end(withinMs)
  }

  async without(withinMs: Millis, something: () => Promise<void>): Promise<void> {
    await this.end(withinMs)
    try {
      await something()
    } finally {
      if (!this.ending) this.start()
    }
  }

  private async end(withinMs: Millis): Promise<void> {
    if (this.restart !== null) clearTimeout(this.restart)
    const { worker, channel } = this
    this.worker = this.channel = null
    if (worker === null || channel === null) return
    await within(withinMs, channel.ask('stop', null)).catch(() => undefined) // by force then: the log needs no clean end
    channel.close(new FieldError('stopped', `the ${this.name} thread has stopped`))
    await worker.terminate()
  }

  private start(): void {
    const file = moduleBeside(import.meta.url, `${this.how.name}-thread`)
    const worker = startWorker(file, this.how.name, this.how.data())
    this.worker = worker
    this.channel = openChannel<There, Here>(worker, this.how.handlers)
    let reason: unknown = null
    worker.once('message', () => this.spoke())
    worker.on('error', (error) => {
      reason = error
    })
    worker.on('exit', (code) => this.fell(worker, reason ?? new Error(`it ended by itself with code ${code}`)))
    queueMicrotask(() => this.running()) // who made this thread has it in hand by then
  }

  private running(): void {
    this.how.started?.()
    this.how.changed()
  }

  /** It runs: until then the reason of its last fall stands. */
  private spoke(): void {
    this.why = null
    this.how.changed()
  }

  private fell(worker: Worker, reason: unknown): void {
    if (this.ending || worker !== this.worker) return
    const now = this.how.now()
    this.fallen++
    this.falls = [...this.falls.slice(-20), now]
    const restartAt = nextTry(this.falls)
    this.why = { thread: this.name, since: this.why?.since ?? now, message: wordsOf(reason), restartAt }
    this.channel?.close(this.notRunning())
    this.channel = null
    this.worker = null
    this.restart = setTimeout(() => this.start(), restartAt - now)
    this.how.changed()
  }

  private notRunning(): FieldError {
    const why = this.why?.message ?? 'it was stopped'
    return new FieldError('stopped', `the ${this.name} thread is not running: ${why}`, {
      hint:
        this.why?.restartAt === null
          ? 'Restart the program; what was captured is kept.'
          : 'It is started again by itself.',
    })
  }
}

const fallWindow: Millis = 1_800_000
const firstPause: Millis = 1_000
const longestPause: Millis = 300_000

/**
 * When to try again after these falls (ascending): after a pause that doubles with each of the last half hour, up to
 * five minutes. It never gives up: a full disk may be emptied while nobody looks, and a recorder that stays down loses.
 */
export function nextTry(falls: readonly Millis[]): Millis {
  const last = falls.at(-1)!
  const recent = falls.filter((at) => at > last - fallWindow).length
  return last + Math.min(longestPause, firstPause * 2 ** (recent - 1))
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}

async function within<T>(ms: Millis, wait: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new FieldError('stopped', `took longer than ${ms} ms`)), ms)
  return Promise.race([wait, late.promise]).finally(() => clearTimeout(timer))
}
