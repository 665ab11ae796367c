import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Measure } from '../../../core/ingest/demo/dairy.ts'
import { dairy } from '../../../core/ingest/demo/dairy.ts'
import type { Fault } from '../../../core/ingest/demo/faults.ts'
import { effectAt, faultKinds, historyFaults, historySpan, liveFault } from '../../../core/ingest/demo/faults.ts'
import { history, historyStart } from '../../../core/ingest/demo/history.ts'
import { openDemo } from '../../../core/ingest/demo/message.ts'
import { loadAt, measureAt, reachOf, streamOf } from '../../../core/ingest/demo/plant.ts'
import type { Appending } from '../../../core/log/log.ts'
import { devicePlace } from '../../../core/stream/place.ts'

const startedAt = Date.UTC(2026, 10, 24, 14, 20, 31)
const second = 1_000
const minute = 60 * second
const hour = 60 * minute

describe('the dairy', () => {
  test('has 48 devices in six areas, labelled as people call them', () => {
    expect(dairy).toHaveLength(48)
    expect(new Set(dairy.map(({ topic }) => topic)).size).toBe(48)
    const places = dairy.map(({ topic }) => devicePlace(topic))
    const areas = Object.entries(Object.groupBy(places, ({ area }) => area)).map(([name, all]) => [name, all?.length])
    expect(areas).toEqual([
      ['Intake', 8],
      ['Pasteurising', 11],
      ['Separation', 6],
      ['Filling', 14],
      ['CIP', 4],
      ['Utilities', 5],
    ])
    const labels = places.map(({ label }) => label)
    for (const label of ['Pump P-204', 'Tank T-110', 'Homogeniser H-11', 'Plate heater PH-2', 'Capper CA-07'])
      expect(labels).toContain(label)
  })

  test('has no two signals of one name on a device, and 14 at most, because further numbers are streams of its own', () => {
    for (const { signals } of dairy) {
      expect(new Set(signals.map(({ name }) => name)).size).toBe(signals.length)
      expect(signals.length).toBeLessThan(13)
    }
  })
})

describe('the plant', () => {
  test('keeps every measurement within its reach, seed 7', () => {
    dairy.forEach(({ signals }, device) => {
      signals.forEach((signal, i) => {
        if (signal.kind !== 'measure') return
        const values = Array.from({ length: 500 }, (_, n) =>
          valueAt(7, device, i, signal, startedAt + n * 317 * second),
        )
        const furthest = Math.max(...values.map((value) => Math.abs(value - signal.base)))
        expect(furthest).toBeLessThanOrEqual(reachOf(signal))
        expect(furthest).toBeGreaterThan(reachOf(signal) / 5)
      })
    })
  })

  test('shows the same rhythm every day, and is another plant with another seed', () => {
    const pump = indexOf('Pump_P-204')
    const flow = dairy[pump]!.signals[0] as Measure
    const quiet = { ...flow, wander: 0, grain: 0 }
    for (let n = 0; n < 24; n++) {
      const time = startedAt + n * hour
      expect(valueAt(7, pump, 0, quiet, time)).toBeCloseTo(valueAt(7, pump, 0, quiet, time + 24 * hour), 9)
    }
    expect(valueAt(7, pump, 0, flow, startedAt)).not.toBe(valueAt(8, pump, 0, flow, startedAt))
  })
})

describe('messages', () => {
  const demo = openDemo({ seed: 7, startedAt })

  test('are JSON with the time, all signals in their order and as many decimals as their sensor gives', () => {
    const text = messageAt(demo, 'Pump_P-204', startedAt - hour)
    expect(text).toMatch(
      /^\{"ts":\d{13},"discharge_pressure":\d\.\d\d,"motor_current":\d\d\.\d\d,"flow":\d\d\.\d\d,"vibration":\d\.\d\d,"bearing_temp":\d\d\.\d,"state":"running"\}$/,
    )
    expect(JSON.parse(text).ts).toBe(startedAt - hour)
  })

  test('fit into the room that they are given, and say numbers as JavaScript does', () => {
    const into = new Uint8Array(512)
    dairy.forEach(({ signals }, device) => {
      for (let n = 0; n < 50; n++) {
        const time = startedAt - n * 7_919 * second
        const end = demo.write(device, time, into, 0)
        if (end === 0) continue
        expect(end).toBeLessThan(512)
        const read = JSON.parse(new TextDecoder().decode(into.subarray(0, end)))
        expect(Object.keys(read)).toEqual(['ts', ...signals.map(({ name }) => name)])
      }
    })
  })

  test('do not depend on what was asked before', () => {
    const other = openDemo({ seed: 7, startedAt })
    messageAt(other, 'Silo_S-01', startedAt + hour)
    expect(messageAt(other, 'Tank_T-110', startedAt)).toBe(messageAt(demo, 'Tank_T-110', startedAt))
  })
})

