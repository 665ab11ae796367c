import { describe, expect, test } from 'vitest'
import type { Alert, Rule, Transition } from '../../../core/contract/model.ts'
import { detectors } from '../../../core/stream/detect/registry.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const minute = 60_000
const day = 1_440 * minute
const start = Date.UTC(2026, 0, 5)

type Value = number | string | boolean

function rule(detector: string, put: Partial<Rule>): Rule {
  const scope = { device: '*', signal: '*' }
  return {
    id: 'mine',
    name: 'Mine',
    detector,
    scope,
    params: {},
    priority: 2,
    holdMs: 0,
    clearMs: 0,
    enabled: true,
    version: 1,
    ...put,
  }
}

/** What the rule says of values that come every `every`, by the index of the value at which it opened or returned. */
function said(put: Rule | readonly Rule[] | null, values: readonly (Value | Record<string, Value>)[], every = minute) {
  const commands = [put ?? []].flat().map((one): Writing => {
    return { kind: 'command', source: '', name: 'rule.put', time: start, body: JSON.stringify(one) }
  })
  const messages = values.map(
    (value, i): Writing => ({
      kind: 'message',
      source: 'a',
      name: 'hall/d1',
      time: start + i * every,
      body: JSON.stringify(typeof value === 'object' ? value : { x: value, y: 0 }),
    }),
  )
  const block = blockMaker()([...commands, ...messages])
  const heard: { readonly phase: string; readonly at: number; readonly alert: Alert }[] = []
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert, { phase, offset }) => {
      if (alert.signal === 'x' && (put === null || alert.rule.startsWith('mine')))
        heard.push({ phase, at: offset - commands.length, alert })
    },
  })
  return heard
}

const phases = (heard: ReturnType<typeof said>) => heard.map(({ phase, at }) => `${phase} ${at}`)

