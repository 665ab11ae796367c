import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { retainedFlag } from '../../../core/contract/block.ts'
import type { Alert, Transition } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { defaultRules } from '../../../core/stream/rules.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const start = Date.UTC(2026, 0, 5)

interface Said {
  readonly alert: Alert
  readonly transition: Transition
}

function alertsOf(log: readonly Writing[]): readonly Said[] {
  const said: Said[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert, transition) => said.push({ alert, transition }),
  })
  return said
}

function phases(said: readonly Said[], rule: string): readonly string[] {
  return said.filter(({ alert }) => alert.rule === rule).map(({ transition }) => transition.phase)
}

const reading = (time: number, value: number, name = 'hall/p-204/discharge_pressure'): Writing => ({
  kind: 'message',
  source: 'a',
  name,
  time,
  body: String(value),
})
const command = (time: number, name: string, value: unknown): Writing => ({
  kind: 'command',
  source: '',
  name,
  time,
  body: JSON.stringify(value),
})
const link = (time: number, source: string, name: string): Writing => ({ kind: 'link', source, name, time })
const tick = (time: number): Writing => ({ kind: 'tick', source: '', name: '', time })

const limit = hotRule(50, { priority: 1, holdMs: 3 * minute, clearMs: 2 * minute })

describe('a limit', () => {
  const at = (values: readonly number[]): readonly Said[] =>
    alertsOf([command(start, 'rule.put', limit), ...values.map((value, i) => reading(start + (i + 1) * minute, value))])

  test('opens when its condition has held, since when it began, and returns after the clear delay', () => {
    const [opened, returned] = at([20, 60, 61, 62, 63, 20, 20, 20])
    expect(opened!.alert).toMatchObject({
      id: 'hot:hall/p-204/discharge_pressure:5',
      since: start + 2 * minute,
      until: null,
      priority: 1,
    })
    expect(opened!.alert.title).toBe('Discharge pressure above its limit of 50')
    expect(opened!.alert.explanation.evidence.map((each) => each.offset)).toEqual([2, 3, 4, 5])
    expect(returned!.transition).toMatchObject({ phase: 'returned', time: start + 8 * minute })
    expect(returned!.alert.until).toBe(start + 6 * minute)
  })

  test('is not passed by what the broker remembers, however long that stands', () => {
    const remembered = { ...reading(start + minute, 90), flags: retainedFlag }
    const now = { ...limit, holdMs: 0 }
    const put = command(start, 'rule.put', now)
    expect(alertsOf([put, remembered, tick(start + hour)])).toEqual([])
    expect(phases(alertsOf([put, remembered, reading(start + 2 * minute, 90)]), 'hot')).toEqual(['opened'])
  })

  for (const signal of ['value', 'v'])
    test(`on a signal that is only called "${signal}" has the name of the device`, () => {
      const nameless = [60, 61].map((value, i) => ({
        ...reading(start + (i + 1) * minute, 0, 'hall/machine_temperature'),
        body: JSON.stringify({ [signal]: value, [signal === 'value' ? 'v' : 'other']: 1 }),
      }))
      const said = alertsOf([
        command(start, 'rule.put', { ...limit, holdMs: 0, scope: { device: '*', signal } }),
        ...nameless,
      ])
      expect(said.map(({ alert }) => alert.title)).toEqual(['Machine temperature above its limit of 50'])
    })

  test('does not open for less than its hold', () => {
    expect(at([20, 60, 61, 20, 60, 61, 20])).toEqual([])
  })

  test('ends when its rule is deleted', () => {
    const log = [
      command(start, 'rule.put', limit),
      ...[60, 60, 60, 60].map((value, i) => reading(start + i * minute, value)),
    ]
    const said = alertsOf([...log, command(start + 5 * minute, 'rule.delete', { id: 'hot' })])
    expect(said.map(({ transition }) => transition.phase)).toEqual(['opened', 'returned'])
  })
})

