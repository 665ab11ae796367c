import { describe, expect, test } from 'vitest'
import type { Alert, Millis, Offset, Rule } from '../../../core/contract/model.ts'
import { figure } from '../../../core/stream/detect/channel.ts'
import { createPath } from '../../../core/stream/path.ts'
import { BandAgain, type Said } from '../../support/band-again.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

// Every figure that an alert states, made again from the records that it names: those of its evidence, and those from
// `modelFrom` to `modelTo`, which its model had learned from.

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const start = Date.UTC(2026, 0, 5)

type Value = number | string | boolean
type Message = Readonly<Record<string, Value>>

/** A log, the alerts that were opened over it, and what each says when it opens. */
interface Told {
  readonly log: readonly Writing[]
  readonly alerts: readonly Alert[]
  /** Series whose band is held from one record to another, because an alert about it was open. */
  readonly held: readonly { readonly series: number; readonly from: Offset; to: Offset }[]
}

function tell(log: readonly Writing[]): Told {
  const alerts: Alert[] = []
  const held: { series: number; from: Offset; to: Offset }[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert, { phase, offset }) => {
      if (phase === 'opened') alerts.push(alert)
      if (alert.rule !== 'band') return
      if (alert.until === null) held.push({ series: alert.series!, from: offset, to: Infinity })
      else for (const each of held) if (each.series === alert.series) each.to = Math.min(each.to, offset)
    },
  })
  return { log, alerts, held }
}

const message = (time: Millis, values: Message, device = 'hall/d1'): Writing => {
  return { kind: 'message', source: 'a', name: device, time, body: JSON.stringify(values) }
}

function rulePut(detector: string, put: Partial<Rule>): Writing {
  const scope = { device: '*', signal: 'x' }
  const usual = { id: 'mine', name: 'Mine', params: {}, priority: 2, holdMs: 0, clearMs: 0, enabled: true, version: 1 }
  const rule = { ...usual, detector, scope, ...put }
  return { kind: 'command', source: '', name: 'rule.put', time: start, body: JSON.stringify(rule) }
}

/** What a rule of a person says of values that come every `every`. */
function ruled(detector: string, put: Partial<Rule>, values: readonly (Value | Message)[], every = minute): Told {
  const messages = values.map((value, i) => {
    return message(start + i * every, typeof value === 'object' ? value : { x: value })
  })
  const told = tell([rulePut(detector, put), ...messages])
  return { ...told, alerts: told.alerts.filter(({ rule }) => rule === 'mine') }
}

interface Seen {
  readonly offset: Offset
  readonly time: Millis
  readonly value: Value
}

/** The readings of a signal in records of the log from one to another. */
function readings(
  { log }: Told,
  { device, signal }: Pick<Alert, 'device' | 'signal'>,
  from: Offset,
  to: Offset,
): Seen[] {
  return log.slice(from, to + 1).flatMap(({ kind, name, time, body }, i) => {
    if (kind !== 'message' || name !== device) return []
    const value = (JSON.parse(String(body)) as Message)[signal!] // bodies of this test
    return value === undefined ? [] : [{ offset: from + i, time, value }]
  })
}

const numbers = (seen: readonly Seen[]): number[] => seen.map(({ value }) => Number(value))

/** What holds for every alert about a signal: the evidence is in the log as it says, and begins and ends as it must. */
function checkNamed(told: Told, alert: Alert): Seen[] {
  const { evidence, modelFrom, modelTo, observed, learnedReadings } = alert.explanation
  const own = evidence.filter(({ signal }) => signal === null)
  for (const { offset, time, value, signal } of evidence) {
    const [named] = readings(told, { ...alert, signal: signal ?? alert.signal }, offset, offset)
    expect(named!.time).toBe(time)
    if (value !== null || typeof named!.value !== 'string') expect(value).toBe(Number(named!.value))
  }
  expect(own.at(-1)!.offset).toBe(newestOf(told, alert).offset)
  expect(own.some(({ time }) => time === alert.since)).toBe(true)
  if (observed !== null) expect(own.some(({ value }) => value === observed)).toBe(true)
  const learned = readings(told, alert, modelFrom, modelTo)
  expect(learnedReadings).toBe(learned.length)
  expect(learned.at(-1)!.offset).toBe(modelTo)
  return learned
}

