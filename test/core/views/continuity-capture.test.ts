import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { afterAll, describe, expect, test } from 'vitest'
import type { Gap } from '../../../core/contract/calls.ts'
import type { LogRecord } from '../../../core/contract/model.ts'
import { openQueries } from '../../../core/views/queries.ts'
import { CaptureProcess, killAll } from '../../support/capture/captured.ts'
import { freePort, hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews } from '../../support/views.ts'
import { Capturing, source } from '../ingest/capturing.ts'

// One log through everything that can stop a capture, with real parts: what the report says is what happened.

const second = 1_000
const ends: (() => Promise<unknown> | unknown)[] = []

afterAll(async () => {
  await killAll()
  for (const end of ends.splice(0).reverse()) await end()
})

describe.skipIf(!hasMosquitto)('the report of a real capture', () => {
  const dir = tempDir()
  const logDir = join(dir, 'log')

  test('gives each gap its cause and its times, and counts what came late', async () => {
    const broker = await started('max_queued_messages 0')
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4 })
    ends.push(() => client.endAsync(true))
    await killedOnce(broker, client)
    await lostLinkThenStopped(broker, client)
    await fullDiskThenSleep(broker, client)
    await refusedLogin()
    const records = await refusedTopic()

    const gaps = report(dir, logDir)
    expect(gaps.map(({ cause }) => cause)).toEqual([
      'crashed',
      'broker kept nothing',
      'not running',
      'disk full',
      'asleep',
      'broker kept nothing',
      'refused by broker',
      'not running',
    ])
    const [crashed, lost, stopped, full, asleep, login, topic, last] = gaps
    const starts = records.filter(({ topic }) => topic.name === 'started')
    expect(crashed!.from).toBe(records[starts[1]!.offset - 1]!.time)
    expect(crashed!.until).toBe(next(records, starts[1]!, 'up').time)
    expect(lost).toMatchObject(between(records, 'broker link down', 'up'))
    const late = records.filter(({ topic, bytes }) => topic.name === 'plant/a/d-1' && liesIn(lost!, bytes))
    expect(late.length).toBeGreaterThanOrEqual(3)
    expect(lost!.late).toBe(late.length)
    expect(stopped!.from).toBe(downs(records, 'not running')[0]!.time)
    expect(stopped!.until).toBe(next(records, starts[2]!, 'up').time)
    expect(full).toMatchObject(between(records, 'disk full', 'up'))
    expect(asleep!.until! - asleep!.from).toBe(20 * second)
    expect(lost!.detail).toContain('the broker had no session of us any more')
    expect(login!.from).toBe(downs(records, 'not running')[1]!.time)
    expect(login!.detail).toMatch(/^another session than before: .*; meanwhile not running, refused by broker$/)
    expect(topic!.detail).toContain('the broker refuses the topic "plant/#"')
    expect(last!.until).toBeNull()
  }, 120_000)

  /** A message is stored, then the process is killed. */
  async function killedOnce(broker: Mosquitto, client: mqtt.MqttClient): Promise<void> {
    const killed = new CaptureProcess(logDir, broker.url, '5', 'natural')
    const knock = setInterval(() => client.publish('plant/knock', '1', { qos: 1 }), 30)
    await killed.until(({ messages }) => messages > 0)
    clearInterval(knock)
    await killed.kill()
  }

  async function lostLinkThenStopped(broker: Mosquitto, client: mqtt.MqttClient): Promise<void> {
    const one = capturing(logDir, broker.url)
    await one.row(({ state }) => state === 'up')
    await stored(one, client, sent(one.now()))
    await broker.halt()
    await one.row(({ state }) => state === 'down')
    await one.until(() => one.causes().includes('broker link down'))
    const lost = downs(one.records(), 'broker link down')[0]!.time
    one.now = () => Date.now() + 30 * second
    await broker.start()
    await one.row(({ state }) => state === 'up')
    for (const after of [5, 10, 20]) await stored(one, client, sent(lost + after * second))
    await stored(one, client, sent(one.now()))
    await one.stop()
  }

  async function fullDiskThenSleep(broker: Mosquitto, client: mqtt.MqttClient): Promise<void> {
    const one = capturing(logDir, broker.url, { maxSegmentBytes: 300_000, ahead: 30 * second })
    await one.row(({ state }) => state === 'up')
    await stored(one, client, sent(one.now()))
    for (let i = 0; i < 3; i++) client.publish('plant/big', randomBytes(150_000), { qos: 1 })
    await one.row(({ state }) => state === 'action needed')
    one.makeRoom()
    await one.row(({ state }) => state === 'up')
    await one.until(() => one.links().at(-1) === 'plant up')
    const sleep = one.now()
    one.capture.append([link(sleep, 'asleep'), link(sleep + 20 * second, 'awake')])
    one.now = () => Date.now() + 60 * second
    await one.stop()
  }

  async function refusedLogin(): Promise<void> {
    const broker = await started('allow_anonymous false\npassword_file $DIR/users', { users: 'a:$7$101$b2c=$x' })
    const one = capturing(logDir, broker.url, { ahead: 90 * second })
    await one.until(() => one.causes().includes('refused by broker'))
    await one.stop()
  }

  async function refusedTopic(): Promise<readonly LogRecord[]> {
    const broker = await Aedes.createBroker()
    broker.authorizeSubscribe = (_client, _subscription, done) => done(null, null)
    const server = createServer((socket) => broker.handle(socket))
    server.listen(await freePort(), '127.0.0.1')
    await once(server, 'listening')
    ends.push(
      () => server.close(),
      () => new Promise<void>((resolve) => broker.close(resolve)),
    )
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const one = capturing(logDir, `mqtt://127.0.0.1:${port}`, { ahead: 120 * second }, '3.1.1')
    await one.until(() => one.causes().filter((cause) => cause === 'refused by broker').length === 2)
    await one.stop()
    return one.records()
  }
})

