import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { plantLog } from '../support/plant-log.ts'
import { random, type Writing } from '../support/stream.ts'
import { tempDir } from '../support/temp-dir.ts'
import { buildViews, dump, writeLog } from '../support/views.ts'

// Law 3: views are disposable. Delete them, start: the same views come back, every row of every table.

describe('views that are deleted come back the same', () => {
  for (const seed of [41, 42, 43]) {
    test(`whatever the flushes, the restarts and the memory were, seed ${seed}`, () => {
      const { logDir, views } = plant(seed)
      const chance = random(seed + 900)
      const restarts = buildViews(logDir, views, {
        flushEvery: () => 1 + Math.floor(chance() * 200),
        dies: () => chance() < 0.2,
        saves: () => chance() < 0.4,
        maxHours: 3,
      })
      const before = dump(views)
      expect(restarts).toBeGreaterThan(3)
      remove(views)
      buildViews(logDir, views)
      expectSame(dump(views), before)
    })
  }

  test('when the file is of another version, seed 44', () => {
    const { logDir, views } = plant(44)
    buildViews(logDir, views)
    const before = dump(views)
    spoil(views, "update meta set value = 'older' where name = 'version'; delete from rollup; delete from alert")
    buildViews(logDir, views)
    expectSame(dump(views), before)
  })

  test('when they hold more than the log, as after a restored backup, seed 45', () => {
    const { logDir, views } = plant(45)
    buildViews(logDir, views)
    const before = dump(views)
    spoil(views, "update meta set value = 999999 where name = 'upto'; delete from device")
    buildViews(logDir, views, { head: 4_000 })
    expectSame(dump(views), before)
  })

  test('and the views of these logs hold something in every table', () => {
    const filled = [41, 42, 43].map((seed) => {
      const { logDir, views } = plant(seed)
      buildViews(logDir, views)
      return Object.entries(dump(views)).flatMap(([table, rows]) => (rows.length > 0 ? [table] : []))
    })
    const { logDir, views } = plant(41)
    buildViews(logDir, views)
    expect(Object.keys(dump(views)).filter((table) => !filled.flat().includes(table))).toEqual([])
  })
})

const note: Writing = {
  kind: 'command',
  source: '',
  name: 'note',
  time: 1_760_000_000_000,
  body: JSON.stringify({ device: 'plant/area0/d-0', text: 'Seal changed', by: 'eva' }),
}

function plant(seed: number): { logDir: string; views: string } {
  const dir = tempDir()
  const logDir = join(dir, 'log')
  writeLog(logDir, [...plantLog(random(seed), 4_000), note])
  return { logDir, views: join(dir, 'views.db') }
}

function remove(views: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(views + part, { force: true })
}

function spoil(views: string, sql: string): void {
  const db = new Database(views)
  db.exec(sql)
  db.close()
}

function expectSame(found: ReturnType<typeof dump>, wanted: ReturnType<typeof dump>): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted))
  for (const table of Object.keys(wanted)) expect(found[table], table).toEqual(wanted[table])
}
