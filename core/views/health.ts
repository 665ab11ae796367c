import type { Statement } from 'better-sqlite3'
import type { Health } from '../contract/calls.ts'
import type { Millis, Offset, UndecodableReason } from '../contract/model.ts'
import type { AlertAnswers } from './alerts.ts'
import { minuteMs, minuteOf } from './bucket.ts'
import { isThere, standingOf, standings } from './device-states.ts'
import type { GapHistory } from './gaps.ts'
import { incidentsOf } from './incidents.ts'
import type { Instant } from './instant.ts'
import { isActive } from './open-alerts.ts'
import type { Views } from './views.ts'

const sparkMinutes = 60
/** What is more than this behind the head is being caught up. */
const nearHead = 5_000

/** The plant in a few numbers. */
export class HealthAnswers {
  private readonly views: Views
  private readonly alerts: AlertAnswers
  private readonly gaps: GapHistory
  private readonly minutes: Statement<[number, number, number], { minute: number; messages: number; first: Offset }>
  private readonly bad: Statement<[number], { reason: UndecodableReason; total: number }>
  private readonly badSince: Statement<[number, number], { reason: UndecodableReason; n: number }>

  constructor(views: Views, alerts: AlertAnswers, gaps: GapHistory) {
    const { db } = views
    this.views = views
    this.alerts = alerts
    this.gaps = gaps
    this.minutes = db.prepare(
      `select minute, sum(messages) as messages, min(first) as first from minute
       where minute >= ? and minute <= ? and first < ? group by minute`,
    )
    this.bad = db.prepare('select reason, max(total) as total from undecodable_total where minute < ? group by reason')
    this.badSince = db.prepare(
      'select reason, count(*) as n from undecodable where offset >= ? and offset < ? group by reason',
    )
  }

  health(instant: Instant): Health {
    return {
      time: instant.time,
      offset: instant.offset,
      devices: this.devices(instant),
      capture: this.capture(instant),
      alerts: this.alertCounts(instant),
      undecodable: this.undecodable(instant),
      catchingUp: this.catchingUp(instant),
      readingAgain: null,
    }
  }

  private devices(instant: Instant): Health['devices'] {
    const found = standings(this.views.openAlerts.at(instant), instant)
    const counts = { total: 0, normal: 0, alert: 0, silent: 0, shelved: 0, learning: 0 }
    for (const device of this.views.catalogue.devices.values()) {
      if (!isThere(device, instant.offset)) continue
      counts.total += 1
      counts[standingOf(device, found, instant).state] += 1
    }
    return counts
  }

  private capture(instant: Instant): Health['capture'] {
    const base = this.views.log.base()
    const perMinute = this.perMinute(instant)
    return {
      perSecond: slidingRate(perMinute, instant.time),
      spark: perMinute.slice(0, sparkMinutes).map((n) => n / 60),
      records: Math.max(0, instant.offset - base),
      gapFreeSince: instant.offset <= base ? null : this.gaps.freeSince(instant, this.views.log.firstTime()),
    }
  }

  /** Messages of the 60 minutes before the running one, and of the running one. */
  private perMinute(instant: Instant): Float64Array {
    const until = minuteOf(instant.time)
    const counts = new Float64Array(sparkMinutes + 1)
    for (const { minute, messages, first } of this.minutes.iterate(until - sparkMinutes, until, instant.offset))
      counts[minute - until + sparkMinutes] = Math.min(messages, instant.offset - first)
    return counts
  }

  private alertCounts(instant: Instant): Health['alerts'] {
    const active = this.views.openAlerts.at(instant).filter((alert) => isActive(alert, instant.time))
    const incidents = incidentsOf(active, instant.time)
    return {
      active: incidents.length,
      unacknowledged: incidents.filter(({ group }) => group === 'active').length,
      perHour: this.alerts.perHour(instant),
    }
  }

  private undecodable(instant: Instant): Health['undecodable'] {
    const byReason: Partial<Record<UndecodableReason, number>> = {}
    const whole = instant.live ? Number.MAX_SAFE_INTEGER : minuteOf(instant.time)
    for (const { reason, total } of this.bad.iterate(whole)) byReason[reason] = total
    if (!instant.live) this.addRunningMinute(byReason, instant)
    return { total: Object.values(byReason).reduce((sum, n) => sum + n, 0), byReason }
  }

  private addRunningMinute(byReason: Partial<Record<UndecodableReason, number>>, { time, offset }: Instant): void {
    const from = this.views.log.offsetAt(minuteOf(time) * minuteMs)
    for (const { reason, n } of this.badSince.iterate(from, offset)) byReason[reason] = (byReason[reason] ?? 0) + n
  }

  private catchingUp({ live, offset }: Instant): Health['catchingUp'] {
    const head = this.views.log.head()
    if (!live || head - offset <= nearHead) return null
    const base = this.views.log.base()
    return { done: Math.max(0, offset - base) / (head - base), secondsLeft: null }
  }
}

/** The last 60 seconds: the running minute, and of the one before as much as is missing. */
function slidingRate(perMinute: Float64Array, time: Millis): number {
  const elapsed = (time % minuteMs) / minuteMs
  return (perMinute[sparkMinutes]! + perMinute[sparkMinutes - 1]! * (1 - elapsed)) / 60
}
