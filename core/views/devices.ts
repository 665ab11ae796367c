import type { Statement } from 'better-sqlite3'
import type { Calls, DeviceDetail, DeviceRow, DeviceState, SignalRow } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Cadence, Millis } from '../contract/model.ts'
import { type Bucket, minuteMs, minuteOf } from './bucket.ts'
import { type DeviceEntry, nameAt, type SeriesEntry } from './catalogue.ts'
import { isThere, type Standing, standingOf, standings } from './device-states.ts'
import type { Instant } from './instant.ts'
import type { Latest } from './latest.ts'
import { UpkeepHistory } from './upkeep.ts'
import type { Views } from './views.ts'

const maxRows = 500
const maxSignals = 256
const maxNotes = 200
const sparkMinutes = 60
/** Messages a minute are a mean over this many whole minutes. */
const rateMinutes = 5
/** Readings from which the usual band is learned, as the detector has it. */
const warmUp = 100

export class DeviceAnswers {
  private readonly views: Views
  private readonly cadence: Statement<[number, number], CadenceRow>
  private readonly notes: Statement<[string, number, number], DeviceDetail['notes'][number]>
  private readonly zone: Statement<[number], { name: string }>
  private readonly upkeep: UpkeepHistory

  constructor(views: Views) {
    this.views = views
    const { db } = views
    this.upkeep = new UpkeepHistory(db)
    this.cadence = db.prepare(
      'select every, silent, kind from cadence where series = ? and offset < ? order by offset desc limit 1',
    )
    this.notes = db.prepare(
      'select time, "by", text from note where device = ? and offset < ? order by offset desc limit ?',
    )
    this.zone = db.prepare('select name from zone where offset < ? order by offset desc limit 1')
  }

  devices(instant: Instant, input: Calls['devices']['in']): Calls['devices']['out'] {
    const found = standings(this.views.openAlerts.at(instant), instant)
    const matching = this.matching(instant, input.filter)
    const ordered = input.sort === 'area' ? matching : worstFirst(matching, found, instant)
    const from = Math.max(0, Math.floor(input.from))
    const page = ordered.slice(from, from + Math.min(input.count, maxRows))
    return {
      total: matching.length,
      from,
      rows: page.map((device) => this.row(instant, device, standingOf(device, found, instant))),
      areas: areasOf(matching),
    }
  }

  device(instant: Instant, id: string): DeviceDetail {
    const device = this.entry(instant, id)
    const alerts = this.views.openAlerts.at(instant)
    const row = this.row(instant, device, standingOf(device, standings(alerts, instant), instant))
    return {
      row,
      upkeep: this.upkeep.of(instant, id),
      topic: device.topic,
      silentAfterMs: this.silentAfter(instant, device),
      messagesToday: this.messagesToday(instant, device),
      signals: known(device, instant)
        .slice(0, maxSignals)
        .map((series) => this.signal(instant, series)),
      notes: this.notes.all(id, instant.offset, maxNotes),
      openAlerts: alerts.filter((alert) => alert.device === id).length,
    }
  }

  private entry({ offset }: Instant, id: string): DeviceEntry {
    const device = this.views.catalogue.devices.get(id)
    if (device !== undefined && device.first < offset) return device
    const when = device === undefined ? 'has never sent anything that could be read' : 'was not known then'
    throw new FieldError('not_found', `device "${id}" ${when}; choose one from the list of devices`)
  }

  private matching({ offset }: Instant, filter: string): readonly DeviceEntry[] {
    const words = filter.trim().toLowerCase()
    return this.views.catalogue
      .byArea()
      .filter((device) => isThere(device, offset) && (words === '' || device.words.includes(words)))
  }

  private row(instant: Instant, device: DeviceEntry, standing: Standing): DeviceRow {
    const series = known(device, instant)
    const main = mainSeries(series, standing)
    const name = main === null ? null : nameAt(main, instant.offset)
    const latest = main === null ? null : this.views.latest.of(instant, main)
    const end = minuteOf(instant.time) + 1
    const lastHour = main === null ? [] : this.views.buckets.range(instant, main.id, end - sparkMinutes, end)
    return {
      device: device.device,
      label: device.label,
      area: device.area,
      state: standing.state,
      priority: standing.priority,
      acknowledged: standing.acknowledged,
      signal: main?.signal ?? null,
      name: name?.said.name ?? null,
      unit: name?.unit ?? null,
      unitGuessed: name?.unitGuessed ?? false,
      value: latest?.value ?? null,
      band: latest?.band ?? null,
      spark: means(lastHour, end),
      heard: this.views.latest.heard(instant, series),
      everyMs: main === null ? null : this.every(instant, main),
      perMinute: this.perMinute(instant, series, main, lastHour),
      signals: series.length,
    }
  }

  private every(instant: Instant, { id }: SeriesEntry): Millis | null {
    return this.cadence.get(id, instant.offset)?.every ?? null
  }

  /** Of the topic of the main signal the readings are at hand already. */
  private perMinute(
    instant: Instant,
    series: readonly SeriesEntry[],
    main: SeriesEntry | null,
    lastHour: readonly Bucket[],
  ): number {
    const until = minuteOf(instant.time)
    const from = until - rateMinutes
    const own = countOf(lastHour.filter(({ minute }) => minute >= from && minute < until))
    const others = series.filter(({ topic }) => topic !== main?.topic)
    return (own + this.messages(instant, others, from, until)) / rateMinutes
  }

