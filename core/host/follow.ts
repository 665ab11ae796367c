import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { Scratch } from '../log/scratch.ts'
import type { Path } from '../stream/path.ts'
import type { KeptLog } from '../views/archive.ts'
import type { StateSave } from '../views/saved-state.ts'
import type { ViewWriter } from '../views/writer.ts'
import type { BaseKeeper } from './base-keeper.ts'
import type { ViewsAt } from './protocols.ts'
import type { SnapshotTaker } from './snapshot-taker.ts'

export interface Follow {
  readonly reader: LogReader
  readonly path: Path
  readonly views: ViewWriter
  readonly base: Pick<BaseKeeper, 'work'>
  readonly snapshots: Pick<SnapshotTaker, 'isDue' | 'hold' | 'write'>
  readonly now: () => Millis
  /** Bytes that the views may have; beyond that what they hold from before the kept log goes, hour by hour. */
  readonly viewsLimit: () => number
  /** As of the last flush. */
  readonly openAlerts: () => number
  /** At most twice a second. */
  readonly onViews: (at: ViewsAt) => void
  /** The path lacks one mapping more. Before that is saved. */
  readonly onLacking?: () => void
  /** Between two turns, while there is more to read. Default: a look at messages. */
  readonly breathe?: () => Promise<unknown>
}

export interface Following {
  /** There is more to read. */
  wake(): void
  /** Ends soon, at the head where that is near, with everything flushed and the state saved. Rejects with what ended it before. */
  stop(): Promise<void>
}

export const flushEvery: Millis = 500
/** While far behind, a flush each 500 ms would cost more than the path itself. */
const flushRecords = 200_000
/** Behind by more than this is catching up, and shown as such. */
const nearHead = 5_000
const saveEvery: Millis = 30_000
/** 10 GB a day, for the life of the disk: a larger plant saves less often. */
const savedPerMilli = 10e9 / 86_400_000
/** Work in one turn of the loop before messages are looked at. */
const turn: Millis = 10
/** Of that, for the next base while there is live work: a quarter. Else half, because others run too. */
const baseTurn: Millis = 3
/** For a state that is being saved. */
export const saveTurn: Millis = 5

/** Reads the log from where the path stands, steps the path and keeps the views near. */
export function follow(parts: Follow): Following {
  const follower = new Follower(parts)
  const running = follower.run()
  return {
    wake: () => follower.wake(),
    stop: () => {
      follower.end()
      return running
    },
  }
}

class Follower {
  private readonly parts: Follow
  /** For the block in hand: of what it holds the path keeps nothing. */
  private readonly room = new Scratch()
  private ending = false
  private waiting: (() => void) | null = null
  /** There may be more than the last look at the log has seen. */
  private woken = false
  private unflushed = 0
  private lacking: number
  private unsaved = false
  private saving: StateSave | null = null
  private snapshotWaits = false
  private saved: Offset
  private savePause = saveEvery
  private flushedAt: Millis
  private savedAt: Millis
  private toldAt: Millis = 0
  private time: Millis = 0
  private startedAt: Millis
  private readonly startedFrom: number

  constructor(parts: Follow) {
    this.parts = parts
    this.startedAt = this.flushedAt = this.savedAt = parts.now()
    this.startedFrom = this.saved = parts.path.next
    this.lacking = parts.path.lacking.length
    if (parts.path.next >= parts.reader.head()) this.time = parts.reader.lastTime() ?? 0
  }

  async run(): Promise<void> {
    this.tell()
    while (!this.ending) {
      this.woken = false
      const more = this.stepFor(turn)
      if (more) this.parts.reader.expect(this.parts.path.next, this.parts.reader.head())
      this.lookWhatLacks()
      this.flushWhenDue(more)
      if (this.saving === null && this.parts.snapshots.isDue(this.parts.path.next, this.time))
        await this.beginSnapshot()
      this.saveWhenDue()
      const making = this.parts.base.work(this.saved, more ? baseTurn : turn)
      if (more) await (this.parts.breathe ?? setImmediate)()
      else if (making || this.saving !== null) await pause(turn)
      else await this.rest()
    }
    this.stepFor(turn) // what the others wrote as they ended
    this.lookWhatLacks()
    this.save()
  }

  private lookWhatLacks(): void {
    const { length } = this.parts.path.lacking
    if (length > this.lacking) this.parts.onLacking?.()
    this.lacking = length
  }

