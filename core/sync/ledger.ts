import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { LedgerRow, Outage } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { AsideBook, type Letter } from './aside-book.ts'
import type { Verdict } from './coordinator.ts'
import { JobBook } from './job-book.ts'
import type { Intent, Place, Span } from './resume.ts'

/** Appended, never edited. */
const migrations = [
  `create table meta (key text primary key, value text not null) strict;
   create table destination (
     name text primary key, begun integer not null, acked integer not null,
     last_from integer, last_to integer, intent_from integer, intent_to integer,
     cluster text, delivery text,
     transactions integer not null default 0, records integer not null default 0, confirmed integer,
     maybe_twice integer not null default 0, dead_letters integer not null default 0
   ) strict;
   create table txn (
     id integer primary key, destination text not null, first integer not null, until integer not null,
     records integer not null, bytes integer not null, confirmed integer
   ) strict;
   create index txn_destination on txn (destination, id);
   create table letter (
     destination text not null, at integer not null, part integer not null, reason text not null, time integer not null,
     primary key (destination, at, part)
   ) strict;
   create table lag (
     destination text not null, time integer not null, behind integer not null, primary key (destination, time)
   ) strict, without rowid;
   create table outage (
     id integer primary key, destination text not null, since integer not null, until integer, cause text not null
   ) strict;`,
  'alter table destination add column verdict text',
  'alter table destination add column restored integer not null default 0',
  'alter table destination add column intent_told integer not null default 0',
  'alter table destination add column began integer; alter table destination add column begin_with text',
  `create table aside (
     destination text not null, at integer not null, part integer not null, what text not null,
     reason text not null, kept text not null, time integer not null, again integer,
     primary key (destination, at, part, what)
   ) strict;
   create index aside_waits on aside (destination, at) where again is null;
   insert into aside select destination, at, part, 'reading', reason, 'topic', time, null from letter;
   drop table letter;`,
  `alter table txn add column again text;
   create index txn_again on txn (again) where again is not null;
   create table job (
     id text primary key, destination text not null, kind text not null, aside_only integer not null,
     first integer not null, until integer not null, state text not null,
     started integer not null, ended integer, next integer not null,
     records integer not null default 0, bytes integer not null default 0, error text, proof text
   ) strict;`,
  'alter table destination add column marked_until integer not null default 0',
  'alter table destination add column topics text',
  `alter table destination add column unsent integer not null default 0;
   alter table destination add column unsent_until integer not null default 0`,
  'alter table destination add column named integer not null default 0',
  'alter table destination add column partitions text',
  'alter table outage add column first integer; alter table outage add column head integer',
]

const keptTransactions = 100_000
const keptLagMs: Millis = 8 * 86_400_000
const keptOutages = 1_000

/** Who sends: never changes for one data directory. */
export interface Identity {
  readonly installation: string
  readonly log: string
}

/** One batch as the ledger books it. */
export interface Entry extends Span {
  readonly records: number
  readonly bytes: number
  readonly maybeTwice: number
  readonly letters: readonly Letter[]
}

export interface Totals {
  readonly transactions: number
  readonly records: number
  readonly confirmed: Millis | null
  readonly maybeTwice: number
  readonly unsent: number
  readonly deadLetters: number
}

interface DestinationRecord {
  begun: 0 | 1
  acked: number
  last_from: number | null
  last_to: number | null
  intent_from: number | null
  intent_to: number | null
  intent_told: 0 | 1
  marked_until: number
  cluster: string | null
  delivery: string | null
  transactions: number
  records: number
  confirmed: number | null
  maybe_twice: number
  unsent: number
  dead_letters: number
  verdict: Verdict | null
  restored: 0 | 1
  began: number | null
  begin_with: string | null
  topics: string | null
  named: 0 | 1
  partitions: string | null
}

/** state.db: what was sent where. Not a view: it cannot be made again. Every call is one durable commit. */
export class Ledger {
  identity: Identity
  readonly aside: AsideBook
  readonly jobs: JobBook
  private readonly db: Database.Database
  private readonly sql: ReturnType<typeof prepare>

