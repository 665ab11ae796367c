import { extname } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { PathKnown } from '../stream/known.ts'
import type { FromSnapshot, SnapshotData, SnapshotSide } from './protocols.ts'
import type { SnapshotKeeper } from './snapshot-keeper.ts'
import { type Channel, openChannel, startWorker } from './thread.ts'

/**
 * Takes a snapshot when one is due, in a thread that is there for as long as that takes: copying and packing the views
 * of ten thousand series would hold up the path for more than a second.
 */
export class SnapshotTaker {
  private readonly keeper: SnapshotKeeper
  private readonly data: SnapshotData
  private readonly onReady: () => void
  private thread: SnapshotThread | null = null
  private held: PathKnown | null = null
  private failure: unknown = null

  /** `onReady`: its thread has come, so that `isDue` is to be asked again, though nothing else happens. */
  constructor(keeper: SnapshotKeeper, data: SnapshotData, onReady: () => void) {
    this.keeper = keeper
    this.data = data
    this.onReady = onReady
  }

  /** Once it is, and the thread is there: then flush, begin to save the path, and call `hold`. Throws what failed before. */
  isDue(next: Offset, time: Millis): boolean {
    if (this.failure !== null) throw this.failure
    if (this.held !== null || !this.keeper.isDue(next, time)) return false
    this.thread ??= startThread(this.data, this.onReady, (failure) => this.fail(failure))
    return this.thread.isReady()
  }

  /** The views are held as they stand; they may be written on when it has resolved. */
  async hold(known: PathKnown): Promise<void> {
    this.held = known
    await this.thread!.channel.ask('hold', null)
  }

  /** The state that was begun before `hold` is whole. */
  write(): void {
    const { next, alerts, time } = this.held!
    this.thread!.channel.ask('write', { next, alerts })
      .then(() => this.keeper.took({ next, time }))
      .then(() => this.close())
      .catch((failure) => this.fail(failure))
  }

  /** What is not written yet is given up: the log has everything. */
  async close(): Promise<void> {
    const { thread } = this
    this.thread = this.held = null
    if (thread === null) return
    await thread.channel.ask('stop', null).catch(() => undefined) // it may have ended already
    await thread.worker.terminate()
  }

  private fail(failure: unknown): void {
    if (this.thread !== null) this.failure = failure
  }
}

interface SnapshotThread {
  readonly worker: Worker
  readonly channel: Channel<SnapshotSide>
  readonly isReady: () => boolean
}

function startThread(data: SnapshotData, onReady: () => void, failed: (failure: unknown) => void): SnapshotThread {
  let ready = false
  const file = new URL(`./snapshot-thread${extname(import.meta.url)}`, import.meta.url)
  const worker = startWorker(file, 'snapshot', data)
  const channel = openChannel<SnapshotSide, FromSnapshot>(worker, {
    asks: {},
    tells: {
      ready: () => {
        ready = true
        onReady()
      },
    },
  })
  worker.on('error', (error) => {
    channel.close(new FieldError('stopped', `the snapshot thread has stopped: ${String(error)}`, { cause: error }))
    failed(error)
  })
  return { worker, channel, isReady: () => ready }
}
