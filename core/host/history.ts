import type { Health } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Ahead } from '../stream/plant.ts'
import { dropNext, switchIn } from '../views/next.ts'
import type { FromHistory, HistoryAt, HistoryData, HistorySide } from './protocols.ts'
import { startThread, type Thread } from './supervise.ts'

export interface HistoryParts {
  readonly viewsFile: string
  readonly data: () => Omit<HistoryData, 'ahead'>
  /** The live views hold everything before it. */
  readonly offset: () => Offset
  /** Ends the live path, does something, and starts it again. */
  readonly without: (something: () => Promise<void>) => Promise<void>
  /** Who reads the views closes the file. */
  readonly letGo: () => Promise<unknown>
  readonly now: () => Millis
  readonly changed: () => void
}

/**
 * History that is read again beside the live path, because a mapping counts for records before its own: a thread makes
 * views that know it, and near the head of the log they are switched in. Whatever falls meanwhile, the live path says at
 * its next start what it lacks, and the thread goes on from what it saved.
 */
export class History {
  thread: Thread<HistorySide> | null = null
  private readonly parts: HistoryParts
  private wanted: readonly Ahead[] | null = null
  private at: HistoryAt | null = null
  private switching: Promise<void> | null = null
  private tryAt: Millis = 0
  private ended = false
  private ending: Promise<void> = Promise.resolve()

  constructor(parts: HistoryParts) {
    this.parts = parts
  }

  /** What the live path should have known ahead, and did not; null: it lacks nothing. */
  async want(ahead: readonly Ahead[] | null): Promise<void> {
    if (this.switching !== null) return // and says it once more when it is started on what comes of that
    if (this.thread !== null && JSON.stringify(ahead) === JSON.stringify(this.wanted)) return
    this.wanted = ahead
    await this.end()
    if (this.wanted !== ahead || this.ended) return
    if (ahead === null) dropNext(this.parts.viewsFile)
    else this.start(ahead)
  }

  /** Null: nothing is read again. */
  row(): Health['readingAgain'] {
    if (this.wanted === null) return null
    const { done, secondsLeft, lacksBytes } = this.at ?? { done: 0, secondsLeft: null, lacksBytes: null }
    return { done, secondsLeft, lacksBytes }
  }

  /** From where on the log is needed; null: it is not, because nothing is read, or not yet for want of room. */
  needs(): Offset | null {
    if (this.wanted === null || (this.at?.lacksBytes ?? null) !== null) return null
    return this.at?.saved ?? 0
  }

  async stop(): Promise<void> {
    this.ended = true
    await this.end()
    await this.switching
  }

  private start(ahead: readonly Ahead[]): void {
    const thread: Thread<HistorySide> = startThread<HistorySide, FromHistory>({
      name: 'history',
      now: this.parts.now,
      data: () => ({ ...this.parts.data(), ahead }),
      changed: this.parts.changed,
      handlers: { asks: {}, tells: { at: (at) => thread === this.thread && this.isAt(at) } },
    })
    this.thread = thread
    this.at = null
  }

  /** One after the other: two would write one file. */
  private end(): Promise<void> {
    const { thread } = this
    this.thread = null
    this.ending = this.ending.then(() => thread?.stop(3_000))
    return this.ending
  }

  private isAt(at: HistoryAt): void {
    this.at = at
    this.parts.changed()
    if (!at.near || this.switching !== null || this.ended || this.parts.now() < this.tryAt) return
    this.switching = this.parts
      .without(() => this.switchOver())
      .finally(() => {
        this.switching = null
      })
  }

  /** Where it fails the old views go on, and it is tried again later, by another thread. */
  private async switchOver(): Promise<void> {
    const { thread, parts } = this
    const isWhole = await thread?.ask('finish', parts.offset()).then(
      () => true,
      () => false, // it fell, or could not close its file
    )
    await this.end()
    await parts.letGo()
    if (isWhole !== true || !switchIn(parts.viewsFile)) this.tryAt = parts.now() + pause
  }
}

/** The disk may be full, or somebody have the old views in hand. */
const pause: Millis = 60_000
