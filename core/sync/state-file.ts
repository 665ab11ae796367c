import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'

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
  'create table line (first integer primary key, source text not null) strict',
]

/** state.db, made where it is not there and brought to this version. Every commit is durable. */
export function openState(file: string): Database.Database {
  const db = new Database(file)
  db.pragma('journal_mode = wal')
  db.pragma('synchronous = full')
  if (db.pragma('synchronous', { simple: true }) !== 2)
    throw new FieldError('internal', `${file}: synchronous could not be set to full, so no send would be safe`)
  const version = versionOf(db)
  refuse(file, version)
  db.transaction(() => {
    for (const migration of migrations.slice(version)) db.exec(migration)
    db.pragma(`user_version = ${migrations.length}`)
  })()
  return db
}

/** The file is not written. Throws FieldError for another version. */
export function openStateForReading(file: string): Database.Database {
  const db = new Database(file, { readonly: true, fileMustExist: true })
  const version = versionOf(db)
  refuse(file, version)
  if (version < migrations.length)
    throw new FieldError(
      'not_found',
      `${file} is of version ${version}; start the program once, it brings it to ${migrations.length}`,
    )
  return db
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

function versionOf(db: Database.Database): number {
  return db.pragma('user_version', { simple: true }) as number
}
