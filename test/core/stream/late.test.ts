import { describe, expect, test } from 'vitest'
import type { Alert, Rule, Transition } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

// What comes after a newer reading of its signal: it is put in its place, and revises what was said of that time.

const minute = 60_000
const start = Date.UTC(2026, 0, 5)

type Value = number | boolean | string
/** A reading of the minute `at` that comes in the minute `arrival`. */
const dated = (arrival: number, at: number, x: Value): Writing => {
  const body = JSON.stringify({ x, ts: start + at * minute })
  return { kind: 'message', source: 'a', name: 'hall/d1', time: start + arrival * minute, body }
}
const live = (at: number, x: Value) => dated(at, at, x)
/** By a pace of a minute what is older than the newest by more than two is late. */
const pace = (x: Value): readonly Writing[] => Array.from({ length: 10 }, (_, i) => live(i, x))
const tick = (at: number): Writing => ({ kind: 'tick', source: '', name: '', time: start + at * minute })
const put = (rule: Partial<Rule>): Writing => {
  const scope = { device: '*', signal: '*' }
  const usual = { id: 'mine', name: 'Mine', params: {}, priority: 2, holdMs: 0, clearMs: 0, enabled: true, version: 1 }
  return {
    kind: 'command',
    source: '',
    name: 'rule.put',
    time: start,
    body: JSON.stringify({ ...usual, scope, ...rule }),
  }
}

interface Told {
  /** Changes of state as they stand at the end, in order of time. */
  readonly strip: readonly (readonly [at: number, text: string])[]
  readonly said: readonly (readonly [phase: string, since: number, until: number | null, note: string | null])[]
  readonly calls: number
  /** Messages that came too late. */
  readonly beyond: number
  readonly gaps: readonly (readonly [gap: number, total: number])[]
}

function tell(log: readonly Writing[]): Told {
  const strip: [number, string][] = []
  const said: Told['said'][number][] = []
  const gaps: [number, number][] = []
  let calls = 0
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    state: (_series, time, text) => void strip.push([(time - start) / minute, text]),
    late: (about, _name, gap, total) => void (about === 'source' && gaps.push([gap, total])),
    alert: (alert: Alert, { phase, note }: Transition) => {
      if (alert.rule !== 'mine') return
      const until = alert.until === null ? null : (alert.until - start) / minute
      said.push([phase, (alert.since - start) / minute, until, note])
      if (alert.called !== null && phase === 'opened') calls += 1
    },
  })
  strip.sort((a, b) => a[0] - b[0])
  return { strip, said, calls, beyond: gaps.filter(([gap]) => gap < 0).length, gaps }
}

/** What the strip shows in a minute. */
const shown = ({ strip }: Told, at: number) => strip.findLast(([from]) => from <= at)?.[1]
const shownAt = (told: Told, ...minutes: readonly number[]) => minutes.map((at) => shown(told, at))

for (const [type, a, b, c] of [
  ['text', 'run', 'jam', 'idle'],
  ['boolean', true, false, true],
] as const) {
  const words = (...values: readonly Value[]) => values.map(String)

  describe(`a ${type} that comes late`, () => {
    test('stands where it belongs, up to the next one that was known', () => {
      const told = tell([...pace(a), live(30, a), dated(31, 12, b)])
      expect(shownAt(told, 11, 12, 29, 30, 31)).toEqual(words(a, b, b, a, a))
    })

    test('between two others is no change when it is like the one before, and ends with the one after', () => {
      expect(tell([...pace(a), live(30, b), dated(31, 12, a)]).strip).toHaveLength(2)
      const told = tell([...pace(a), live(30, b), dated(31, 12, b)])
      expect(shownAt(told, 11, 12, 30)).toEqual(words(a, b, b))
    })

    test('after another late one is put between those', () => {
      const told = tell([
        live(1, a),
        live(2, a),
        live(3, a),
        live(40, a),
        dated(41, 12, b),
        dated(42, 20, c),
        dated(43, 30, b),
      ])
      expect(shownAt(told, 11, 12, 20, 30, 40)).toEqual(words(a, b, c, b, a))
    })

    test('is remembered as well, so that the next late one ends it', () => {
      const told = tell([...pace(a), live(40, a), dated(41, 12, b), dated(42, 20, a)])
      expect(shownAt(told, 11, 12, 20, 39, 40)).toEqual(words(a, b, a, a, a))
    })

    test('leaves the newest as it is, by a second as well', () => {
      const told = tell([...pace(a), live(10, a), dated(10.1, 9.9, b), live(11, a)])
      expect(shownAt(told, 9.8, 9.9, 10, 11)).toEqual(words(a, b, a, a))
    })
  })
}