describe('a rule that a person puts', () => {
  test('about the rate opens when a value changes faster than its limit', () => {
    const heard = said(rule('rate', { params: { rise: 2 } }), [1, 2, 3, 8, 9, 2, 3])
    expect(phases(heard)).toEqual(['opened 3', 'returned 4'])
    expect(heard[0]!.alert).toMatchObject({ title: 'X rises too fast' })
    expect(heard[0]!.alert.explanation.why).toBe('5 a minute; a person allows 2')
  })

  test('about the rate over some time leaves a single step alone', () => {
    expect(said(rule('rate', { params: { rise: 2, overMs: 5 * minute } }), [1, 1, 1, 1, 1, 8, 8, 8])).toEqual([])
  })

  test('about changes opens at each', () => {
    const heard = said(rule('state-change', {}), ['open', 'open', 'closed', 'closed', 'open', 'open'])
    expect(phases(heard)).toEqual(['opened 2', 'returned 3', 'opened 4', 'returned 5'])
    expect(heard[0]!.alert.title).toBe('X changed to closed')
    expect(heard[0]!.alert.explanation.observed).toBeNull()
  })

  test('about changes and about rare events returns after a while though nothing more comes', () => {
    const [opened, returned] = said(rule('state-change', {}), ['open', 'open', 'closed', 'closed'], 30 * minute)
    expect([opened!.alert.since, returned!.alert.until]).toEqual([start + 60 * minute, start + 70 * minute])
    const turns = Array.from({ length: 102 }, (_, i) => (i === 100 ? 'jam' : i % 2 === 0 ? 'on' : 'off'))
    const rare = said(rule('rare-event', { params: { lastsMs: 2 * minute } }), turns, 30 * minute)
    expect(rare.at(-1)!.alert.until).toBe(start + 100 * 30 * minute + 2 * minute)
  })

  test('about a share opens when a step of a funnel is reached by fewer than usual, and not by chance, seed 5', () => {
    const chance = random(5)
    const steps = Array.from({ length: 4_000 }, (_, i) => {
      const pays = i >= 2_000 && i < 2_600 ? 0.1 : 0.4
      return chance() < 0.5 ? 'home' : chance() < pays ? 'pay' : 'basket'
    })
    const heard = said(rule('share', { states: ['pay', 'basket'] }), steps)
    expect(heard.map(({ phase }) => phase)).toEqual(['opened', 'returned'])
    expect(heard[0]!.at).toBeGreaterThan(2_000)
    expect(heard[0]!.at).toBeLessThan(2_200)
    expect(heard[1]!.at).toBeGreaterThan(2_600)
    const { title, explanation } = heard[0]!.alert
    const before = steps.slice(0, heard[0]!.at).filter((step) => step !== 'home').length
    expect(title).toMatch(/^X is pay in 1\d %, usually in [34]\d %$/)
    expect(explanation.why).toMatch(
      new RegExp(`^[34]\\d % of pay, basket, ${before.toLocaleString('en')} of them learned$`),
    )
  })

  for (const [what, states, values] of [
    ['texts', ['stopped'], ['runs', 'runs', 'stopped', 'stopped', 'runs', 'runs']],
    ['booleans', ['false'], [true, true, false, false, true, true]],
    ['numbers', ['3'], [1, 2, 3, 3, 1, 2]],
  ] as const)
    test(`about a forbidden state knows ${what}`, () => {
      expect(phases(said(rule('forbidden-state', { states }), values))).toEqual(['opened 2', 'returned 4'])
    })

  test('about a count in a window opens at the reading that is one too many', () => {
    const refused = ['ok', 'no', 'ok', 'no', 'no', 'ok', 'ok', 'ok', 'ok']
    const heard = said(rule('count', { states: ['no'], params: { readings: 3, windowMs: 5 * minute } }), refused)
    expect(phases(heard)).toEqual(['opened 4', 'returned 6'])
  })

  test('about rare events opens at a state that was never seen, or not for long', () => {
    const turns = Array.from({ length: 600 }, (_, i) => (i === 300 || i === 500 ? 'jam' : i % 2 === 0 ? 'on' : 'off'))
    const heard = said(rule('rare-event', { params: { quietMs: 3 * day } }), turns, 30 * minute)
    expect(phases(heard)).toEqual(['opened 300', 'returned 301', 'opened 500', 'returned 501'])
    expect(heard.map(({ alert }) => alert.explanation.why).filter((_, i) => i % 2 === 0)).toEqual([
      'never seen in 300 readings',
      'not seen for 4 days, 500 readings learned',
    ])
  })

  test('about two signals opens when they no longer go together, seed 5', () => {
    const chance = random(5)
    const pairs = Array.from({ length: 700 }, (_, i) => {
      const y = 10 + 5 * chance()
      return { y, x: 3 * y + 2 + 0.2 * (chance() - 0.5) + (i >= 500 && i < 520 ? 5 : 0) }
    })
    const heard = said(rule('relation', { scope: { device: '*', signal: 'x' }, other: 'y' }), pairs)
    expect(phases(heard)).toEqual(['opened 502', 'returned 522'])
    const { explanation, title } = heard[0]!.alert
    expect(title).toBe('X too high for Y')
    const { x, y } = pairs[502]!
    expect(explanation.observed).toBe(x)
    expect(explanation.expected!.high).toBeLessThan(3 * y + 2 + 5)
    expect(explanation.expected!.low).toBeLessThan(3 * y + 2)
    expect(explanation.expected!.high).toBeGreaterThan(3 * y + 2)
  })
})

test('two rules compare one signal with two others, and each says which one it left, seed 5', () => {
  const chance = random(5)
  const readings = Array.from({ length: 700 }, (_, i) => {
    const [y, z] = [10 + chance(), 5 + chance()]
    return { y, z: i >= 400 && i < 420 ? z + 9 : z, x: 3 * y + 0.01 * chance() }
  })
  const both = ['y', 'z'].map((other) =>
    rule('relation', { id: `mine ${other}`, other, scope: { device: '*', signal: 'x' } }),
  )
  const heard = said(
    both,
    readings.map(({ z, ...each }, i) => ({ ...each, z, x: each.x + (i >= 600 ? 20 : 0) })),
  )
  const opened = heard.filter(({ phase }) => phase === 'opened').map(({ alert, at }) => `${alert.title} ${at}`)
  expect(opened).toEqual(['X too low for Z 403', 'X too high for Y 602', 'X too high for Z 602'])
})

