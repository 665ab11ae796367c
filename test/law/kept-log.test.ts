import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import type { Offset } from '../../core/contract/model.ts'
import { BaseKeeper } from '../../core/host/base-keeper.ts'
import { readBase, writeBase } from '../../core/log/base.ts'
import { type Log, openLog } from '../../core/log/log.ts'
import { openReader } from '../../core/log/reader.ts'
import { listSegments } from '../../core/log/segment.ts'
import { verify } from '../../core/log/verify.ts'
import { startRun } from '../../core/replay/run.ts'
import { spanOf } from '../../core/replay/span.ts'
import type { KeptLog } from '../../core/views/archive.ts'
import { kept } from '../../core/views/base.ts'
import { beginViews } from '../../core/views/begin.ts'
import { hourFrom, hourMs, newestIn } from '../../core/views/bucket.ts'
import { openViews } from '../../core/views/writer.ts'
import { compared, expectKept, rowsOf } from '../support/kept.ts'
import { plantLog } from '../support/plant-log.ts'
import { stateTables } from '../support/saved-state.ts'
import { random, type Writing } from '../support/stream.ts'
import { tempDir } from '../support/temp-dir.ts'
import { appending, buildViews } from '../support/views.ts'

// Law 3 for a log that has lost its beginning to retention: the views come back from its base as if nothing were lost.

const records = 5_000
const seeds = [61, 67, 68]

describe('after retention, views that are deleted come back for the kept log', () => {
  for (const seed of seeds)
    test(`every row as that of a path that never lost anything, also when it is killed on the way, seed ${seed}`, async () => {
      const { logDir, whole, views } = plant(seed)
      const base = await letMostGo(logDir)
      buildViews(logDir, views)
      expectKept(views, whole, base)
      remove(views)
      buildViews(logDir, views, slices(seed))
      expectKept(views, whole, base)
      replay(logDir, join(logDir, '../replay.db'))
      expectKept(join(logDir, '../replay.db'), whole, base, stateTables)
    })

  for (const seed of seeds)
    test(`and what views that are too large hold from before it goes, hour by hour, and nothing else, seed ${seed}`, async () => {
      const { logDir, whole, views } = plant(seed)
      const base = await letMostGo(logDir)
      copyFileSync(whole, views)
      const kept = { first: base, time: firstTime(logDir) + 48 * hourMs } // so that only its records save what is kept
      expect(trim(views, Number.MAX_SAFE_INTEGER, kept)).toEqual([])
      expect(trim(views, 0, { ...kept, first: 0 })).toEqual([]) // all of it is in the log
      const went = trim(views, 0, kept)
      expect(went.length).toBeGreaterThan(20)
      expect(went.at(-1)).toBeGreaterThan(firstTime(logDir))
      expectKept(views, whole, base, ['meta'])
      for (const table of archives)
        gone.set(table, (gone.get(table) ?? 0) + rowsOf(whole, table, -1).length - rowsOf(views, table, -1).length)
      expect(hoursOf(views, base, true)).toEqual(hoursOf(whole, base, true))
      expect(hoursOf(views, base, false)).toEqual([])
    })

  test('and what was kept of these logs, and what went, holds something of all that they tell', () => {
    for (const table of ['rollup', 'late', 'state_change', 'alert', 'transition', 'minute', 'gap', 'link'])
      expect(compared.get(table), table).toBeGreaterThan(0)
    for (const table of archives) expect(gone.get(table), table).toBeGreaterThan(0)
  })

  test('and no retention goes before the base is there, nor past what a reader lacks', async () => {
    const { logDir } = plant(64)
    const log = openLog(logDir)
    await log.settled()
    const [first, second] = listSegments(logDir)
    expect(await log.letGo(tiny, [])).toEqual({ destination: null, offset: first })
    makeBase(logDir)
    const lacking = { destination: 'central', offset: second! - 1 }
    expect(await log.letGo(tiny, [lacking])).toEqual(lacking)
    expect(listSegments(logDir)[0]).toBe(first)
    expect(await log.letGo(tiny, [{ destination: 'central', offset: second! }])).toEqual({
      destination: 'central',
      offset: second,
    })
    expect(listSegments(logDir)[0]).toBe(second)
    log.close()
  })
})

describe('a base that another version of the program wrote', () => {
  test(`still gives rules, names, zone, open alerts and shelves, seeds ${seeds.join(', ')}`, async () => {
    let open = 0
    for (const seed of seeds) {
      const { logDir, views } = plant(seed)
      const base = await letMostGo(logDir)
      const before = told(logDir, views)
      writeBase(logDir, { ...readBase(logDir, base), version: '0/older' })
      const after = told(logDir, views)
      expect(before.note).toBeNull()
      expect(after.note).toMatch(/rules, names and open alerts were kept, learning begins anew at record \d+/)
      expect({ ...after, note: null }).toEqual(before)
      buildViews(logDir, views)
      open += before.open.length
    }
    expect(open).toBeGreaterThan(0)
  }, 300_000)

  test('a base that is not needed yet is made again, where it is of another version or damaged, seed 61', () => {
    const { logDir } = plant(61)
    makeBase(logDir)
    const end = listSegments(logDir)[1]!
    const made = readBase(logDir, end)
    writeBase(logDir, { ...made, version: '0/older', tables: Buffer.from('of another version') })
    makeBase(logDir)
    expect(Buffer.compare(readBase(logDir, end).tables, made.tables)).toBe(0)
    spoilBase(logDir, end)
    makeBase(logDir)
    expect(Buffer.compare(readBase(logDir, end).tables, made.tables)).toBe(0)
  })

  test('a base that is damaged is named, and the log is read all the same, seed 61', async () => {
    const { logDir, views } = plant(61)
    const base = await letMostGo(logDir)
    writeBase(logDir, { ...readBase(logDir, base), known: Buffer.from('{}') })
    spoilBase(logDir, base)
    expect(told(logDir, views).note).toMatch(/\.base is not as it was written: rules, names and learning begin anew/)
    buildViews(logDir, views)
  })
})

