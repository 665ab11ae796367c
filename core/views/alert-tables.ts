import type { Statement } from 'better-sqlite3'
import type { Alert, Millis, Transition } from '../contract/model.ts'
import { type Db, stillOpen } from './tables.ts'

interface AlertColumns {
  readonly id: string
  readonly device: string
  readonly series: number | null
  readonly signal: string | null
  readonly opened: number
  readonly now: Millis
  readonly since: Millis
  readonly until: Millis | null
  readonly closed: number
  readonly closedAt: Millis | null
  readonly doc: string
}

/** Keeps each alert as it is now, and its journal with the whole alert as of each line, and when it called with that. */
export class AlertTables {
  private readonly put: Statement<[AlertColumns]>
  private readonly log: Statement<[string, number, string, number, string | null, string | null, Millis | null, string]>

  constructor(db: Db) {
    this.put = db.prepare(
      `insert into alert values (@id, @device, @series, @signal, @opened, @now, @since, @until, @closed,
         @closedAt, @doc)
       on conflict(id) do update set since = excluded.since, until = excluded.until, doc = excluded.doc,
         closed = case when excluded.closed < ${stillOpen} and closed < ${stillOpen} then closed else excluded.closed end,
         closed_at = case when excluded.closed < ${stillOpen} and closed < ${stillOpen} then closed_at
           else excluded.closed_at end`,
    )
    this.log = db.prepare(
      'insert into transition(alert, offset, phase, time, "by", note, called, doc) values (?, ?, ?, ?, ?, ?, ?, ?)',
    )
  }

  add(alert: Alert, { offset, phase, time, by, note }: Transition, now: Millis): void {
    const doc = JSON.stringify(alert)
    const closed = isClosed(alert)
    this.put.run({
      id: alert.id,
      device: alert.device,
      series: alert.series,
      signal: alert.signal,
      opened: alert.opened,
      now,
      since: alert.since,
      until: alert.until,
      closed: closed ? offset : stillOpen,
      closedAt: closed ? now : null,
      doc,
    })
    const called = alert.calls && alert.called === offset ? now : null
    this.log.run(alert.id, offset, phase, time, by, note, called, doc)
  }
}

/** Nobody has anything left to do about it: back to normal, and somebody has seen it. */
export function isClosed(alert: Alert): boolean {
  return alert.until !== null && (alert.acknowledged !== null || alert.forgotten === true)
}