/** The reading by which it was judged: it opened with that, or later, when its condition had held for long enough. */
function newestOf(told: Told, alert: Alert): Seen {
  return readings(told, alert, 0, alert.opened).at(-1)!
}

describe('what a rule of a person says can be made again from the records that it names', () => {
  test('limits', () => {
    const told = ruled('limits', { params: { high: 10 }, holdMs: 3 * minute }, [1, 2, 11, 14, 12, 12, 11])
    const [alert] = told.alerts
    checkNamed(told, alert!)
    const { evidence, expected, observed, why } = alert!.explanation
    expect(evidence.every(({ value }) => value! > expected!.high)).toBe(true)
    expect(evidence.at(-1)!.time - evidence[0]!.time).toBe(3 * minute) // it held for so long
    expect(observed).toBe(evidence.at(-1)!.value)
    expect(alert!.title).toBe('X above its limit of 10')
    expect(why).toBe('a limit that a person put')
  })

  test('limits that held, though nothing more came', () => {
    const rule = rulePut('limits', { params: { high: 10 }, holdMs: 5 * minute })
    const said = [1, 2, 11, 14].map((x, i) => message(start + i * minute, { x }))
    const told = tell([rule, ...said, { kind: 'tick', source: '', name: '', time: start + hour }])
    const alert = told.alerts.find(({ rule }) => rule === 'mine')!
    checkNamed(told, alert)
    expect(alert.opened).toBe(5)
    expect(alert.explanation.evidence.map(({ value }) => value)).toEqual([11, 14])
    expect(alert.explanation.observed).toBe(14)
  })

  test('limits that held for longer than the readings that are remembered', () => {
    const told = ruled('limits', { params: { high: 10 }, holdMs: 50 * minute }, [1, 2, ...Array<number>(60).fill(11)])
    const { evidence } = told.alerts[0]!.explanation
    expect(evidence[0]).toEqual({ offset: 3, time: told.alerts[0]!.since, value: null, signal: null })
    expect(told.log[3]!.time).toBe(told.alerts[0]!.since)
  })

  for (const overMs of [0, 5 * minute])
    test(`rate over ${overMs / minute} min`, () => {
      const told = ruled('rate', { params: { rise: 2, overMs } }, [1, 2, 3, 3, 4, 5, 20, 21])
      const [alert] = told.alerts
      checkNamed(told, alert!)
      const { evidence, why } = alert!.explanation
      const newest = evidence.at(-1)!
      const from = evidence.findLast(({ time }) => newest.time - time >= Math.max(overMs, minute))!
      const slope = ((newest.value! - from.value!) / (newest.time - from.time)) * minute
      expect(why).toBe(`${figure(slope)} a minute; a person allows 2`)
    })

  for (const [type, values] of [
    ['texts', ['open', 'open', 'shut', 'shut']],
    ['numbers', [1, 1, 2, 2]],
    ['booleans', [true, true, false, false]],
  ] as const)
    test(`state change, ${type}`, () => {
      const told = ruled('state-change', {}, values)
      const [alert] = told.alerts
      checkNamed(told, alert!)
      const [before, after] = alert!.explanation.evidence.map(({ offset }) => readings(told, alert!, offset, offset)[0])
      expect(before!.value).not.toBe(after!.value)
      expect(alert!.title).toBe(`X changed to ${after!.value}`)
    })

  test('forbidden state', () => {
    const told = ruled('forbidden-state', { states: ['jam'] }, ['run', 'jam', 'jam', 'run'])
    const [alert] = told.alerts
    checkNamed(told, alert!)
    expect(alert!.title).toBe(
      `X is in the forbidden state ${readings(told, alert!, alert!.opened, alert!.opened)[0]!.value}`,
    )
  })

  test('count in a window', () => {
    const params = { readings: 12, windowMs: 20 * minute }
    const values = Array.from({ length: 60 }, (_, i) => (i % 5 === 0 || (i > 30 && i % 4 > 0) ? 'no' : 'ok'))
    const told = ruled('count', { states: ['no'], params }, values)
    const [alert] = told.alerts
    checkNamed(told, alert!)
    const inWindow = alert!.explanation.evidence.filter(({ time }) => time > alert!.since - params.windowMs)
    const refused = inWindow.filter(({ offset }) => readings(told, alert!, offset, offset)[0]!.value === 'no')
    expect(alert!.title).toBe(`X came ${refused.length} times in 1200 s`)
    expect(refused.length).toBe(params.readings)
    expect(alert!.explanation.why).toBe('a person allows fewer than 12')
  })

  test('rare event', () => {
    const turns = Array.from({ length: 600 }, (_, i) => (i === 300 || i === 500 ? 'jam' : i % 2 === 0 ? 'on' : 'off'))
    const told = ruled('rare-event', { params: { quietMs: 3 * day } }, turns, 30 * minute)
    expect(told.alerts).toHaveLength(2)
    for (const alert of told.alerts) {
      const learned = checkNamed(told, alert)
      const before = learned.findLast(({ value }) => value === 'jam')
      const days = before === undefined ? 0 : Math.floor((alert.since - before.time) / day)
      expect(alert.explanation.why).toBe(
        before === undefined
          ? `never seen in ${learned.length} readings`
          : `not seen for ${days} days, ${learned.length} readings learned`,
      )
    }
  })

  for (const [among, named] of [
    ['among two that are named', ['paid', 'left']],
    ['among all', ['paid']],
  ] as const)
    test(`share of a state ${among}, seed 8`, () => {
      const chance = random(8)
      const values = Array.from({ length: 1_500 }, (_, i) => {
        const is = chance()
        return is < 0.2 ? 'looked' : is < (i < 1_200 ? 0.7 : 0.3) ? 'paid' : 'left'
      })
      const told = ruled('share', { states: [...named], params: { learn: 300 } }, values)
      const [alert] = told.alerts
      const seen = [...checkNamed(told, alert!), newestOf(told, alert!)].map(({ value }) => String(value))
      const said = sharesOf(seen, named)
      const { late, usual, n } = said.at(-1)!
      const percent = (part: number) => `${Math.round(100 * part)} %`
      expect(alert!.title).toBe(`X is paid in ${percent(late)}, usually in ${percent(usual)}`)
      expect(alert!.explanation.why).toBe(
        `${percent(usual)} of ${named.length > 1 ? 'paid, left' : 'all readings'}, ${n.toLocaleString('en')} of them learned`,
      )
      expect(said.findIndex((each) => each.n >= 300 && isDrop(each))).toBe(said.length - 1) // at the first that was
    })

  test('relation, seed 5', () => {
    const chance = random(5)
    const pairs = Array.from({ length: 700 }, (_, i) => {
      const y = Math.round(1_000 * (10 + 5 * chance())) / 1_000
      return { y, x: 3 * y + 2 + 0.2 * (chance() - 0.5) + (i >= 500 && i < 520 ? 5 : 0) }
    })
    const told = ruled('relation', { other: 'y' }, pairs)
    const [alert] = told.alerts
    const x = [...checkNamed(told, alert!), ...readings(told, alert!, alert!.opened, alert!.opened)]
    const y = readings(told, { ...alert!, signal: 'y' }, alert!.explanation.modelFrom, alert!.opened)
    const { expected, evidence, why } = alert!.explanation
    const { low, high } = lineBefore(numbers(x), numbers(y), 6)
    expect(expected!.low).toBeCloseTo(low, 9)
    expect(expected!.high).toBeCloseTo(high, 9)
    const other = evidence.find(({ signal }) => signal === 'y')!
    expect(other.value).toBe(y.at(-1)!.value)
    expect(why).toBe(`where Y is ${figure(other.value!)}, ${x.length - 1} readings of both learned`)
  })
})

