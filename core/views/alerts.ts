import type { Statement } from 'better-sqlite3'
import type { AlertDetail, AlertLoad, AlertRow, Calls } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Alert, Band, Millis, Offset, Rule, Transition } from '../contract/model.ts'
import { hourMs, minuteOf } from './bucket.ts'
import { nameAt } from './catalogue.ts'
import { sparkOf } from './devices.ts'
import { distributionOf } from './distribution.ts'
import { type Incident, incidentsOf } from './incidents.ts'
import type { Instant } from './instant.ts'
import { bandOf } from './latest.ts'
import { RuleHistory } from './rules.ts'
import type { Views } from './views.ts'

const maxRows = 500
const maxJournal = 1_000
const day = 24 * hourMs
const afterReturn: Millis = 15 * 60_000
/** ISA-18.2: a flood begins with more than 10 alerts in 10 minutes and ends with fewer than 5. */
const floodWindow: Millis = 10 * 60_000
const floodBegins = 10
const floodEnds = 5
const frequentRows = 10

interface Doc {
  readonly id: string
  readonly doc: string
}

interface Listed {
  readonly incidents: readonly Incident[]
  readonly total: number
}

function alone(alert: Alert, { time }: Instant): Incident {
  return incidentsOf([alert], time)[0]!
}

export class AlertAnswers {
  private readonly views: Views
  private readonly rules: RuleHistory
  private readonly one: Statement<[string, number], Doc>
  private readonly like: Statement<[string, string, number, number], Doc>
  private readonly history: Statement<[number, number], Doc>
  private readonly ofDevice: Statement<[string, number, number], Doc>
  private readonly count: Statement<[number], { n: number }>
  private readonly countOfDevice: Statement<[string, number], { n: number }>
  private readonly lastClosed: Statement<[number], { at: number }>
  private readonly journal: Statement<[string, number, number], Transition>
  private readonly calls: Statement<[number, number, number], { at: number }>
  private readonly frequent: Statement<
    [number, number, number, number],
    { device: string; signal: string | null; count: number }
  >

  constructor(views: Views) {
    const { db } = views
    this.views = views
    this.rules = new RuleHistory(db)
    this.one = db.prepare('select id, doc from alert where id = ? and opened < ?')
    this.like = db.prepare(
      'select id, doc from alert where id >= ? and id < ? and opened < ? order by abs(opened - ?) limit 1', // ; is after :
    )
    this.history = db.prepare('select id, doc from alert where opened < ? order by opened desc limit ?')
    this.ofDevice = db.prepare('select id, doc from alert where device = ? and opened < ? order by opened desc limit ?')
    this.count = db.prepare('select count(*) as n from alert where opened < ?')
    this.countOfDevice = db.prepare('select count(*) as n from alert where device = ? and opened < ?')
    this.lastClosed = db.prepare('select closed_at as at from alert where closed < ? order by closed desc limit 1')
    this.journal = db.prepare(
      'select alert, phase, offset, time, "by", note from transition where alert = ? and offset < ? order by seq limit ?',
    )
    this.calls = db.prepare(
      `select distinct called as at, alert from transition where called > ? and called <= ? and offset < ? order by called`,
    )
    this.frequent = db.prepare(
      `select device, signal, count(*) as count
       from (select distinct called, alert from transition where called > ? and called <= ? and offset < ?)
         join alert on alert.id = alert
       group by device, signal order by count desc, device limit ?`,
    )
  }

  alerts(instant: Instant, { show, device, limit }: Calls['alerts']['in']): Calls['alerts']['out'] {
    const rows = Math.min(Math.max(1, limit), maxRows)
    const { incidents, total } = show === 'open' ? this.open(instant, device) : this.past(instant, device, rows)
    return {
      rows: incidents.slice(0, rows).map((incident) => this.row(instant, incident)),
      total,
      lastClosed: this.lastClosed.get(instant.offset)?.at ?? null,
    }
  }

  alert(instant: Instant, id: string): AlertDetail {
    const doc = this.one.get(id, instant.offset) ?? this.likely(id, instant.offset)
    if (doc === undefined)
      throw new FieldError('not_found', `alert "${id}" is not known${instant.live ? '' : ' at that time'}; see History`)
    const alert = this.views.openAlerts.fold(doc, instant)
    const series = alert.series === null ? undefined : this.views.catalogue.series[alert.series]
    return {
      ...this.row(instant, this.incidentAround(instant, alert)),
      journal: this.journal.all(alert.id, instant.offset, maxJournal),
      rule: this.ruleOf(alert),
      evidence: alert.explanation.evidence,
      topic: series?.topic ?? this.views.catalogue.devices.get(alert.device)?.topic ?? null,
      distribution: series === undefined ? null : distributionOf(this.views, instant, series, alert),
    }
  }

