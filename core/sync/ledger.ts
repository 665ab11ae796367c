import type Database from 'better-sqlite3'
import type { LedgerRow } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { AsideBook, type Letter } from './aside-book.ts'
import type { Verdict } from './coordinator.ts'
import { type Identity, IdentityBook, readIdentity } from './identity.ts'
import { JobBook } from './job-book.ts'
import { LagBook } from './lag-book.ts'
import { OutageBook } from './outage-book.ts'
import type { Intent, Place, Span } from './resume.ts'
import { openState, openStateForReading } from './state-file.ts'

const keptTransactions = 100_000

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
  readonly lag: LagBook
  readonly outages: OutageBook
  private readonly who: IdentityBook
  private readonly db: Database.Database
  private readonly sql: ReturnType<typeof prepare>

  constructor(file: string) {
    this.db = openState(file)
    this.sql = prepare(this.db)
    this.who = new IdentityBook(this.db, file)
    this.aside = new AsideBook(this.db)
    this.jobs = new JobBook(this.db, this.aside)
    this.lag = new LagBook(this.db)
    this.outages = new OutageBook(this.db)
    this.identity = readIdentity(this.db)
  }

  /**
   * Adds the destination when it is new: it begins at `start`, because a person said `asked`; `named`: its records say
   * from the first one on that they are its.
   */
  add(name: string, start: Offset, asked: string, named: boolean): void {
    const shared = this.identity.lines.at(-1)!.first
    this.sql.addNew.run({ name, start, asked, named: Number(named), shared })
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
      shared: row.restored === 1 ? this.identity.lines.at(-1)!.first : null,
    }
  }

  /** This file came back from a backup: what was sent after the backup is not in it. */
  cameBack(): void {
    this.db.transaction(() => {
      this.who.renew()
      this.sql.cameBack.run()
      this.jobs.cameBack()
    })()
    this.identity = readIdentity(this.db)
  }

  /**
   * The program starts, with a log that ends at `head`. A copy, however it was made, or a log that ends before what was
   * sent goes on with other records than the one it was copied from: from here on they have a name of their own.
   */
  goOn(head: Offset): void {
    const copied = this.who.wasCopied() ?? this.sql.anyCopied.get() === 1
    this.db.transaction(() => {
      if (copied || this.sql.farthest.get()! > head) {
        this.cameBack()
        this.who.beginLine(head)
      }
      this.who.settle()
    })()
    this.identity = readIdentity(this.db)
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

  /** Of what was set aside, the log let go of all before `base`. What nothing else keeps is counted as left unsent. */
  loseAside(name: string, base: Offset, time: Millis): number {
    return this.db.transaction(() => {
      const lost = this.aside.letGo(name, base)
      if (lost === null) return 0
      this.sql.lost.run({ ...lost, name, time })
      this.sql.lostOf.run(lost.count, name)
      return lost.count
    })()
  }

  rows(destination: string | null, before: number | null, limit: number): { rows: LedgerRow[]; more: boolean } {
    const rows = this.sql.rows.all({ destination, before, limit: limit + 1 }) as Omit<LedgerRow, 'gone'>[]
    const told = (row: Omit<LedgerRow, 'gone'>): LedgerRow =>
      row.again === gone ? { ...row, again: null, gone: true } : { ...row, gone: false }
    return { rows: rows.slice(0, limit).map(told), more: rows.length > limit }
  }

  /** Drops what is older than the screens show. */
  prune(now: Millis): void {
    this.db.transaction(() => {
      this.lag.prune(now)
      this.outages.prune()
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
  const db = openStateForReading(file)
  const place = db.prepare<[string], ReadPlace>('select acked, began, named from destination where name = ?')
  return {
    identity: readIdentity(db),
    aside: new AsideBook(db),
    place: (name: string) => place.get(name) ?? null,
    close: () => void db.close(),
  }
}

function intentOf({ intent_from, intent_to, intent_told }: DestinationRecord): Intent | null {
  const span = spanOf(intent_from, intent_to)
  return span === null ? null : { ...span, told: intent_told === 1 }
}

function spanOf(from: number | null, to: number | null): Span | null {
  return from === null || to === null ? null : { from, to }
}

function prepare(db: Database.Database) {
  return {
    add: db.prepare('insert into destination (name, begun, acked) values (?, 0, ?) on conflict do nothing'),
    addNew: db.prepare(
      `insert into destination (name, begun, acked, began, begin_with, named, marked_until)
       values (:name, 0, :start, :start, :asked, :named, :shared) on conflict do nothing`,
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
    cameBack: db.prepare('update destination set restored = 1'),
    anyCopied: db.prepare<[], number>('select exists (select 1 from destination where restored = 1)').pluck(),
    farthest: db.prepare<[], Offset>('select coalesce(max(acked), 0) from destination where restored = 0').pluck(),
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
    lost: db.prepare(
      `insert into txn (destination, again, first, until, records, bytes, confirmed)
       values (:name, '${gone}', :from, :to, :count, 0, :time)`,
    ),
    lostOf: db.prepare('update destination set unsent = unsent + ? where name = ?'),
    move: db.prepare(
      `update destination set acked = :to, last_from = :from, last_to = :to, intent_from = null, intent_to = null
       where name = :name`,
    ),
    rows: db.prepare(
      `select id, destination, again, first as "from", until as "to", records, bytes, confirmed from txn
       where (:destination is null or destination = :destination) and (:before is null or id < :before)
       order by id desc limit :limit`,
    ),
    pruneTransactions: db.prepare('delete from txn where id <= (select max(id) from txn) - ?'),
  }
}
