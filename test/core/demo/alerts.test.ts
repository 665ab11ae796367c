import { beforeAll, describe, expect, test } from 'vitest'
import type { Alert } from '../../../core/contract/model.ts'
import { dairy } from '../../../core/ingest/demo/dairy.ts'
import type { Fault } from '../../../core/ingest/demo/faults.ts'
import { historyFaults, liveFault } from '../../../core/ingest/demo/faults.ts'
import { history } from '../../../core/ingest/demo/history.ts'
import type { Emit } from '../../../core/stream/emit.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, type Writing } from '../../support/stream.ts'

const startedAt = Date.UTC(2026, 10, 24, 14, 20, 31)
const minute = 60_000
const hour = 60 * minute
const live = 3 * hour

// What a person sees who starts the demo: the path itself, over three days of history and three hours live.
describe.each([2, 7, 21])('the alerts of the demo, seed %i', (seed) => {
  let alerts: readonly Alert[] = []
  let opened: readonly Alert[] = []

  beforeAll(() => {
    alerts = alertsOf(seed)
    opened = alerts.filter(({ since }) => since >= startedAt)
  }, 600_000)

  test('begin with the pump within two minutes: critical, and with the current that fell before the pressure', () => {
    const pump = opened.find(({ device, signal }) => device.endsWith('P-204') && signal === 'discharge_pressure')!
    expect(pump.priority).toBe(1)
    expect(pump.since).toBeLessThan(startedAt + 2 * minute)
    expect(pump.until! - pump.since).toBeGreaterThan(12 * minute)
    const [current] = pump.explanation.moved
    expect(current).toMatchObject({ signal: 'motor_current' })
    expect(Math.abs(current!.sigma)).toBeGreaterThan(3)
    expect(current!.leadMs).toBeLessThanOrEqual(0)
  })

  test('go on with the silent tank and the vibrating homogeniser', () => {
    const tank = opened.find(({ device }) => device.endsWith('T-110'))!
    expect(tank.detector).toBe('silence')
    expect(tank.since).toBeLessThan(startedAt + 5 * minute)
    const vibration = opened.find(({ device }) => device.endsWith('H-11'))!
    expect(vibration.signal).toBe('vibration')
    expect(vibration.since).toBeLessThan(startedAt + 9 * minute)
  })

  test('have a fault each: none is false in three hours live, nor in the day before', () => {
    const faults = [...historyFaults({ seed, startedAt }), ...liveFaults(seed)]
    const late = alerts.filter(({ since }) => since >= startedAt - 24 * hour)
    const reasonless = late.filter((alert) => !faults.some((fault) => explains(fault, alert)))
    expect(reasonless.map(({ title, device, since }) => `${device}: ${title} at ${since}`)).toEqual([])
  })

  test('are one call for each fault, of the signal that it began with', () => {
    const faults = [...historyFaults({ seed, startedAt }), ...liveFaults(seed)]
    for (const fault of faults.filter(({ until }) => until < startedAt + live)) {
      const { kind, signal, from } = fault
      const about = alerts.filter((alert) => explains(fault, alert))
      const heads = about.filter(({ incident }) => incident === null).map((head) => head.signal)
      const named = signal < 0 ? null : dairy[fault.device]!.signals[signal]!.name
      expect({ kind, from, heads }).toEqual({ kind, from, heads: [named] })
    }
  })

  test('stay within what a person can bear: 12 an hour', () => {
    expect(opened.filter(({ incident }) => incident === null).length).toBeLessThanOrEqual(36)
  })
})

function alertsOf(seed: number): readonly Alert[] {
  const path = createPath()
  const blocks = blockMaker()
  const alerts = new Map<string, Alert>()
  const emit = onlyAlerts((alert) => alerts.set(alert.id, alert))
  const read = (batch: readonly Writing[]) => {
    const block = blocks(batch)
    path.step(block, 0, block.n, emit)
  }
  for (const batch of history({ seed, startedAt }, undefined, startedAt + live)) read(batch.map(writing))
  return [...alerts.values()]
}

function writing({ bytes, ...record }: { readonly bytes: Uint8Array } & Omit<Writing, 'body'>): Writing {
  return { ...record, flags: 1, body: bytes }
}

function onlyAlerts(heard: (alert: Alert) => void): Emit {
  const quiet = Object.fromEntries(Object.keys(new Recorder().emit).map((call) => [call, () => undefined]))
  return { ...(quiet as unknown as Emit), alert: heard } // the same calls, and nothing kept of the others
}

function liveFaults(seed: number): readonly Fault[] {
  return Array.from({ length: 20 }, (_, n) => liveFault({ seed, startedAt }, n)).filter(
    ({ from }) => from < startedAt + live,
  )
}

function explains(fault: Fault, alert: Alert): boolean {
  const same = dairy[fault.device]!.topic === alert.device
  return same && alert.since >= fault.from - minute && alert.since <= fault.until + minute
}