  private messagesToday(instant: Instant, device: DeviceEntry): number {
    const from = minuteOf(midnight(instant.time, this.zone.get(instant.offset)?.name ?? 'UTC'))
    return this.messages(instant, known(device, instant), from, minuteOf(instant.time) + 1)
  }

  /** Signals of one topic come in the same messages, so one of them counts for all. */
  private messages(instant: Instant, series: readonly SeriesEntry[], from: number, until: number): number {
    const counted = new Set<string>()
    let messages = 0
    for (const { id, topic, type } of series) {
      if (type === 'text' || counted.has(topic)) continue
      counted.add(topic)
      messages += countOf(this.views.buckets.range(instant, id, from, until))
    }
    return messages
  }

  private silentAfter(instant: Instant, device: DeviceEntry): Millis | null {
    for (const { id } of known(device, instant)) {
      const silent = this.cadence.get(id, instant.offset)?.silent ?? null
      if (silent !== null) return silent
    }
    return null
  }

  private signal(instant: Instant, series: SeriesEntry): SignalRow {
    const latest = this.views.latest.of(instant, series)
    const cadence = this.cadence.get(series.id, instant.offset)
    const everyMs = cadence?.every ?? null
    const { said, unit, unitGuessed } = nameAt(series, instant.offset)
    const [, ...parts] = this.views.catalogue.partsOf(series, instant.offset)
    return {
      series: series.id,
      signal: series.signal,
      said,
      unit,
      unitGuessed,
      parts: parts.map((part) => partOf(part, instant)),
      type: series.type,
      value: latest?.value ?? null,
      band: latest?.band ?? null,
      everyMs,
      cadence: cadence?.kind ?? null,
      firstSeen: series.since,
      lastSeen: latest?.arrived ?? null,
      learningMs: this.learning(instant, series, latest, everyMs),
    }
  }

  private learning(
    instant: Instant,
    series: SeriesEntry,
    latest: Latest | null,
    everyMs: Millis | null,
  ): Millis | null {
    if (series.type !== 'number' || (series.settled !== null && series.settled < instant.offset)) return null
    const seen = latest?.count ?? countOf(this.views.buckets.range(instant, series.id, 0, minuteOf(instant.time) + 10))
    return Math.max(1, warmUp - seen) * (everyMs ?? minuteMs)
  }
}

/** Means of the hour that ends with the minute of `until`, one a minute; NaN where nothing came. */
export function sparkOf({ buckets }: Views, instant: Instant, series: SeriesEntry, until: Millis): Float64Array {
  const end = minuteOf(until) + 1
  return means(buckets.range(instant, series.id, end - sparkMinutes, end), end)
}

function means(buckets: readonly Bucket[], end: number): Float64Array {
  const spark = new Float64Array(sparkMinutes).fill(Number.NaN)
  for (const { minute, sum, n } of buckets) spark[minute - (end - sparkMinutes)] = sum / n
  return spark
}

interface CadenceRow {
  readonly every: Millis
  readonly silent: Millis | null
  readonly kind: Cadence | null
}

function partOf(series: SeriesEntry, { offset }: Instant): SignalRow['parts'][number] {
  return { series: series.id, device: series.device, signal: series.signal, said: nameAt(series, offset).said }
}

/** Without those that are part of another one. */
function known({ series }: DeviceEntry, { offset }: Instant): readonly SeriesEntry[] {
  return series.filter((each) => each.first < offset && nameAt(each, offset).said.into === null)
}

/** What its worst alert is about, else its first number, else whatever it sends. */
function mainSeries(series: readonly SeriesEntry[], standing: Standing): SeriesEntry | null {
  const alerted = standing.series === null ? undefined : series.find(({ id }) => id === standing.series)
  return alerted ?? series.find(({ type }) => type === 'number') ?? series[0] ?? null
}

function countOf(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { n }) => sum + n, 0)
}

const ranks: Readonly<Record<DeviceState, number>> = { alert: 0, silent: 0, shelved: 2, learning: 3, normal: 4 }

function worstFirst(
  devices: readonly DeviceEntry[],
  found: ReadonlyMap<string, Standing>,
  instant: Instant,
): readonly DeviceEntry[] {
  const ranked = devices.map((device, i) => ({ device, i, rank: rankOf(standingOf(device, found, instant)) }))
  return ranked.sort((a, b) => a.rank - b.rank || a.i - b.i).map(({ device }) => device)
}

function rankOf({ state, priority, acknowledged }: Standing): number {
  return ranks[state] * 100 + Number(acknowledged) * 10 + (priority ?? 9)
}

function areasOf(devices: readonly DeviceEntry[]): Calls['devices']['out']['areas'] {
  const counts = new Map<string, number>()
  for (const { area } of devices) counts.set(area, (counts.get(area) ?? 0) + 1)
  return [...counts].map(([area, count]) => ({ area, count }))
}

/** Start of the day in the plant's zone. */
function midnight(time: Millis, zone: string): Millis {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  })
  const clock = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  return time - ((clock.hour! * 60 + clock.minute!) * 60 + clock.second!) * 1_000
}