  constructor(file: string) {
    this.db = new Database(file)
    this.db.pragma('journal_mode = wal')
    this.db.pragma('synchronous = full')
    if (this.db.pragma('synchronous', { simple: true }) !== 2)
      throw new FieldError('internal', `${file}: synchronous could not be set to full, so no send would be safe`)
    migrate(this.db, file)
    this.sql = prepare(this.db)
    this.aside = new AsideBook(this.db)
    this.jobs = new JobBook(this.db, this.aside)
    this.sql.once.run('installation', randomName('fw-'))
    this.sql.once.run('log', randomName('log-'))
    this.identity = this.readIdentity()
  }

  /**
   * Adds the destination when it is new: it begins at `start`, because a person said `asked`; `named`: its records say
   * from the first one on that they are its.
   */
  add(name: string, start: Offset, asked: string, named: boolean): void {
    this.sql.addNew.run({ name, start, asked, named: Number(named) })
  }

  /** All its records say whose they are; else those do not that it sent while it was alone. */
  isNamed(name: string): boolean {
    return this.row(name).named === 1
  }

  /** Whether another one has ever written to one of these topics. */
  hasOther(name: string, topics: readonly string[]): boolean {
    const others = this.sql.others.all(name)
    return others.some((written) => (JSON.parse(written) as string[]).some((topic) => topics.includes(topic)))
  }

  /** Topics that the newest session wrote to; empty: not known. */
  topics(name: string): readonly string[] {
    return JSON.parse(this.row(name).topics ?? '[]') as string[] // written below
  }

  /** From here on, and only once all that was under way is decided. */
  writesTo(name: string, topics: readonly string[], partitions: ReadonlyMap<string, number>): void {
    this.sql.writesTo.run(JSON.stringify(topics), JSON.stringify(Object.fromEntries(partitions)), name)
  }

  /** Of each topic, when the newest session began; empty: not known. */
  partitions(name: string): Readonly<Record<string, number>> {
    return JSON.parse(this.row(name).partitions ?? '{}') as Record<string, number> // written above
  }

  /** Everything before is confirmed. */
  acked(name: string): Offset {
    return this.row(name).acked
  }

  /** Where it began, and what was asked for; null: before this was kept. */
  began(name: string): { readonly offset: Offset; readonly asked: string } | null {
    const { began, begin_with } = this.row(name)
    return began === null || begin_with === null ? null : { offset: began, asked: begin_with }
  }

  /** Adds the destination, to begin at `start`, when it is new. */
  place(name: string, start: Offset): Place {
    this.sql.add.run(name, start)
    const row = this.row(name)
    return {
      begun: row.begun === 1,
      acked: row.acked,
      last: spanOf(row.last_from, row.last_to),
      intent: intentOf(row),
      restored: row.restored === 1,
    }
  }

  /**
   * This file came back from a backup: what was sent after the backup is not in it. From now on the log is another one,
   * because its next offsets may have been given to other records before.
   */
  cameBack(): void {
    this.db.transaction(() => {
      this.sql.renew.run(randomName('log-'))
      this.sql.cameBack.run()
      this.jobs.cameBack()
    })()
    this.identity = this.readIdentity()
  }

  /** Cluster and delivery mode of the newest session; null before the first. */
  session(name: string): { readonly cluster: string | null; readonly delivery: string | null } {
    const { cluster, delivery } = this.row(name)
    return { cluster, delivery }
  }

  /** Records before it may have arrived already, so they are sent marked, in as many batches and sessions as it takes. */
  markedUntil(name: string): Offset {
    return this.row(name).marked_until
  }

  markUntil(name: string, until: Offset): void {
    this.sql.mark.run(until, name)
  }

  /** How the cluster decided the newest transaction; null: not known, or none began since. */
  verdict(name: string): Verdict | null {
    return this.row(name).verdict
  }

  judge(name: string, verdict: Verdict): void {
    this.sql.judge.run(verdict, name)
  }

