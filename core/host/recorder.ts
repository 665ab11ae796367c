import type { Recorder, Spread, Status } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import type { Measures } from '../ingest/capture.ts'
import { type Counts, quantile } from '../ingest/histogram.ts'
import type { Meters } from './meters.ts'
import { Pace } from './pace.ts'

const rateSpan: Millis = 10_000
const timesSpan: Millis = 60_000
const day: Millis = 86_400_000
/** Of a younger log the average says little about a day. */
const longEnough: Millis = 3_600_000

/** What the recorder says of itself each second, and what the disk says, made into how it keeps up. */
export class RecorderWatch {
  private heard: Measures[] = []
  /** All that was ever counted is of the last minute. */
  private young = true
  private logGrown = 0
  private logBytes: number | null = null
  private readonly log = new Pace()
  private readonly written = new Pace()
  private writtenBytes = 0
  private walBytes = 0

  get newest(): Measures | null {
    return this.heard.at(-1) ?? null
  }

  hear(measures: Measures): void {
    const last = this.newest
    // The clock was set back, or its thread began anew.
    if (last !== null && (measures.time < last.time || sum(measures.commits) < sum(last.commits))) {
      this.heard = []
      this.young = true
    }
    this.heard.push(measures)
    while (measures.time - this.heard[0]!.time > timesSpan) {
      this.heard.shift()
      this.young = false
    }
  }

  /** Files that are let go are no growth, and what is written before capture begins is not of its pace. */
  look(time: Millis, meters: Meters): void {
    this.logGrown += Math.max(0, meters.segmentBytes - (this.logBytes ?? meters.segmentBytes))
    this.logBytes = meters.segmentBytes
    this.writtenBytes = meters.writtenBytes ?? this.newest?.written ?? 0
    this.walBytes = meters.walBytes
    if (this.newest === null) return
    this.log.add(time, this.logGrown)
    this.written.add(time, this.writtenBytes)
  }

  /** Since the program started: by all of it where the system counts that, else by the log. */
  totalWritten(): number {
    return this.writtenBytes
  }

  row(time: Millis, log: Status['log'], until: Millis): Recorder | null {
    const now = this.newest
    if (now === null) return null
    const before = this.young ? null : this.heard[0]!
    const perDay = this.log.perDay(time, this.logGrown) ?? average(log, until)
    return {
      time: now.time,
      ...this.rates(now),
      commit: spread(now.commits, before?.commits ?? null),
      acknowledged: spread(now.delays, before?.delays ?? null),
      queue: now.queue,
      logPerDay: perDay,
      writtenPerDay: this.written.perDay(time, this.writtenBytes),
      runwayDays: perDay === null || perDay === 0 ? null : roomOf(log) / perDay,
      walBytes: this.walBytes,
    }
  }

  private rates(now: Measures): Pick<Recorder, 'perSecond' | 'bytesPerSecond'> {
    const before = this.heard.findLast((one) => now.time - one.time >= rateSpan) ?? this.heard[0]!
    const seconds = (now.time - before.time) / 1_000
    const rate = (of: 'messages' | 'bytes') => (seconds === 0 ? 0 : (total(now, of) - total(before, of)) / seconds)
    return { perSecond: rate('messages'), bytesPerSecond: rate('bytes') }
  }
}

/** Until the log meets its limit, or the disk the room that is kept free. */
function roomOf({ bytes, limitBytes, freeBytes, minFreeBytes }: Status['log']): number {
  return Math.max(0, Math.min(limitBytes - bytes, freeBytes - minFreeBytes))
}

function average({ bytes, from }: Status['log'], until: Millis): number | null {
  return from === null || until - from < longEnough ? null : (bytes / (until - from)) * day
}

function spread(now: Counts, before: Counts | null): Spread | null {
  const p50 = quantile(now, before, 0.5)
  const p99 = quantile(now, before, 0.99)
  return p50 === null || p99 === null ? null : { p50, p99 }
}

function total({ taken }: Measures, of: 'messages' | 'bytes'): number {
  return taken.reduce((all, one) => all + one[of], 0)
}

function sum({ bins }: Counts): number {
  return bins.reduce((all, n) => all + n, 0)
}
