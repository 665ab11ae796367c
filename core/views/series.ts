import type { Statement } from 'better-sqlite3'
import type { Calls, Columns } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { type Bucket, minuteMs, minuteOf } from './bucket.ts'
import { nameAt, type SeriesEntry } from './catalogue.ts'
import type { Instant } from './instant.ts'
import type { Raw } from './recent.ts'
import type { Views } from './views.ts'

type Asked = Calls['series']['in']

const maxSeries = 32
const maxPoints = 4_000
const maxStates = 2_000
/** Roll-ups of at most this many minutes are read for one chart. */
const maxMinutes = 400 * 24 * 60
/** Every reading is drawn while reading the records is quick. */
const rawSpan: Millis = 3 * 60 * minuteMs
const maxRawRecords = 60_000
/** A pause of so many usual gaps is drawn as one. */
const gapFactor = 3.5

/** One point of a chart, before it lies in columns. */
interface Point {
  time: Millis
  sum: number
  n: number
  min: number
  max: number
  low: number
  high: number
}

/** Charts: every reading where that is quick, else the mean, least and largest of each interval. */
export class SeriesAnswers {
  private readonly views: Views
  private readonly states: Statement<[number, number, number, number, number], { time: Millis; text: string }>
  private readonly stateBefore: Statement<[number, number, number], { time: Millis; text: string }>
  private readonly late: Statement<[number, number, number, number], Raw>
  private readonly cadence: Statement<[number, number], { every: number }>

  constructor(views: Views) {
    const { db } = views
    this.views = views
    this.states = db.prepare(
      `select time, text from state_change where series = ? and time >= ? and time < ? and offset < ?
       order by time, offset limit ?`,
    )
    this.stateBefore = db.prepare(
      'select time, text from state_change where series = ? and time < ? and offset < ? order by time desc, offset desc limit 1',
    )
    this.late = db.prepare(
      'select time, offset, value, 0 as arrived from late where series = ? and time >= ? and time < ? and offset < ?',
    )
    this.cadence = db.prepare('select every from cadence where series = ? and offset < ? order by offset desc limit 1')
  }

  series(instant: Instant, asked: Asked): readonly Columns[] {
    check(asked)
    return asked.series.map((id) => this.one(instant, this.entry(instant, id), asked))
  }

  private entry({ offset }: Instant, id: number): SeriesEntry {
    const series = this.views.catalogue.series[id]
    if (series !== undefined && series.first < offset) return series
    throw new FieldError('not_found', `series ${id} is not known at that time; choose a device to see its signals`)
  }

  private one(instant: Instant, series: SeriesEntry, asked: Asked): Columns {
    const { id, device, signal, type } = series
    const { said, unit, unitGuessed } = nameAt(series, instant.offset)
    const points = type === 'text' ? [] : this.points(instant, series, asked)
    return {
      series: id,
      device,
      signal,
      name: said.name,
      unit,
      unitGuessed,
      type,
      ...columnsOf(points),
      states: type === 'number' ? [] : this.statesOf(instant, this.partsOf(instant, series), asked),
    }
  }

  private partsOf({ offset }: Instant, series: SeriesEntry): readonly number[] {
    return this.views.catalogue.partsOf(series, offset).map(({ id }) => id)
  }

  private points(instant: Instant, series: SeriesEntry, asked: Asked): readonly Point[] {
    const count = Math.min(Math.max(2, Math.floor(asked.points)), maxPoints)
    const end = minuteOf(asked.until) + 1
    const buckets = this.partsOf(instant, series)
      .flatMap((id) => this.views.buckets.range(instant, id, minuteOf(asked.from), end))
      .sort((a, b) => a.minute - b.minute)
    const every = this.cadence.get(series.id, instant.offset)?.every ?? null
    const raws = this.raws(instant, series, buckets, asked)
    const width = (asked.until - asked.from) / count
    if (raws !== null) {
      const readings = raws.map((raw) => pointOf(raw, bandAt(buckets, minuteOf(raw.time))))
      const merged = readings.length > count ? merge(readings, asked.from, width) : readings
      return withGaps(merged, pauseOf(every ?? usualGap(readings), readings.length > count ? width : 0))
    }
    const whole = Math.max(minuteMs, Math.ceil(width / minuteMs) * minuteMs)
    return withGaps(merge(buckets.map(middle), 0, whole), pauseOf(every ?? minuteMs, whole))
  }

  /** Every reading of the span by event time; null: too many records to read. */
  private raws(
    instant: Instant,
    series: SeriesEntry,
    buckets: readonly Bucket[],
    { from, until }: Asked,
  ): Raw[] | null {
    if (until - from > rawSpan) return null
    const parts = this.partsOf(instant, series)
    const late = parts.flatMap((id) => this.late.all(id, from, until, instant.offset))
    const lateOffsets = new Set(late.map(({ offset }) => offset))
    const inOrder = buckets.filter((bucket) => bucket.n > 1 || !lateOffsets.has(bucket.from))
    const spans = spansOf(inOrder, instant.offset, lateOffsets)
    if (spans === null) return null
    const found: Raw[] = []
    const topics = this.views.records.topicsOf(series.id, instant.offset)
    for (const [first, end] of spans)
      this.views.records.scan(first, end, topics, (id, offset, time, value, arrived) => {
        if (parts.includes(id) && time >= from && time < until && !lateOffsets.has(offset))
          found.push({ time, offset, value, arrived })
      })
    return [...found, ...late].sort((a, b) => a.time - b.time || a.offset - b.offset)
  }

