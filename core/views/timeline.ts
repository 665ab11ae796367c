import type { Statement } from 'better-sqlite3'
import type { Calls, Timeline } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { minuteMs, minuteOf } from './bucket.ts'
import type { GapHistory } from './gaps.ts'
import type { Instant } from './instant.ts'
import type { Views } from './views.ts'

type Asked = Calls['timeline']['in']

const maxBins = 2_000
const maxAlerts = 1_000
const maxBookmarks = 500

interface Counted {
  readonly minute: number
  readonly messages: number
  readonly first: Offset
}

/** The time bar: what came, by arrival, with alerts, gaps and bookmarks. */
export class TimelineAnswers {
  private readonly views: Views
  private readonly gaps: GapHistory
  private readonly minutes: Statement<[number, number, number], Counted>
  private readonly alerts: Statement<[number, number, number, number], { id: string; doc: string }>
  private readonly bookmarks: Statement<[number, number, number, number], { at: Millis; text: string }>

  constructor(views: Views, gaps: GapHistory) {
    const { db } = views
    this.views = views
    this.gaps = gaps
    this.minutes = db.prepare(
      `select minute, sum(messages) as messages, min(first) as first from minute
       where minute >= ? and minute <= ? and first < ? group by minute`,
    )
    this.alerts = db.prepare(
      `select id, doc from alert where since < ? and (until is null or until >= ?) and opened < ?
       order by since desc limit ?`,
    )
    this.bookmarks = db.prepare(
      'select at, text from bookmark where offset < ? and at >= ? and at < ? order by at limit ?',
    )
  }

  timeline(instant: Instant, asked: Asked): Timeline {
    const { from, until } = asked
    if (!(until > from))
      throw new FieldError('bad_input', `until ${until} is not after from ${from}`, { path: 'until' })
    return {
      ...this.bins(instant, asked),
      alerts: this.alertsIn(instant, asked),
      gaps: this.gaps.drawn(instant, { from, until }),
      bookmarks: this.bookmarks.all(instant.offset, from, until, maxBookmarks),
    }
  }

  private bins(instant: Instant, { from, until, bins }: Asked): Pick<Timeline, 'time' | 'messages'> {
    const count = Math.min(Math.max(1, Math.floor(bins)), maxBins)
    const width = (until - from) / count
    const messages = new Float64Array(count)
    for (const row of this.minutes.iterate(minuteOf(from), minuteOf(until), instant.offset)) {
      const known = Math.min(row.messages, instant.offset - row.first) // of the newest minute a part
      spread(messages, (row.minute * minuteMs - from) / width, minuteMs / width, known)
    }
    return { time: Float64Array.from({ length: count }, (_, i) => from + i * width), messages }
  }

  private alertsIn(instant: Instant, { from, until }: Asked): Timeline['alerts'] {
    return this.alerts.all(until, from, instant.offset, maxAlerts).map((row) => {
      const alert = this.views.openAlerts.fold(row, instant)
      return {
        id: alert.id,
        title: alert.title,
        device: alert.device,
        priority: alert.priority,
        from: alert.since,
        until: alert.until,
        acknowledged: alert.acknowledged !== null,
      }
    })
  }
}

/** A minute over the bins that it touches, each its share. */
function spread(bins: Float64Array, from: number, length: number, messages: number): void {
  const end = from + length
  for (let bin = Math.max(0, Math.floor(from)); bin < Math.min(bins.length, end); bin++) {
    const share = (Math.min(bin + 1, end) - Math.max(bin, from)) / length
    if (share > 0) bins[bin] = bins[bin]! + messages * share
  }
}
