import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { MessageRow } from '../../../core/contract/calls.ts'
import type { Alert, Commands } from '../../../core/contract/model.ts'
import { openReader } from '../../../core/log/reader.ts'
import { createPath } from '../../../core/stream/path.ts'
import { guessUnit } from '../../../core/stream/series.ts'
import { openLogSource } from '../../../core/sync/log-source.ts'
import type { Message } from '../../../core/sync/record-format.ts'
import { openQueries, type Queries } from '../../../core/views/queries.ts'
import { shownUnit } from '../../../renderer/words/number.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { blockMaker, Recorder, type Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

const start = 1_760_000_000_000
const minute = 60_000
const open: Queries[] = []

afterEach(() => {
  for (const queries of open.splice(0)) queries.close()
})

function asked(log: readonly Writing[]): Queries {
  const dir = tempDir()
  writeLog(join(dir, 'log'), log)
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'))
  open.push(queries)
  return queries
}

const message = (i: number, values: object): Writing => ({
  kind: 'message',
  source: 'a',
  name: 'hall/p-1',
  time: start + i * minute,
  body: JSON.stringify(values),
})

function put(i: number, value: Partial<Commands['series.put']>): Writing {
  const body = JSON.stringify({ series: 0, name: null, unit: null, into: null, by: 'eva', ...value })
  return { kind: 'command', source: '', name: 'series.put', time: start + i * minute, body }
}

const wave = (i: number) => Math.round(1_000 * (5 + Math.sin(i / 3) + (i % 7) / 10)) / 1_000
const device = (queries: Queries, at: number | null = null) => queries.device({ id: 'hall/p-1', at })

/** By its old name for 200 minutes, then by its new one, which a person merges into it at once. */
const renamedByFirmware = (n: number): Writing[] => [
  ...Array.from({ length: 200 }, (_, i) => message(i, { press: wave(i) })),
  message(200, { pressure: wave(200) }),
  put(201, { series: 1, into: 0 }),
  ...Array.from({ length: n }, (_, i) => message(202 + i, { pressure: wave(202 + i) })),
]

describe('a series that a person names', () => {
  const log = [message(0, { p: 3 }), message(1, { p: 4 }), put(2, { name: 'Discharge pressure', unit: 'bar' })]
  const queries = () => asked([...log, message(3, { p: 5 })])

  test('is called so from then on, and in the past as it was then', () => {
    const asking = queries()
    expect(device(asking).signals[0]).toMatchObject({ signal: 'p', unit: 'bar', unitGuessed: false })
    expect(device(asking).signals[0]!.said).toEqual({ name: 'Discharge pressure', unit: 'bar', into: null })
    expect(device(asking).row.name).toBe('Discharge pressure')
    expect(device(asking, start + minute).signals[0]).toMatchObject({ said: { name: null }, unit: null })
  })

  test('keeps what its messages say, and its record in the log says nothing else', () => {
    expect(queries().record({ offset: 3 }).readings[0]).toMatchObject({
      device: 'hall/p-1',
      signal: 'p',
      unit: null,
    })
  })

  test('has its old name when that is put again', () => {
    const asking = asked([...log, put(3, {}), message(4, { p: 5 })])
    expect(device(asking).signals[0]).toMatchObject({ said: { name: null, unit: null }, unit: null })
  })

  test('gives its alerts that name and that unit', () => {
    const opened = alertsOf([...log, above(9), message(3, { p: 10 })])
    expect(opened).toMatchObject([{ title: 'Discharge pressure above its limit of 9', unit: 'bar', signal: 'p' }])
  })
})

/** By offset. */
function pathTimes(log: readonly Writing[]): Map<number, number> {
  const times = new Map<number, number>()
  const block = blockMaker()(log)
  let offset = 0
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    at: (at) => {
      offset = at
    },
    reading: (_, time) => times.set(offset, time),
  })
  return times
}

function timesOf(messages: readonly Pick<MessageRow, 'record' | 'readings'>[]): Map<number, number> {
  return new Map(messages.flatMap(({ record, readings }) => readings.map(({ time }) => [record.offset, time])))
}

/** As Kafka is sent it. */
function sentOf(log: readonly Writing[]): readonly Message[] {
  const dir = tempDir()
  writeLog(join(dir, 'log'), log)
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const reader = openReader(join(dir, 'log'))
  const source = openLogSource(reader, join(dir, 'views.db'))
  const { messages } = source.messages(0, log.length, 10_000)
  source.close()
  reader.close()
  return messages
}

function chartedMinutes(times: ReadonlyMap<number, number>): number {
  const minutes = [...times.values()].map((time) => Math.floor(time / minute))
  return new Set(minutes.filter((at) => at >= Math.floor(start / minute))).size
}

function above(high: number): Writing {
  return { kind: 'command', source: '', name: 'rule.put', time: start, body: JSON.stringify(hotRule(high)) }
}

function alertsOf(log: readonly Writing[]): readonly Alert[] {
  const alerts = new Map<string, Alert>()
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert) => alerts.set(alert.id, alert),
  })
  return [...alerts.values()]
}

