import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { Offset } from '../../core/contract/model.ts'
import { kept } from '../../core/views/base.ts'
import { savedLines, stateTables } from './saved-state.ts'

/** Of each table that is cut: to which record a row belongs. The others come back whole. */
export const offsetOf: { readonly [table: string]: string } = {
  rollup: 'base',
  late: 'offset',
  state_change: 'offset',
  named: 'offset',
  cadence: 'offset',
  alert: 'opened',
  transition: 'offset',
  minute: 'first',
  device_minute: 'first',
  gap: 'opened',
  gap_late: 'chunk * 1024',
  missed: 'offset',
  not_stored: 'offset',
  link: 'offset',
  undecodable: 'offset',
  birth: 'offset',
  clock: 'offset',
  zone: 'offset',
}
/** Of any span: those of the kept one must be as they were, which is all that can be asked. */
const sums = ['undecodable_total', 'traffic_hour', 'device_hour']
/** Columns that only number the rows. */
const rowNumbers: { readonly [table: string]: string } = { transition: 'seq' }

/** Rows of kept records that came back, by table, over all seeds. */
export const compared = new Map<string, number>()

/** What came back was there before, byte for byte; and all that belongs to kept records came back. */
export function expectKept(views: string, whole: string, base: Offset, without: readonly string[] = []): void {
  for (const table of Object.keys(kept).filter((name) => !without.includes(name))) {
    const found = rowsOf(views, table, -1)
    const before = new Set(rowsOf(whole, table, -1))
    expect(
      found.filter((row) => !before.has(row)),
      `${table}: not as before`,
    ).toEqual([])
    const back = new Set(found)
    const wanted = table in offsetOf ? rowsOf(whole, table, base) : sums.includes(table) ? [] : [...before]
    expect(
      wanted.filter((row) => !back.has(row)),
      `${table}: did not come back`,
    ).toEqual([])
  }
  for (const table of Object.keys(offsetOf))
    compared.set(table, (compared.get(table) ?? 0) + rowsOf(whole, table, base).length)
}

export function rowsOf(file: string, table: string, from: Offset): readonly string[] {
  const db = new Database(file, { readonly: true })
  const where = from >= 0 ? `where ${offsetOf[table]} >= ${from}` : ''
  const rows = stateTables.includes(table)
    ? savedLines(db)
    : db
        .prepare<[], Record<string, unknown>>(`select * from "${table}" ${where}`)
        .all()
        .map((row) => lineOf(row, rowNumbers[table]))
  db.close()
  return rows
}

function lineOf(row: Record<string, unknown>, without: string | undefined): string {
  const values = Object.entries(row).filter(([name]) => name !== without)
  return values
    .map(
      ([name, value]) => `${name}=${value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)}`,
    )
    .join('|')
}