describe('people', () => {
  const id = 'hot:0:1'
  const open = [command(start, 'rule.put', { ...limit, holdMs: 0 }), reading(start + minute, 60)]

  test('acknowledge once, with a note and by log time', () => {
    const ack = { ids: [id, 'hot:9:9'], note: 'on it', by: 'eva' }
    const said = alertsOf([...open, command(start + 2 * minute, 'ack', ack), command(start + 3 * minute, 'ack', ack)])
    expect(said).toHaveLength(2)
    expect(said[1]!.alert.acknowledged).toEqual({ at: start + 2 * minute, by: 'eva', note: 'on it' })
  })

  test('acknowledge what they saw, though it opens at another record now: the one at that time, and no other', () => {
    const seen = {
      id: 'hot:hall/p-204/discharge_pressure:77',
      rule: 'hot',
      device: 'hall/p-204',
      signal: 'discharge_pressure',
    }
    const ack = (since: number, until: number | null) =>
      command(start + 2 * minute, 'ack', { ids: [seen.id], seen: [{ ...seen, since, until }], note: null, by: 'eva' })
    const phasesWith = (one: Writing) => phases(alertsOf([...open, one]), 'hot')
    expect(phasesWith(ack(start, null))).toEqual(['opened', 'acknowledged'])
    expect(phasesWith(ack(start + 90 * second, start + 100 * second))).toEqual(['opened', 'acknowledged'])
    expect(phasesWith(ack(start, start + 30 * second))).toEqual(['opened'])
  })

  test('shelve for a time that ends exactly, at the first record not before it', () => {
    const shelve = { ids: [id], until: start + 10 * minute, note: null, by: 'eva' }
    const said = alertsOf([
      ...open,
      command(start + 2 * minute, 'shelve', shelve),
      tick(start + 9 * minute),
      tick(start + 25 * minute),
    ])
    expect(said.at(-1)!.transition).toMatchObject({
      phase: 'unshelved',
      time: start + 10 * minute,
      offset: 4,
      by: null,
    })
    expect(said.at(-1)!.alert.shelvedUntil).toBeNull()
  })

  test('mark an alert, and unknown or damaged commands change nothing', () => {
    const odd = [
      command(start, 'nonsense', {}),
      { ...command(start, 'ack', 0), body: '{' },
      command(start, 'constructor', {}),
    ]
    const said = alertsOf([...open, ...odd, command(start + 2 * minute, 'mark', { id, useful: false, by: 'eva' })])
    expect(said.at(-1)!.transition).toMatchObject({ phase: 'marked', note: 'not useful' })
  })
})

describe('silence', () => {
  const regular = (n: number, from = start): readonly Writing[] =>
    Array.from({ length: n }, (_, i) => reading(from + i * 10 * second, 20 + (i % 3), 'hall/d1/x'))

  test('opens at its exact time, and ends with the next message', () => {
    const last = start + 99 * 10 * second
    const said = alertsOf([
      ...regular(100),
      tick(last + 49 * second),
      tick(last + 80 * second),
      ...regular(1, last + 90 * second),
    ])
    expect(said[0]!.transition).toMatchObject({ phase: 'opened', time: last + 50 * second, offset: 101 })
    expect(said[0]!.alert).toMatchObject({
      id: 'silence:hall/d1:101',
      title: 'No message from D1',
      since: last,
      series: null,
    })
    expect(said[0]!.alert.explanation).toMatchObject({ usualGapMs: 10 * second, limitMs: 50 * second, observed: null })
    expect(said[1]!.transition).toMatchObject({ phase: 'returned', time: last + 90 * second })
  })

  test('is not known before ten gaps', () => {
    expect(alertsOf([...regular(8), tick(start + hour)])).toEqual([])
  })

  test('of every device of a lost link is one alert for the link', () => {
    const last = start + 99 * 10 * second
    const lost = [link(start, 'a', 'up'), ...regular(100), link(last + second, 'a', 'down')]
    const said = alertsOf([
      ...lost,
      tick(last + hour),
      link(last + 2 * hour, 'a', 'up'),
      ...regular(3, last + 2 * hour + second),
    ])
    expect(said.map(({ alert, transition }) => [alert.rule, transition.phase, transition.time])).toEqual([
      ['link', 'opened', last + 31 * second],
      ['link', 'returned', last + 2 * hour],
    ])
  })

  test('of a source that a person removed is none, and ends one that is open', () => {
    const last = start + 99 * 10 * second
    const removed = (time: number) => ({ ...link(time, 'a', 'down'), body: '{"cause":"removed"}' })
    const up = [link(start, 'a', 'up'), ...regular(100)]
    expect(alertsOf([...up, removed(last + second), tick(last + hour)])).toEqual([])
    const lost = [...up, link(last + second, 'a', 'down'), tick(last + minute), removed(last + 2 * minute)]
    expect(phases(alertsOf(lost), 'link')).toEqual(['opened', 'returned'])
  })

  test('while the recorder was not running is not the device’s', () => {
    const last = start + 99 * 10 * second
    const said = alertsOf([...regular(100), link(last + hour, '', 'started'), tick(last + hour + 40 * second)])
    expect(said).toEqual([])
    expect(
      phases(alertsOf([...regular(100), link(last + hour, '', 'started'), tick(last + 2 * hour)]), 'silence'),
    ).toEqual(['opened'])
  })

  test('is never said of a device that only sent history', () => {
    const history = Array.from({ length: 200 }, (_, i) => ({
      ...reading(start + i, 20, 'hall/d1'),
      body: JSON.stringify({ a: i % 7, ts: start - 200 * minute + i * 30 * second }),
    }))
    expect(alertsOf([...history, tick(start + 24 * hour)])).toEqual([])
  })
})