describe('history', () => {
  const whole = summary([...history({ seed: 7, startedAt })].flat())

  test('is about a million messages over exactly three days, in time order, seed 7', () => {
    expect(whole.n).toBeGreaterThan(950_000)
    expect(whole.n).toBeLessThan(1_150_000)
    expect(whole.ordered).toBe(true)
    expect(whole.first).toBeGreaterThanOrEqual(startedAt - historySpan)
    expect(whole.first).toBeLessThan(startedAt - historySpan + 2 * second)
    expect(whole.last).toBeLessThan(startedAt)
    expect(whole.last).toBeGreaterThan(startedAt - 2 * second)
  })

  test('holds each device at its own cadence, with no gap but its silences', () => {
    const silent = historyFaults({ seed: 7, startedAt }).filter(({ kind }) => kind === 'silence')
    dairy.forEach(({ topic, every }, device) => {
      const missing = silent.filter((fault) => fault.device === device)
      const expected = (historySpan - missing.reduce((sum, { from, until }) => sum + until - from, 0)) / every
      expect(Math.abs(whole.perTopic.get(topic)! - expected)).toBeLessThanOrEqual(1 + missing.length)
    })
  })

  test('has the same bytes for the same seed, and others for another', () => {
    const start = { seed: 7, startedAt }
    const from = startedAt - 2 * hour
    const bytes = (seed: number) => summary([...history({ ...start, seed }, from)].flat()).sha256
    expect(bytes(7)).toBe(bytes(7))
    expect(bytes(7)).not.toBe(bytes(8))
  })

  test('goes on from the middle with the messages that the whole has from there', () => {
    const from = startedAt - historySpan + 2 * hour + 1_234
    const whole = upTo(history({ seed: 7, startedAt }), from + hour).filter(({ time }) => time >= from)
    expect(summary(upTo(history({ seed: 7, startedAt }, from), from + hour))).toEqual(summary(whole))
  })

  test('begins three days before live', () => {
    expect(historyStart({ seed: 1, startedAt })).toBe(startedAt - 72 * hour)
  })
})

