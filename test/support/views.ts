import Database from 'better-sqlite3'
import { openLog } from '../../core/log/log.ts'
import { type LogReader, openReader } from '../../core/log/reader.ts'
import type { Path } from '../../core/stream/path.ts'
import { type Beginning, beginViews } from '../../core/views/begin.ts'
import type { StateSave } from '../../core/views/saved-state.ts'
import { savedLines, stateTables } from './saved-state.ts'
import type { Writing } from './stream.ts'

const encoder = new TextEncoder()

/** Appends the records in commits of `perCommit`. */
export function writeLog(dir: string, records: readonly Writing[], perCommit = 100): void {
  const log = openLog(dir, { segmentBytes: 200_000, sealRecords: 500 })
  for (let at = 0; at < records.length; at += perCommit) log.append(records.slice(at, at + perCommit).map(appending))
  log.close()
}

export function appending({ kind, source, name, time, flags = 0, body = '' }: Writing) {
  const qos = (flags & 3) as 0 | 1 | 2 // records of the tests have no other
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  return { kind, source, name, time, qos, retained: (flags & 4) !== 0, repeat: (flags & 8) !== 0, bytes }
}

export interface Building extends Beginning {
  /** Records between two flushes. */
  readonly flushEvery?: () => number
  /** Whether the process dies after a flush; its state is then the one it saved last. */
  readonly dies?: () => boolean
  readonly saves?: () => boolean
}

/** The path over the whole log into views, as the stream thread runs it; answers how often it died. */
export function buildViews(logDir: string, file: string, building: Building = {}): number {
  let deaths = 0
  while (!buildOnce(logDir, file, building)) deaths += 1
  return deaths
}

/** False: it died on the way. */
function buildOnce(logDir: string, file: string, { flushEvery, dies, saves, ...options }: Building): boolean {
  const log = openReader(logDir)
  const { views, path } = beginViews(file, log, options)
  let save: StateSave | null = null
  try {
    for (let block = nextOf(path, log); block !== null; block = nextOf(path, log)) {
      const from = Math.max(path.next, log.base()) - block.first
      path.step(block, from, Math.min(block.n, from + (flushEvery?.() ?? block.n)), views)
      views.flush()
      if (dies?.()) return false
      if (save === null && saves?.()) save = views.beginState(path)
      else if (save !== null && !save.write(1)) save = null
    }
    while (save?.write(1));
    views.saveState(path)
    return true
  } finally {
    views.close()
    log.close()
  }
}

function nextOf(path: Path, log: LogReader) {
  return log.read(Math.max(path.next, log.base()))
}

/** Every row of every table, in the order of its key, with the bytes of blobs; the saved state as it would be restored. */
export function dump(file: string): Record<string, readonly string[]> {
  const db = new Database(file, { readonly: true })
  const names = db.prepare("select name from sqlite_schema where type = 'table' order by name").pluck().all()
  const tables = (names as string[])
    .filter((name) => !stateTables.includes(name))
    .map((name) => [name, db.prepare(`select * from "${name}"`).raw().all().map(line)])
  const state = savedLines(db)
  db.close()
  return { ...Object.fromEntries(tables), state }
}

function line(row: unknown): string {
  const values = row as readonly unknown[] // a raw row
  return values
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)))
    .join('|')
}