describe('the learned band names what is unusual', () => {
  const chance = random(9)
  const usual = (i: number) => 20 + Math.sin((i / 288) * 2 * Math.PI) + 0.3 * (chance() + chance() - 1)
  const weeks = (change: (value: number, i: number) => number) =>
    Array.from({ length: 21 * 288 }, (_, i) => Number(change(usual(i), i).toFixed(3)))
  /** The alert about the change, which begins in the third week. */
  const about = (change: (value: number, i: number) => number) =>
    said(null, weeks(change), 5 * minute).find(({ at }) => at >= 4_500)!.alert

  for (const [name, title, change] of [
    [
      'a spike where steps are usual',
      /^X spiked upwards$/,
      (v: number, i: number) => v + (i % 200 < 100 ? 60 : 0) + (i === 5_050 ? 25 : 0),
    ],
    [
      'less noise',
      /^X changes less than usual$/,
      (v: number, i: number) => (i >= 5_000 && i < 5_100 ? 20 + Math.sin((i / 288) * 2 * Math.PI) : v),
    ],
    ['a drift', /^X drifts upwards$/, (v: number, i: number) => (i >= 4_500 ? v + (i - 4_500) / 500 : v)],
    [
      'a value at the wrong hour',
      /at this hour$|usual band$/,
      (v: number, i: number) => (i >= 5_000 && i < 5_040 ? 40 - v + 1 : v),
    ],
  ] as const)
    test(`${name}, seed 9`, () => {
      expect(about(change).title).toMatch(title)
    })

  test('and says figures that its readings show: a jump, seed 9', () => {
    const values = weeks((value, i) => (i >= 5_000 && i < 5_100 ? value + 6 : value))
    const { alert } = said(null, values, 5 * minute)[0]!
    const { explanation } = alert
    expect(explanation.evidence.at(-1)).toMatchObject({ offset: 5_000, value: values[5_000] })
    expect(explanation.observed).toBe(values[5_000])
    expect(explanation.learnedReadings).toBe(5_000)
    let before = values[0]!
    for (const [n, value] of values.slice(0, 5_000).entries())
      before += Math.max(1 - 2 ** -0.5, 1 / (n + 1)) * (value - before)
    const jump = Number(/^([\d.]+) from the mean of the readings before/.exec(explanation.why)![1])
    expect(jump).toBeCloseTo(values[5_000]! - before, 1)
    expect(explanation.rarity).toBeGreaterThan(1_000)
  })
})