describe('a signal that is missing while its device sends', () => {
  const both = (n: number, from: number, named: readonly string[]): readonly Writing[] =>
    Array.from({ length: n }, (_, i) => ({
      ...reading(from + i * 10 * second, 0, 'hall/d1'),
      body: JSON.stringify(Object.fromEntries(named.map((name) => [name, 20 + (i % 3)]))),
    }))
  const last = start + 99 * 10 * second
  const all = both(100, start, ['flow', 'pressure'])
  const without = both(60, last + 10 * second, ['flow'])
  const missing = (log: readonly Writing[]) =>
    alertsOf(log).filter(({ alert }) => alert.rule === 'missing' || alert.rule === 'silence')

  test('opens after its own limit, and ends with its next reading', () => {
    const [opened, returned, ...more] = missing([...all, ...without, ...both(3, last + 610 * second, ['pressure'])])
    expect(opened!.transition).toMatchObject({ phase: 'opened', time: last + 80 * second }) // the first after one at 70
    expect(opened!.alert).toMatchObject({ title: 'No reading of Pressure', signal: 'pressure', since: last })
    expect(opened!.alert.explanation).toMatchObject({ usualGapMs: 10 * second, limitMs: 60 * second, observed: null })
    expect(opened!.alert.explanation.evidence.map(({ offset }) => offset)).toEqual([99, 106])
    expect(returned!.transition).toMatchObject({ phase: 'returned', time: last + 610 * second })
    expect(more).toEqual([])
  })

  test('is not said of a device that is silent as a whole, nor of what comes when it likes', () => {
    expect(missing([...all, tick(last + hour)]).map(({ alert }) => alert.rule)).toEqual(['silence'])
    expect(missing([...all, ...both(5, last + hour, ['flow', 'pressure'])]).map(({ alert }) => alert.rule)).toEqual([
      'silence',
      'silence',
    ])
    const seldom = all.flatMap((one, i) => (((i * i) % 97) % 5 === 0 ? [one] : both(1, one.time, ['flow'])))
    expect(missing([...seldom, ...both(900, last + 10 * second, ['flow'])])).toEqual([])
  })

  test('counts from when its broker could be heard again', () => {
    const away = [link(last + second, 'a', 'down'), link(last + hour, 'a', 'up')]
    const back = both(20, last + hour + 5 * second, ['flow'])
    const said = missing([link(start - 1, 'a', 'up'), ...all, ...away, ...back])
    expect(said.map(({ alert, transition }) => [alert.rule, transition.time])).toEqual([
      ['missing', last + hour + 75 * second],
    ])
    expect(missing([link(start - 1, 'a', 'up'), ...all, ...away, ...back.slice(0, 5)])).toEqual([])
  })

  test('that stays away twice in a week does so by its nature, and a person may say so at once', () => {
    const again = (from: number) => [
      ...both(60, from, ['flow']),
      ...both(100, from + 600 * second, ['flow', 'pressure']),
    ]
    const thrice = [0, 1, 2].flatMap((i) => again(last + 10 * second + i * 1_600 * second))
    expect(missing([...all, ...thrice]).map(({ transition }) => transition.phase)).toEqual(
      ['opened', 'returned', 'opened', 'returned'], // and not at the third
    )
    const normal = command(last + 300 * second, 'normal', { series: 1, by: 'eva' })
    const accepted = missing([...all, ...without.slice(0, 29), normal, ...without.slice(29)])
    expect(accepted.map(({ transition }) => [transition.phase, transition.by])).toEqual([
      ['opened', null],
      ['returned', 'eva'],
    ])
  })

  test('is not looked for where the rule is off, and its alert ends with the rule', () => {
    const off = command(last + 300 * second, 'rule.put', { ...missingRule, enabled: false })
    const said = missing([...all, ...without.slice(0, 29), off, ...without.slice(29)])
    expect(said.map(({ transition }) => [transition.phase, transition.note])).toEqual([
      ['opened', null],
      ['returned', 'its rule was changed'],
    ])
  })
})