  totals(name: string): Totals {
    const row = this.sql.destination.get(name) as DestinationRecord | undefined
    return {
      transactions: row?.transactions ?? 0,
      records: row?.records ?? 0,
      confirmed: row?.confirmed ?? null,
      maybeTwice: row?.maybe_twice ?? 0,
      unsent: row?.unsent ?? 0,
      deadLetters: row?.dead_letters ?? 0,
    }
  }

  /** A session begins here: everything before `next` is confirmed, nothing is under way. */
  begin(name: string, session: { next: Offset; cluster: string; delivery: string; time: Millis }): void {
    this.db.transaction(() => {
      const of = { name, ...session }
      // What turned out to be confirmed counts; what was confirmed and is gone does not.
      this.sql.gain.run(of)
      this.sql.lose.run(of)
      this.sql.arrivedBefore.run(of)
      this.sql.drop.run(of)
      this.sql.begin.run(of)
    })()
  }

  /** Before the transaction; `told`: it holds a status record too. */
  intend(name: string, entry: Entry, told: boolean): void {
    this.db.transaction(() => {
      this.sql.forget.run(name)
      this.sql.intend.run(entry.from, entry.to, Number(told), name)
      this.sql.underway.run(name, entry.from, entry.to, entry.records, entry.bytes)
    })()
  }

  /** After the transaction. */
  confirm(name: string, entry: Entry, time: Millis): void {
    this.db.transaction(() => {
      this.sql.arrived.run(time, entry.records, name)
      this.sql.acked.run({ ...entry, dead: entry.letters.length, time, name })
      for (const one of entry.letters) this.aside.add(name, one, time)
    })()
  }

  /** The checkpoint moved over records that hold nothing to send. */
  move(name: string, span: Span): void {
    this.sql.move.run({ ...span, name })
  }

  /** The log let go of these records before they were sent; those that were counted before are not counted again. */
  leave(name: string, span: Span, time: Millis): void {
    this.db.transaction(() => {
      this.sql.gone.run({ ...span, name, time })
      this.sql.leave.run({ ...span, name })
    })()
  }

  rows(destination: string | null, before: number | null, limit: number): { rows: LedgerRow[]; more: boolean } {
    const rows = this.sql.rows.all({ destination, before, limit: limit + 1 }) as Omit<LedgerRow, 'gone'>[]
    const told = (row: Omit<LedgerRow, 'gone'>): LedgerRow =>
      row.again === gone ? { ...row, again: null, gone: true } : { ...row, gone: false }
    return { rows: rows.slice(0, limit).map(told), more: rows.length > limit }
  }

  sampleLag(name: string, time: Millis, behindMs: Millis): void {
    this.sql.sample.run(name, Math.round(time), Math.round(behindMs))
  }

  /** Worst lag in each of `points` equal parts of the span; NaN where there is no sample. */
  lag(name: string, from: Millis, until: Millis, points: number): { time: Float64Array; behindMs: Float64Array } {
    const width = (until - from) / points
    const behindMs = new Float64Array(points).fill(Number.NaN)
    for (const { time, behind } of this.sql.samples.iterate(name, from, until) as Iterable<Sample>) {
      const i = Math.min(points - 1, Math.floor((time - from) / width))
      behindMs[i] = Math.max(behind, behindMs[i]! || 0)
    }
    return { time: Float64Array.from(behindMs, (_, i) => from + i * width), behindMs }
  }

  /** Opens an outage, unless one is open for this cause; one that is open for another ends. `waits`: what was not sent. */
  outage(name: string, time: Millis, cause: string, waits: Span): void {
    const of = { name, time: Math.round(time), cause, first: waits.from, head: waits.to }
    this.db.transaction(() => {
      this.sql.replaced.run(of)
      this.sql.down.run(of)
    })()
  }

  /** Closes the open outage, if there is one; the log ends at `head`. */
  recovered(name: string, time: Millis, head: Offset): void {
    this.sql.up.run({ name, time: Math.round(time), head })
  }

  /** Newest first. */
  outages(): Outage[] {
    return this.sql.outages.all() as Outage[]
  }

  /** Drops what is older than the screens show. */
  prune(now: Millis): void {
    this.db.transaction(() => {
      this.sql.pruneLag.run(now - keptLagMs)
      this.sql.pruneOutages.run(keptOutages)
      this.sql.pruneTransactions.run(keptTransactions)
      this.aside.prune()
    })()
  }

