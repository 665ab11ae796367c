import mqtt, { type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recordAt } from '../../core/contract/block.ts'
import type { LogRecord } from '../../core/contract/model.ts'
import { openReader } from '../../core/log/reader.ts'
import { CaptureProcess, killAll } from '../support/capture/captured.ts'
import { killCapture, makeSession } from '../support/capture/killer.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
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

  afterEach(killAll)

  afterAll(async () => {
    await publisher.endAsync()
    await broker.stop()
  })

  test.each(versions)(
    'MQTT $version: after each of $kills kills at random moments (seed $seed) no acknowledged message is missing',
    async (of) => {
      const { found, inOrder } = await killCapture({ ...of, dir: tempDir() })
      expect(found.filter(({ missing }) => missing.length > 0)).toEqual([])
      expect(found.filter(({ problems, unmarked }) => problems.length > 0 || unmarked > 0)).toEqual([])
      expect({ kills: found.length - 1, inOrder, lost: found.at(-1)!.published - found.at(-1)!.stored }).toEqual({
        kills: of.kills,
        inOrder: true,
        lost: 0,
      })
      expect(found.some(({ acknowledged, published }) => acknowledged > 0 && acknowledged < published)).toBe(true)
    },
  )

  test.each([
    { version: '5', how: 'before' },
    { version: '3.1.1', how: 'before' },
    { version: '5', how: 'after' },
    { version: '3.1.1', how: 'after' },
  ] as const)(
    'MQTT $version: a kill right $how the commit brings the messages again, marked as repeats',
    async (of) => {
      const dir = tempDir()
      await makeSession(broker.url, of.version)
      const stuck = new CaptureProcess(dir, broker.url, of.version, of.how)
      await publish(publisher, 0, 1)
      await stuck.until((told) => told.messages > 0)
      await stuck.kill()
      const capture = new CaptureProcess(dir, broker.url, of.version)
      await capture.until((told) => told.messages > 0)
      await capture.stop()
      const repeats = messagesIn(dir).map((record) => record.repeat)
      expect(repeats).toEqual(of.how === 'before' ? [true] : [false, true])
    },
  )

  test.each([
    { version: '5', how: 'before' },
    { version: '3.1.1', how: 'after' },
  ] as const)(
    'MQTT $version, QoS 2: a kill right $how the commit loses nothing',
    async (of) => {
      const dir = tempDir()
      await makeSession(broker.url, of.version)
      const stuck = new CaptureProcess(dir, broker.url, of.version, of.how)
      await publish(publisher, 0, 1, 2)
      await stuck.until((told) => told.messages > 0)
      await stuck.kill()
      const capture = new CaptureProcess(dir, broker.url, of.version)
      await capture.until((told) => told.messages > 0)
      await capture.stop()
      expect(messagesIn(dir).map((record) => record.qos)).toEqual(of.how === 'before' ? [2] : [2, 2])
    },
    15_000,
  )
})

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
