import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { Buckets } from './buckets.ts'
import { Catalogue } from './catalogue.ts'
import { LatestValues } from './latest.ts'
import { OpenAlerts } from './open-alerts.ts'
import { RecentReadings } from './recent.ts'
import { Records } from './records.ts'
import type { Db } from './tables.ts'

/** What every question is answered from. Read-only: the views, the log, and what both say together. */
export interface Views {
  readonly db: Db
  readonly log: LogReader
  readonly records: Records
  readonly catalogue: Catalogue
  readonly buckets: Buckets
  readonly latest: LatestValues
  readonly openAlerts: OpenAlerts
  readonly now: () => Millis
  /** Brings the catalogue up to the transaction of the caller and answers its offset. */
  refresh(): Offset
}

export function viewsOf(file: string, log: LogReader, now: () => Millis): Views {
  const db = connect(file)
  const catalogue = new Catalogue(db)
  const records = new Records(db, log, catalogue)
  const recent = new RecentReadings(records)
  const buckets = new Buckets(db, recent)
  const latest = new LatestValues(db, buckets, recent, records)
  const upto = db.prepare<[], { value: number }>("select value from meta where name = 'upto'")
  return {
    db,
    log,
    records,
    catalogue,
    buckets,
    latest,
    openAlerts: new OpenAlerts(db),
    now,
    refresh() {
      const offset = upto.get()!.value
      catalogue.refresh(offset)
      return offset
    },
  }
}

function connect(file: string): Db {
  try {
    return new Database(file, { readonly: true, fileMustExist: true })
  } catch (cause) {
    throw new FieldError('stopped', `${file} is not there yet; it is made when the log is read for the first time`, {
      cause,
    })
  }
}
