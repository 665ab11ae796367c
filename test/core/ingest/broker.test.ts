import { connect as connectTcp } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import type { BrokerConfig } from '../../../core/contract/calls.ts'
import { atEnd } from '../../support/at-end.ts'
import { CaptureProcess, killAll } from '../../support/capture/captured.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/mosquitto.ts'
import { random } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { Capturing } from './capturing.ts'

afterEach(killAll)

async function broker(
  more: Partial<BrokerConfig> = {},
  { password = null, ...options }: { password?: string | null; maxQueueBytes?: number } = {},
): Promise<{ one: Capturing; url: string }> {
  const one = new Capturing(tempDir(), options)
  atEnd(() => one.stop())
  one.capture.addBroker({ enabled: true, host: '127.0.0.1', port: 0, username: null, ...more }, password)
  const { url } = await one.row(({ state }) => state === 'up')
  return { one, url }
}

async function device(url: string, more: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...more })
  client.on('error', () => undefined) // sent away by a test
  atEnd(() => client.endAsync(true))
  return client
}

const texts = (one: Capturing) =>
  one.messages().map(({ topic, qos, bytes }) => `${topic.name} ${qos} ${Buffer.from(bytes)}`)

describe('the broker inside', () => {
  test('stores what devices publish at every quality of service, as a source of its own', async () => {
    const { one, url } = await broker()
    const client = await device(url)
    await client.publishAsync('line/1', 'a', { qos: 0 })
    await client.publishAsync('line/1', 'b', { qos: 1, retain: true })
    await client.publishAsync('line/2', 'c', { qos: 2 })
    await one.until(() => one.messages().length === 3)
    expect(texts(one)).toEqual(['line/1 0 a', 'line/1 1 b', 'line/2 2 c'])
    expect(one.messages().every(({ topic, retained }) => topic.source === 'built-in' && !retained)).toBe(true)
    const row = await one.row(({ note }) => note === '1 device connected')
    expect(row).toMatchObject({ name: 'built-in', state: 'up', version: '3.1.1', error: null })
    await one.stop()
    expect(one.links()).toEqual(['started', 'built-in up', 'built-in down', 'stopped'])
  })

  test('acknowledges nothing before the commit that holds it, and a subscriber hears nothing before either', async () => {
    const { one, url } = await broker()
    const client = await device(url)
    const told: string[] = []
    client.on('message', (_, bytes) => told.push(String(bytes)))
    await client.subscribeAsync('line/#')
    one.disk.full = true
    const sent = [1, 2].map((qos) =>
      client.publishAsync('line/1', String(qos), { qos: qos as 1 | 2 }).then(() => told.push(`acknowledged ${qos}`)),
    )
    await one.row(({ state, error }) => state === 'action needed' && error?.code === 'disk_full')
    const ping = await device(url) // others are heard meanwhile
    await ping.subscribeAsync('other')
    expect([told, one.messages()]).toEqual([[], []])
    one.disk.full = false
    await Promise.all(sent)
    await eventually(() => told.length === 4)
    expect(told.toSorted()).toEqual(['1', '2', 'acknowledged 1', 'acknowledged 2'])
    expect(texts(one)).toEqual(['line/1 1 1', 'line/1 2 2'])
  })

  test('a queue that is full stops reading the devices, whatever their quality of service, and nothing is lost', async () => {
    const { one, url } = await broker({}, { maxQueueBytes: 50_000 })
    one.disk.full = true
    const n = 3_000
    const client = await device(url)
    const zeros = await device(url)
    const sent = Array.from({ length: n }, (_, i) => client.publishAsync('line/1', String(i), { qos: 1 }))
    for (let i = 0; i < n; i++) zeros.publish('line/0', `${i} ${'x'.repeat(100)}`, { qos: 0 })
    await one.row(({ queue }) => queue.pausedSince !== null)
    const { queue } = await one.row(({ name }) => name === 'built-in')
    one.disk.full = false
    await Promise.all(sent)
    await one.until(() => one.messages().length === 2 * n)
    // What one read of a socket held is taken whole: 64 kB of each device, with 200 bytes for each message.
    expect(queue.bytes).toBeLessThan(50_000 + 2 * 65_536 * 20)
    const stored = one.messages().filter(({ topic }) => topic.name === 'line/1')
    expect(stored.map(({ bytes }) => Number(Buffer.from(bytes).toString()))).toEqual(
      Array.from({ length: n }, (_, i) => i),
    )
  })

  test('a device that is held for half a minute is sent away, and that is said; it is acknowledged when it comes back', async () => {
    const { one, url } = await broker()
    const client = await device(url)
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    one.disk.full = true
    client.publishAsync('line/1', '1', { qos: 1 }).catch(() => undefined) // ended below
    await one.row(({ error }) => error?.code === 'disk_full')
    const start = Date.now()
    one.now = () => start + 31_000
    await closed
    expect((await one.row(({ note }) => note?.includes('sent away') === true)).note).toBe(
      '0 devices connected; 1 sent away, because the disk took nothing for 30 s',
    )
    one.disk.full = false
    const again = await device(url)
    await again.publishAsync('line/1', '1', { qos: 1 })
    expect(texts(one)).toContain('line/1 1 1')
  })

  test('keeps nothing for a subscriber that is away, and says no to one that asks for it', async () => {
    const { url } = await broker()
    const keeping = await device(url, { clean: false, clientId: 'keeps' })
    await expect(keeping.subscribeAsync('line/#', { qos: 1 })).rejects.toThrow()
    const plain = await device(url)
    expect(await plain.subscribeAsync('line/#', { qos: 1 })).toMatchObject([{ topic: 'line/#', qos: 1 }])
  })

  test('asks for user and password where they are set', async () => {
    const { url } = await broker({ username: 'devices' }, { password: 'right' })
    await device(url, { username: 'devices', password: 'right' })
    for (const [username, password] of [
      ['devices', 'wrong'],
      ['others', 'right'],
      ['devices', ''],
    ] as const)
      await expect(mqtt.connectAsync(url, { protocolVersion: 4, username, password }, false)).rejects.toThrow(
        /Bad username/,
      )
    const one = new Capturing(tempDir())
    atEnd(() => one.stop())
    one.capture.addBroker({ enabled: true, host: '127.0.0.1', port: 0, username: 'devices' }, null)
    const { error } = await one.row(({ state }) => state === 'action needed')
    expect(error?.message).toBe('the built-in broker has no password for its user "devices"')
  })

  test('a port that is taken, and an address that is not of this machine, are said as such', async () => {
    const { url } = await broker()
    for (const [config, sentence] of [
      [{ port: Number(new URL(url).port) }, 'is in use'],
      [{ host: '192.0.2.1' }, 'cannot listen on 192.0.2.1'],
    ] as const) {
      const one = new Capturing(tempDir())
      atEnd(() => one.stop())
      one.capture.addBroker({ enabled: true, host: '127.0.0.1', port: 0, username: null, ...config }, null)
      const { error } = await one.row(({ state }) => state === 'action needed')
      expect(error?.message).toContain(sentence)
    }
  })

  test('a client that speaks no MQTT disturbs nobody', async () => {
    const { one, url } = await broker()
    const client = await device(url)
    const stranger = connectTcp(Number(new URL(url).port), '127.0.0.1')
    stranger.on('error', () => undefined) // it is thrown out
    stranger.write('GET / HTTP/1.1\r\n\r\n')
    await new Promise((resolve) => stranger.once('close', resolve))
    await client.publishAsync('line/1', '1', { qos: 1 })
    expect(texts(one)).toEqual(['line/1 1 1'])
  })
})