interface Share {
  readonly late: number
  readonly usual: number
  /** Named readings that the usual share was learned from. */
  readonly n: number
}

/** The share of the first name as each named reading is judged: half forgotten in 50 of them, and in 1,000 as usual. */
function sharesOf(values: readonly string[], named: readonly string[]): Share[] {
  const those = values.filter((value) => named.length === 1 || named.includes(value))
  const rates = [50, 1_000].map((half) => 1 - 2 ** (-1 / half))
  let [late, usual] = [0, 0]
  return those.map((value, n) => {
    const is = value === named[0] ? 1 : 0
    const [fast, slow] = rates.map((rate) => Math.max(rate, 1 / (n + 1)))
    late += fast! * (is - late)
    const judged = { late, usual, n }
    usual += slow! * (is - usual)
    return judged
  })
}

/** Less than half of what is usual, and four spreads below it: of a mean that forgets half in 50 readings. */
function isDrop({ late, usual }: Share): boolean {
  const rate = 1 - 2 ** (-1 / 50)
  return late <= usual / 2 && usual - late > 4 * Math.sqrt((usual * (1 - usual) * rate) / (2 - rate))
}

/** Where the last x should be by the line through those before it: means that forget, half of it in 2,000 readings. */
function lineBefore(x: readonly number[], y: readonly number[], spreads: number) {
  const mean = { x: 0, y: 0, yy: 0, xy: 0, rest: 0, square: 0 }
  const line = (i: number) => mean.x + (mean.yy > 0 ? mean.xy / mean.yy : 0) * (y[i]! - mean.y)
  let run = 0
  for (let n = 0; n < x.length; n++) {
    const far = x[n]! - line(n) - mean.rest
    if (n === x.length - 1) break
    const rate = Math.max(1 - 2 ** (-1 / 2_000), 1 / (n + 1))
    run = n >= 200 && Math.abs(far) > spreads * Math.sqrt(mean.square) ? run + 1 : 0
    if (n > 0) {
      const most = n >= 20 ? 4 * Math.sqrt(mean.square) : Infinity
      const d = Math.min(most, Math.max(-most, far))
      mean.rest += rate * d
      mean.square = (1 - rate) * (mean.square + rate * d * d)
    }
    if (run > 0) continue
    const dy = y[n]! - mean.y
    mean.xy += rate * (dy * (x[n]! - mean.x) - mean.xy)
    mean.yy += rate * (dy * dy - mean.yy)
    mean.x += rate * (x[n]! - mean.x)
    mean.y += rate * dy
  }
  const middle = line(x.length - 1) + mean.rest
  return { low: middle - spreads * Math.sqrt(mean.square), high: middle + spreads * Math.sqrt(mean.square) }
}

