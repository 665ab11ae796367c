import type Database from 'better-sqlite3'
import type { DestinationRow, Proof, SyncJob } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { AsideBook } from './aside-book.ts'
import type { Entry } from './ledger.ts'
import type { Span } from './resume.ts'
import type { Origin } from './sender.ts'

/** What a job is asked for. */
export type Asked = Pick<SyncJob, 'id' | 'destination' | 'kind' | 'asideOnly' | 'from' | 'to'>

const keptJobs = 200

/** The part of state.db that knows what was sent once more and what was checked. Every call is one durable commit. */
export class JobBook {
  private readonly db: Database.Database
  private readonly aside: AsideBook
  private readonly sql: ReturnType<typeof prepare>

  constructor(db: Database.Database, aside: AsideBook) {
    this.db = db
    this.aside = aside
    this.sql = prepare(db)
  }

  add({ id, destination, kind, asideOnly, from, to }: Asked, time: Millis): void {
    this.sql.add.run({ id, destination, kind, asideOnly: asideOnly ? 1 : 0, from, to, time: Math.round(time) })
    this.sql.prune.run(keptJobs)
  }

  get(id: string): SyncJob | null {
    const row = this.sql.get.get(id) as JobRow | undefined
    return row === undefined ? null : jobOf(row)
  }

  /** Newest first. */
  list(limit: number): SyncJob[] {
    return (this.sql.list.all(limit) as JobRow[]).map(jobOf)
  }

  /** The oldest first. */
  running(): SyncJob[] {
    return (this.sql.running.all() as JobRow[]).map(jobOf)
  }

  /** Before a transaction of the job. */
  intend(job: SyncJob, entry: Entry): void {
    this.db.transaction(() => {
      this.sql.forget.run(job.id)
      this.sql.underway.run(job.destination, job.id, entry.from, entry.to, entry.records, entry.bytes)
    })()
  }

  /** After it; `taken` is what was set aside before and is there now. */
  confirm(job: SyncJob, entry: Entry, taken: readonly Origin[], time: Millis): void {
    this.db.transaction(() => {
      this.sql.arrived.run(Math.round(time), entry.records, job.id)
      this.sql.sent.run({ ...entry, id: job.id })
      for (const one of taken) this.aside.sent(job.destination, one, Math.round(time))
      for (const one of entry.letters) this.aside.note(job.destination, one, Math.round(time))
    })()
  }

  /** Nothing of the span is to be sent. */
  move(id: string, { to }: Span): void {
    this.sql.move.run(to, id)
  }

  /** Why it waits; null: it goes on. */
  wait(id: string, error: SyncJob['error']): void {
    this.sql.wait.run(error === null ? null : JSON.stringify(error), id)
  }

  end(
    id: string,
    end: Pick<SyncJob, 'error' | 'proof'> & { readonly state: SyncJob['state']; readonly time: Millis },
  ): void {
    const [error, proof] = [end.error, end.proof].map((part) => (part === null ? null : JSON.stringify(part)))
    this.db.transaction(() => {
      this.sql.forget.run(id)
      this.sql.end.run({ id, state: end.state, time: Math.round(end.time), error, proof })
    })()
  }

  /** From a backup: what was sent since is not known, so nothing goes on by itself. */
  cameBack(): void {
    this.sql.stop.run()
  }

  checked(destination: string): DestinationRow['checked'] {
    const row = this.sql.checked.get(destination) as JobRow | undefined
    if (row === undefined) return null
    const { from, to, ended, proof } = jobOf(row)
    const { expected, missing, twice } = proof! // of a check that is done
    return { from, to, expected, missing, twice, time: ended! }
  }
}

interface JobRow extends Span {
  readonly id: string
  readonly destination: string
  readonly kind: SyncJob['kind']
  readonly asideOnly: 0 | 1
  readonly state: SyncJob['state']
  readonly started: Millis
  readonly ended: Millis | null
  readonly next: Offset
  readonly records: number
  readonly bytes: number
  readonly error: string | null
  readonly proof: string | null
}

function jobOf(row: JobRow): SyncJob {
  const { from, to, next, state } = row
  return {
    ...row,
    asideOnly: row.asideOnly === 1,
    done: state === 'done' ? 1 : (next - from) / Math.max(1, to - from),
    error: row.error === null ? null : (JSON.parse(row.error) as SyncJob['error']), // written above
    proof: row.proof === null ? null : (JSON.parse(row.proof) as Proof),
  }
}

const columns = `id, destination, kind, aside_only as asideOnly, first as "from", until as "to", state, started, ended,
  next, records, bytes, error, proof`

function prepare(db: Database.Database) {
  return {
    add: db.prepare(
      `insert into job (id, destination, kind, aside_only, first, until, next, state, started)
       values (:id, :destination, :kind, :asideOnly, :from, :to, :from, 'running', :time)`,
    ),
    get: db.prepare(`select ${columns} from job where id = ?`),
    list: db.prepare(`select ${columns} from job order by rowid desc limit ?`),
    running: db.prepare(`select ${columns} from job where state = 'running' order by rowid`),
    checked: db.prepare(
      `select ${columns} from job where destination = ? and kind = 'check' and state = 'done'
       order by rowid desc limit 1`,
    ),
    forget: db.prepare('delete from txn where again = ? and confirmed is null'),
    underway: db.prepare(
      'insert into txn (destination, again, first, until, records, bytes) values (?, ?, ?, ?, ?, ?)',
    ),
    arrived: db.prepare('update txn set confirmed = ?, records = ? where again = ? and confirmed is null'),
    sent: db.prepare(
      'update job set next = :to, records = records + :records, bytes = bytes + :bytes, error = null where id = :id',
    ),
    move: db.prepare('update job set next = ? where id = ?'),
    wait: db.prepare('update job set error = ? where id = ?'),
    end: db.prepare('update job set state = :state, ended = :time, error = :error, proof = :proof where id = :id'),
    stop: db.prepare("update job set state = 'cancelled', ended = started where state = 'running'"),
    prune: db.prepare("delete from job where state <> 'running' and rowid <= (select max(rowid) from job) - ?"),
  }
}