function report(dir: string, logDir: string): readonly Gap[] {
  buildViews(logDir, join(dir, 'views.db'))
  const queries = openQueries(join(dir, 'views.db'), logDir, () => Date.now() + 200 * second)
  const { sources } = queries.continuity({ at: null, from: null, until: null })
  queries.close()
  expect(sources.map((one) => one.source)).toEqual(['plant'])
  return sources[0]!.gaps
}

async function started(conf: string, files: Record<string, string> = {}): Promise<Mosquitto> {
  const broker = await startMosquitto({ conf, files })
  ends.push(() => broker.stop())
  return broker
}

function capturing(dir: string, url: string, options = {}, version: 'auto' | '3.1.1' = 'auto'): Capturing {
  const one = new Capturing(dir, options)
  ends.push(() => one.stop())
  one.capture.addSource(source(url, { topics: ['plant/#'], version, clientId: 'fieldwatch-law' }), null)
  return one
}

/** Published again until it is stored: the subscription may not be granted yet. */
async function stored(one: Capturing, client: mqtt.MqttClient, body: string): Promise<void> {
  const before = one.messages().length
  const knock = setInterval(
    () => one.messages().length === before && client.publish('plant/a/d-1', body, { qos: 1 }),
    200,
  )
  client.publish('plant/a/d-1', body, { qos: 1 })
  await one.until(() => one.messages().length > before)
  clearInterval(knock)
}

function sent(time: number): string {
  return JSON.stringify({ ts: time, x: time })
}

function liesIn({ from, until }: Gap, body: Uint8Array): boolean {
  const { ts } = JSON.parse(Buffer.from(body).toString()) as { ts: number }
  return ts >= from && ts < until!
}

function link(time: number, name: string) {
  return { time, kind: 'link' as const, source: '', name, bytes: Buffer.from('{"detail":null,"cause":null}') }
}

function downs(records: readonly LogRecord[], cause: string): readonly LogRecord[] {
  return records.filter(({ topic, bytes }) => topic.name === 'down' && Buffer.from(bytes).toString().includes(cause))
}

function between(records: readonly LogRecord[], cause: string, until: string) {
  const down = downs(records, cause)[0]!
  return { from: down.time, until: next(records, down, until).time }
}

function next(records: readonly LogRecord[], after: LogRecord, name: string): LogRecord {
  return records.find(({ offset, topic }) => offset > after.offset && topic.name === name)!
}