describe('a unit that no message names', () => {
  test('is guessed from the name and the size of the values, and marked until a person confirms it', () => {
    const said = (i: number) => message(i, { temperature: 293 + (i % 3), pressure: 1_013, count: i })
    const log = Array.from({ length: 10 }, (_, i) => said(i))
    const guessed = device(asked(log)).signals.map(({ unit, unitGuessed }) => [unit, unitGuessed])
    expect(guessed).toEqual([
      ['K', true],
      ['hPa', true],
      [null, false],
    ])
    const confirmed = device(asked([...log, put(10, { unit: 'K' }), said(11)])).signals[0]
    expect(confirmed).toMatchObject({ unit: 'K', unitGuessed: false })
  })

  test('is marked in charts and alerts too, also in those that opened before a person said what it is', () => {
    const log = [above(9), ...[5, 5, 5, 5, 20].map((level, i) => message(i, { level }))]
    const units = (queries: Queries) => {
      const [chart] = queries.series({ series: [0], from: start, until: start + 10 * minute, points: 100, at: null })
      const { rows } = queries.alerts({ at: null, show: 'open', device: null, limit: 10 })
      const said = [chart!, ...rows.map(({ alert }) => alert), queries.alert({ id: rows[0]!.alert.id, at: null }).alert]
      return said.map(shownUnit)
    }
    expect(units(asked(log))).toEqual(['% ?', '% ?', '% ?'])
    expect(units(asked([...log, put(6, { unit: 'mm' })]))).toEqual(['mm', 'mm', 'mm'])
  })

  for (const [signal, size, unit] of [
    ['temperature', 21, '°C'],
    ['temperature', 295, 'K'],
    ['furnace.temp', 900, '°C'],
    ['pressure', -5.2, 'bar'],
    ['pressure', 101_325, 'Pa'],
    ['flow', 12, 'm³/h'],
    ['spindle', 12, null],
  ] as const)
    test(`of ${signal} about ${size} is ${unit}`, () => {
      expect(guessUnit(signal, size)).toBe(unit)
    })
})

