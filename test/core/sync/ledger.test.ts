import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
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
    restored: false,
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
    ledger.sampleLag('a', time, behind)
  expect(ledger.lag('a', 0, 90, 3)).toEqual({
    time: Float64Array.of(0, 30, 60),
    behindMs: Float64Array.of(900, Number.NaN, 3),
  })
  ledger.close()
})

test('an outage has one beginning, whatever the number of tries, and one end', () => {
  const ledger = new Ledger(fresh())
  ledger.outage('a', 100, 'nothing listens', { from: 7, to: 9 })
  ledger.outage('a', 200, 'nothing listens', { from: 8, to: 9 })
  const outage = { destination: 'a', from: 100, cause: 'nothing listens' }
  expect(ledger.outages()).toEqual([{ ...outage, until: null, waited: null }])
  ledger.recovered('a', 300, 1_007)
  ledger.recovered('a', 400, 2_007)
  expect(ledger.outages()).toEqual([{ ...outage, until: 300, waited: 1_000 }])
  ledger.close()
})

test('an outage with another cause begins where the one before it ends, of this destination alone', () => {
  const ledger = new Ledger(fresh())
  ledger.outage('b', 50, 'nothing listens', { from: 0, to: 10 })
  ledger.outage('a', 100, 'nothing listens', { from: 4, to: 10 })
  ledger.outage('a', 250, 'paused by a person', { from: 4, to: 30 })
  ledger.outage('a', 300, 'paused by a person', { from: 4, to: 40 })
  expect(ledger.outages()).toEqual([
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

test('a ledger that came back from a backup is another log of the same installation, and doubts every place until it is looked at', () => {
  const ledger = new Ledger(fresh())
  ledger.place('a', 0)
  ledger.begin('a', session(10))
  const before = { ...ledger.identity }
  ledger.cameBack()
  expect(ledger.place('a', 0)).toMatchObject({ acked: 10, restored: true })
  expect(ledger.place('new', 0)).toMatchObject({ acked: 0, restored: false })
  ledger.begin('a', session(10))
  expect(ledger.place('a', 0).restored).toBe(false)
  expect(ledger.identity.installation).toBe(before.installation)
  expect(ledger.identity.log).not.toBe(before.log)
  ledger.close()
})