describe('what is watched without a rule says figures that can be made again from the records that it names', () => {
  test('stuck, seed 4', () => {
    const chance = random(4)
    const usual = Array.from({ length: 400 }, () => ({ x: 20 + chance(), mode: 1 }))
    for (let i = 100; i < 105; i++) usual[i] = usual[99]!
    const values = [...usual, ...Array.from({ length: 60 }, () => usual.at(-1)!)]
    const told = tell(values.map((value, i) => message(start + i * minute, value)))
    const alert = told.alerts.find(({ rule }) => rule === 'stuck')!
    const learned = checkNamed(told, alert)
    const { evidence, why, observed } = alert.explanation
    const runs = runsOf([...numbers(learned), observed!])
    expect(why).toBe(
      `the same value ${runs.at(-1)} times in a row; at most ${Math.max(...runs.slice(0, -1))} times before`,
    )
    expect(evidence.length).toBe(Math.min(32, runs.at(-1)!))
    expect(new Set(evidence.map(({ value }) => value))).toEqual(new Set([observed]))
  })

  for (const away of [false, true])
    test(`silence${away ? ' of a device whose broker was away once' : ''}, seed 6`, () => {
      const chance = random(6)
      let time = start
      const log: Writing[] = []
      for (let i = 0; i < 200; i++) {
        if (away && i === 100) log.push({ kind: 'link', source: 'a', name: 'down', time: time + 1 })
        if (away && i === 100) time += 20 * second
        if (away && i === 100) log.push({ kind: 'link', source: 'a', name: 'up', time })
        time += Math.round((8 + 4 * chance()) * second)
        log.push(message(time, { x: i }))
      }
      log.push({ kind: 'tick', source: '', name: '', time: time + hour })
      const told = tell(log)
      const alert = told.alerts.find(({ rule }) => rule === 'silence')!
      const { modelFrom, modelTo, evidence, usualGapMs, limitMs, why } = alert.explanation
      const gaps = gapsOf(told.log.slice(modelFrom, modelTo + 1))
      expect(usualGapMs).toBe(usualGap(gaps))
      expect(limitMs).toBe(Math.max(5 * usualGap(gaps), 3 * Math.max(...gaps), 5 * second))
      expect(why).toBe(`${gaps.length} gaps between its messages learned`)
      expect(evidence).toEqual([{ offset: modelTo, time, value: null, signal: null }])
      expect(alert.since).toBe(told.log[modelTo]!.time)
    })

  test('a missing signal, seed 7', () => {
    const chance = random(7)
    let time = start
    const log: Writing[] = []
    for (let i = 0; i < 300; i++) {
      time += Math.round((18 + 6 * chance()) * second)
      log.push(message(time, i < 200 ? { x: i, y: i % 9 } : { x: i }))
    }
    const told = tell(log)
    const alert = told.alerts.find(({ rule }) => rule === 'missing')!
    const { evidence, usualGapMs, limitMs, why } = alert.explanation
    const gaps = gapsOf(told.log.slice(0, evidence[0]!.offset + 1))
    expect(usualGapMs).toBe(usualGap(gaps))
    expect(limitMs).toBe(Math.max(5 * usualGap(gaps), 3 * Math.max(...gaps), 60 * second))
    expect(why).toContain(`${gaps.length} gaps between the readings of this signal learned`)
    expect(evidence[0]).toEqual({ offset: 199, time: told.log[199]!.time, value: 199 % 9, signal: null })
    expect(evidence[1]).toEqual({
      offset: alert.opened - 1,
      time: told.log[alert.opened - 1]!.time,
      value: null,
      signal: null,
    })
    expect(told.log[alert.opened - 1]!.time - alert.since).toBeGreaterThan(limitMs!)
    expect(told.log[alert.opened - 2]!.time - alert.since).toBeLessThanOrEqual(limitMs!)
  })

  test('a lost link', () => {
    const log: readonly Writing[] = [
      { kind: 'link', source: 'a', name: 'up', time: start },
      message(start + second, { x: 1 }),
      { kind: 'link', source: 'a', name: 'down', time: start + 2 * second },
      { kind: 'tick', source: '', name: '', time: start + hour },
    ]
    const [alert] = tell(log).alerts
    const { evidence, limitMs } = alert!.explanation
    expect(evidence.map(({ offset }) => log[offset]!.name)).toEqual(['down'])
    expect(alert!.since).toBe(log[evidence[0]!.offset]!.time)
    expect(limitMs).toBe(30 * second)
  })

  test('a wrong clock', () => {
    const behind = 3 * hour
    const log = Array.from({ length: 30 }, (_, i) => {
      const time = start + i * minute
      return message(time, { x: i, ts: i < 5 ? time : time - behind })
    })
    const alert = tell(log).alerts.find(({ rule }) => rule === 'clock')!
    const { evidence, why, learnedReadings, modelFrom, modelTo } = alert.explanation
    const lags = log
      .slice(modelFrom, modelTo + 1)
      .map(({ time, body }) => time - (JSON.parse(String(body)) as { ts: number }).ts)
    expect(new Set(lags)).toEqual(new Set([behind]))
    expect(evidence.map(({ offset }) => offset)).toEqual([modelFrom, modelTo])
    expect(learnedReadings).toBe(lags.length)
    expect(why).toMatch(`${lags.length} messages in a row say a time that is 3 h behind`)
    expect(alert.since).toBe(log[modelFrom]!.time)
  })
})