describe('a series that a person merges into another', () => {
  test('is one signal with one chart and one baseline from then on', () => {
    const queries = asked(renamedByFirmware(50))
    const { signals } = device(queries)
    expect(signals).toHaveLength(1)
    expect(signals[0]!.parts).toMatchObject([{ series: 1, signal: 'pressure', said: { into: 0 } }])
    expect(signals[0]!.value).toBe(wave(251))
    expect(signals[0]!.band).not.toBeNull() // 50 readings alone would not have one
    for (const until of [252, 900]) {
      const ask = { series: [0], from: start, until: start + until * minute, points: 1_000, at: null }
      const [chart] = queries.series(ask)
      expect([...chart!.mean].filter((value) => !Number.isNaN(value))).toEqual(
        Array.from({ length: 252 }, (_, i) => wave(i)).filter((_, i) => i !== 201),
      )
    }
  })

  test('was two in the past', () => {
    const { signals } = device(asked(renamedByFirmware(50)), start + 200 * minute)
    expect(signals.map(({ signal, value }) => [signal, value])).toEqual([
      ['press', wave(199)],
      ['pressure', wave(200)],
    ])
  })

  test('is two again when that is undone, and each goes on with what it had learned', () => {
    const undone = [...renamedByFirmware(50), put(252, { series: 1, into: null })]
    const { signals } = device(asked([...undone, message(253, { pressure: 9 })]))
    expect(signals.map(({ signal, value }) => [signal, value])).toEqual([
      ['press', wave(251)],
      ['pressure', 9],
    ])
  })

  test('ends the alerts of what it was', () => {
    const log = [above(9), message(0, { press: 1 }), message(1, { pressure: 10 }), put(2, { series: 1, into: 0 })]
    expect(alertsOf(log)).toMatchObject([{ signal: 'pressure', until: start + 2 * minute }])
    expect(alertsOf([...log, message(3, { pressure: 11 })])).toMatchObject([
      { signal: 'pressure' },
      { signal: 'press', series: 0, until: null },
    ])
  })

  describe('of another device, as after a new gateway', () => {
    const from = (name: string, i: number): Writing => ({ ...message(i, { press: wave(i) }), name })
    const log = [
      ...Array.from({ length: 200 }, (_, i) => from('hall/p-1', i)),
      ...Array.from({ length: 100 }, (_, i) => from('hall/p-9', 200 + i)),
      put(300, { series: 1, into: 0 }),
      ...Array.from({ length: 202 }, (_, i) => from('hall/p-9', 301 + i)),
    ]
    const devices = (queries: Queries, at: number | null = null) =>
      queries.devices({ at, sort: 'area', filter: '', from: 0, count: 9 }).rows.map(({ device }) => device)

    test('is one device, which is heard again, and the other does not fall silent', () => {
      const queries = asked(log)
      expect(devices(queries)).toEqual(['hall/p-1'])
      expect(devices(queries, start + 201 * minute)).toEqual(['hall/p-1', 'hall/p-9'])
      expect(queries.health({ at: null }).devices.total).toBe(1)
      expect(device(queries)).toMatchObject({ row: { value: wave(502), state: 'normal' } })
      expect(device(queries).signals[0]!.parts).toMatchObject([{ series: 1 }])
      const [chart] = queries.series({ series: [0], from: start, until: start + 503 * minute, points: 1_000, at: null })
      expect([...chart!.mean].filter((value) => !Number.isNaN(value))).toHaveLength(502)
      const messages = { device: 'hall/p-1', before: null, limit: 1, at: null, undecodable: false }
      expect(queries.messages(messages).rows[0]!.record.topic.name).toBe('hall/p-9')
      expect(alertsOf(log)).toMatchObject([{ device: 'hall/p-1', until: start + 301 * minute }])
    })

    test('is silent as one, and heard again as two once that is undone', () => {
      const tick = (i: number): Writing => ({ kind: 'tick', source: '', name: '', time: start + i * minute })
      const alerts = alertsOf([...log, tick(600)])
      expect(alerts.slice(1)).toMatchObject([{ device: 'hall/p-1', detector: 'silence', until: null }])
      const undone = asked([...log, put(503, { series: 1 }), from('hall/p-9', 504)])
      expect(devices(undone)).toEqual(['hall/p-1', 'hall/p-9'])
    })

    test('has the times of the clock that its messages are sent by, in the path, on charts, in messages and in Kafka', () => {
      const hour = 60 * minute
      const said = (i: number, behind: number) => ({
        ...from('hall/p-9', i),
        body: JSON.stringify({ ts: start + i * minute - behind, press: wave(i) }),
      })
      const clocked = [
        ...Array.from({ length: 60 }, (_, i) => from('hall/p-1', i)),
        ...Array.from({ length: 30 }, (_, i) => said(60 + i, 3 * hour)),
        put(90, { series: 1, into: 0 }),
        ...Array.from({ length: 30 }, (_, i) => said(91 + i, 3 * hour)),
        ...Array.from({ length: 30 }, (_, i) => said(121 + i, 2 * hour)),
      ]
      const times = pathTimes(clocked)
      expect(times.get(100)).toBe(start + 100 * minute) // its clock was known before the merge
      expect(times.get(150)).toBe(start + 150 * minute) // and is known anew after it
      expect(alertsOf(clocked).filter(({ detector }) => detector === 'clock')).toMatchObject([
        { device: 'hall/p-9', title: 'Clock of P-9 is 3 h behind' },
        { device: 'hall/p-9', title: 'Clock of P-9 is 2 h behind' },
      ])

      const queries = asked(clocked)
      const ask = { device: null, before: null, limit: 500, at: null, undecodable: false }
      expect(timesOf(queries.messages(ask).rows.toReversed())).toEqual(times)
      expect(timesOf(sentOf(clocked))).toEqual(times)
      const [chart] = queries.series({ series: [0], from: start, until: start + 151 * minute, points: 1_000, at: null })
      expect([...chart!.mean].filter((value) => !Number.isNaN(value))).toHaveLength(chartedMinutes(times))
    })

    test('ends the silence of the one that it was', () => {
      const silent = [...Array.from({ length: 200 }, (_, i) => from('hall/p-9', i)), from('hall/p-1', 300)]
      const merged = [...silent, put(301, { series: 0, into: 1 })]
      expect(alertsOf(silent)).toMatchObject([{ device: 'hall/p-9', until: null }])
      expect(alertsOf(merged)).toMatchObject([{ device: 'hall/p-9', until: start + 301 * minute }])
    })
  })

  test('needs one of the same type that is in no other merge', () => {
    const two = { temp: 1, level: 2, mode: 'run', flow: 3 }
    const log = [message(0, two), { ...message(0, { temp: 1 }), name: 'hall/p-2' }]
    const wrong = [put(1, { into: 0 }), put(1, { into: 2 }), put(1, { into: 99 })]
    const chained = [put(1, { series: 1, into: 0 }), put(1, { series: 0, into: 3 }), put(1, { series: 3, into: 1 })]
    expect(device(asked([...log, ...wrong, message(2, two)])).signals).toHaveLength(4)
    expect(device(asked([...log, ...chained, message(2, two)])).signals).toHaveLength(3)
  })
})

describe('how a series comes', () => {
  const kindOf = (gaps: (i: number) => number) => {
    let time = 0
    const log = Array.from({ length: 60 }, (_, i) => {
      time += gaps(i)
      return message(time, { x: i })
    })
    return device(asked(log)).signals[0]
  }

  test('is regular, on change, or in bursts; with when it was first and last seen', () => {
    const regular = kindOf(() => 1)
    expect(regular).toMatchObject({ cadence: 'regular', firstSeen: start + minute, lastSeen: start + 60 * minute })
    expect(kindOf((i) => 1 + 3 * ((i * 7) % 11))!.cadence).toBe('on change')
    expect(kindOf((i) => (i % 4 === 0 ? 60 : 0.1))!.cadence).toBe('bursts')
  })
})