const missingRule = {
  ...{ id: 'missing', name: 'Missing signal', detector: 'missing', scope: { device: '*', signal: '*' } },
  ...{ params: {}, priority: 3, holdMs: 0, clearMs: 0, enabled: true, version: 2 },
}

describe('the usual band', () => {
  const noise = random(5)
  /** Days of readings every five minutes around a daily rhythm, with something added. */
  const days = (n: number, added: (i: number) => number): readonly Writing[] =>
    Array.from({ length: n * 288 }, (_, i) => {
      const daily = 0.3 * Math.sin((i / 288) * 2 * Math.PI)
      return reading(start + i * 5 * minute, Number((5 + daily + 0.1 * (noise() + noise() - 1) + added(i)).toFixed(3)))
    })

  test('stays quiet on an ordinary week', () => {
    expect(phases(alertsOf(days(7, () => 0)), 'band')).toEqual([])
  })

  test('says what was observed, what was expected and why', () => {
    const said = alertsOf(days(7, (i) => (i >= 1_500 && i < 1_530 ? -2 : 0)))
    const { alert } = said[0]!
    expect(phases(said, 'band')).toEqual(['opened', 'revised', 'returned'])
    expect(said[1]!.alert).toMatchObject({ priority: 1, calls: true }) // the next reading says so too
    expect(said[1]!.transition.time - said[0]!.transition.time).toBe(5 * minute)
    expect(alert).toMatchObject({
      title: 'Discharge pressure fell suddenly',
      priority: 2,
      since: start + 1_500 * 5 * minute,
    })
    expect(alert.explanation.observed).toBeLessThan(alert.explanation.expected!.low)
    expect(alert.explanation.why).toMatch(
      /^2\.\d+ from the mean of the readings before, usually within 0\.\d+; \d+-\d+ h, \d days learned$/,
    )
    expect(alert.explanation.learnedReadings).toBe(1_500)
    expect(alert.explanation.evidence[0]).toMatchObject({ offset: 1_500 })
    expect(alert.opened - 1_500).toBeLessThanOrEqual(3)
  })

  test('groups the digits of what it learned', () => {
    const noisy = Array.from({ length: 12_000 }, (_, i) => reading(start + i * 10 * second, 5 + noise()))
    const last = start + 12_000 * 10 * second
    const said = alertsOf([...noisy, ...[1, 2, 3, 4].map((i) => reading(last + i * 10 * second, 50))])
    expect(said.at(-1)!.alert.explanation.why).toMatch(/; the usual level, 12,000 readings in 33 hours$/)
  })

  test('names the other signals that moved', () => {
    const log = days(7, (i) => (i >= 1_500 && i < 1_530 ? -2 : 0)).flatMap((each, i) => [
      {
        ...reading(each.time, 0, 'hall/p-204/flow'),
        body: (40 + noise() + (i >= 1_498 && i < 1_530 ? 15 : 0)).toFixed(3),
      },
      each,
    ])
    const alert = alertsOf(log).find((each) => each.alert.signal === 'discharge_pressure')!.alert
    expect(alert.explanation.moved).toMatchObject([{ signal: 'flow', leadMs: -10 * minute }])
    expect(alert.explanation.moved[0]!.sigma).toBeGreaterThan(10)
  })

  test('learns a new level within about two days, so that every alert ends', () => {
    const said = alertsOf(days(10, (i) => (i >= 1_500 ? 3 : 0)))
    expect(phases(said, 'band').slice(0, 3)).toEqual(['opened', 'revised', 'returned'])
    expect(said[2]!.transition.time - said[0]!.transition.time).toBeLessThan(3 * 24 * hour)
  })

  test('is not given to counters, states and constants', () => {
    const bands = (value: (i: number) => number): number => {
      let n = 0
      const block = blockMaker()(Array.from({ length: 2_000 }, (_, i) => reading(start + i * minute, value(i))))
      createPath().step(block, 0, block.n, {
        ...new Recorder().emit,
        reading: (_s, _t, _v, low) => (n += Number.isNaN(low) ? 0 : 1),
      })
      return n
    }
    expect(bands((i) => i * 3 + (i % 3))).toBe(0)
    expect(bands((i) => i % 4)).toBe(0)
    expect(bands(() => 7)).toBe(0)
    expect(bands((i) => (i * 7_919) % 101)).toBe(1_899)
  })

  test('does not learn from late readings, and marks what is history', () => {
    const late = days(3, () => 0).map((each) => ({
      ...each,
      name: 'hall/p-204',
      body: JSON.stringify({ p: Number(each.body), ts: each.time }),
    }))
    const old = { ...late[800]!, body: JSON.stringify({ p: 999, ts: start }) }
    const after = late.slice(801, 803)
    expect(alertsOf([...late.slice(0, 801), ...Array(10).fill(old), ...after])).toEqual([])
    const behind = late.map((each, i) => ({ ...each, time: start + 240 * hour + i * 1_000 })) // a buffer that drains
    const fault = [1, 2, 3].map((i) => ({
      ...behind[863]!,
      body: JSON.stringify({ p: 99, ts: start + (863 + i) * 5 * minute }),
    }))
    expect(alertsOf([...behind, ...fault])[0]!.alert.historical).toBe(true)
  })
})

