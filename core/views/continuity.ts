import type { Statement } from 'better-sqlite3'
import type { Calls, Continuity } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import { minuteMs, minuteOf } from './bucket.ts'
import { type Gap, type GapHistory, gapsOf } from './gaps.ts'
import type { Instant } from './instant.ts'
import type { Counted } from './records.ts'
import type { Views } from './views.ts'

const maxGaps = 500
const day = 86_400_000

interface Totals extends Counted {
  readonly source: string
}

/** Whether every source was heard, and why not where it was not. */
export class ContinuityAnswers {
  private readonly views: Views
  private readonly gaps: GapHistory
  private readonly totals: Statement<[number, number], Totals>
  private readonly since: Statement<[number], { source: string; minute: number }>

  constructor(views: Views, gaps: GapHistory) {
    this.views = views
    this.gaps = gaps
    this.totals = views.db.prepare(
      `select source, sum(messages) as messages, sum(repeats) as repeats, sum(qos0) as qos0 from minute
       where minute >= ? and minute < ? group by source`,
    )
    this.since = views.db.prepare('select source, min(minute) as minute from minute where first < ? group by source')
  }

  continuity(instant: Instant, { days }: Calls['continuity']['in']): Continuity {
    const from = instant.time - Math.min(Math.max(1, days), 366) * day
    const gaps = this.gaps.at(instant.offset)
    const totals = this.totalsSince(instant, from)
    const sources = this.since.all(instant.offset).map(({ source, minute }) => ({
      source,
      since: Math.max(minute * minuteMs, this.views.log.firstTime() ?? 0),
      messages: totals.get(source)?.messages ?? 0,
      repeats: totals.get(source)?.repeats ?? 0,
      qos0: totals.get(source)?.qos0 ?? 0,
      gaps: within(gapsOf(gaps, source), from, instant.time),
    }))
    return { from, until: instant.time, sources }
  }

  /** Whole minutes are summed up already; of the running one the records are counted that were there. */
  private totalsSince({ live, time, offset }: Instant, from: Millis): ReadonlyMap<string, Counted> {
    const running = live ? Number.MAX_SAFE_INTEGER : minuteOf(time)
    const totals = new Map(this.totals.all(minuteOf(from), running).map((row): [string, Counted] => [row.source, row]))
    if (live) return totals
    for (const [source, counted] of this.views.records.count(this.views.log.offsetAt(running * minuteMs), offset))
      totals.set(source, sum(totals.get(source), counted))
    return totals
  }
}

function sum(a: Counted | undefined, b: Counted): Counted {
  if (a === undefined) return b
  return { messages: a.messages + b.messages, repeats: a.repeats + b.repeats, qos0: a.qos0 + b.qos0 }
}

export function within(gaps: readonly Gap[], from: Millis, until: Millis): readonly Gap[] {
  return gaps.filter((gap) => gap.from < until && (gap.until === null || gap.until > from)).slice(-maxGaps)
}