test('what is cut from a base is decided for every table of the views', () => {
  const { views } = plant(61)
  const db = new Database(views.replace('views.db', 'whole.db'), { readonly: true })
  const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").pluck().all()
  db.close()
  expect(Object.keys(kept).sort()).toEqual(tables)
})

const tiny = { maxBytes: 1, minFreeBytes: 0, maxAge: null, giveUp: ['sent'] } as const

/** A log in many segments, and the views of a path that reads all of it. */
function plant(seed: number) {
  const dir = tempDir()
  const logDir = join(dir, 'log')
  const log = openLog(logDir, { segmentBytes: 24_000, sealRecords: 200 })
  const all: readonly Writing[] = plantLog(random(seed), records)
  for (let at = 0; at < all.length; at += 60) log.append(all.slice(at, at + 60).map(appending))
  log.close()
  const whole = join(dir, 'whole.db')
  buildViews(logDir, whole)
  return { logDir, whole, views: join(dir, 'views.db') }
}

/** About three quarters of the segments, one after the other, each with its base before. */
async function letMostGo(logDir: string): Promise<Offset> {
  const log = openLog(logDir)
  await log.settled()
  const segments = listSegments(logDir)
  expect(segments.length).toBeGreaterThan(8)
  const last = segments[Math.floor(segments.length * 0.75)]!
  while (listSegments(logDir)[0]! < last) await letOneGo(log, logDir)
  log.close()
  expect((await verify(logDir)).problems).toEqual([])
  return last
}

async function letOneGo(log: Log, logDir: string): Promise<void> {
  makeBase(logDir)
  const [, next] = listSegments(logDir)
  await log.letGo(tiny, [{ destination: null, offset: next! }])
  expect(listSegments(logDir)[0]).toBe(next)
}

function makeBase(logDir: string): void {
  const keeper = new BaseKeeper(logDir, Date.now)
  while (keeper.work(Number.MAX_SAFE_INTEGER, 10));
  keeper.close()
}

function firstTime(logDir: string): number {
  const reader = openReader(logDir)
  const time = reader.firstTime()!
  reader.close()
  return time
}

/** Until nothing more goes. Answers where the archive began, step by step. */
function trim(file: string, maxBytes: number, kept: KeptLog): readonly number[] {
  const views = openViews(file)
  const went: number[] = []
  while (views.trim(maxBytes, () => kept)) {
    const begins = views.archiveBegins()
    if (begins !== null && begins !== went.at(-1)) went.push(begins)
  }
  views.close()
  return went
}

/** Keys of the hours of charts that hold a record of the kept log, or others. */
function hoursOf(file: string, base: Offset, kept: boolean): readonly number[] {
  const db = new Database(file, { readonly: true })
  const rows = db
    .prepare<[], { key: number; base: number; blob: Uint8Array }>('select key, base, blob from rollup')
    .all()
  db.close()
  return rows.filter((row) => newestIn(hourFrom(row.key, row.base, row.blob)) >= base === kept).map(({ key }) => key)
}

function remove(views: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(views + part, { force: true })
}

function slices(seed: number): Parameters<typeof buildViews>[2] {
  const chance = random(seed + 500)
  return {
    flushEvery: () => 1 + Math.floor(chance() * 200),
    dies: () => chance() < 0.1,
    saves: () => chance() < 0.3,
    maxHours: 3,
  }
}

function replay(logDir: string, scratch: string): void {
  const log = openReader(logDir)
  const run = startRun({ log, span: spanOf(log, null, null), scratch })
  while (run.step(500));
  run.close()
  log.close()
}

function spoilBase(logDir: string, base: Offset): void {
  const file = join(logDir, `${String(base).padStart(12, '0')}.base`)
  const bytes = readFileSync(file)
  bytes[bytes.length - 5]! ^= 1
  writeFileSync(file, bytes)
}

/** What a person sees of rules, names and alerts when the views begin at the base. */
function told(logDir: string, views: string) {
  remove(views)
  const reader = openReader(logDir)
  const begun = beginViews(views, reader)
  begun.views.flush()
  begun.views.close()
  reader.close()
  const db = new Database(views, { readonly: true })
  const rows = (sql: string) => db.prepare(sql).raw().all()
  const found = {
    note: begun.note,
    known: { ...begun.path.known(), sources: [], alerts: [] },
    rules: rows(
      'select id, doc from (select id, doc, deleted, max(offset) from rule group by id) where deleted = 0 order by id',
    ),
    devices: rows('select * from device order by name'),
    series: rows('select id, device, signal, unit, type, first, since, topic from series order by id'),
    named: rows(
      'select series, name, unit, guess, "into" from (select *, max(offset) from named group by series) order by series',
    ),
    zone: rows("select coalesce((select name from zone order by offset desc limit 1), 'UTC')"),
    notes: rows('select * from note'),
    bookmarks: rows('select * from bookmark'),
    open: rows(`select id, since, until, doc from alert where closed = ${Number.MAX_SAFE_INTEGER} order by id`),
    journal: rows('select alert, offset, phase, time, "by", note from transition order by seq'),
  }
  db.close()
  return found
}

const archives = ['rollup', 'late', 'state_change', 'alert', 'transition', 'minute', 'gap']
/** Rows that went with the archive, by table, over all seeds. */
const gone = new Map<string, number>()
