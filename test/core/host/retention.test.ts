import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CallName, Calls } from '../../../core/contract/calls.ts'
import { type Host, startHost } from '../../../core/host/host.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'

// The whole program with small segments, and a bound that always asks for the oldest to go.

const log = { segmentMegabytes: 1, minFreeGigabytes: 100_000 }
const hot = hotRule(80, { scope: { device: '*', signal: 'temperature' }, priority: 1 })

describe.skipIf(!hasMosquitto)('a host whose log may not grow', () => {
  let dir: string
  let broker: Mosquitto
  let publisher: MqttClient
  let host: Host | null
  beforeEach(async () => {
    dir = tempDir()
    broker = await startMosquitto()
    publisher = await connectAsync(broker.url)
    host = null
  })
  afterEach(async () => {
    await host?.stop()
    await publisher.endAsync(true)
    await broker.stop()
  })

  test('lets old segments go, and views that are deleted come back with rules, names, alerts and what was learned', async () => {
    await start({})
    await ask('command', { name: 'rule.put', value: hot })
    for (let i = 0; i < 300; i++) await publish(20 + (i % 3))
    await publish(95)
    const before = await until(known, ({ alerts, devices }) => alerts.length === 1 && devices.length === 1)
    await untilGone()
    for (let i = 0; i < 20; i++) await publish(95)
    await caughtUp()
    const pace = await learned()
    expect(pace[0]!.everyMs).not.toBeNull()
    await host!.stop()

    for (const part of ['', '-wal', '-shm']) rmSync(join(dir, `views.db${part}`), { force: true })
    await start({})
    await caughtUp()
    expect(await known()).toEqual(before)
    expect((await ask('status', {})).log.note).toBeNull()
    expect(await learned()).toEqual(pace)
  }, 300_000)

  test('keeps what a required destination lacks and says so, and lets it go when it is no longer required', async () => {
    const central = { name: 'central', brokers: ['127.0.0.1:1'] }
    await start({ destinations: [central] })
    await fill()
    const { log: held } = await until(
      () => ask('status', {}),
      (status) => status.log.heldBy?.destination === 'central',
    )
    expect([held.heldBy, (await ask('bounds', {})).first]).toEqual([{ destination: 'central', offset: 0 }, 0])
    await until(
      () => ask('status', {}),
      ({ log: { unsent } }) => unsent?.destination === 'central' && unsent.bytes > 1_000_000,
    )
    const config = await ask('config', {})
    await ask('config.put', {
      config: { ...config, destinations: [{ ...config.destinations[0]!, required: false }] },
      secrets: [],
    })
    const { first } = await until(
      () => ask('bounds', {}),
      ({ first }) => first > 0,
    )
    const words = `given up before it was sent to central: offsets 0 to ${first - 1}, ${first} records`
    const { givenUp } = await until(
      () => ask('continuity', { at: null, from: null, until: null }),
      (answer) => answer.givenUp.length > 0,
    )
    expect(givenUp.at(-1)!.words).toMatch(/^given up before it was sent to central: offsets 0 to \d+, \d+ records$/)
    if (givenUp.length === 1) expect(givenUp[0]!.words).toBe(words)
    const { rows } = await until(
      () => ask('alerts', { at: null, show: 'open', device: null, limit: 10 }),
      (answer) => answer.rows.some(({ alert }) => alert.rule === 'given-up'),
    )
    const { alert } = rows.find((row) => row.alert.rule === 'given-up')!
    expect([alert.title, alert.calls]).toEqual(['Records given up before they were sent to central', true])
    expect(alert.explanation.why).toBe(givenUp.at(-1)!.words)
  }, 300_000)

  async function start(more: object): Promise<void> {
    const sources = [{ name: 'plant', url: broker.url, topics: ['plant/#'] }]
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ sources, log, zone: 'UTC', ...more }))
    host = await startHost({ dataDir: dir, version: '0' })
    await until(
      () => ask('status', {}),
      (status) => status.sources[0]?.state === 'up',
    )
  }

  async function publish(temperature: number): Promise<void> {
    await publisher.publishAsync('plant/p-1', JSON.stringify({ temperature }), { qos: 1 })
  }

  /** Three segments of what nothing packs and no decoder reads. */
  async function fill(): Promise<void> {
    for (let i = 0; i < 200; i++) await publisher.publishAsync('plant/blob', randomBytes(20_000), { qos: 1 })
  }

  /** Fills until the first thousand records, with rule and alert, are no longer kept. */
  async function untilGone(): Promise<void> {
    await fill()
    await until(
      () => ask('bounds', {}),
      ({ first }) => first > 310,
    )
  }

  /** What a person sees of rules, devices and alerts. */
  async function known() {
    const { rows } = await ask('devices', { at: null, sort: 'area', filter: 'p-1', from: 0, count: 10 })
    const alerts = await ask('alerts', { at: null, show: 'open', device: null, limit: 10 })
    return {
      rules: await ask('rules', { at: null }),
      devices: rows.map(({ device, label, area }) => ({ device, label, area })),
      alerts: alerts.rows.filter(({ alert }) => alert.rule === 'hot').map(({ alert }) => alert),
    }
  }

  async function learned() {
    const { signals } = await ask('device', { id: 'plant/p-1', at: null })
    return signals.map(({ signal, band, everyMs, value }) => ({ signal, band, everyMs, value }))
  }

  /** The views hold everything up to now. */
  async function caughtUp(): Promise<void> {
    const bookmark = { at: 0, text: 'now', by: 'eva' }
    const { offset } = await ask('command', { name: 'bookmark', value: bookmark })
    await until(
      () => ask('health', { at: null }),
      (health) => health.offset > offset,
    )
  }

  async function ask<K extends CallName>(name: K, input: Calls[K]['in']): Promise<Calls[K]['out']> {
    return (await host!.api.answer(name, input, new AbortController().signal)) as Calls[K]['out'] // as the contract says
  }
})

/** Asks until the fact is there; the test's own limit ends it. */
async function until<T>(asked: () => Promise<T>, fact: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await asked().catch(() => null) // a view that is not there yet
    if (answer !== null && fact(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
