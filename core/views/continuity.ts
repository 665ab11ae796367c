import type { Statement } from 'better-sqlite3'
import type { Calls, Continuity, Missed, NotStored, SilentRow, SourceCoverage } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import { minuteMs } from './bucket.ts'
import { type Asked, coverageOf, keptSince, maxGaps, partsOf, spanOf } from './covered.ts'
import type { GapHistory, Span } from './gaps.ts'
import type { Instant } from './instant.ts'
import type { Counted } from './records.ts'
import type { Views } from './views.ts'

const maxMissed = 20
const maxTopics = 20
/** Silences of devices that are looked through for the longest, which takes a tenth of a second; the newest of the span. */
const maxSilences = 50_000

/** Whether every source and device was heard, and why not where it was not. */
export class ContinuityAnswers {
  private readonly views: Views
  private readonly gaps: GapHistory
  private readonly sources: Statement<[number], { name: string; since: Millis }>
  private readonly hours: Statement<[string, number, number], Counted>
  private readonly minutes: Statement<[number, number], Counted & { source: string }>
  private readonly newestMinute: Statement<[], { minute: number | null }>
  private readonly notStored: Statement<[string, string, number, number, number], { topics: string; messages: number }>
  private readonly missed: Statement<[string, number, number, number, number], Missed>
  private readonly missedSum: Statement<[string, number, number, number], { messages: number | null }>
  private readonly givenUp: Statement<[number, number, number], Continuity['givenUp'][number]>
  private readonly lookedSince: Statement<SilenceInput, { until: Millis }>
  private readonly silences: Statement<SilenceInput, { name: string; silences: number; ms: Millis }>

  constructor(views: Views, gaps: GapHistory) {
    const { db } = views
    this.views = views
    this.gaps = gaps
    this.sources = db.prepare('select name, since from source where first < ? order by since, name')
    this.hours = db.prepare(
      `select sum(messages) as messages, sum(repeats) as repeats, sum(qos0) as qos0 from traffic_hour
       where source = ? and hour >= ? and hour < ?`,
    )
    this.minutes = db.prepare(
      `select source, sum(messages) as messages, sum(repeats) as repeats, sum(qos0) as qos0 from minute
       where minute >= ? and minute < ? group by source`,
    )
    this.newestMinute = db.prepare('select max(minute) as minute from minute')
    this.notStored = db.prepare(
      `select topics, sum(messages) as messages from not_stored
       where source = ? and why = ? and time >= ? and time <= ? and offset < ? group by topics order by 2 desc, 1`,
    )
    this.missed = db.prepare(
      `select node, since, time as until, messages from missed
       where source = ? and time >= ? and time <= ? and offset < ? order by time desc limit ?`,
    )
    this.missedSum = db.prepare(
      'select sum(messages) as messages from missed where source = ? and time >= ? and time <= ? and offset < ?',
    )
    this.givenUp = db.prepare(
      `select time, detail as words from link
       where event = 'given up' and time >= ? and time <= ? and offset < ? order by offset desc limit 100`,
    )
    this.lookedSince = db.prepare(
      `select until from gap where about = 'device' and until > $from and "from" < $until and opened < $offset
       order by until desc limit 1 offset ${maxSilences}`,
    )
    this.silences = db.prepare(
      `select name, count(*) as silences,
         sum(min(case when closed >= $offset then $end else until end, $end) - max("from", $from)) as ms
       from (select name, "from", until, closed from gap where about = 'device' and until > $from and "from" < $until and opened < $offset
         order by until desc limit ${maxSilences})
       group by name order by ms desc, name limit $limit offset $skip`,
    )
  }

