import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordAt } from '../../core/contract/block.ts'
import type { LogRecord } from '../../core/contract/model.ts'
import { openReader } from '../../core/log/reader.ts'
import { verify } from '../../core/log/verify.ts'
import { CaptureProcess } from '../support/capture/captured.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { seeded } from '../support/seeded.ts'
import { tempDir } from '../support/temp-dir.ts'

// Law 1: an acknowledgement leaves only after the commit that holds the message. The broker lets go of a message when it
// is acknowledged, so one that was acknowledged too early is missing from the log for ever.

const versions = [
  { version: '5', kills: 8, seed: 5 },
  { version: '3.1.1', kills: 7, seed: 311 },
] as const

describe.skipIf(!hasMosquitto)('stored, then acknowledged', () => {
  let broker: Mosquitto
  let publisher: MqttClient

  beforeAll(async () => {
    broker = await startMosquitto({ conf: 'max_queued_messages 0\nmax_inflight_bytes 0' })
    publisher = await mqtt.connectAsync(broker.url, { protocolVersion: 4 })
  })

  afterAll(async () => {
    await publisher.endAsync()
    await broker.stop()
  })

  test.each(versions)(
    'MQTT $version: after $kills kills at random moments (seed $seed) no message is missing',
    async (of) => {
      const dir = tempDir()
      const random = seeded(of.seed)
      await makeSession(broker.url, of.version)
      let published = 0
      for (let kill = 0; kill < of.kills; kill++) {
        const capture = new CaptureProcess(dir, broker.url, of.version)
        const sending = publish(publisher, published, 400)
        published += 400
        const wanted = 1 + Math.floor(random() * 350)
        let seen = 0
        await capture.until((told) => {
          seen += told.messages
          return seen >= wanted
        })
        await capture.kill()
        await sending
      }
      const capture = new CaptureProcess(dir, broker.url, of.version)
      await publish(publisher, published, 1)
      await capture.until(() => hasLast(dir, published))
      await capture.stop()
      const records = messagesIn(dir)
      expect(missing(records, published + 1)).toEqual([])
      expect(firstCopies(records)).toEqual(Array.from({ length: published + 1 }, (_, i) => i))
      expect((await verify(dir)).problems).toEqual([])
    },
  )

  test.each([
    { version: '5', still: 'before' },
    { version: '3.1.1', still: 'before' },
    { version: '5', still: 'after' },
    { version: '3.1.1', still: 'after' },
  ] as const)(
    'MQTT $version: a kill right $still the commit brings the messages again, marked as repeats',
    async (of) => {
      const dir = tempDir()
      await makeSession(broker.url, of.version)
      const stuck = new CaptureProcess(dir, broker.url, of.version, of.still)
      await publish(publisher, 0, 1)
      await stuck.until((told) => told.messages > 0)
      await stuck.kill()
      const capture = new CaptureProcess(dir, broker.url, of.version)
      await capture.until((told) => told.messages > 0)
      await capture.stop()
      const repeats = messagesIn(dir).map((record) => record.repeat)
      expect(repeats).toEqual(of.still === 'before' ? [true] : [false, true])
    },
  )

  test.each([
    { version: '5', still: 'before' },
    { version: '3.1.1', still: 'after' },
  ] as const)(
    'MQTT $version, QoS 2: a kill right $still the commit loses nothing',
    async (of) => {
      const dir = tempDir()
      await makeSession(broker.url, of.version)
      const stuck = new CaptureProcess(dir, broker.url, of.version, of.still)
      await publish(publisher, 0, 1, 2)
      await stuck.until((told) => told.messages > 0)
      await stuck.kill()
      const capture = new CaptureProcess(dir, broker.url, of.version)
      await capture.until((told) => told.messages > 0)
      await capture.stop()
      expect(messagesIn(dir).map((record) => record.qos)).toEqual(of.still === 'before' ? [2] : [2, 2])
    },
    15_000,
  )
})

/** A session at the broker, as capture asks for it; one that an earlier test left is thrown away. */
async function makeSession(url: string, version: '5' | '3.1.1'): Promise<void> {
  const clientId = 'fieldwatch-law'
  const protocolVersion = version === '5' ? 5 : 4
  const old = await mqtt.connectAsync(url, { clientId, clean: true, protocolVersion: 4 })
  await old.endAsync()
  const properties = { sessionExpiryInterval: 3600 }
  const made = await mqtt.connectAsync(url, { clientId, clean: false, protocolVersion, properties })
  await made.subscribeAsync('plant/#', { qos: 2 })
  await made.endAsync()
}

function publish(client: MqttClient, from: number, n: number, qos: 1 | 2 = 1): Promise<unknown> {
  return Promise.all(
    Array.from({ length: n }, (_, i) => client.publishAsync(`plant/m${i % 7}`, String(from + i), { qos })),
  )
}

function messagesIn(dir: string): LogRecord[] {
  const records: LogRecord[] = []
  const reader = openReader(dir)
  for (let block = reader.read(0); block !== null; block = reader.read(block.first + block.n))
    for (let row = 0; row < block.n; row++) records.push(recordAt(block, row))
  reader.close()
  return records.filter((record) => record.kind === 'message')
}

function numberIn(record: LogRecord): number {
  return Number(Buffer.from(record.bytes).toString())
}

function hasLast(dir: string, last: number): boolean {
  return messagesIn(dir).some((record) => numberIn(record) === last)
}

function missing(records: readonly LogRecord[], n: number): number[] {
  const there = new Set(records.map(numberIn))
  return Array.from({ length: n }, (_, i) => i).filter((i) => !there.has(i))
}

/** The numbers in the order in which they were first stored. */
function firstCopies(records: readonly LogRecord[]): number[] {
  return [...new Set(records.map(numberIn))]
}
