import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'
import { type Base, baseFile, dropBase, listBases, readBase, writeBase } from '../log/base.ts'
import type { PathKnown } from '../stream/known.ts'
import type { Ahead } from '../stream/plant.ts'
import { isExact, kept, version } from './base.ts'
import { type Db, stillOpen, tables } from './tables.ts'

// A snapshot is a base somewhere along the log: the path and what its views carry on, as of one record. Unlike a base it
// can be thrown away; a replay of a span begins at the nearest one before it. They lie in a directory of their own, with
// what they were made by: another version, or another reading of the log, throws them away.

const madeBy = 'made-by.json'

/** Opens the directory; snapshots that were made by something else than this version and these mappings are removed. */
export function openSnapshots(dir: string, ahead: readonly Ahead[]): void {
  const now = JSON.stringify({ version, ahead })
  const file = join(dir, madeBy)
  if (existsSync(file) && readFileSync(file, 'utf8') === now) return
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, now)
}

export interface Snapshot {
  readonly next: Offset
  readonly bytes: number
}

/** Ascending. */
export function listSnapshots(dir: string): readonly Snapshot[] {
  return listBases(dir).map((next) => ({ next, bytes: statSync(baseFile(dir, next)).size }))
}

export function dropSnapshot(dir: string, next: Offset): void {
  dropBase(dir, next)
}

/** The newest at or before a record, and not before the log begins; null: none that this version can go on from. */
export function nearestSnapshot(dir: string, begins: Offset, from: Offset): Base | null {
  const before = listBases(dir).filter((next) => next > begins && next <= from)
  for (const next of before.reverse()) {
    const base = readable(dir, next)
    if (base !== null && isExact(base)) return base
  }
  return null
}

/** One that is damaged is as good as none: the log has everything. */
function readable(dir: string, next: Offset): Base | null {
  try {
    return readBase(dir, next)
  } catch {
    return null
  }
}

/** Writes one of the views as they stand. Call it right after the state was saved, before anything else is written. */
export function takeSnapshot(dir: string, viewsFile: string, known: PathKnown): void {
  const db = new Database(viewsFile)
  try {
    writeBase(dir, { next: known.next, version, known: new Uint8Array(0), tables: copyOf(db, known) })
  } finally {
    db.close()
  }
}

/** What goes on, into tables of its own. */
function copyOf(db: Db, { next, alerts }: PathKnown): Uint8Array {
  db.exec("attach ':memory:' as copy")
  db.exec(tables.replaceAll(/create (table|index) /g, 'create $1 copy.'))
  for (const [table, which] of Object.entries(kept))
    if (!ofAlerts.includes(table))
      db.exec(`insert into copy."${table}" select * from main."${table}" where (${which ?? 'true'}) is true`)
  const open = JSON.stringify(alerts)
  db.prepare(openAlerts).run(open)
  db.exec('insert into copy.transition select * from main.transition where alert in (select id from copy.alert)')
  db.prepare("update copy.meta set value = ? where name = 'upto'").run(next)
  return db.serialize({ attached: 'copy' })
}

/** Those that are done with stay behind, with their journals. */
const ofAlerts = ['alert', 'transition']
const openAlerts = `insert into copy.alert select * from main.alert
  where closed >= ${stillOpen} or id in (select value from json_each(?))`
