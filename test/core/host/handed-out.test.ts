import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { handingOut } from '../../../core/host/bench/handed-out.ts'
import type { Emit } from '../../../core/stream/emit.ts'
import { createPath } from '../../../core/stream/path.ts'
import type { RollupStore } from '../../../core/views/rollup-tables.ts'
import { openViews } from '../../../core/views/writer.ts'
import { plantLog } from '../../support/plant-log.ts'
import { blockMaker, random } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'

// What is measured as "the path with its roll-ups" must be all that the views are given.

for (const detect of [true, false])
  test(`roll-ups are handed out as the views store them, ${detect ? 'with' : 'without'} detectors, seed 7`, () => {
    const file = join(tempDir(), 'views.db')
    const views = openViews(file)
    read(detect, views)
    views.close()
    const store = collected()
    const { emit, flush } = handingOut(store)
    read(detect, emit)
    flush()
    const db = new Database(file, { readonly: true })
    const rows = (sql: string) => db.prepare(sql).raw().all()
    expect([...store.hours.values()]).toEqual(rows('select key, base, blob from rollup order by key'))
    expect([...store.pagesOf.values()]).toEqual(rows('select page, rows from now order by page'))
    expect(store.late).toEqual(rows('select series, time, offset, value from late order by offset, series'))
    expect(store.hours.size * store.late.length).toBeGreaterThan(100)
    db.close()
  })

function read(detect: boolean, out: Emit): void {
  const block = blockMaker()(plantLog(random(7), 6_000))
  createPath({ detect }).step(block, 0, block.n, out)
}

function collected() {
  const hours = new Map<number, readonly unknown[]>()
  const pagesOf = new Map<number, readonly unknown[]>()
  const late: (readonly number[])[] = []
  const store: RollupStore = {
    hour: () => undefined,
    putHour: (key, base, blob) => void hours.set(key, [key, base, Buffer.from(blob)]),
    putNow: (page, rows) => void pagesOf.set(page, [page, Buffer.from(rows)]),
    putLate: (...row) => void late.push(row),
    newestPage: () => -1,
    pages: () => [],
  }
  const inOrder = <V>(map: Map<number, V>) => new Map([...map].sort(([a], [b]) => a - b))
  return {
    ...store,
    late,
    get hours() {
      return inOrder(hours)
    },
    get pagesOf() {
      return inOrder(pagesOf)
    },
  }
}