test('what stood behind a late state is said again, not what stands now', () => {
  const told = tell([...pace('run'), live(20, 'run'), live(30, 'idle'), dated(31, 12, 'jam')])
  expect(shownAt(told, 11, 12, 20, 30)).toEqual(['run', 'jam', 'run', 'idle'])
})

test('a line that comes a moment too late counts in its window', () => {
  const count = put({ detector: 'count', states: ['error'], params: { readings: 3, windowMs: 5 * minute } })
  const lines = [live(1, 'ok'), live(2, 'ok'), live(3, 'ok'), live(4, 'error'), live(4.5, 'error')]
  expect(tell([count, ...lines]).said).toEqual([])
  expect(tell([count, ...lines, dated(4.6, 4.4, 'error')]).said).toEqual([['opened', 4.5, null, null]])
})

test('a state that comes a moment too late is no alert, because a newer one is known', () => {
  const forbidden = put({ detector: 'forbidden-state', states: ['jam'] })
  expect(
    tell([forbidden, live(1, 'run'), live(2, 'run'), live(3, 'run'), live(4, 'run'), dated(4.1, 3.9, 'jam')]).said,
  ).toEqual([])
})

describe('messages that are older than all that their signal remembers are counted', () => {
  const many = Array.from({ length: 40 }, (_, i) => live(i, i % 2 === 0))
  const numbers = Array.from({ length: 40 }, (_, i) => live(i, i))

  for (const [name, log, value] of [
    ['booleans', many, true],
    ['numbers', numbers, 5],
  ] as const)
    test(`${name}, once a message`, () => {
      expect(tell([...log, dated(41, 30, value)]).beyond).toBe(0)
      const twice = [dated(41, 2, value), dated(42, 3, value)]
      expect(tell([...log, ...twice]).gaps).toEqual([
        [-1, 1],
        [-1, 2],
      ])
    })

  test('and not those of a signal that is young, nor what a device kept and sends in order', () => {
    expect(tell([live(10, 1), live(11, 2), live(12, 3), dated(13, 2, 1)]).beyond).toBe(0)
    expect(tell(Array.from({ length: 100 }, (_, i) => dated(500 + i / 10, i, i))).beyond).toBe(0)
  })
})