  wake(): void {
    this.woken = true
    this.waiting?.()
  }

  end(): void {
    this.ending = true
    this.wake()
  }

  /** Steps for about `ms`. False when the head was reached. */
  private stepFor(ms: Millis): boolean {
    const { reader, path, views, now } = this.parts
    const until = now() + ms
    do {
      const from = Math.max(path.next, reader.base())
      const block = reader.read(from, this.room)
      if (block === null) return false
      path.step(block, Math.max(0, from - block.first), block.n, views) // behind damage it begins later
      this.unflushed += block.first + block.n - from
      this.time = Math.max(this.time, block.time[block.n - 1]!)
    } while (now() < until)
    return true
  }

  private flushWhenDue(more: boolean): void {
    const now = this.parts.now()
    const far = more && this.behind() > nearHead
    if (this.unflushed > 0 && (far ? this.unflushed >= flushRecords : now - this.flushedAt >= flushEvery)) this.flush()
    if (far && now - this.toldAt >= flushEvery) this.tell()
  }

  private saveWhenDue(): void {
    const isDue = this.unsaved && this.parts.now() - this.savedAt >= this.savePause
    if (this.saving !== null) this.saveFor(this.saving, saveTurn)
    else if (isDue) this.beginSave()
  }

  private flush(): void {
    const { views, viewsLimit } = this.parts
    views.flush()
    views.trim(viewsLimit(), () => this.keptLog())
    this.unflushed = 0
    this.unsaved = true
    this.flushedAt = this.parts.now()
    this.tell()
  }

  private keptLog(): KeptLog {
    const { reader } = this.parts
    return { first: reader.base(), time: reader.firstTime() ?? Number.NEGATIVE_INFINITY }
  }

  /** Flushed first: a state must never be ahead of the views, or what lies between would be lost to them. */
  private beginSave(): void {
    if (this.unflushed > 0) this.flush()
    this.saving = this.parts.views.beginState(this.parts.path)
    this.unsaved = false
    this.savedAt = this.parts.now()
  }

  /** Writes on for about `ms`, and makes it count when it is whole. */
  private saveFor(saving: StateSave, ms: Millis): void {
    const until = this.parts.now() + ms
    while (saving.write(1)) if (this.parts.now() >= until) return
    this.parts.views.flush()
    this.savePause = pauseAfter(saving.bytes)
    this.saved = saving.next
    this.saving = null
    if (this.snapshotWaits) this.parts.snapshots.write()
    this.snapshotWaits = false
  }

  private save(): void {
    if (this.saving !== null) this.saveFor(this.saving, Infinity)
    if (this.unflushed > 0) this.flush()
    if (!this.unsaved) return
    this.beginSave()
    this.saveFor(this.saving!, Infinity)
  }

  /** Of the views as they stand and the state that is begun here; it is written when that is whole. */
  private async beginSnapshot(): Promise<void> {
    this.beginSave()
    this.snapshotWaits = true
    await this.parts.snapshots.hold(this.parts.path.known())
  }

  /** Until there is more, or something in hand is due. */
  private async rest(): Promise<void> {
    if (this.woken) return // while a snapshot was begun
    const rested = Promise.withResolvers<void>()
    this.waiting = rested.resolve
    const timer = this.unflushed > 0 || this.unsaved ? setTimeout(rested.resolve, flushEvery) : null
    await rested.promise
    if (timer !== null) clearTimeout(timer)
    this.waiting = null
  }

  private behind(): number {
    return this.parts.reader.head() - this.parts.path.next
  }

  private tell(): void {
    const now = this.parts.now()
    this.toldAt = now
    this.parts.onViews({
      offset: this.parts.views.upto,
      saved: this.saved,
      time: this.time,
      archiveFrom: this.parts.views.archiveBegins(),
      alerts: this.parts.openAlerts(),
      catchingUp: this.catchingUp(now),
    })
  }

  private catchingUp(now: Millis): ViewsAt['catchingUp'] {
    const behind = this.behind()
    if (behind <= nearHead) return null
    const done = this.parts.path.next - this.startedFrom
    const perMilli = done / Math.max(1, now - this.startedAt)
    return { done: done / (done + behind), secondsLeft: perMilli > 0 ? behind / perMilli / 1_000 : null }
  }
}

/** Every byte goes into the journal and again into the file. */
export function pauseAfter(bytes: number): Millis {
  return Math.max(saveEvery, (2 * bytes) / savedPerMilli)
}
