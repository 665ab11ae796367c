import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createServer, type Server } from 'node:net'
import { Aedes } from 'aedes'
import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { clientIdFor } from '../../../core/ingest/client-id.ts'
import { DeferredAcks } from '../../../core/ingest/mqtt/deferred-acks.ts'
import { atEnd } from '../../support/at-end.ts'
import { freePort, hasMosquitto, type Mosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { Capturing, capturing, mosquitto, source } from './capturing.ts'

async function publisher(url: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4 })
  atEnd(() => client.endAsync(true))
  return client
}

async function listening(server: Server): Promise<string> {
  server.listen(await freePort(), '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => server.close())
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

/** Waits for what the broker grants a subscription: the session is there from then on. */
async function subscribed(one: Capturing, broker: Mosquitto): Promise<void> {
  const client = await publisher(broker.url)
  const knock = setInterval(() => client.publish('knock', '1', { qos: 1 }), 30)
  await one.until(() => one.messages().length > 0)
  clearInterval(knock)
}

function rest(one: Capturing) {
  return one.messages().filter((record) => record.topic.name !== 'knock')
}

describe.skipIf(!hasMosquitto)('capture from Mosquitto', () => {
  test.each(['5', '3.1.1'] as const)('MQTT %s: messages are stored as they came, with their flags', async (version) => {
    const broker = await mosquitto()
    const client = await publisher(broker.url)
    await client.publishAsync('kept', 'old', { qos: 1, retain: true })
    const one = capturing()
    one.capture.addSource(source(broker.url, { version }), null)
    await one.row((row) => row.state === 'up' && row.version === version)
    await one.until(() => one.messages().length === 1)
    await client.publishAsync('line/1', '{"t":1}', { qos: 1 })
    await client.publishAsync('line/2', '', { qos: 0 })
    await client.publishAsync('x'.repeat(60_000), Buffer.alloc(5_000_000, 7), { qos: 1 })
    await one.until(() => one.messages().length === 4)
    const seen = one
      .messages()
      .map((record) => [record.topic.name.slice(0, 6), record.qos, record.retained, record.bytes.length])
    expect(seen).toEqual([
      ['kept', 1, true, 3],
      ['line/1', 1, false, 7],
      ['line/2', 0, false, 0],
      ['xxxxxx', 1, false, 5_000_000],
    ])
    expect(one.messages().every((record) => record.topic.source === 'plant' && !record.repeat)).toBe(true)
  })

  test('what MQTT 5 says beside the payload is kept with the message', async () => {
    const broker = await mosquitto()
    const one = capturing()
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, broker)
    const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5 })
    atEnd(() => client.endAsync(true))
    const properties = {
      contentType: 'application/json',
      responseTopic: 'reply/here',
      correlationData: Buffer.from([1, 255]),
      messageExpiryInterval: 3600,
      userProperties: { unit: 'bar', tag: ['a', 'b'] },
    }
    await client.publishAsync('line/1', '{"t":1}', { qos: 1, properties })
    await client.publishAsync('line/2', '{"t":2}', { qos: 1 })
    await one.until(() => rest(one).length === 2)
    expect(rest(one).map((record) => record.meta)).toEqual([
      {
        contentType: 'application/json',
        responseTopic: 'reply/here',
        correlation: 'Af8=',
        expirySeconds: 3600,
        properties: [
          ['unit', 'bar'],
          ['tag', 'a'],
          ['tag', 'b'],
        ],
      },
      null,
    ])
  })

  test('start, up, down with its reason, up again and stop are records, and nothing is missing between', async () => {
    const broker = await mosquitto('persistence true\npersistence_location $DIR/\nautosave_interval 1')
    const one = capturing()
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, broker)
    await broker.halt()
    const down = await one.row((row) => row.state === 'down')
    expect(down.error?.code).toMatch(/^broker_/)
    await broker.start()
    await one.row((row) => row.state === 'up')
    const client = await publisher(broker.url)
    await client.publishAsync('line/1', '1', { qos: 1 })
    await one.until(() => rest(one).length === 1)
    await one.stop()
    expect(one.links()).toEqual(['started', 'plant up', 'plant down', 'plant up', 'plant down', 'stopped'])
    expect(one.causes()).toEqual(['broker link down', 'not running'])
  })

  test('a clean stop stores and acknowledges what was taken: the next start hears none of it again', async () => {
    const broker = await mosquitto('max_queued_messages 0')
    const dir = tempDir()
    const first = new Capturing(dir)
    first.capture.addSource(source(broker.url), null)
    await subscribed(first, broker)
    const client = await publisher(broker.url)
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => client.publishAsync(`line/${i % 5}`, String(i), { qos: 1 })),
    )
    await first.stop()
    const second = capturing(dir)
    second.capture.addSource(source(broker.url), null)
    await client.publishAsync('end', '', { qos: 1 })
    await second.until(() => second.messages().some((record) => record.topic.name === 'end'))
    const texts = rest(second).map((record) => Buffer.from(record.bytes).toString())
    expect(texts).toEqual([...Array.from({ length: 500 }, (_, i) => String(i)), ''])
  })

  test('a wrong password is said as such, and the right one is taken', async () => {
    const password = 'fieldwatch:$7$101$b2c=$x'
    const broker = await mosquitto('allow_anonymous false\npassword_file $DIR/users', { users: password })
    const one = capturing()
    one.capture.addSource(source(broker.url, { username: 'fieldwatch' }), 'wrong')
    const row = await one.row(({ state }) => state === 'action needed')
    expect(row.error).toMatchObject({ code: 'broker_login', hint: 'check user name and password' })
    await one.until(() => one.causes().length > 0)
    expect(one.causes()).toEqual(['refused by broker'])
    await one.capture.endSource('plant', 'removed')
    await one.until(() => one.causes().length > 1)
    expect(one.causes()).toEqual(['refused by broker', 'removed'])
  })

  test('when the disk is full nothing is taken or acknowledged, and the same messages come when there is room', async () => {
    const broker = await mosquitto('max_queued_messages 0')
    const one = capturing(tempDir(), { maxSegmentBytes: 200_000 })
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, broker)
    const client = await publisher(broker.url)
    await client.publishAsync('big', randomBytes(150_000), { qos: 1 })
    await client.publishAsync('big', randomBytes(150_000), { qos: 1 })
    const row = await one.row(({ state }) => state === 'action needed')
    expect(row.error?.code).toBe('disk_full')
    one.makeRoom()
    await one.until(() => rest(one).length >= 2)
    await one.row(({ state }) => state === 'up')
    await one.until(() => one.links().length === 4)
    const links = one.records().filter((record) => record.kind === 'link')
    expect(one.links()).toEqual(['started', 'plant up', 'plant down', 'plant up'])
    expect(Buffer.from(links[2]!.bytes).toString()).toContain('disk_full')
    expect(links[2]!.time).toBeLessThan(links[3]!.time)
  })
})

