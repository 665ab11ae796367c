import type { Statement } from 'better-sqlite3'
import type { Upkeep } from '../contract/calls.ts'
import type { Maintenance, Millis } from '../contract/model.ts'
import type { Instant } from './instant.ts'
import type { Db } from './tables.ts'

const maxWindows = 1_000

interface Put {
  readonly doc: string
  readonly ended: Millis | null
}

/** Which devices people have put aside, at any instant. */
export class UpkeepHistory {
  private readonly service: Statement<[string, number], { gone: number; note: string | null; by: string }>
  private readonly maintenance: Statement<[number, number], Put>

  constructor(db: Db) {
    this.service = db.prepare(
      'select gone, note, "by" from service where device = ? and offset < ? order by offset desc limit 1',
    )
    this.maintenance = db.prepare(
      `select doc, ended from (select id, doc, ended, max(offset) from maintenance where offset < ? group by id)
       order by id limit ?`,
    )
  }

  /** Out of service, else the maintenance that ends last; null: neither. */
  of(instant: Instant, device: string): Upkeep | null {
    const service = this.service.get(device, instant.offset)
    if (service?.gone === 1)
      return { state: 'out of service', until: null, maintenance: null, note: service.note, by: service.by }
    const windows = this.running(instant).filter(({ devices }) => devices.includes('*') || devices.includes(device))
    const last = windows.sort((a, b) => b.until - a.until)[0]
    if (last === undefined) return null
    return { state: 'maintenance', until: last.until, maintenance: last.id, note: last.note, by: last.by }
  }

  private running({ offset, time }: Instant): readonly Maintenance[] {
    return this.maintenance
      .all(offset, maxWindows)
      .filter(({ ended }) => ended === null)
      .map(({ doc }) => JSON.parse(doc) as Maintenance) // written by the writer
      .filter(({ from, until }) => from <= time && time < until)
  }
}
