import { join } from 'node:path'
import type { Millis, Offset } from '../../contract/model.ts'
import { openReader } from '../../log/reader.ts'
import { type Begun, beginViews } from '../../views/begin.ts'
import type { StateSave } from '../../views/saved-state.ts'
import { tuneEngine } from '../engine.ts'
import { flushEvery, pauseAfter, saveTurn } from '../follow.ts'
import { answerParent, dataFromParent } from './child.ts'
import type { PathData, Recovered, RecoverySide, Saved } from './sides.ts'

// Reads a log into views and saves the path on the way as often as live does, by the time of the log; or goes on where
// such a process ended, in a process of its own, because it must find nothing in memory.

const { dir } = dataFromParent() as PathData // made by `startChild`'s caller, which is typed the same

tuneEngine()
answerParent<RecoverySide>({
  asks: {
    live: ({ states }) => live(states),
    recover: ({ upto }) => recover(upto),
    stop: () => null,
  },
  tells: {},
})

/** Ends just before one more state would be saved, or with the log, as a process that is killed then. */
function live(states: number): Saved {
  const log = openReader(join(dir, 'log'))
  const begun = beginViews(join(dir, 'views.db'), log)
  const { views, path } = begun
  const saver = new Saver(begun)
  let flushed: Millis = 0
  for (let block = log.read(0); block !== null; block = log.read(path.next)) {
    const time = block.time[block.n - 1]!
    if (saver.isDue(time) && saver.bytes.length === states) break
    const begun = performance.now()
    path.step(block, 0, block.n, views)
    if (time - flushed >= flushEvery) {
      views.flush()
      flushed = time
    }
    saver.stepped(performance.now() - begun)
    saver.work(time)
  }
  saver.end()
  log.close()
  return { ...saver.figures(), upto: path.next }
}

/** As `Follower` does it, with what it costs. */
class Saver {
  readonly bytes: number[] = []
  private readonly begun: Begun
  private readonly begins: Millis[] = []
  private readonly turns: Millis[] = []
  private readonly steps = { saving: [] as Millis[], not: [] as Millis[] }
  private save: StateSave | null = null
  private savedAt: Millis | null = null
  private pause: Millis = 0
  private next: Offset = 0

  constructor(begun: Begun) {
    this.begun = begun
  }

  isDue(time: Millis): boolean {
    this.savedAt ??= time
    return this.save === null && time - this.savedAt >= this.pause
  }

  stepped(ms: Millis): void {
    this.steps[this.save === null ? 'not' : 'saving'].push(ms)
  }

  work(time: Millis): void {
    if (this.save !== null) this.turns.push(timed(() => this.write(this.save!)))
    if (!this.isDue(time)) return
    this.savedAt = time
    const { views, path } = this.begun
    views.flush()
    this.begins.push(
      timed(() => {
        this.save = views.beginState(path)
      }),
    )
  }

  /** So that a short log has one too. */
  end(): void {
    while (this.bytes.length === 0) this.write(this.save!)
  }

  figures(): Omit<Saved, 'upto'> {
    const { begins, turns, steps, pause, next, bytes } = this
    return { begins, turns, steps, pause, saved: next, bytes }
  }

  private write(save: StateSave): void {
    const until = performance.now() + saveTurn
    while (save.write(1)) if (performance.now() >= until) return
    this.begun.views.flush()
    this.bytes.push(save.bytes)
    this.pause = pauseAfter(save.bytes)
    this.next = save.next
    this.save = null
  }
}

function recover(upto: Offset): Recovered {
  const begun = performance.now()
  const log = openReader(join(dir, 'log'))
  const { views, path } = beginViews(join(dir, 'views.db'), log)
  const restored = performance.now() - begun
  const from = path.next
  for (let block = log.read(from); path.next < upto && block !== null; block = log.read(path.next))
    path.step(block, path.next - block.first, Math.min(block.n, upto - block.first), views)
  views.flush()
  const ms = performance.now() - begun
  log.close()
  return { restored, ms, messages: upto - from }
}

function timed(what: () => void): Millis {
  const begun = performance.now()
  what()
  return performance.now() - begun
}