describe('wrong brokers get their own sentences', () => {
  test.each([
    ['a name that nobody has', 'mqtt://nobody.invalid:1883', 'broker_dns', 'no machine is called "nobody.invalid"'],
    ['a port where nobody listens', 'mqtt://127.0.0.1:1', 'broker_refused', '127.0.0.1 does not answer on port 1'],
  ])('%s', async (_, url, code, message) => {
    const one = capturing()
    one.capture.addSource(source(url), null)
    const row = await one.row(({ error }) => error !== null)
    expect(row).toMatchObject({ state: 'down', version: null, error: { code, message } })
    await one.until(() => one.links().includes('plant down'))
    expect(one.links()).toEqual(['started', 'plant down'])
  })

  test('TLS where the broker speaks none', async () => {
    const address = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    const one = capturing()
    one.capture.addSource(source(`mqtts://${address}`), null)
    const row = await one.row(({ error }) => error !== null)
    expect(row).toMatchObject({ state: 'action needed', error: { code: 'broker_tls' } })
    expect(row.error?.message).toContain('does not speak TLS on this port')
  })

  test('a file of the authority that is not there', async () => {
    const one = capturing()
    one.capture.addSource(source('mqtts://127.0.0.1:1', { ca: '/nowhere/ca.pem' }), null)
    expect((await one.row(({ error }) => error !== null)).error?.message).toBe('ca: "/nowhere/ca.pem" cannot be read')
  })

  test('a broker that knows only 3.1.1 is spoken to in 3.1.1; the topic it refuses is named', async () => {
    const broker = await Aedes.createBroker()
    broker.authorizeSubscribe = (_client, subscription, done) =>
      done(null, subscription.topic === 'secret/#' ? null : subscription)
    const address = await listening(createServer((socket) => broker.handle(socket)))
    atEnd(() => new Promise<void>((resolve) => broker.close(resolve)))
    const one = capturing()
    one.capture.addSource(source(`mqtt://${address}`, { topics: ['plant/#', 'secret/#'] }), null)
    const row = await one.row(({ refusedTopics }) => refusedTopics.length > 0)
    expect(row).toMatchObject({ state: 'up', version: '3.1.1', refusedTopics: ['secret/#'] })
    expect(row.error).toMatchObject({ code: 'broker_topic_refused' })
    expect(row.error?.message).toContain('the broker refuses the topic "secret/#"')
    await one.until(() => one.records().some(({ bytes }) => Buffer.from(bytes).includes('"refused":["secret/#"]')))
  })
})

