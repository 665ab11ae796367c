import { closeSync, existsSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'

/** "FwLg": tells our files from any other SQLite database. */
const applicationId = 0x46_77_4c_67
/** 2: a block may hold what was said beside the payloads. 3: its row has a checksum too. Older files are read as they are. */
const formatVersion = 3
const formatWithSums = 3

const schema = `
create table block (
  first integer primary key, -- offset of its first record
  n integer not null,
  t0 real not null,          -- arrival of its first record
  t1 real not null,          -- the clock of the log after it: the latest arrival up to here, so it never goes back
  topics blob not null,      -- u32 ids, ascending: a search can pass over the whole block
  data blob not null,
  sum integer                -- checksum of the other columns and the names of its topics; null in rows of format 1 and 2
);
create table topic (
  id integer primary key,    -- 0, 1, 2, ...
  source text not null,
  name text not null
);
`

/** File of the segment that begins at an offset. */
export function segmentFile(dir: string, first: Offset): string {
  return join(dir, `${String(first).padStart(12, '0')}.db`)
}

/** First offsets of the segments in a directory, ascending. */
export function listSegments(dir: string): Offset[] {
  if (!existsSync(dir)) return []
  const firsts: Offset[] = []
  for (const name of readdirSync(dir)) if (/^\d{12,16}\.db$/.test(name)) firsts.push(Number(name.slice(0, -3)))
  return firsts.sort((a, b) => a - b)
}

/** Makes an empty segment. It appears under its name only when it is whole, so a reader never sees half of one. */
export function createSegment(dir: string, first: Offset): void {
  const file = segmentFile(dir, first)
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  const db = new Database(draft)
  try {
    db.pragma('page_size = 4096')
    db.pragma(`application_id = ${applicationId}`)
    db.exec(`begin; ${schema} pragma user_version = ${formatVersion}; commit`)
  } finally {
    db.close()
  }
  renameSync(draft, file)
}

/**
 * For writing: WAL, and FULL read back, because this SQLite is built to be NORMAL in WAL without a word.
 * A file of an older format is one of ours from then on.
 */
export function openForWriting(file: string): Database.Database {
  const format = checkFormat(file)
  const db = new Database(file, { fileMustExist: true })
  return orClosed(db, () => {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    if (db.pragma('journal_mode', { simple: true }) !== 'wal' || db.pragma('synchronous', { simple: true }) !== 2)
      throw new FieldError(
        'internal',
        `${file}: this file system cannot keep a write-ahead log; put the data on a local disk`,
      )
    if (format < formatVersion) raiseFormat(db, format)
    return db
  })
}

/** What cannot be used is closed: an open file that nobody holds keeps its locks. */
export function orClosed<T>(db: Database.Database, use: () => T): T {
  try {
    return use()
  } catch (error) {
    db.close()
    throw error
  }
}

/** Into the file itself, where an older program looks before it lets SQLite touch it. */
function raiseFormat(db: Database.Database, from: number): void {
  db.transaction(() => {
    if (from < formatWithSums) db.exec('alter table block add column sum integer')
    db.pragma(`user_version = ${formatVersion}`)
  })()
  db.pragma('wal_checkpoint(TRUNCATE)')
}

/** `sums`: its rows may have checksums. */
export function openForReading(file: string): { readonly db: Database.Database; readonly sums: boolean } {
  const sums = checkFormat(file) >= formatWithSums
  if (existsSync(`${file}-journal`)) rollBack(file)
  const db = new Database(file, { readonly: true, fileMustExist: true })
  return orClosed(db, () => {
    db.pragma('cache_size = -2000')
    return { db, sums }
  })
}

/** A crash while a finished segment was folded into one file leaves a journal that only a writer may roll back. */
function rollBack(file: string): void {
  const db = new Database(file, { fileMustExist: true })
  try {
    db.prepare('select 1 from block limit 1').get()
  } finally {
    db.close()
  }
}

/** Refuses what is not ours, and what a newer program wrote, from the file's header alone: SQLite never touches it. Returns the format. */
export function checkFormat(file: string): number {
  const header = readHeader(file)
  const version = header.getUint32(60)
  if (header.getUint32(68) !== applicationId) throw segmentDamaged(file, 'it is not a Fieldwatch log file')
  if (version > formatVersion)
    throw new FieldError('log_newer', `${basename(file)} has format ${version}, this program knows ${formatVersion}`, {
      hint: 'start the newer Fieldwatch that wrote it; the file was not touched',
    })
  return version
}

export function segmentDamaged(file: string, why: string, cause?: unknown): FieldError {
  return new FieldError('log_damaged', `${file} is damaged: ${why}`, {
    hint: 'restore the file from a backup, or skip the damage',
    cause,
  })
}

/** Refuses the whole log when any of its files is from a newer program. What is damaged is for its reader to say. */
export function refuseNewer(dir: string): void {
  for (const first of listSegments(dir)) {
    try {
      checkFormat(segmentFile(dir, first))
    } catch (error) {
      if (!(error instanceof FieldError) || error.code === 'log_newer') throw error
    }
  }
}

function readHeader(file: string): DataView {
  const header = new DataView(new ArrayBuffer(100))
  const fd = openSync(file, 'r')
  try {
    readSync(fd, header, 0, 100, 0)
  } finally {
    closeSync(fd)
  }
  return header
}