  continuity(instant: Instant, asked: Asked): Continuity {
    const span = spanOf(instant, asked)
    const counted = this.counted(instant, span)
    const { log } = this.views
    const first = log.offsetAt(span.from)
    const end = span.until === instant.time ? instant.offset : Math.min(instant.offset, log.offsetAt(span.until))
    const sources = this.sources.all(instant.offset).map(({ name, since }): SourceCoverage => {
      const found = this.gaps.ofSource(instant, name, span, maxGaps)
      const dropped = this.notStoredIn(instant, name, 'dropped', span)
      const leftOut = this.notStoredIn(instant, name, 'left out', span)
      const missed = this.missedIn(instant, name, span)
      const refused = this.gaps.refused(instant, name, span)
      return {
        source: name,
        ...(counted.get(name) ?? none),
        refused,
        dropped,
        leftOut,
        missed,
        tooLate: this.gaps.tooLate(name, first, end),
        ...coverageOf(this.views.log, span, since, found),
      }
    })
    return {
      ...span,
      keptSince: keptSince(this.views.log),
      sources: sources.filter((source) => !isGone(source, span)),
      givenUp: this.givenUp.all(span.from, span.until, instant.offset),
    }
  }

  silent(instant: Instant, asked: Calls['continuity.silent']['in']): Calls['continuity.silent']['out'] {
    const span = spanOf(instant, asked)
    const limit = Math.min(asked.limit, 500)
    const input = { ...span, end: span.until, offset: instant.offset, limit: limit + 1, skip: asked.skip }
    const found = this.silences.all(input)
    const since = this.lookedSince.get(input)?.until ?? null
    return { rows: found.slice(0, limit).map((row) => this.silentRow(row)), more: found.length > limit, since }
  }

  private notStoredIn({ offset }: Instant, source: string, why: string, { from, until }: Span): NotStored {
    const topics = this.notStored.all(source, why, from, until, offset)
    return { messages: topics.reduce((sum, { messages }) => sum + messages, 0), topics: topics.slice(0, maxTopics) }
  }

  private missedIn({ offset }: Instant, source: string, { from, until }: Span): SourceCoverage['missed'] {
    const { messages } = this.missedSum.get(source, from, until, offset)!
    if (messages === null) return { messages: 0, newest: [] }
    return { messages, newest: this.missed.all(source, from, until, offset, maxMissed) }
  }

  private silentRow({ name, silences, ms }: { name: string; silences: number; ms: Millis }): SilentRow {
    const device = this.views.catalogue.devices.get(name)
    return { device: name, label: device?.label ?? name, area: device?.area ?? '', silences, silentMs: ms }
  }

  /** Whole hours and minutes are summed up already; of the running minute the records are counted that were there. */
  private counted(instant: Instant, span: Span): ReadonlyMap<string, Counted> {
    const { from, firstHour, endHour, end, running } = partsOf(instant, span, this.newestMinute.get()!.minute ?? 0)
    const counts = new Map<string, Counted>()
    const add = (source: string, counted: Counted) => counts.set(source, sum(counts.get(source), counted))
    for (const row of this.minutes.iterate(from, Math.min(firstHour * 60, end))) add(row.source, row)
    for (const row of this.minutes.iterate(endHour * 60, end)) add(row.source, row)
    for (const { name } of this.sources.all(instant.offset)) add(name, this.hours.get(name, firstHour, endHour)!)
    if (!running) return counts
    const begin = this.views.log.offsetAt(end * minuteMs)
    for (const [source, counted] of this.views.records.count(begin, instant.offset)) add(source, counted)
    return counts
  }
}

interface SilenceInput {
  readonly from: Millis
  readonly until: Millis
  readonly end: Millis
  readonly offset: number
  readonly limit: number
  readonly skip: number
}

const none: Counted = { messages: 0, repeats: 0, qos0: 0 }
/** A person removed it before the span, and nothing has come since. */
function isGone({ gaps, messages }: SourceCoverage, { from }: Span): boolean {
  const only = gaps.length === 1 ? gaps[0]! : null
  return messages === 0 && only?.cause === 'removed' && only.until === null && only.from <= from
}

function sum(a: Counted | undefined, b: Counted): Counted {
  return {
    messages: (a?.messages ?? 0) + (b.messages ?? 0),
    repeats: (a?.repeats ?? 0) + (b.repeats ?? 0),
    qos0: (a?.qos0 ?? 0) + (b.qos0 ?? 0),
  }
}