  close(): void {
    this.db.close()
  }

  private row(name: string): DestinationRecord {
    return this.sql.destination.get(name) as DestinationRecord // added by place()
  }

  private readIdentity(): Identity {
    const meta = (key: string) => this.sql.meta.pluck().get(key) as string // made at the first start
    return { installation: meta('installation'), log: meta('log') }
  }
}

/** In place of a job, of what left the log before it was sent: no transaction held it. */
const gone = 'given up'

interface ReadPlace {
  readonly acked: Offset
  readonly began: Offset | null
  readonly named: 0 | 1
}

interface ReadLedger {
  readonly identity: Identity
  readonly aside: Pick<AsideBook, 'readings'>
  place(name: string): ReadPlace | null
  close(): void
}

/** What a reader beside the program needs of state.db. The file is not written. Throws FieldError for another version. */
export function readLedger(file: string): ReadLedger {
  const db = new Database(file, { readonly: true, fileMustExist: true })
  const version = db.pragma('user_version', { simple: true }) as number
  refuse(file, version)
  if (version < migrations.length)
    throw new FieldError(
      'not_found',
      `${file} is of version ${version}; start the program once, it brings it to ${migrations.length}`,
    )
  const meta = db.prepare<[string], string>('select value from meta where key = ?').pluck()
  const place = db.prepare<[string], ReadPlace>('select acked, began, named from destination where name = ?')
  return {
    identity: { installation: meta.get('installation')!, log: meta.get('log')! }, // made at the first start
    aside: new AsideBook(db),
    place: (name: string) => place.get(name) ?? null,
    close: () => void db.close(),
  }
}

function randomName(prefix: string): string {
  return prefix + randomBytes(8).toString('hex')
}

interface Sample {
  readonly time: Millis
  readonly behind: Millis
}

function intentOf({ intent_from, intent_to, intent_told }: DestinationRecord): Intent | null {
  const span = spanOf(intent_from, intent_to)
  return span === null ? null : { ...span, told: intent_told === 1 }
}

function spanOf(from: number | null, to: number | null): Span | null {
  return from === null || to === null ? null : { from, to }
}

/** From the file's header alone, so that a file of a newer program is not touched. Throws FieldError log_newer. */
export function refuseNewerState(file: string): void {
  if (existsSync(file)) refuse(file, versionIn(file))
}

function versionIn(file: string): number {
  const header = new DataView(new ArrayBuffer(64)) // SQLite's own: user_version is at 60
  const fd = openSync(file, 'r')
  readSync(fd, header)
  closeSync(fd)
  return header.getUint32(60)
}

function refuse(file: string, version: number): void {
  if (version > migrations.length)
    throw new FieldError('log_newer', `${file} is of version ${version}, this program knows ${migrations.length}`, {
      hint: 'Use the newer program; the file was not touched.',
    })
}

function migrate(db: Database.Database, file: string): void {
  const version = db.pragma('user_version', { simple: true }) as number
  refuse(file, version)
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration)
    db.pragma(`user_version = ${migrations.length}`)
  })()
}

