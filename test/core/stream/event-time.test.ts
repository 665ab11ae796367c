import { describe, expect, test } from 'vitest'
import { zoneChanges } from '../../../core/config/zone.ts'
import type { Alert } from '../../../core/contract/model.ts'
import { utcOf } from '../../../core/stream/event-time.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const start = Date.UTC(2026, 0, 12, 8)
const second = 1_000
const minute = 60 * second
const hour = 60 * minute

describe('a time without a zone', () => {
  for (const zone of ['Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'])
    test(`is a time of the plant in ${zone}, except in the hour that comes twice, seed 3`, () => {
      const chance = random(3)
      const changes = zoneChanges(zone)
      let twice = 0
      for (let i = 0; i < 5_000; i++) {
        const utc = Date.UTC(2001, 0, 1) + Math.floor(chance() * 40 * 365 * 24 * 60) * minute
        const found = utcOf(wallClock(utc, zone), changes)
        if (found === utc) continue
        expect(wallClock(found, zone), new Date(utc).toISOString()).toBe(wallClock(utc, zone))
        expect(found - utc).toBeGreaterThan(0) // the second of the two
        twice++
      }
      expect(twice).toBeLessThan(5)
    })

  test('follows the zone command, in seconds, with a comma, and in the hour that comes twice', () => {
    const vienna = zone('Europe/Vienna')
    const at = (text: string, arrival: number) => timesOf([vienna, said('p', { ts: text, flow: 1 }, arrival)])[0]
    expect(at('2026-01-12 09:00:00', start)).toBe(start)
    expect(at('2026-07-01T12:00:00,250', Date.UTC(2026, 6, 1, 10))).toBe(Date.UTC(2026, 6, 1, 10) + 250)
    const first = Date.UTC(2025, 9, 26, 0, 30)
    expect(at('2025-10-26T02:30:00', first)).toBe(first) // seems an hour ahead: its arrival is taken
    expect(at('2025-10-26T02:30:00', first + hour)).toBe(first + hour)
    expect(timesOf([said('p', { ts: '2026-01-12 08:00:00', flow: 1 }, start)])[0]).toBe(start)
  })

  test('is read the same from the scanner as from JSON.parse, also when the zone changes between two messages', () => {
    const messages = Array.from({ length: 4 }, (_, i) => said('p', { ts: '2026-01-12 08:00:00', flow: i }, start + i))
    expect(timesOf([...messages.slice(0, 2), zone('America/New_York'), ...messages.slice(2)])).toEqual(
      [0, 1].map(() => start).concat([start + 2, start + 3]), // 13:00 UTC is hours ahead
    )
  })
})