describe('recorded failures, as history that comes all at once', () => {
  /** When alerts opened, by the recording's own time. */
  const openings = (file: string): readonly string[] => {
    const rows = readFileSync(new URL(`../../fixtures/nab/${file}.csv`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
    const readings = rows.map((row) => row.split(',').map(Number) as [number, number])
    const now = start + 1_000 * hour
    const shift = now - readings.at(-1)![0]
    const log = readings.map(([ts, value], i) => ({
      ...reading(now + i, 0),
      body: JSON.stringify({ value, ts: ts + shift }),
    }))
    const opened = alertsOf(log).filter(({ transition }) => transition.phase === 'opened')
    expect(opened.every(({ alert }) => alert.historical)).toBe(true)
    return opened.map(({ transition }) => new Date(transition.time - shift).toISOString().slice(0, 13))
  }

  test('of a machine: its failure of February, after three lesser ones', () => {
    const found = openings('machine_temperature')
    expect(found.at(-1)).toBe('2014-02-08T09')
    expect(found.slice(0, -1)).toEqual(['2014-01-23T11', '2014-01-24T12', '2014-02-03T12'])
  })

  test('of a service: all three, and nothing else', () => {
    const found = openings('request_latency')
    expect(found).toEqual(['2014-03-14T09', '2014-03-18T22', '2014-03-21T03'])
  })
})

test('clocks of 1970 and 2100 are not believed: arrival is used', () => {
  const times: number[] = []
  const log = [5, 4_102_444_800_000].map((ts, i) => ({
    ...reading(start + i, 1),
    body: JSON.stringify({ value: 1, ts }),
  }))
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, { ...new Recorder().emit, reading: (_series, time) => times.push(time) })
  expect(times).toEqual([start, start + 1])
})

test('more series than the plant may hold are left out and counted', () => {
  const recorder = new Recorder()
  const block = blockMaker()([most(2), ...[1, 2, 3].map((i) => reading(start + i, i, `a/d${i}/x`))])
  createPath().step(block, 0, block.n, recorder.emit)
  expect(recorder.lines.filter((line) => line.includes(' reading '))).toHaveLength(2)
  expect(recorder.lines.filter((line) => line.includes('too_many_series'))).toHaveLength(1)
})

test('a higher cap ends its alert, and what was left out is watched from its next reading on', () => {
  const log = [most(2), ...[1, 2, 3].map((i) => reading(start + i, i, `a/d${i}/x`))]
  const more = [...log, most(3), reading(start + 9, 3, 'a/d3/x')]
  const [{ alert } = { alert: undefined }, ...rest] = alertsOf(log)
  expect(rest).toEqual([])
  expect(alert?.title).toBe('More than 2 series: new ones are not watched')
  expect(alert?.explanation.why).toMatch(/"x" of "a\/d3" was the first that is not.*"Most series" of this rule/)
  expect(alertsOf(more).map(({ transition }) => transition.phase)).toEqual(['opened', 'returned'])
  expect(alert?.explanation.evidence).toMatchObject([{ offset: 3 }])
  const recorder = new Recorder()
  const block = blockMaker()(more)
  createPath().step(block, 0, block.n, recorder.emit)
  expect(recorder.lines.filter((line) => line.includes(' reading '))).toHaveLength(3)
})

function most(series: number): Writing {
  const rule = defaultRules.find(({ id }) => id === 'series-cap')
  return command(start, 'rule.put', { ...rule, params: { most: series } })
}

test('the band that a value left stays where it was until the alert has ended', () => {
  const chance = random(11)
  const usual = (i: number) => reading(start + i * minute, 5 + 0.1 * (chance() - 0.5))
  const log = Array.from({ length: 400 }, (_, i) => (i < 300 ? usual(i) : reading(start + i * minute, 3)))
  const lows: number[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, { ...new Recorder().emit, reading: (_s, _t, _v, low) => lows.push(low) })
  const before = lows[300]!
  expect(before).toBeGreaterThan(4)
  expect(Math.min(...lows.slice(300))).toBeGreaterThan(before - 0.3)
})

test('a counter that begins again at midnight is no alert', () => {
  const at = (i: number) => start + 19.9 * hour + i * minute
  const counted = (i: number) => Math.floor((i < 246 ? i + 900 : i - 246) / 3)
  const log = Array.from({ length: 1_200 }, (_, i) => reading(at(i), counted(i), 'hall/palletiser/layers_today'))
  expect(alertsOf(log).map(({ alert }) => alert.title)).toEqual([])
})

test('of more than a thousand alerts that returned and nobody saw the oldest is closed, and says why', () => {
  const lost = (i: number): Writing => ({
    kind: 'link',
    source: '',
    name: 'given up',
    time: start + i * minute,
    body: JSON.stringify({ detail: 'given up before it was sent', destination: `central-${i}`, from: 0, to: 9 }),
  })
  const said = alertsOf(Array.from({ length: 1_002 }, (_, i) => lost(i)))
  const forgotten = said.filter(({ transition }) => transition.phase === 'forgotten')
  expect(forgotten.map(({ alert }) => [alert.device, alert.forgotten])).toEqual([
    ['central-0', true],
    ['central-1', true],
  ])
  expect(forgotten[0]!.transition.note).toMatch(/nobody acknowledged it, and 1,000 others have returned since/)
})

test('records given up for one destination are one alert until somebody has seen it', () => {
  const lost = (time: number): Writing => ({
    kind: 'link',
    source: '',
    name: 'given up',
    time,
    body: JSON.stringify({ detail: `given up at ${time}`, destination: 'central', from: 0, to: 9 }),
  })
  const [first] = alertsOf([lost(start)])
  const seen = command(start + 2 * minute, 'ack', { ids: [first!.alert.id], note: null, by: 'eva' })
  const said = alertsOf([lost(start), lost(start + minute), seen, lost(start + 3 * minute)])
  expect(phases(said, 'given-up')).toEqual(['opened', 'returned', 'revised', 'acknowledged', 'opened', 'returned'])
  expect(said[0]!.alert).toMatchObject({ device: 'central', explanation: { why: `given up at ${start}` } })
  expect(said[2]!.transition.note).toBe(`given up at ${start + minute}`)
})