  private statesOf(instant: Instant, parts: readonly number[], { from, until }: Asked): Columns['states'] {
    const before = parts.flatMap((id) => this.stateBefore.get(id, from, instant.offset) ?? []).sort(byTime)
    const inside = parts.flatMap((id) => this.states.all(id, from, until, instant.offset, maxStates)).sort(byTime)
    return [...before.slice(-1), ...inside.slice(0, maxStates)]
  }
}

function byTime(a: { readonly time: Millis }, b: { readonly time: Millis }): number {
  return a.time - b.time
}

function check({ series, from, until }: Asked): void {
  if (series.length > maxSeries)
    throw new FieldError('bad_input', `series: ${series.length} were asked for; at most ${maxSeries} at once`, {
      path: 'series',
    })
  if (!(until > from) || until - from > maxMinutes * minuteMs)
    throw new FieldError('bad_input', `from ${from} until ${until} is no span of at most ${maxMinutes / 1_440} days`, {
      path: 'until',
    })
}

/** Where the readings of these minutes lie in the log, joined where they touch; null: too many. */
function spansOf(buckets: readonly Bucket[], head: Offset, late: ReadonlySet<Offset>): [Offset, Offset][] | null {
  const spans: [Offset, Offset][] = []
  let records = 0
  for (const { from, to } of [...buckets].sort((a, b) => a.from - b.from)) {
    const end = Math.min(head, (late.has(to) ? Math.max(from, to) : to) + 1)
    const last = spans.at(-1)
    if (last !== undefined && from <= last[1] + 2_000) {
      records += Math.max(0, end - last[1])
      last[1] = Math.max(last[1], end)
    } else {
      records += end - from
      spans.push([from, end])
    }
    if (records > maxRawRecords) return null
  }
  return spans
}

function pointOf({ time, value }: Raw, band: Pick<Bucket, 'low' | 'high'> | null): Point {
  return {
    time,
    sum: value,
    n: 1,
    min: value,
    max: value,
    low: band?.low ?? Number.NaN,
    high: band?.high ?? Number.NaN,
  }
}

function middle({ minute, sum, n, min, max, low, high }: Bucket): Point {
  return { time: minute * minuteMs + minuteMs / 2, sum, n, min, max, low, high }
}

/** The band of that minute, else of the newest one before it. */
function bandAt(buckets: readonly Bucket[], minute: number): Bucket | null {
  let low = 0
  let high = buckets.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (buckets[mid]!.minute <= minute) low = mid + 1
    else high = mid
  }
  for (let i = low - 1; i >= Math.max(0, low - 5); i--) if (!Number.isNaN(buckets[i]!.low)) return buckets[i]!
  return null
}

/** Points into intervals of `width` that begin at `origin`: a single far reading still shows as least or largest. */
function merge(points: readonly Point[], origin: Millis, width: Millis): readonly Point[] {
  const merged: Point[] = []
  let interval = Number.NaN
  for (const point of points) {
    const own = Math.floor((point.time - origin) / width)
    if (own === interval) fold(merged.at(-1)!, point)
    else merged.push({ ...point, time: origin + own * width + width / 2 })
    interval = own
  }
  return merged
}

function fold(into: Point, { sum, n, min, max, low, high }: Point): void {
  into.sum += sum
  into.n += n
  into.min = Math.min(into.min, min)
  into.max = Math.max(into.max, max)
  if (Number.isNaN(low)) return
  into.low = low
  into.high = high
}

function pauseOf(every: Millis, width: Millis): Millis {
  return Math.max(gapFactor * every, 2 * width)
}

function usualGap(points: readonly Point[]): Millis {
  const gaps = points.slice(1).map(({ time }, i) => time - points[i]!.time)
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? minuteMs
}

/** A point without a value breaks the line where nothing came for longer than `pause`. */
function withGaps(points: readonly Point[], pause: Millis): readonly Point[] {
  const found: Point[] = []
  for (const point of points) {
    const before = found.at(-1)
    if (before !== undefined && point.time - before.time > pause) found.push(gapAt((before.time + point.time) / 2))
    found.push(point)
  }
  return found
}

function gapAt(time: Millis): Point {
  const none = Number.NaN
  return { time, sum: none, n: 1, min: none, max: none, low: none, high: none }
}

function columnsOf(points: readonly Point[]): Pick<Columns, 'time' | 'mean' | 'min' | 'max' | 'low' | 'high'> {
  return {
    time: Float64Array.from(points, ({ time }) => time),
    mean: Float64Array.from(points, ({ sum, n }) => sum / n),
    min: Float64Array.from(points, ({ min }) => min),
    max: Float64Array.from(points, ({ max }) => max),
    low: Float64Array.from(points, ({ low }) => low),
    high: Float64Array.from(points, ({ high }) => high),
  }
}