describe('faults', () => {
  test.each([1, 2, 3, 4, 5, 6, 7])(
    'of the history are 6 to 10 of all kinds, each over before live, seed %i',
    (seed) => {
      const faults = historyFaults({ seed, startedAt })
      expect(faults.length).toBeGreaterThanOrEqual(6)
      expect(faults.length).toBeLessThanOrEqual(10)
      expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(faultKinds))
      for (const fault of faults) {
        expect(fault.from).toBeGreaterThan(startedAt - historySpan)
        expect(fault.until).toBeGreaterThan(fault.from)
        expect(fault.until).toBeLessThan(startedAt)
        expect(fault.device).toBeGreaterThanOrEqual(0)
        expect(fault.signal >= 0).toBe(fault.kind !== 'silence')
      }
    },
  )

  test.each([1, 2, 3])(
    'live come 10 to 20 minutes apart after the first three, never two on one device, seed %i',
    (seed) => {
      const faults = Array.from({ length: 200 }, (_, n) => liveFault({ seed, startedAt }, n))
      const last = faults.slice(2)
      for (let n = 1; n < last.length; n++) {
        const apart = last[n]!.from - last[n - 1]!.from
        expect(apart).toBeGreaterThanOrEqual(10 * minute)
        expect(apart).toBeLessThanOrEqual(20 * minute)
      }
      for (const [n, fault] of faults.entries())
        for (const other of faults.slice(n + 1, n + 4)) expect(overlap(fault, other)).toBe(false)
    },
  )

  test('bend only measurements, and only while they last', () => {
    for (const fault of Array.from({ length: 40 }, (_, n) => liveFault({ seed: 3, startedAt }, n)))
      for (const { signal } of fault.effects) {
        expect(dairy[fault.device]!.signals[signal]!.kind).toBe('measure')
        expect(effectAt(fault, signal, fault.from - 1)).toBe(0)
        expect(effectAt(fault, signal, fault.until)).toBe(0)
        expect(effectAt(fault, signal, fault.until - 2 * minute) === 0).toBe(fault.until - fault.from < 2 * minute)
      }
  })

  test('live begin with the pump: its current falls 45 s after the start, then its pressure to 3.1 bar', () => {
    const demo = openDemo({ seed: 7, startedAt })
    const at = (seconds: number) => JSON.parse(messageAt(demo, 'Pump_P-204', startedAt + seconds * second))
    const usual = at(40)
    expect(usual.discharge_pressure).toBeGreaterThan(4.6)
    expect(at(55).motor_current).toBeLessThan(usual.motor_current - 0.2)
    expect(at(55).discharge_pressure).toBeGreaterThan(4.6)
    expect(at(66).discharge_pressure).toBeLessThan(3.5)
    expect(at(10 * 60).discharge_pressure).toBeLessThan(3.5)
    expect(at(16 * 60).discharge_pressure).toBeGreaterThan(4.6)
  })

  test('live go on with the silence of the tank and the vibration of the homogeniser', () => {
    const demo = openDemo({ seed: 7, startedAt })
    expect(messageAt(demo, 'Tank_T-110', startedAt + 3.9 * minute)).not.toBe('')
    expect(messageAt(demo, 'Tank_T-110', startedAt + 4.1 * minute)).toBe('')
    expect(messageAt(demo, 'Tank_T-110', startedAt + 13.1 * minute)).not.toBe('')
    const vibration = (minutes: number) =>
      JSON.parse(messageAt(demo, 'Homogeniser_H-11', startedAt + minutes * minute)).vibration
    expect(vibration(9)).toBeGreaterThan(vibration(7) + 0.7)
  })

  test('that make a sensor stick repeat its last value to the digit', () => {
    const stuck = historyFaults({ seed: 7, startedAt }).find(({ kind }) => kind === 'stuck')!
    const demo = openDemo({ seed: 7, startedAt })
    const device = dairy[stuck.device]!
    const name = device.signals[stuck.signal]!.name
    const values = Array.from({ length: 30 }, (_, n) =>
      JSON.parse(messageAt(demo, device.topic, stuck.from + n * 10 * second)),
    )
    expect(new Set(values.map((value) => value[name])).size).toBe(1)
    expect(new Set(values.map((value) => JSON.stringify({ ...value, ts: 0 }))).size).toBeGreaterThan(1)
  })
})

function valueAt(seed: number, device: number, i: number, signal: Measure, time: number): number {
  return measureAt(seed, streamOf(device, i), signal, loadAt(seed, device, time), time)
}

function indexOf(name: string): number {
  return dairy.findIndex(({ topic }) => topic.endsWith(name))
}

function messageAt(demo: ReturnType<typeof openDemo>, name: string, time: number): string {
  const into = new Uint8Array(512)
  return new TextDecoder().decode(into.subarray(0, demo.write(indexOf(name), time, into, 0)))
}

function upTo(batches: Iterable<readonly Appending[]>, until: number): Appending[] {
  const records: Appending[] = []
  for (const batch of batches) {
    records.push(...batch.filter(({ time }) => time < until))
    if (batch.at(-1)!.time >= until) break
  }
  return records
}

function overlap(a: Fault, b: Fault): boolean {
  return a.device === b.device && a.from < b.until && b.from < a.until
}

function summary(records: readonly Appending[]) {
  const hash = createHash('sha256')
  const perTopic = new Map<string, number>()
  let last = -Infinity
  let ordered = true
  for (const record of records) {
    ordered &&= record.time >= last
    last = record.time
    perTopic.set(record.name, (perTopic.get(record.name) ?? 0) + 1)
    hash.update(`${record.time} ${record.name} `).update(record.bytes)
  }
  return { n: records.length, first: records[0]!.time, last, ordered, perTopic, sha256: hash.digest('hex') }
}
