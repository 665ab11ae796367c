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

/** The views as they stand, while they are written on. */
export interface Held {
  /** Writes a snapshot of them, with the state of the path that is whole by now, which must be of the same record. */
  write(dir: string, at: SnapshotAt): void
  close(): void
}

/** Where the path stood. */
export type SnapshotAt = Pick<PathKnown, 'next' | 'alerts'>

/** Call it right after a flush, before the next one. */
export function holdViews(viewsFile: string): Held {
  const db = new Database(viewsFile)
  db.exec("attach ':memory:' as copy")
  db.prepare('attach ? as saved').run(viewsFile) // the same file: what it is asked for is of when it is first asked
  db.exec('begin')
  db.prepare('select * from main.meta').all() // from here on `main` is of this moment
  return {
    write: (dir, at) => writeBase(dir, { next: at.next, version, known: new Uint8Array(0), tables: copyOf(db, at) }),
    close: () => db.close(),
  }
}

/** At once, when the state was just saved and nothing was written since. */
export function takeSnapshot(dir: string, viewsFile: string, at: SnapshotAt): void {
  const held = holdViews(viewsFile)
  try {
    held.write(dir, at)
  } finally {
    held.close()
  }
}

/** What goes on, into tables of its own. */
function copyOf(db: Db, { next, alerts }: SnapshotAt): Uint8Array {
  db.exec(tables.replaceAll(/create (table|index) /g, 'create $1 copy.'))
  for (const [table, which] of Object.entries(kept))
    if (!ofAlerts.includes(table)) db.exec(copying(table, which ?? 'true'))
  const open = JSON.stringify(alerts)
  db.prepare(openAlerts).run(open)
  db.exec('insert into copy.transition select * from main.transition where alert in (select id from copy.alert)')
  db.prepare("update copy.meta set value = ? where name = 'upto'").run(next)
  db.exec('commit')
  return db.serialize({ attached: 'copy' })
}

function copying(table: string, which: string): string {
  if (!ofState.includes(table))
    return `insert into copy."${table}" select * from main."${table}" where (${which}) is true`
  const saved = which.replaceAll('from state', 'from saved.state')
  return `insert into copy."${table}" select * from saved."${table}" where (${saved}) is true`
}

const ofState = ['state', 'state_page']
/** Those that are done with stay behind, with their journals. */
const ofAlerts = ['alert', 'transition']
const openAlerts = `insert into copy.alert select * from main.alert
  where closed >= ${stillOpen} or id in (select value from json_each(?))`