describe('the learned band', () => {
  test('takes a value after a gap for no spike together with those before it', () => {
    const turns = Array.from({ length: 2_000 }, (_, i) => 1 + (i % 18 < 9 ? 13 : 0) + (i % 7) / 10)
    expect(saidWith(turns, (i) => i >= 1_802 && i < 1_812)).toEqual([]) // on for two readings, and off after the gap
    expect(saidWith(turns, () => false)).toEqual([])
  })

  test('counts a fault of a day and a half once, so that the next one like it is found, seed 9', () => {
    const chance = random(9)
    const twice = Array.from({ length: 21 * 288 }, (_, i) => {
      const fault = (i >= 3_000 && i < 3_430) || (i >= 4_500 && i < 4_560) ? 3 : 0
      return 20 + chance() + chance() - 1 + fault
    })
    const heard = said(null, twice, 5 * minute)
    const opens = (from: number) => heard.some(({ phase, at }) => phase === 'opened' && at >= from && at < from + 12)
    expect([opens(3_000), opens(4_500)]).toEqual([true, true])
  })

  test('follows the clock on the wall through a change to summer time, seed 9', () => {
    const chance = random(9)
    const changes = [
      [0, 60 * minute],
      [Date.UTC(2026, 2, 29, 1), 120 * minute],
    ] as const
    const begin = Date.UTC(2026, 2, 2)
    const log = Array.from({ length: 34 * 288 }, (_, i): Writing => {
      const time = begin + i * 5 * minute
      const local = time + changes[time < changes[1][0] ? 0 : 1][1]
      const works = (local / (60 * minute)) % 24 >= 6 && (local / (60 * minute)) % 24 < 22
      const x = 20 + chance() + chance() + (works ? 30 : 0)
      return { kind: 'message', source: 'a', name: 'hall/d1', time, body: JSON.stringify({ x }) }
    })
    const openings = (zone: Writing[]) => opensIn([...zone, ...log]).filter((time) => time >= changes[1][0])
    const body = JSON.stringify({ name: 'Europe/Vienna', changes })
    expect(openings([{ kind: 'command', source: '', name: 'zone', time: begin, body }])).toEqual([])
    expect(openings([])).not.toEqual([])
  })

  test('finds a fault again that a person has called useful, and else takes it for its way, seed 9', () => {
    const chance = random(9)
    const begins = [2_900, 3_100, 3_300, 3_500, 3_700].map((i) => start + i * 5 * minute)
    const readings = Array.from({ length: 3_800 }, (_, i): Writing => {
      const time = start + i * 5 * minute
      const x =
        20 + chance() + chance() - (begins.some((each) => time >= each && time < each + 20 * 5 * minute) ? 3 : 0)
      return { kind: 'message', source: 'a', name: 'hall/d1', time, body: JSON.stringify({ x }) }
    })
    const last = begins.at(-1)!
    expect(opensIn(readings, null).filter((time) => time >= last)).toEqual([])
    expect(opensIn(readings, false).filter((time) => time >= last)).toEqual([])
    expect(opensIn(readings, true).filter((time) => time >= last)).toEqual([last])
  })

  test('calls nothing critical that it has not learned for two days, seed 9', () => {
    const chance = random(9)
    const jumps = Array.from({ length: 8 * 288 }, (_, i) => {
      return 20 + chance() + chance() - 1 + (i % 1_000 >= 400 && i % 1_000 < 430 ? 10 : 0)
    })
    const heard = said(null, jumps, 5 * minute)
    const changes = heard.map(({ phase, at, alert }) => `${phase} ${at} as ${alert.priority}`)
    expect(changes).toEqual([
      'opened 400 as 2',
      'returned 478 as 2',
      'opened 1400 as 2',
      'revised 1404 as 1',
      'returned 1462 as 1',
    ])
  })
})

/** When alerts of the learned band open. Each is marked an hour later, when `useful` says as what. */
function opensIn(log: readonly Writing[], useful: boolean | null = null): readonly number[] {
  const blocks = blockMaker()
  const times: number[] = []
  const marks: { readonly from: number; readonly writing: Writing }[] = []
  const path = createPath()
  const emit = {
    ...new Recorder().emit,
    alert: ({ id, rule }: Alert, { phase, time }: Transition) => {
      if (rule !== 'band' || phase !== 'opened') return
      times.push(time)
      const body = JSON.stringify({ id, useful, by: 'eva' })
      const from = time + 60 * minute
      if (useful !== null)
        marks.push({ from, writing: { kind: 'command', source: '', name: 'mark', time: from, body } })
    },
  }
  for (const writing of log) {
    const due = marks[0] !== undefined && writing.time >= marks[0].from ? [marks.shift()!.writing] : []
    const block = blocks([...due, writing])
    path.step(block, 0, block.n, emit)
  }
  return times
}

/** Values every five minutes, of which some never came. */
function saidWith(values: readonly number[], isLost: (i: number) => boolean) {
  const log = values.flatMap((x, i): Writing[] => {
    const time = start + i * 5 * minute
    return isLost(i) ? [] : [{ kind: 'message', source: 'a', name: 'hall/d1', time, body: JSON.stringify({ x }) }]
  })
  return opensIn(log)
}

test('every detector says what it is for, and what its parameters mean', () => {
  for (const { doc, params, version } of detectors.values()) {
    expect(version).toBeGreaterThan(0)
    expect([doc, ...params.map((each) => each.doc)].every((text) => /^[A-Z].*\.$/.test(text))).toBe(true)
  }
})