function prepare(db: Database.Database) {
  return {
    once: db.prepare('insert into meta (key, value) values (?, ?) on conflict do nothing'),
    meta: db.prepare('select value from meta where key = ?'),
    add: db.prepare('insert into destination (name, begun, acked) values (?, 0, ?) on conflict do nothing'),
    addNew: db.prepare(
      `insert into destination (name, begun, acked, began, begin_with, named)
       values (:name, 0, :start, :start, :asked, :named) on conflict do nothing`,
    ),
    others: db
      .prepare<[string], string>('select topics from destination where name <> ? and topics is not null')
      .pluck(),
    destination: db.prepare('select * from destination where name = ?'),
    begin: db.prepare(
      `update destination set begun = 1, acked = :next, cluster = :cluster, delivery = :delivery,
         last_from = case when intent_to = :next then intent_from else last_from end,
         last_to = case when intent_to = :next then intent_to else last_to end,
         intent_from = null, intent_to = null, restored = 0
       where name = :name`,
    ),
    renew: db.prepare("update meta set value = ? where key = 'log'"),
    cameBack: db.prepare('update destination set restored = 1'),
    gain: db.prepare(
      `update destination set
         transactions = transactions + (select count(*) from txn
           where destination = :name and again is null and confirmed is null and until <= :next),
         records = records + (select coalesce(sum(records), 0) from txn
           where destination = :name and again is null and confirmed is null and until <= :next)
       where name = :name`,
    ),
    lose: db.prepare(
      `update destination set
         transactions = transactions - (select count(*) from txn
           where destination = :name and again is null and confirmed is not null and until > :next),
         records = records - (select coalesce(sum(records), 0) from txn
           where destination = :name and again is null and confirmed is not null and until > :next)
       where name = :name`,
    ),
    arrivedBefore: db.prepare(
      'update txn set confirmed = :time where destination = :name and again is null and confirmed is null and until <= :next',
    ),
    drop: db.prepare('delete from txn where destination = :name and again is null and until > :next'),
    intend: db.prepare(
      'update destination set intent_from = ?, intent_to = ?, intent_told = ?, verdict = null where name = ?',
    ),
    mark: db.prepare('update destination set marked_until = max(marked_until, ?) where name = ?'),
    writesTo: db.prepare('update destination set topics = ?, partitions = ? where name = ?'),
    judge: db.prepare('update destination set verdict = ? where name = ?'),
    forget: db.prepare('delete from txn where destination = ? and again is null and confirmed is null'),
    underway: db.prepare('insert into txn (destination, first, until, records, bytes) values (?, ?, ?, ?, ?)'),
    arrived: db.prepare(
      'update txn set confirmed = ?, records = ? where destination = ? and again is null and confirmed is null',
    ),
    acked: db.prepare(
      `update destination set acked = :to, last_from = :from, last_to = :to, intent_from = null, intent_to = null,
         transactions = transactions + 1, records = records + :records, confirmed = :time,
         maybe_twice = maybe_twice + :maybeTwice, dead_letters = dead_letters + :dead
       where name = :name`,
    ),
    leave: db.prepare(
      `update destination set unsent = unsent + :to - max(:from, unsent_until), unsent_until = :to
       where name = :name and unsent_until < :to`,
    ),
    gone: db.prepare(
      `insert into txn (destination, again, first, until, records, bytes, confirmed)
       select name, '${gone}', max(:from, unsent_until), :to, :to - max(:from, unsent_until), 0, :time from destination
       where name = :name and unsent_until < :to`,
    ),
    move: db.prepare(
      `update destination set acked = :to, last_from = :from, last_to = :to, intent_from = null, intent_to = null
       where name = :name`,
    ),
    rows: db.prepare(
      `select id, destination, again, first as "from", until as "to", records, bytes, confirmed from txn
       where (:destination is null or destination = :destination) and (:before is null or id < :before)
       order by id desc limit :limit`,
    ),
    sample: db.prepare('insert or replace into lag (destination, time, behind) values (?, ?, ?)'),
    samples: db.prepare('select time, behind from lag where destination = ? and time >= ? and time < ? order by time'),
    down: db.prepare(
      `insert into outage (destination, since, cause, first)
       select :name, :time, :cause, :first
       where not exists (select 1 from outage where destination = :name and until is null)`,
    ),
    up: db.prepare(
      'update outage set until = max(since, :time), head = :head where destination = :name and until is null',
    ),
    outages: db.prepare(
      `select destination, since as "from", until, max(0, head - first) as waited, cause from outage
       order by id desc limit 200`,
    ),
    replaced: db.prepare(
      `update outage set until = max(since, :time), head = :head
       where destination = :name and until is null and cause <> :cause`,
    ),
    pruneLag: db.prepare('delete from lag where time < ?'),
    pruneOutages: db.prepare('delete from outage where id <= (select max(id) from outage) - ?'),
    pruneTransactions: db.prepare('delete from txn where id <= (select max(id) from txn) - ?'),
  }
}
