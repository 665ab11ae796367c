import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openReader } from '../../core/log/reader.ts'
import { startRun } from '../../core/replay/run.ts'
import { type Span, spanOf } from '../../core/replay/span.ts'
import { openQueries } from '../../core/views/queries.ts'
import { plantLog } from '../support/plant-log.ts'
import { random } from '../support/stream.ts'
import { tempDir } from '../support/temp-dir.ts'
import { buildViews, dump, writeLog } from '../support/views.ts'

// Law 7: a replay touches nothing. It has no way to a broker, a Kafka or a notification: it gets a reader of the log
// and a new file, and every other file is the same after it.

describe('a replay', () => {
  test('leaves the log, the live views and the sync state as they were, seed 51', () => {
    const { dir, logDir, views } = plant(51)
    const before = fingerprints(dir)
    const run = replay(logDir, join(tempDir(), 'scratch.db'), null)
    expect(run.done).toBe(run.total)
    expect(fingerprints(dir)).toEqual(before)
    expect(Object.keys(dump(views)).length).toBeGreaterThan(10)
  })

  test('says the same as the live views, because it is the same path, seed 52', () => {
    const { logDir, views } = plant(52)
    const scratch = join(tempDir(), 'scratch.db')
    replay(logDir, scratch, null)
    const { state: _, ...live } = dump(views)
    const { state: __, ...again } = dump(scratch)
    expect(again).toEqual(live)
  })

  test('of a part of the log ends where it should, and can be asked like any views, seed 53', () => {
    const { logDir } = plant(53)
    const scratch = join(tempDir(), 'scratch.db')
    const log = openReader(logDir)
    const until = (log.firstTime()! + log.lastTime()!) / 2
    const span = spanOf(log, null, until)
    log.close()
    replay(logDir, scratch, span)
    const queries = openQueries(scratch, logDir, () => until)
    expect(queries.health({ at: null }).offset).toBe(span.to)
    expect(queries.devices({ at: null, sort: 'area', filter: '', from: 0, count: 10 }).total).toBeGreaterThan(3)
    queries.close()
  })

  test('refuses to write into views that are there, and says the way out, seed 54', () => {
    const { logDir, views } = plant(54)
    const before = dump(views)
    expect(() => replay(logDir, views, null)).toThrow(/is there already; a replay writes into a new file only/)
    expect(dump(views)).toEqual(before)
  })

  test('of a span that goes back in time is refused', () => {
    const { logDir } = plant(55)
    const log = openReader(logDir)
    expect(() => spanOf(log, 2_000, 1_000)).toThrow(/until 1000 is before from 2000/)
    log.close()
  })
})

function plant(seed: number): { dir: string; logDir: string; views: string } {
  const dir = tempDir()
  const logDir = join(dir, 'log')
  writeLog(logDir, plantLog(random(seed), 2_500))
  buildViews(logDir, join(dir, 'views.db'))
  return { dir, logDir, views: join(dir, 'views.db') }
}

function replay(logDir: string, scratch: string, span: Span | null): { done: number; total: number } {
  const log = openReader(logDir)
  try {
    const run = startRun({ log, span: span ?? spanOf(log, null, null), scratch })
    while (run.step(500));
    run.close()
    return { done: run.done, total: run.total }
  } finally {
    log.close()
  }
}

/** Every file by its bytes. Not the shared memory of a log that is read: it holds locks and no data. */
function fingerprints(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => isData(join(dir, name)))
  return Object.fromEntries(
    files.sort().map((name) => [relative(dir, join(dir, name)), hash(readFileSync(join(dir, name)))]),
  )
}

function isData(file: string): boolean {
  return statSync(file).isFile() && !file.endsWith('-shm') && !(file.endsWith('-wal') && statSync(file).size === 0)
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
