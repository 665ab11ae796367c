import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import type { Ahead } from '../stream/plant.ts'
import { startRun } from './run.ts'

export interface Proof {
  /** Everything before it was compared. */
  readonly upto: Offset
  /** Tables of the views that a replay makes otherwise; empty: the views are what the log says. */
  readonly different: readonly string[]
}

const stepRecords = 500_000
/** Where the path stands, saved when it suits: no part of what it says. */
const ofTheState = ['state', 'state_page']

/**
 * The path once more over the log as far as the views hold it, and each of their tables row by row and byte by byte
 * against what it makes with the same mappings known ahead. A writer may go on. Throws FieldError not_found where there are no views of this version.
 */
export function proveViews(log: LogReader, viewsFile: string, told: (done: number, total: number) => void): Proof {
  if (!existsSync(viewsFile)) throw notThere(viewsFile)
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-replay-'))
  try {
    const held = snapshot(viewsFile, join(dir, 'held.db'))
    const upto = metaOf(held, 'upto') as Offset // written by the views as a number
    const scratch = join(dir, 'made.db')
    const ahead = JSON.parse(String(metaOf(held, 'ahead') ?? '[]')) as readonly Ahead[] // as above
    const run = startRun({ log, span: { from: log.base(), to: upto }, scratch, ahead })
    while (run.step(stepRecords)) told(run.done, run.total)
    run.close()
    const made = new Database(scratch, { readonly: true })
    if (metaOf(held, 'version') !== metaOf(made, 'version')) throw notThere(viewsFile)
    const different = tablesOf(made).filter((table) => !isSame(held, made, table))
    held.close()
    made.close()
    return { upto, different }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function notThere(file: string): FieldError {
  return new FieldError('not_found', `${file} holds no views of this version`, {
    hint: 'start the program once: it makes them from the log',
  })
}

function snapshot(file: string, to: string): Database.Database {
  const live = new Database(file, { readonly: true })
  live.prepare('vacuum into ?').run(to)
  live.close()
  return new Database(to, { readonly: true })
}

function metaOf(db: Database.Database, name: string): unknown {
  return db.prepare('select value from meta where name = ?').pluck().get(name)
}

function tablesOf(db: Database.Database): string[] {
  const names = db.prepare<[], string>("select name from sqlite_schema where type = 'table' order by name").pluck()
  return names.all().filter((name) => !ofTheState.includes(name))
}

function isSame(one: Database.Database, other: Database.Database, table: string): boolean {
  const rows = (db: Database.Database) => db.prepare<[], unknown[]>(`select * from "${table}"`).raw().iterate()
  const [left, right] = [rows(one), rows(other)]
  try {
    for (;;) {
      const [a, b] = [left.next(), right.next()]
      if (a.done || b.done) return a.done === b.done
      if (!a.value.every((value, i) => isEqual(value, b.value[i]))) return false
    }
  } finally {
    left.return?.()
    right.return?.()
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : Object.is(a, b)
}