describe('an alert is revised by what comes late', () => {
  const quiet = [1, 2, 3, 4].map((at) => live(at, 20))
  const last = (log: readonly Writing[]) => tell(log).said.at(-1)

  test('of a limit without a deadband, on either side', () => {
    const limits = put({ detector: 'limits', params: { low: 10, high: 50 } })
    expect(last([limits, ...quiet, live(14, 60), live(18, 20), dated(19, 7, 60)])).toEqual([
      'revised',
      7,
      18,
      'was 4 min, now 11 min, by late readings',
    ])
    expect(last([limits, ...quiet, live(14, 60), live(18, 20), dated(19, 7, 5)])?.[1]).toBe(7)
  })

  test('of a rate', () => {
    const rate = put({ detector: 'rate', params: { rise: 4 } })
    const log = [rate, ...quiet, live(14, 80), live(18, 80)]
    expect(tell(log).said.map(([phase]) => phase)).toEqual(['opened', 'returned'])
    expect(last([...log, dated(19, 7, 60)])?.slice(0, 3)).toEqual(['revised', 7, 18])
    expect(tell([...log, dated(19, 7, 21)]).said).toHaveLength(2)
  })

  for (const [type, run, jam] of [
    ['text', 'run', 'jam'],
    ['boolean', true, false],
    ['number', 1, 2],
  ] as const) {
    const runs = [1, 2, 3, 4].map((at) => live(at, run))

    test(`of a forbidden state, ${type}`, () => {
      const forbidden = put({ detector: 'forbidden-state', states: [String(jam)] })
      const log = [forbidden, ...runs, live(14, jam), live(18, run)]
      expect(last([...log, dated(19, 7, jam)])).toEqual(['revised', 7, 18, 'was 4 min, now 11 min, by late readings'])
      expect(last([...log, dated(19, 15.5, run)])).toEqual([
        'revised',
        14,
        15.5,
        'was 4 min, now 90 s, by late readings',
      ])
      expect(tell([...log, dated(19, 7, run)]).said).toHaveLength(2)
    })

    test(`of a forbidden state by one that came a moment too late, ${type}`, () => {
      const forbidden = put({ detector: 'forbidden-state', states: [String(jam)] })
      const log = [forbidden, ...runs, live(14, jam), live(18, run), dated(18.1, 17.5, run)]
      if (type !== 'number') expect(last(log)?.slice(0, 3)).toEqual(['revised', 14, 17.5])
    })

    test(`of a change of state, ${type}`, () => {
      const change = put({ detector: 'state-change' })
      const log = [change, ...runs, live(14, jam), live(18, jam)]
      expect(last([...log, dated(19, 7, jam)])?.slice(0, 3)).toEqual(['revised', 7, 18])
      expect(last([...log, dated(19, 15, jam)])?.slice(0, 3)).toEqual(['revised', 14, 15])
    })
  }

  test('not of a change by a late change into something else', () => {
    const log = [put({ detector: 'state-change' }), ...[1, 2, 3].map((at) => live(at, 'run')), live(14, 'jam')]
    expect(tell([...log, live(18, 'jam'), dated(19, 7, 'idle')]).said).toHaveLength(2)
  })

  test('of a count: it was reached before, or was over later', () => {
    const count = put({ detector: 'count', states: ['error'], params: { readings: 3, windowMs: 20 * minute } })
    const lines = [1, 2, 3].map((at) => live(at, 'ok'))
    const errors = [10, 20, 28].map((at) => live(at, 'error'))
    const log = [count, ...lines, ...errors]
    expect(tell([...log, tick(60)]).said.map((line) => line.slice(0, 3))).toEqual([
      ['opened', 28, null],
      ['returned', 28, 30],
    ])
    expect(last([...log, dated(29, 11, 'error')])?.slice(0, 3)).toEqual(['revised', 20, null])
    expect(last([...log, dated(29, 21, 'error'), tick(60)])?.slice(0, 3)).toEqual(['returned', 21, 40])
    expect(last([...log, tick(60), dated(61, 21, 'error')])).toEqual([
      'revised',
      21,
      40,
      'was 2 min, now 19 min, by late readings',
    ])
    expect(tell([...log, dated(29, 21, 'ok')]).said).toHaveLength(1)
  })

  test('of a stuck sensor: it had moved before it was said to, seed 2', () => {
    const chance = random(2)
    const usual = Array.from({ length: 300 }, (_, i) => live(i, 20 + chance()))
    const stuck = Array.from({ length: 40 }, (_, i) => live(300 + i, 25))
    const rule = put({ id: 'mine', detector: 'stuck' })
    const log = [rule, ...usual, ...stuck, live(350, 20.1), live(351, 20.2), live(352, 20.3)]
    const [opened, returned] = tell(log).said
    expect([opened?.[0], returned?.[0], returned?.[2]]).toEqual(['opened', 'returned', 350])
    expect(last([...log, dated(353, 345, 20.4)])?.slice(0, 3)).toEqual(['revised', opened?.[1], 345])
    expect(tell([...log, dated(353, 345, 25)]).said).toHaveLength(2)
  })

  test('and nobody is called, nor is an alert opened', () => {
    const forbidden = put({ detector: 'forbidden-state', states: ['jam'] })
    expect(tell([forbidden, ...[1, 2, 3, 4, 30].map((at) => live(at, 'run')), dated(31, 12, 'jam')]).said).toEqual([])
  })
})
