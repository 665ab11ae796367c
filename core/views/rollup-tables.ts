import type { Millis, Offset } from '../contract/model.ts'
import type { Db } from './tables.ts'

/** Where roll-ups are kept. What is put is good until the call returns. */
export interface RollupStore {
  /** An hour of a series, as it was put. */
  hour(key: number): { readonly base: Offset; readonly blob: Uint8Array } | undefined
  putHour(key: number, base: Offset, blob: Uint8Array): void
  /** The newest minutes of the series of a page. */
  putNow(page: number, rows: Uint8Array): void
  putLate(series: number, time: Millis, offset: Offset, value: number): void
  /** -1: there is none. */
  newestPage(): number
  pages(): Iterable<{ readonly page: number; readonly rows: Uint8Array }>
}

export function rollupTables(db: Db): RollupStore {
  const hour = db.prepare<[number], { base: number; blob: Uint8Array }>('select base, blob from rollup where key = ?')
  const putHour = db.prepare(
    'insert into rollup(key, base, blob) values (?, ?, ?) on conflict(key) do update set blob = excluded.blob',
  )
  const putNow = db.prepare(
    'insert into now(page, rows) values (?, ?) on conflict(page) do update set rows = excluded.rows',
  )
  const putLate = db.prepare('insert or replace into late(series, time, offset, value) values (?, ?, ?, ?)')
  const newestPage = db.prepare<[], number | null>('select max(page) from now').pluck()
  const pages = db.prepare<[], { page: number; rows: Uint8Array }>('select page, rows from now')
  return {
    hour: (key) => hour.get(key),
    putHour: (key, base, blob) => void putHour.run(key, base, blob),
    putNow: (page, rows) => void putNow.run(page, rows),
    putLate: (series, time, offset, value) => void putLate.run(series, time, offset, value),
    newestPage: () => newestPage.get() ?? -1,
    pages: () => pages.iterate(),
  }
}