describe('the clock', () => {
  test('commands go behind what came before them, and say their offset', async () => {
    const one = capturing()
    const bytes = Buffer.from('{}')
    expect(one.capture.append([{ time: Date.now(), kind: 'command', source: '', name: 'note', bytes }])).toEqual({
      first: 1,
      n: 1,
    })
  })

  test('after ten quiet seconds time goes on by a tick; a leap of the clock is sleep', async () => {
    const one = capturing()
    const start = Date.now()
    one.now = () => start + 11_000
    await one.until(() => one.records().some((record) => record.kind === 'tick' && record.time === start + 11_000))
    one.now = () => start + 3_600_000
    await one.until(() => one.links().includes('awake'))
    const asleep = one.records().find((record) => record.topic.name === 'asleep')
    expect([asleep?.time, one.links()]).toEqual([start + 11_000, ['started', 'asleep', 'awake']])
  })
})

test('a sleep that the system told of is in the log once', async () => {
  const one = capturing()
  const start = Date.now()
  const say = (name: string, time: number) =>
    one.capture.append([{ time, kind: 'link', source: '', name, bytes: Buffer.from('{}') }])
  say('asleep', start)
  one.now = () => start + 3_600_000
  await one.until(() => one.records().some((record) => record.kind === 'tick'))
  say('awake', start + 3_600_000)
  expect(one.links()).toEqual(['started', 'asleep', 'awake'])
})

describe('the hook in mqtt.js', () => {
  test('a mqtt.js without the place to hold acknowledgements is refused at the start', () => {
    const other = Object.create(null)
    expect(() => new DeferredAcks(other, () => true)).toThrow(/no _sendPacket/)
  })

  test('a mqtt.js that acknowledges by itself is caught at the first message', () => {
    const client = Object.assign(Object.create(null), { options: {}, stream: null, _sendPacket: () => {} })
    const acks = new DeferredAcks(client, () => true)
    expect(acks).toBeDefined()
    const packet = { cmd: 'publish', qos: 1, messageId: 1 }
    expect(() => client.handleMessage(packet, () => {})).toThrow(/before it was on disk/)
    expect(() => client.handleMessage(packet, () => client._sendPacket({ cmd: 'puback' }))).not.toThrow()
  })

  test('the pinned version is the one it was made for', () => {
    const { version } = createRequire(import.meta.url)('mqtt/package.json')
    expect(version).toBe('5.16.0')
  })
})

test('client ids stay the same for a log, and differ by source', () => {
  const dir = tempDir()
  expect(clientIdFor(dir, 'a')).toBe(clientIdFor(dir, 'a'))
  expect(clientIdFor(dir, 'a')).not.toBe(clientIdFor(dir, 'b'))
  expect(clientIdFor(dir, 'a')).toMatch(/^[0-9a-z]{23}$/)
})
