import { copyFileSync, mkdtempSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { type Entry, Ledger } from '../../../core/sync/ledger.ts'

const fresh = () => join(mkdtempSync(join(tmpdir(), 'fieldwatch-ledger-')), 'state.db')
const entry = (from: number, to: number, records = to - from): Entry => ({
  from,
  to,
  records,
  bytes: 10 * records,
  maybeTwice: 0,
  letters: [],
})
const session = (next: number) => ({ next, cluster: 'c1', delivery: 'exactly once', time: 5_000 })

test('an intent survives a restart, and its line stays under way', () => {
  const file = fresh()
  const before = new Ledger(file)
  before.place('a', 0)
  before.intend('a', entry(0, 10), true)
  before.close()
  const after = new Ledger(file)
  expect(after.identity).toEqual(before.identity)
  expect(after.place('a', 99)).toEqual({
    begun: false,
    acked: 0,
    last: null,
    intent: { from: 0, to: 10, told: true },
    shared: null,
  })
  expect(after.rows('a', null, 10).rows).toMatchObject([{ from: 0, to: 10, confirmed: null }])
  after.close()
})

test('what may have arrived stays marked until it is passed, through restarts and whatever batches it is sent in', () => {
  const file = fresh()
  const before = new Ledger(file)
  before.place('a', 0)
  before.markUntil('a', 100)
  before.intend('a', entry(0, 90), true)
  before.confirm('a', entry(0, 90), 6_000)
  before.close()
  const after = new Ledger(file)
  expect(after.markedUntil('a')).toBe(100)
  after.markUntil('a', 95)
  expect(after.markedUntil('a')).toBe(100)
  after.close()
})

test('a batch that turns out to have arrived counts; one that is gone counts no more', () => {
  const ledger = new Ledger(fresh())
  ledger.place('a', 0)
  ledger.intend('a', entry(0, 10), false)
  ledger.begin('a', session(10))
  expect(ledger.totals('a')).toMatchObject({ transactions: 1, records: 10 })
  expect(ledger.place('a', 0)).toMatchObject({ begun: true, acked: 10, last: { from: 0, to: 10 }, intent: null })
  ledger.intend('a', entry(10, 30), false)
  ledger.confirm('a', entry(10, 30), 6_000)
  ledger.begin('a', session(10))
  expect(ledger.totals('a')).toMatchObject({ transactions: 1, records: 10 })
  expect(ledger.rows('a', null, 10).rows).toMatchObject([{ from: 0, to: 10, confirmed: 5_000 }])
  ledger.close()
})

test('rows come newest first, page by page, for one destination or all', () => {
  const ledger = new Ledger(fresh())
  for (const name of ['a', 'b']) {
    ledger.place(name, 0)
    for (let from = 0; from < 30; from += 10) {
      ledger.intend(name, entry(from, from + 10), false)
      ledger.confirm(name, entry(from, from + 10), from)
    }
  }
  expect(ledger.rows('a', null, 2)).toMatchObject({ rows: [{ from: 20 }, { from: 10 }], more: true })
  expect(ledger.rows('a', 2, 2)).toMatchObject({ rows: [{ from: 0 }], more: false })
  expect(ledger.rows(null, null, 10).rows).toHaveLength(6)
  ledger.close()
})

test('lag keeps the worst of each part, and says nothing where nothing was measured', () => {
  const ledger = new Ledger(fresh())
  for (const [time, behind] of [
    [0, 5],
    [10, 900],
    [20, 7],
    [70, 3],
  ] as const)
    ledger.lag.add('a', time, behind)
  expect(ledger.lag.worst('a', 0, 90, 3)).toEqual({
    time: Float64Array.of(0, 30, 60),
    behindMs: Float64Array.of(900, Number.NaN, 3),
  })
  ledger.close()
})

test('an outage has one beginning, whatever the number of tries, and one end', () => {
  const ledger = new Ledger(fresh())
  ledger.outages.open('a', 100, 'nothing listens', { from: 7, to: 9 })
  ledger.outages.open('a', 200, 'nothing listens', { from: 8, to: 9 })
  const outage = { destination: 'a', from: 100, cause: 'nothing listens' }
  expect(ledger.outages.list()).toEqual([{ ...outage, until: null, waited: null }])
  ledger.outages.close('a', 300, 1_007)
  ledger.outages.close('a', 400, 2_007)
  expect(ledger.outages.list()).toEqual([{ ...outage, until: 300, waited: 1_000 }])
  ledger.close()
})

test('an outage with another cause begins where the one before it ends, of this destination alone', () => {
  const ledger = new Ledger(fresh())
  ledger.outages.open('b', 50, 'nothing listens', { from: 0, to: 10 })
  ledger.outages.open('a', 100, 'nothing listens', { from: 4, to: 10 })
  ledger.outages.open('a', 250, 'paused by a person', { from: 4, to: 30 })
  ledger.outages.open('a', 300, 'paused by a person', { from: 4, to: 40 })
  expect(ledger.outages.list()).toEqual([
    { destination: 'a', from: 250, until: null, waited: null, cause: 'paused by a person' },
    { destination: 'a', from: 100, until: 250, waited: 26, cause: 'nothing listens' },
    { destination: 'b', from: 50, until: null, waited: null, cause: 'nothing listens' },
  ])
  ledger.close()
})

test('a file of a newer program is refused in words, untouched', () => {
  const file = fresh()
  const newer = new Database(file)
  newer.pragma('user_version = 99')
  newer.close()
  expect(() => new Ledger(file)).toThrow(/is of version 99/)
})

describe('a copy of a data directory', () => {
  const installation = (ledger: Ledger) => ledger.identity.installation

  test('is another log of the same installation, and doubts every place until it is looked at', () => {
    const ledger = begun(fresh())
    const before = ledger.identity
    ledger.cameBack()
    ledger.goOn(30)
    expect(ledger.place('a', 0)).toMatchObject({ acked: 10, shared: 30 })
    ledger.begin('a', session(10))
    expect(ledger.place('a', 0).shared).toBeNull()
    expect(installation(ledger)).toBe(before.installation)
    expect(ledger.identity.log).not.toBe(before.log)
    ledger.close()
  })

  test.each([
    ['by the command', (file: string) => cameBack(file)],
    ['by hand', (file: string) => copied(file)],
  ])('made %s names what it adds as no other copy does, from its first start on, for ever', (_, copy) => {
    const file = fresh()
    begun(file).close()
    const copies = [copy(file), copy(file)].map(opened)
    const names = copies.map(({ ledger, path }) => {
      ledger.goOn(30)
      ledger.close()
      const again = new Ledger(path)
      again.goOn(90)
      const { lines, source } = again.identity
      expect(lines).toEqual([
        { first: 0, source: installation(again) },
        { first: 30, source },
      ])
      again.close()
      return source
    })
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name).toMatch(/^fw-[0-9a-f]{16}\.[0-9a-f]{16}$/)
  })

  test('marks for a new destination what the other copy may have sent there', () => {
    const file = fresh()
    begun(file).close()
    const { ledger } = opened(copied(file))
    ledger.goOn(30)
    ledger.add('new', 0, 'beginning', true)
    expect([ledger.markedUntil('new'), ledger.markedUntil('a')]).toEqual([30, 0])
    ledger.close()
  })

  test('of a log that ends before an earlier copy of it began forgets the names of that one', () => {
    const file = fresh()
    begun(file).close()
    for (const end of [90, 30]) {
      const ledger = new Ledger(file)
      ledger.cameBack()
      ledger.goOn(end)
      expect(ledger.identity.lines.map(({ first }) => first)).toEqual([0, end])
      expect(ledger.place('a', 0).shared).toBe(end)
      ledger.close()
    }
  })

  test('is not what is renamed, or starts again', () => {
    const file = fresh()
    begun(file).close()
    const moved = join(dirname(file), 'moved.db')
    renameSync(file, moved)
    const ledger = new Ledger(moved)
    const before = ledger.identity
    ledger.goOn(30)
    expect(ledger.identity).toEqual(before)
    ledger.close()
  })

  test('is found also where an older program restored it and said only that', () => {
    const file = fresh()
    begun(file).close()
    const older = new Database(file)
    older.exec("delete from meta where key = 'place'; update destination set restored = 1")
    older.close()
    const ledger = new Ledger(file)
    ledger.goOn(30)
    expect(ledger.identity.lines).toHaveLength(2)
    ledger.close()
  })

  test('what an older program used goes on as it was', () => {
    const file = fresh()
    begun(file).close()
    const older = new Database(file)
    older.exec("delete from meta where key = 'place'")
    older.close()
    const ledger = new Ledger(copied(file))
    const before = ledger.identity
    ledger.goOn(30)
    expect(ledger.identity).toEqual(before)
    ledger.close()
  })
})

test('a log that ends before what was sent is taken for another one, once', () => {
  const file = fresh()
  const ledger = begun(file)
  ledger.goOn(9)
  const { lines } = ledger.identity
  expect(lines).toMatchObject([{ first: 0 }, { first: 9 }])
  expect(ledger.place('a', 0)).toMatchObject({ acked: 10, shared: 9 })
  ledger.goOn(9)
  expect(ledger.identity.lines).toEqual(lines)
  ledger.close()
})

/** Ten records were sent to `a`. */
function begun(file: string): Ledger {
  const ledger = new Ledger(file)
  ledger.goOn(0)
  ledger.place('a', 0)
  ledger.begin('a', session(10))
  return ledger
}

const opened = (path: string) => ({ path, ledger: new Ledger(path) })

function copied(file: string): string {
  const to = fresh()
  copyFileSync(file, to)
  return to
}

function cameBack(file: string): string {
  const to = copied(file)
  const ledger = new Ledger(to)
  ledger.cameBack()
  ledger.close()
  return to
}