function runsOf(values: readonly number[]): number[] {
  const runs: number[] = []
  values.forEach((value, i) => {
    if (i > 0 && value === values[i - 1]) runs[runs.length - 1]! += 1
    else runs.push(1)
  })
  return runs
}

/** Between messages; not one in which the link was away. */
function gapsOf(log: readonly Writing[]): number[] {
  return log.flatMap(({ kind, time }, i) => {
    const before = log[i - 1]
    return kind === 'message' && before?.kind === 'message' ? [time - before.time] : []
  })
}

/** The median of the newest 15, as of the last time that it was looked for: at the 3rd, the 7th and every 15th. */
function usualGap(gaps: readonly number[]): number {
  const n = gaps.length - (gaps.length % 15)
  const sorted = gaps.slice(n - 15, n).sort((a, b) => a - b)
  return sorted[7]!
}

describe('the learned band says figures that can be made again from the records that it names', () => {
  type Made = (chance: () => number, i: number) => number
  const noise = (chance: () => number) => 0.3 * (chance() + chance() - 1)
  const daily: Made = (chance, i) => 20 + Math.sin((i / 288) * 2 * Math.PI) + noise(chance)
  const from5000 = (i: number, readings: number) => i >= 5_000 && i < 5_000 + readings
  const cycle = [0, 2, 4, 8, 6, 3]
  /** Three weeks of readings every five minutes. */
  const faults: Readonly<Record<string, Made>> = {
    'a jump': (chance, i) => daily(chance, i) + (from5000(i, 100) ? 6 : 0),
    'a spike': (chance, i) => daily(chance, i) + (i % 200 < 100 ? 60 : 0) + (i === 5_050 ? 25 : 0),
    'less noise': (chance, i) => (from5000(i, 100) ? 20 + Math.sin((i / 288) * 2 * Math.PI) : daily(chance, i)),
    'another hour': (chance, i) => (from5000(i, 40) ? 41 - daily(chance, i) : daily(chance, i)),
    'a slow rise': (chance, i) => 20 + noise(chance) + (i >= 5_000 ? Math.min(8, (i - 5_000) / 60) : 0),
    'a rise in waves': (chance, i) =>
      20 + noise(chance) + Math.sin(i / 10) + (from5000(i, 300) ? Math.min(4, (i - 5_000) / 20) : 0),
    'a level': (chance, i) => 20 + 10 * noise(chance) + (i >= 5_000 ? 3 : 0),
    'a cycle that turns': (chance, i) => 20 + cycle[i >= 5_000 ? 5 - (i % 6) : i % 6]! + noise(chance),
    wear: (chance, i) => 20 + 20 * noise(chance) + (i >= 4_000 ? (i - 4_000) / 500 : 0),
  }
  const found = new Set<string>()

  for (const [name, made] of Object.entries(faults))
    for (const seed of [1, 3, 5])
      test(`${name}, seed ${seed}`, () => {
        const told = plant(random(seed), made)
        found.add(checkBand(told, told.alerts.find(({ rule, signal }) => rule === 'band' && signal === 'x')!))
      })

  test('a jump that must hold, though nothing more came, seed 1', () => {
    const rule = rulePut('band', { id: 'band', scope: { device: '*', signal: '*' }, holdMs: 15 * minute })
    const { log } = plant(random(1), faults['a jump']!)
    const told = tell([rule, ...log.slice(0, 5_003), { kind: 'tick', source: '', name: '', time: start + 400 * day }])
    const alert = told.alerts.find(({ rule, signal }) => rule === 'band' && signal === 'x')!
    expect(alert.opened).toBe(5_004)
    checkBand(told, alert)
  })

  test('and each of its channels was among them', () => {
    const all = ['drift', 'jump', 'level', 'noise', 'pattern', 'season', 'season-shift', 'spike', 'value']
    expect([...found].sort()).toEqual(all)
    expect(moves).toBeGreaterThan(5)
  })
})

