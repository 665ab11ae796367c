import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'

export type Db = Database.Database

/** Raise it when a table or the meaning of one changes: views of another version are built again from the log. */
const version = 9

/** In `alert.closed`, and in `gap.closed` and `gap.until`, while it is open, so that one index finds what was open at any offset. */
export const stillOpen = Number.MAX_SAFE_INTEGER

/** Of a file of views. */
export const tables = `
create table meta(name text primary key, value) without rowid;
create table device(name text primary key, label text, area text, topic text, first integer, number integer) without rowid;
create table series(id integer primary key, device text, signal text, unit text, type text, first integer,
  since real, topic text, settled integer);
create index series_settled on series(settled) where settled is not null;
create index series_device on series(device);
create table named(series integer, offset integer, name text, unit text, guess text, "into" integer,
  primary key(series, offset)) without rowid;
create index named_offset on named(offset);
create table now(page integer primary key, rows blob);
create table rollup(key integer primary key, base integer, blob blob);
create table late(series integer, time real, offset integer, value real, primary key(series, time, offset)) without rowid;
create table state_change(series integer, time real, offset integer, text text, arrived real,
  primary key(series, time, offset)) without rowid;
create table cadence(series integer, offset integer, every real, silent real, kind text, primary key(series, offset)) without rowid;
create table alert(id text primary key, device text, series integer, signal text, opened integer,
  opened_at real, since real, until real, closed integer, closed_at real, doc text);
create index alert_open on alert(closed, opened);
create index alert_opened on alert(opened);
create index alert_since on alert(since);
create index alert_device on alert(device, opened);
create table transition(seq integer primary key, alert text, offset integer, phase text, time real, "by" text,
  note text, called real, doc text);
create index transition_alert on transition(alert, seq);
create index transition_offset on transition(offset);
create index transition_called on transition(called) where called is not null;
create table minute(minute integer, source text, first integer, messages integer, readings integer, repeats integer,
  qos0 integer, undecodable integer, primary key(minute, source)) without rowid;
create table traffic_hour(hour integer, source text, messages integer, repeats integer, qos0 integer,
  primary key(source, hour)) without rowid;
create table device_minute(minute integer primary key, first integer, counts blob);
create table device_hour(hour integer primary key, counts blob);
create table source(name text primary key, first integer, since real) without rowid;
create table comes_by(device text, source text, first integer, since real, primary key(device, source)) without rowid;
create table gap(about text, name text, number integer, opened integer, "from" real, until real, cause text, detail text,
  closed integer, primary key(about, name, number)) without rowid;
create index gap_from on gap(about, name, "from");
create index gap_until on gap(about, until, "from", opened, closed);
create table gap_late(about text, name text, gap integer, chunk integer, total integer, offsets blob,
  primary key(about, name, gap, chunk)) without rowid;
create table not_stored(source text, why text, time real, offset integer, topics text, messages integer,
  primary key(source, why, time, offset, topics)) without rowid;
create table missed(offset integer primary key, source text, node text, since real, time real, messages integer);
create index missed_source on missed(source, time);
create index missed_node on missed(source, node, time);
create table link(offset integer primary key, time real, source text, event text, detail text);
create table undecodable(seq integer primary key, offset integer, time real, source text, topic text, reason text);
create index undecodable_offset on undecodable(offset);
create table undecodable_total(reason text, minute integer, total integer, primary key(reason, minute)) without rowid;
create table rule(id text, offset integer, deleted integer, doc text, primary key(id, offset)) without rowid;
create table note(offset integer primary key, time real, device text, "by" text, text text);
create index note_device on note(device, offset);
create table bookmark(offset integer primary key, at real, text text, "by" text);
create table birth(key text, offset integer, session integer, metrics text, primary key(key, offset)) without rowid;
create table maintenance(id text, offset integer, doc text, ended real, primary key(id, offset)) without rowid;
create table service(device text, offset integer, gone integer, note text, "by" text, primary key(device, offset)) without rowid;
create table mapping(id text, offset integer, doc text, primary key(id, offset)) without rowid;
create index mapping_offset on mapping(offset);
create table clock(device text, offset integer, behind real, primary key(device, offset)) without rowid;
create index clock_offset on clock(offset);
create table zone(offset integer primary key, name text, changes text);
create table state(name text primary key, version text, next integer, number integer, core blob) without rowid;
create table state_page(key integer primary key, number integer, page blob);
`

export interface Wanted {
  /** Of the path: views that another path made are built again. */
  readonly pathVersion: string
  /** Of the log: views that hold more than the log does belong to another log. Absent: not checked. */
  readonly head?: Offset
  /** Where the log begins: a state that stands before it cannot go on. Absent: not checked. */
  readonly from?: Offset
  /** Tables to begin with where none fit; asked for only then. Null, or of another version: empty ones. */
  readonly image?: () => Uint8Array | null
}

/** Opens the views to write them, new where there are none that fit. */
export function openTables(file: string, wanted: Wanted): Db {
  const found = openFitting(file, wanted)
  if (found !== null) return found
  const image = wanted.image?.() ?? null
  if (image !== null) {
    writeFileSync(`${file}.new`, image)
    renameSync(`${file}.new`, file)
  }
  return openFitting(file, wanted) ?? create(connect(file), wanted)
}

/** Tables in memory: those of an image, or empty ones where it is of another version. */
export function tablesInMemory(image: Uint8Array | null, wanted: Wanted): Db {
  if (image === null) return create(connect(':memory:'), wanted)
  const db = new Database(Buffer.from(image))
  if (fits(db, wanted)) return db
  db.close()
  return create(connect(':memory:'), wanted)
}

/** Views that do not fit are removed. */
function openFitting(file: string, wanted: Wanted): Db | null {
  if (!existsSync(file)) return null
  const db = connect(file)
  if (fits(db, wanted)) return db
  db.close()
  for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true })
  return null
}

function connect(file: string): Db {
  const db = new Database(file)
  db.pragma('page_size = 8192') // three hours of a series a page; 4096 would hold one
  db.pragma('journal_mode = wal')
  db.pragma('synchronous = normal')
  db.pragma('cache_size = -16000')
  return db
}

function create(db: Db, wanted: Wanted): Db {
  db.transaction(() => {
    db.exec(tables)
    const put = db.prepare('insert into meta(name, value) values (?, ?)')
    put.run('version', versionOf(wanted))
    put.run('upto', 0)
  })()
  return db
}

function fits(db: Db, wanted: Wanted): boolean {
  try {
    const meta = db.prepare<[string], { value: unknown }>('select value from meta where name = ?')
    if (meta.get('version')?.value !== versionOf(wanted)) return false
    const upto = Number(meta.get('upto')?.value)
    return upto <= (wanted.head ?? upto) && (wanted.from === undefined || stateIn(db) >= wanted.from)
  } catch (error) {
    if (error instanceof Database.SqliteError) return false // damaged, or half made: the log has everything
    throw error
  }
}

function stateIn(db: Db): Offset {
  return db.prepare<[], Offset>("select next from state where name = 'path'").pluck().get() ?? 0
}

/** Of tables: what another version made cannot be read. */
export function versionOf(wanted: Pick<Wanted, 'pathVersion'>): string {
  return `${version}/${wanted.pathVersion}`
}
