import type { Statement } from 'better-sqlite3'
import type {
  Calls,
  Continuity,
  Coverage,
  DeviceCoverage,
  Gap,
  Missed,
  NotStored,
  SilentRow,
  SourceCoverage,
} from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { hourOf, minuteMs, minuteOf } from './bucket.ts'
import { type GapHistory, laid, type Span, shared } from './gaps.ts'
import type { Instant } from './instant.ts'
import type { Counted } from './records.ts'
import type { Views } from './views.ts'

const maxGaps = 500
const maxMissed = 20
const maxTopics = 20
/** Silences of devices that are looked through for the longest, which takes a tenth of a second; the newest of the span. */
const maxSilences = 50_000
const usualSpan: Millis = 7 * 86_400_000

type Asked = { readonly from: Millis | null; readonly until: Millis | null }

/** Whether every source and device was heard, and why not where it was not. */
export class ContinuityAnswers {
  private readonly views: Views
  private readonly gaps: GapHistory
  private readonly sources: Statement<[number], { name: string; since: Millis }>
  private readonly comesBy: Statement<[string, number], { source: string; since: Millis }>
  private readonly hours: Statement<[string, number, number], Counted>
  private readonly minutes: Statement<[number, number], Counted & { source: string }>
  private readonly newestMinute: Statement<[], { minute: number | null }>
  private readonly notStored: Statement<[string, string, number, number, number], { topics: string; messages: number }>
  private readonly missed: Statement<[string, number, number, number, number], Missed>
  private readonly missedSum: Statement<[string, number, number, number], { messages: number | null }>
  private readonly lookedSince: Statement<SilenceInput, { until: Millis }>
  private readonly silences: Statement<SilenceInput, { name: string; silences: number; ms: Millis }>

  constructor(views: Views, gaps: GapHistory) {
    const { db } = views
    this.views = views
    this.gaps = gaps
    this.sources = db.prepare('select name, since from source where first < ? order by since, name')
    this.comesBy = db.prepare(
      'select source, since from comes_by where device = ? and first < ? order by since, source',
    )
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
        ...this.coverage(span, since, found),
      }
    })
    return { ...span, keptSince: this.keptSince(), sources: sources.filter((source) => !isGone(source, span)) }
  }

  device(instant: Instant, { id, ...asked }: Asked & { readonly id: string }): DeviceCoverage {
    const span = spanOf(instant, asked)
    const sources = this.comesBy.all(id, instant.offset)
    if (sources.length === 0)
      throw new FieldError('not_found', `device "${id}" was not known then; choose one from the list of devices`)
    const own = this.gaps.of(instant, 'device', id, span, maxGaps)
    const unheard = sources.map(({ source, since }, i): readonly Gap[] => {
      const before = i === 0 ? [] : [{ ...notYet, until: since }]
      return laid(before, this.gaps.ofSource(instant, source, span, maxGaps).gaps)
    })
    const gaps = laid(unheard.reduce(shared), own.gaps).filter((gap) => touches(gap, span))
    return {
      from: span.from,
      until: span.until,
      sources: sources.map(({ source }) => source),
      ...this.coverage(span, sources[0]!.since, {
        gaps: gaps.slice(-maxGaps),
        more: own.more || gaps.length > maxGaps,
      }),
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

  /** What retention dropped covers whatever was known of its time. */
  private coverage(span: Span, since: Millis, found: { readonly gaps: readonly Gap[]; more: boolean }): Coverage {
    if (since >= span.until) return { since: null, gaps: [], more: false, gapMs: 0 }
    const kept = this.keptSince() ?? since
    const begin = Math.max(span.from, since)
    const dropped = kept > begin ? [{ ...notKept, from: begin, until: Math.min(kept, span.until) }] : []
    const gaps = laid(dropped, found.gaps).filter((gap) => touches(gap, span))
    return { since, gaps, more: found.more, gapMs: lengthIn(gaps, span) }
  }

  private keptSince(): Millis | null {
    return this.views.log.base() > 0 ? this.views.log.firstTime() : null
  }

  /** Whole hours and minutes are summed up already; of the running minute the records are counted that were there. */
  private counted(instant: Instant, { from, until }: Span): ReadonlyMap<string, Counted> {
    const past = !instant.live && until === instant.time
    const newest = this.newestMinute.get()!.minute ?? 0
    const live = instant.live && until === instant.time
    const end = live ? Math.max(minuteOf(until), newest) + 1 : minuteOf(until) // a clock that went back is behind the log
    const firstHour = hourOf(minuteOf(from) + 59)
    const endHour = Math.max(firstHour, Math.min(hourOf(end), hourOf(newest)))
    const counts = new Map<string, Counted>()
    const add = (source: string, counted: Counted) => counts.set(source, sum(counts.get(source), counted))
    for (const row of this.minutes.iterate(minuteOf(from), Math.min(firstHour * 60, end))) add(row.source, row)
    for (const row of this.minutes.iterate(endHour * 60, end)) add(row.source, row)
    for (const { name } of this.sources.all(instant.offset)) add(name, this.hours.get(name, firstHour, endHour)!)
    if (!past) return counts
    const running = this.views.log.offsetAt(end * minuteMs)
    for (const [source, counted] of this.views.records.count(running, instant.offset)) add(source, counted)
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
const notYet = { from: -Infinity, cause: 'removed', detail: null, late: 0 } as const
const notKept = { cause: 'no longer kept', detail: null, late: 0 } as const

function spanOf({ time }: Instant, asked: Asked): Span {
  const until = Math.min(asked.until ?? time, time)
  const from = asked.from ?? until - usualSpan
  if (!(until > from)) throw new FieldError('bad_input', `until ${until} is not after from ${from}`, { path: 'until' })
  return { from, until }
}

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

function touches({ from, until }: Gap, span: Span): boolean {
  return from < span.until && (until ?? Infinity) > span.from
}

function lengthIn(gaps: readonly Gap[], span: Span): Millis {
  const ends = gaps.map(({ from, until }) => Math.min(until ?? Infinity, span.until) - Math.max(from, span.from))
  return ends.reduce((a, b) => a + b, 0)
}