let moves = 0

/** Another signal leaves its place two readings before the fault. */
function plant(chance: () => number, made: (chance: () => number, i: number) => number): Told {
  const round = (value: number) => Math.round(value * 1_000) / 1_000
  return tell(
    Array.from({ length: 21 * 288 }, (_, i) => {
      const w = 5 + 0.3 * (chance() + chance() - 1) + (i >= 4_998 && i < 5_100 ? 3 : 0)
      return message(start + i * 5 * minute, { w: round(w), x: round(made(chance, i)) })
    }),
  )
}

/** Answers the channel that named it. */
function checkBand(told: Told, alert: Alert): string {
  const learned = checkNamed(told, alert)
  const { expected, why, rarity, learnedDays, moved } = alert.explanation
  const all = saidOf([...learned, newestOf(told, alert)])
  const said = all.at(-1)!
  expect(expected === null).toBe(said.band === null)
  expect(expected?.low ?? 0).toBeCloseTo(said.band?.low ?? 0, 6)
  expect(expected?.high ?? 0).toBeCloseTo(said.band?.high ?? 0, 6)
  expect(rarity).toBe(said.rarity)
  expect(why).toBe(whyOf(said))
  expect(learnedDays).toBe(new Set(learned.map(({ time }) => Math.floor(time / day))).size)
  checkSince(alert, learned, all)
  for (const other of moved) checkMoved(told, alert, other)
  return said.channel
}