describe('a device clock that is wrong', () => {
  test('by three hours is learned, told once, and its readings are then live and where they belong', () => {
    const { alerts, times } = run(hourOf((arrival) => arrival - 3 * hour))
    expect(alerts).toEqual(['opened Clock of P-1 is 3 h behind'])
    expect(times[0]).toBe(start - 3 * hour)
    expect(times.at(-1)).toBe(start + 59 * minute)
  })

  test('by an hour ahead, or by 56 years, is told; by a minute it is the way of the message', () => {
    expect(run(hourOf((arrival) => arrival + hour)).alerts).toEqual(['opened Clock of P-1 is 60 min ahead'])
    expect(run(hourOf((arrival) => new Date(arrival - start).toISOString())).alerts).toEqual([
      'opened Clock of P-1 is 56 years behind',
    ])
    expect(run(hourOf((arrival) => arrival - minute)).alerts).toEqual([])
  })

  test('and is set right ends its alert', () => {
    const log = [...hourOf((arrival) => arrival - 3 * hour), ...hourOf((arrival) => arrival, start + hour)]
    const { alerts, times } = run(log)
    expect(alerts).toEqual(['opened Clock of P-1 is 3 h behind', 'returned Clock of P-1 is 3 h behind'])
    expect(times.slice(-100).every((time, i, all) => i === 0 || time - all[i - 1]! === second * 30)).toBe(true)
  })

  test('is not taken for one while a buffer drains, nor for one reading that comes late, seed 4', () => {
    const chance = random(4)
    const drained = Array.from({ length: 400 }, (_, i) => {
      const arrival = start + 6 * hour + i * second
      return said('p-1', { ts: start + i * 54 * second, flow: chance() }, arrival)
    })
    expect(run([...hourOf((arrival) => arrival), ...drained]).alerts.filter(isOfClock)).toEqual([])
    const mixed = hourOf((arrival) => (chance() < 0.2 ? arrival - 2 * hour : arrival))
    expect(run(mixed).alerts.filter(isOfClock)).toEqual([])
  })

  test('that jumps back by hours, for some hours of each day, does not move the usual band of any hour, seed 6', () => {
    const jumped = (arrival: number) => {
      const ofDay = (arrival - midnight) % (24 * hour)
      return ofDay >= 10 * hour && ofDay < 15 * hour ? arrival - 7 * hour : arrival
    }
    const [steady, jumping] = [(arrival: number) => arrival, jumped].map((clock) => run(days(14, clock)))
    const lastDay = ({ bands }: ReturnType<typeof run>) =>
      new Map(bands.filter(([at]) => at >= midnight + 13 * 24 * hour).map(([at, low, high]) => [at, [low, high]]))
    const expected = lastDay(steady!)
    const found = [...lastDay(jumping!)]
    expect(found.length).toBeGreaterThan(200)
    for (const [at, [low, high]] of found) {
      expect(Math.abs(low! - expected.get(at)![0]!), new Date(at).toISOString()).toBeLessThan(usually)
      expect(Math.abs(high! - expected.get(at)![1]!), new Date(at).toISOString()).toBeLessThan(usually)
    }
    expect(steady!.alerts).toEqual([])
    expect(jumping!.alerts.filter((words) => !isOfClock(words))).toEqual([])
  }, 60_000)
})

test('seconds, milliseconds, microseconds and ISO 8601 with a zone are one time', () => {
  const forms = [start / 1000, start, start * 1000, new Date(start).toISOString(), '2026-01-12T09:00:00+01:00']
  for (const ts of forms) expect(timesOf([said('p', { ts, flow: 1 }, start + second)])[0], String(ts)).toBe(start)
})

function isOfClock(words: string): boolean {
  return words.includes('Clock')
}

function zone(name: string): Writing {
  const body = JSON.stringify({ name, changes: zoneChanges(name) })
  return { kind: 'command', source: '', name: 'zone', time: 0, body }
}

function said(device: string, body: object, time: number): Writing {
  return { kind: 'message', source: 'a', name: device, time, body: JSON.stringify(body) }
}

/** A message each half minute. */
function hourOf(clock: (arrival: number) => number | string, from = start): readonly Writing[] {
  return Array.from({ length: 119 }, (_, i) => {
    const arrival = from + i * 30 * second
    return said('p-1', { ts: clock(arrival), flow: 10 + Math.sin(i) }, arrival)
  })
}

const midnight = Date.UTC(2026, 0, 12)
/** How far its readings lie from its rhythm. */
const usually = 1

/** A message each five minutes, with a rhythm of ten times that. */
function days(n: number, clock: (arrival: number) => number): readonly Writing[] {
  const chance = random(6)
  return Array.from({ length: n * 288 }, (_, i) => {
    const arrival = midnight + i * 5 * minute
    const flow = 20 + 5 * usually * Math.sin((i / 288) * 2 * Math.PI) + usually * (chance() + chance() - 1)
    return said('p-1', { ts: clock(arrival), flow }, arrival)
  })
}

function timesOf(log: readonly Writing[]): readonly number[] {
  return run(log).times
}

function run(log: readonly Writing[]) {
  const times: number[] = []
  const bands: (readonly [at: number, low: number, high: number])[] = []
  const alerts: string[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    reading: (_series, time, _value, low, high) => {
      times.push(time)
      if (!Number.isNaN(low)) bands.push([time, low, high])
    },
    alert: (alert: Alert, { phase }) => alerts.push(`${phase} ${alert.title}`),
  })
  return { times, bands, alerts }
}

/** What a clock on the wall shows, as if it were UTC. */
function wallClock(utc: number, timeZone: string): number {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    } as const)
      .formatToParts(utc)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}
