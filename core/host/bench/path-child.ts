import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openReader } from '../../log/reader.ts'
import { Scratch } from '../../log/scratch.ts'
import type { Emit } from '../../stream/emit.ts'
import { createPath, type Path } from '../../stream/path.ts'
import { openViews } from '../../views/writer.ts'
import { tuneEngine } from '../engine.ts'
import { ReadAhead } from '../read-ahead.ts'
import { moduleBeside } from '../thread.ts'
import { answerParent, dataFromParent } from './child.ts'
import { counted, handingOut } from './handed-out.ts'
import { minuteRows, readRows } from './rows.ts'
import type { PathData, PathFigure, PathSide, Subject } from './sides.ts'

// Reads a whole log in one of several ways, in a process of its own.

const { dir } = dataFromParent() as PathData // made by `startChild`'s caller, which is typed the same
const log = join(dir, 'log')
const views = join(dir, `views-${process.pid}.db`)
/** As a run and a catch-up do. */
const flushRecords = 200_000
const perMessage = 3
/** For the block in hand. */
const room = new Scratch()

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

tuneEngine()
answerParent<PathSide>({
  asks: {
    run: (subject) => timed(subject),
    stop: () => null,
  },
  tells: {},
})

/** Each answers what it has read when it is asked, because the size of a state is known only when it is saved. */
const reads: Readonly<Record<Subject, () => () => Read>> = {
  parse: parseOnly,
  sums: () => summed(false),
  alerts: () => summed(true),
  without: () => viewed(false),
  all: () => viewed(true),
  naive,
}

type Read = Omit<PathFigure, 'ms' | 'cpuMicros'>

/**
 * What the newest reading was made with, while nothing is read: once no object of a kind is left, the engine throws away what
 * it has compiled for that kind, and an app has one path as long as it runs.
 */
const alive: unknown[] = []

function timed(subject: Subject): PathFigure {
  for (const end of ['', '-wal', '-shm']) rmSync(`${views}${end}`, { force: true })
  collect() // what the round before has left is no work of this one
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const told = reads[subject]()
  const { user, system } = process.cpuUsage(cpu)
  const ms = performance.now() - begun
  return { ...told(), ms, cpuMicros: user + system }
}

/** The limit: no way of reading JSON with the engine can be faster. */
function parseOnly(): () => Read {
  const reader = openReader(log)
  let messages = 0
  for (let block = reader.read(0, room); block !== null; block = reader.read(block.first + block.n, room)) {
    const bytes = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length)
    let from = 0
    for (let row = 0; row < block.n; row++) {
      const to = block.end[row]!
      JSON.parse(bytes.toString('utf8', from, to))
      from = to
    }
    messages += block.n
  }
  reader.close()
  return () => ({ messages, readings: messages * perMessage, series: 0, stateBytes: 0, hours: [] })
}

/** Roll-ups are handed out, and nothing is stored. */
function summed(detect: boolean): () => Read {
  const store = counted()
  const { emit, flush } = handingOut(store)
  const read = path(detect, emit, flush)
  if (store.bytes === 0) throw new Error('no roll-ups were handed out')
  return read
}

function viewed(detect: boolean): () => Read {
  const out = openViews(views)
  const read = path(detect, out, () => out.flush())
  out.close()
  return read
}

function path(detect: boolean, out: Emit, flush: () => void): () => Read {
  const reader = openReader(log, { ahead: new ReadAhead(log, moduleBeside(import.meta.url, '../read-ahead-thread')) })
  reader.expect(0, reader.head())
  const running = createPath({ detect })
  alive.splice(0, alive.length, running, out)
  const hours = new Hours()
  let flushed = 0
  for (let block = reader.read(0, room); block !== null; block = reader.read(running.next, room)) {
    running.step(block, 0, block.n, out)
    hours.reached(block.time[block.n - 1]!)
    if (running.next - flushed < flushRecords) continue
    flush()
    flushed = running.next
  }
  flush()
  reader.close()
  return () => toldBy(running, hours.rss)
}

function naive(): () => Read {
  const out = minuteRows(views)
  const running = createPath({ shapes: false })
  const emit = hearing(out.emit)
  alive.splice(0, alive.length, running, emit)
  let flushed = 0
  for (const block of readRows(join(dir, 'rows.db'))) {
    running.step(block, 0, 1, emit)
    if (running.next - flushed < flushRecords) continue
    out.flush()
    flushed = running.next
  }
  out.flush()
  return () => toldBy(running, [])
}

/** Hears what it is given and nothing else that a path says; what it does not hear is looked up once. */
function hearing(said: Partial<Emit>): Emit {
  const ignore = (): void => {}
  const missing = new Proxy({}, { get: (_, name) => Object.assign(emit, { [name]: ignore }) && ignore })
  const emit = Object.assign(Object.create(missing) as Emit, said)
  return emit
}

function toldBy(running: Path, hours: readonly number[]): Read {
  let stateBytes = 0
  const saving = running.save(({ numbers }) => {
    stateBytes += numbers.byteLength
  })
  while (saving.give(Infinity));
  stateBytes += saving.core.length
  const series = running.known().series.length
  return { messages: running.next, readings: running.next * perMessage, series, stateBytes, hours }
}

class Hours {
  readonly rss: number[] = []
  private hour = Infinity

  /** At the end of each hour of log time. */
  reached(time: number): void {
    const hour = Math.floor(time / 3_600_000)
    const isOver = hour > this.hour
    this.hour = hour
    if (!isOver) return
    collect() // an hour of log time is read in less than a second: what is no longer held would else be counted as held
    this.rss.push(process.memoryUsage.rss())
  }
}