function saidOf(seen: readonly Seen[]): Said[] {
  const again = new BandAgain()
  return seen.map(({ time, value }) => again.read(time, Number(value)))
}

/** From the mean that has the value in it to the one before. */
const beforeJump = 2 ** 0.5

function whyOf(said: Said): string {
  const size = Math.abs(said.feature)
  const within = `usually within ${figure(said.usually)}`
  const words: Readonly<Record<string, string | null>> = {
    value: null,
    season: null,
    jump: `${figure(size * beforeJump)} from the mean of the readings before, usually within ${figure(said.usually * beforeJump)}`,
    level: `the newest readings lie ${figure(size)} from the long mean, ${within}`,
    'season-shift': `the newest readings lie ${figure(size)} from what is usual at this hour, ${within}`,
    drift: `the mean of a day lies ${figure(size)} from that of the weeks before, ${within}`,
    spike: `${figure(size)} out and back within three readings, ${within}`,
    noise: `steps of ${figure(said.steps)} from reading to reading`,
    pattern: `its newest steps were seldom seen before: one in ${figure(Math.exp(size))} from such a value`,
  }
  const own = words[said.channel]!
  return own === null ? learnedWords(said) : `${own}; ${learnedWords(said)}`
}

function learnedWords({ seasonal, weeks, days, readings, span, slot }: Said): string {
  if (!seasonal) return `the usual level, ${readings.toLocaleString('en')} readings in ${age(span)}`
  const hours = `${slot % 24}-${(slot % 24) + 1} h`
  if (weeks === 0) return `${hours}, ${days} days learned`
  return `${weekdays[Math.floor(slot / 24)]} ${hours}, ${weeks} ${weeks === 1 ? 'week' : 'weeks'} learned`
}

function age(span: Millis): string {
  return span < 2 * day ? `${Math.round(span / hour)} hours` : `${Math.round(span / day)} days`
}

const weekdays = ['Thursdays', 'Fridays', 'Saturdays', 'Sundays', 'Mondays', 'Tuesdays', 'Wednesdays']

/** The first of the readings in a row, up to the one at which it opened, that were half as rare as an alert must be. */
function checkSince({ since }: Alert, learned: readonly Seen[], said: readonly Said[]): void {
  const before = learned.findLastIndex(({ time }, i) => time < since && said[i]!.score < 1.5)
  expect((learned[before + 1] ?? { time: since }).time).toBe(since)
  for (const { score } of said.slice(before + 1)) expect(score).toBeGreaterThanOrEqual(1.5)
  expect(said[before]!.score).toBeLessThan(1.5)
  expect(said.at(-1)!.score).toBeGreaterThanOrEqual(3)
}

/** Another signal: with which record it left its place, by how much at most, and how long before. */
function checkMoved(told: Told, { device, since, opened }: Alert, other: Alert['explanation']['moved'][number]): void {
  const again = new BandAgain()
  const seen = readings(told, { device, signal: other.signal }, 0, opened)
  const held = told.held.filter(({ series }) => series === other.series)
  const isHeld = (offset: Offset) => held.some(({ from, to }) => offset > from && offset <= to)
  const all = seen.map((each) => ({ ...each, z: again.read(each.time, Number(each.value), isHeld(each.offset)).z }))
  const out = all.slice(-32).filter(({ time, z }) => time >= since - 50 * minute && Math.abs(z) >= 3)
  const furthest = out.reduce((worst, each) => (Math.abs(each.z) > Math.abs(worst.z) ? each : worst))
  expect(other).toMatchObject({ first: out[0]!.offset, furthest: furthest.offset, leadMs: out[0]!.time - since })
  expect(other.sigma).toBeCloseTo(furthest.z, 1)
  moves += 1
}