test('after 8 kills at random moments no message is missing that a device was told of as received (seed 12)', async () => {
  const dir = tempDir()
  const url = `mqtt://127.0.0.1:${await freePort()}`
  const draw = random(12)
  const acknowledged = new Set<number>()
  let next = 0
  for (let kill = 0; kill < 8; kill++) {
    const capture = new CaptureProcess(dir, url, 'inside', kill % 2 === 0 ? 'slow' : 'natural')
    const client = await connected(url)
    const enough = acknowledged.size + 1 + Math.floor(draw() * 300)
    const full = Promise.withResolvers<void>()
    const send = () => {
      const number = next++
      client.publish(`plant/m${number % 7}`, String(number), { qos: 1 }, (error) => {
        if (error) return
        acknowledged.add(number)
        if (acknowledged.size >= enough) full.resolve()
        else send()
      })
    }
    for (let flying = 0; flying < 50; flying++) send()
    await full.promise
    await capture.kill()
    await client.endAsync(true)
  }
  const one = new Capturing(dir)
  atEnd(() => one.stop())
  const stored = new Set(one.messages().map(({ bytes }) => Number(Buffer.from(bytes).toString())))
  expect([...acknowledged].filter((number) => !stored.has(number))).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(100)
})

/** The broker needs a moment to start. */
async function connected(url: string): Promise<MqttClient> {
  for (;;) {
    const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 }, false).catch(() => null)
    if (client === null) continue
    client.on('error', () => undefined) // killed by the test
    return client
  }
}
