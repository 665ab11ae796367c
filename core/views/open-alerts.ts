import type { Statement } from 'better-sqlite3'
import type { AlertRow } from '../contract/calls.ts'
import type { Alert, Millis, Offset } from '../contract/model.ts'
import { isClosed } from './alert-tables.ts'
import type { Instant } from './instant.ts'
import type { Db } from './tables.ts'

interface Doc {
  readonly id: string
  readonly doc: string
}

/** More open alerts than anybody can read are cut, newest first. */
const maxOpen = 5_000
const kept = 4

/** Alerts folded from their journals up to an instant. */
export class OpenAlerts {
  private readonly open: Statement<[number, number, number], Doc>
  private readonly past: Statement<[string, number], { doc: string }>
  private readonly cache = new Map<string, readonly Alert[]>()

  constructor(db: Db) {
    this.open = db.prepare(
      'select id, doc from alert indexed by alert_open where closed >= ? and opened < ? order by opened desc limit ?',
    )
    this.past = db.prepare('select doc from transition where alert = ? and offset < ? order by seq desc limit 1')
  }

  /** Everything that was not closed, newest first. */
  at(instant: Instant): readonly Alert[] {
    const key = `${instant.live}/${instant.offset}`
    const known = this.cache.get(key)
    if (known !== undefined) return known
    if (this.cache.size >= kept) this.cache.delete(this.cache.keys().next().value!)
    const rows = this.open.all(instant.offset, instant.offset, maxOpen)
    const alerts = rows.map((row) => this.fold(row, instant)).filter((alert) => !isClosed(alert))
    this.cache.set(key, alerts)
    return alerts
  }

  /** The alert as of the instant; `doc` is how it is now. */
  fold({ id, doc }: Doc, instant: Instant): Alert {
    const text = instant.live ? doc : (this.pastDoc(id, instant.offset) ?? doc)
    return JSON.parse(text) as Alert // written by the writer
  }

  private pastDoc(id: string, offset: Offset): string | null {
    return this.past.get(id, offset)?.doc ?? null
  }
}

export function groupOf(alert: Alert, time: Millis): AlertRow['group'] {
  if (isClosed(alert)) return 'closed'
  if (isShelved(alert, time)) return 'shelved'
  if (alert.suppressed !== null && alert.until === null) return 'suppressed'
  if (alert.until !== null) return 'returned'
  return alert.acknowledged === null ? 'active' : 'acknowledged'
}

function isShelved(alert: Alert, time: Millis): boolean {
  return alert.shelvedUntil !== null && alert.shelvedUntil > time
}

/** A person has put it aside: by a shelf, a maintenance, or out of service. */
export function isAside(alert: Alert, time: Millis): boolean {
  return alert.suppressed !== null || isShelved(alert, time)
}

/** The condition holds, and nobody has put it aside. */
export function isActive(alert: Alert, time: Millis): boolean {
  return alert.until === null && !isAside(alert, time)
}
