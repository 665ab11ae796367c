import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, openClient, startApp, until } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { type Metric, sparkplug } from '../support/sparkplug.ts'

// A Sparkplug edge node whose birth was before our time: it is asked for it, by a real broker, only where a person allows that.

const data = 'spBv1.0/works/NDATA/line-1'
const command = 'spBv1.0/works/NCMD/line-1'

describe.skipIf(!hasMosquitto)('a Sparkplug alias whose birth was not heard', () => {
  let dir = ''
  let broker: Mosquitto
  let node: MqttClient
  let app: App | null = null
  let api: Client
  const heard: Buffer[] = []

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-rebirth-'))
    mkdirSync(join(dir, 'data'))
    broker = await startMosquitto()
    node = await connectAsync(broker.url)
    heard.length = 0
    node.on('message', (_topic, payload) => heard.push(payload))
    await node.subscribeAsync(command)
  })
  afterEach(async () => {
    api?.close()
    await app?.stop()
    await node.endAsync(true)
    await broker.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const start = async (rebirth: boolean) => {
    const sources = [{ name: 'works', url: broker.url, topics: ['spBv1.0/#'], rebirth }]
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ sources }))
    app = await startApp(['--data', join(dir, 'data')])
    api = await openClient(app)
    await until('the link', async () => (await api.call('status', {})).sources.every(({ state }) => state === 'up'))
  }
  const say = (seq: number, value: number) => node.publishAsync(data, payload(seq, { alias: 7, value }), { qos: 1 })
  const unread = async () => (await api.call('health', { at: null })).undecodable.byReason.sparkplug_no_birth ?? 0

  test('is asked for once, and read when the node has said its birth again', async () => {
    await start(true)
    await say(1, 20)
    await until('the request', async () => heard.length > 0)
    expect(heard[0]!.toString('latin1')).toContain('Node Control/Rebirth')
    expect([...heard[0]!.subarray(-2)]).toEqual([14 << 3, 1]) // boolean_value is true
    await say(2, 21)
    await until('two unread messages', async () => (await unread()) === 2)
    const birth = payload(0, { name: 'temperature', alias: 7, value: 22 })
    await node.publishAsync('spBv1.0/works/NBIRTH/line-1', birth, { qos: 1 })
    await say(1, 23)
    const device = () => api.call('device', { id: 'works/line-1', at: null })
    const value = async () => (await device()).signals.find(({ signal }) => signal === 'temperature')?.value
    await until('the reading', async () => (await value().catch(() => null)) === 23)
    expect(heard).toHaveLength(1)
  }, 120_000)

  test('is not asked for by itself: nothing is published', async () => {
    await start(false)
    await say(1, 20)
    await until('an unread message', async () => (await unread()) === 1)
    await node.publishAsync(command, 'barrier', { qos: 1 })
    await until('the barrier', async () => heard.length > 0)
    expect(heard.map(String)).toEqual(['barrier'])
  }, 120_000)
})

function payload(seq: number, metric: Metric): Buffer {
  return Buffer.from(sparkplug(seq, Date.now(), [metric]))
}
