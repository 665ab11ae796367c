import type Database from 'better-sqlite3'
import type { Outage } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Span } from './resume.ts'

const keptOutages = 1_000

/** The part of state.db that knows when a destination was not sent to, and why. */
export class OutageBook {
  private readonly db: Database.Database
  private readonly sql: ReturnType<typeof prepare>

  constructor(db: Database.Database) {
    this.db = db
    this.sql = prepare(db)
  }

  /** Opens an outage, unless one is open for this cause; one that is open for another ends. `waits`: what was not sent. */
  open(name: string, time: Millis, cause: string, waits: Span): void {
    const of = { name, time: Math.round(time), cause, first: waits.from, head: waits.to }
    this.db.transaction(() => {
      this.sql.replace.run(of)
      this.sql.open.run(of)
    })()
  }

  /** Closes the open outage, if there is one; the log ends at `head`. */
  close(name: string, time: Millis, head: Offset): void {
    this.sql.close.run({ name, time: Math.round(time), head })
  }

  /** Newest first. */
  list(): Outage[] {
    return this.sql.list.all() as Outage[]
  }

  prune(): void {
    this.sql.prune.run(keptOutages)
  }
}

function prepare(db: Database.Database) {
  return {
    open: db.prepare(
      `insert into outage (destination, since, cause, first)
       select :name, :time, :cause, :first
       where not exists (select 1 from outage where destination = :name and until is null)`,
    ),
    close: db.prepare(
      'update outage set until = max(since, :time), head = :head where destination = :name and until is null',
    ),
    list: db.prepare(
      `select destination, since as "from", until, max(0, head - first) as waited, cause from outage
       order by id desc limit 200`,
    ),
    replace: db.prepare(
      `update outage set until = max(since, :time), head = :head
       where destination = :name and until is null and cause <> :cause`,
    ),
    prune: db.prepare('delete from outage where id <= (select max(id) from outage) - ?'),
  }
}