  /** Of the same rule and subject, opened nearest to it: links outlive a reading of the log that opened it elsewhere. */
  private likely(id: string, before: Offset): Doc | undefined {
    const colon = id.lastIndexOf(':')
    const subject = id.slice(0, colon)
    return this.like.get(`${subject}:`, `${subject};`, before, Number(id.slice(colon + 1)))
  }

  load(instant: Instant): AlertLoad {
    const called = this.calledSince(instant, day)
    const hours = new Float64Array(24)
    for (const at of called) {
      const hour = Math.floor((at - (instant.time - day)) / hourMs)
      hours[Math.min(23, hour)] = hours[Math.min(23, hour)]! + 1
    }
    return {
      hours,
      perHour: this.perHour(instant, called.length),
      ...floodsIn(called, instant.time),
      frequent: this.most(instant),
    }
  }

  /** Calls in the last 24 hours, an hour; of a younger log, in the hours that it holds. */
  perHour(instant: Instant, calls: number = this.calledSince(instant, day).length): number {
    const age = instant.time - (this.views.log.firstTime() ?? instant.time)
    return calls / Math.min(24, Math.max(1, age / hourMs))
  }

  private calledSince({ time, offset }: Instant, span: Millis): readonly Millis[] {
    return this.calls.all(time - span, time, offset).map(({ at }) => at)
  }

  private most({ time, offset }: Instant): AlertLoad['frequent'] {
    return this.frequent
      .all(time - 7 * day, time, offset, frequentRows)
      .map((row) => ({ ...row, label: this.label(row.device) }))
  }

  private open(instant: Instant, device: string | null): Listed {
    const all = this.views.openAlerts.at(instant)
    const incidents = incidentsOf(device === null ? all : all.filter((alert) => alert.device === device), instant.time)
    return { incidents, total: incidents.length }
  }

  /** The alert leads, whatever moved before it: it was asked for. */
  private incidentAround(instant: Instant, alert: Alert): Incident {
    const head = alert.incident ?? alert.id
    const others = this.views.openAlerts.at(instant).filter((other) => (other.incident ?? other.id) === head)
    const members = others.filter(({ id }) => id !== alert.id).sort((a, b) => a.since - b.since)
    return { ...alone(alert, instant), members }
  }

  private past(instant: Instant, device: string | null, limit: number): Listed {
    const { offset } = instant
    const docs = device === null ? this.history.all(offset, limit) : this.ofDevice.all(device, offset, limit)
    const total = (device === null ? this.count.get(offset) : this.countOfDevice.get(device, offset))!.n
    return { incidents: docs.map((doc) => alone(this.views.openAlerts.fold(doc, instant), instant)), total }
  }

  private row(instant: Instant, { lead: alert, members, group, priority, called }: Incident): AlertRow {
    const series = alert.series === null ? undefined : this.views.catalogue.series[alert.series]
    const until = alert.until === null ? instant.time : Math.min(instant.time, alert.until + afterReturn)
    const { unit, unitGuessed } =
      series === undefined ? { unit: alert.unit, unitGuessed: false } : nameAt(series, instant.offset)
    return {
      alert: { ...alert, unit, unitGuessed },
      label: this.label(alert.device),
      area: this.views.catalogue.devices.get(alert.device)?.area ?? '',
      group,
      priority,
      members: members.map(({ id, title, device, signal, priority, since, until }) => ({
        id,
        title,
        device,
        signal,
        priority,
        since,
        until,
      })),
      called,
      spark: series === undefined ? new Float64Array(0) : sparkOf(this.views, instant, series, until),
      band: series === undefined ? null : this.band(instant, alert, until),
    }
  }

  /** What was usual at the end of what its small chart shows. */
  private band(instant: Instant, alert: Alert, until: Millis): Band | null {
    const end = minuteOf(until) + 1
    const buckets = this.views.buckets.range(instant, alert.series!, end - 10, end)
    const newest = buckets.findLast(({ low }) => !Number.isNaN(low))
    return newest === undefined ? alert.explanation.expected : bandOf(newest.low, newest.high)
  }

  private ruleOf({ rule, opened }: Alert): Rule | null {
    return this.rules.before(rule, opened + 1)
  }

  /** An alert about a lost connection stands under the name of its source. */
  private label(device: string): string {
    return this.views.catalogue.devices.get(device)?.label ?? device
  }
}

function floodsIn(called: readonly Millis[], time: Millis): Pick<AlertLoad, 'floods' | 'flood'> {
  let floods = 0
  let flooded = false
  let from = 0
  for (let i = 0; i < called.length; i++) {
    while (called[from]! <= called[i]! - floodWindow) from++
    const inWindow = i - from + 1
    if (!flooded && inWindow > floodBegins) {
      flooded = true
      floods += 1
    } else if (flooded && inWindow < floodEnds) flooded = false
  }
  const newest = called.filter((at) => at > time - floodWindow).length
  return { floods, flood: flooded && newest >= floodEnds ? newest : null }
}
