import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, test, vi } from 'vitest'
import type { FieldError } from '../../../core/contract/errors.ts'
import { type Arrival, Batcher } from '../../../core/ingest/batcher.ts'
import { DeferredAcks } from '../../../core/ingest/mqtt/deferred-acks.ts'
import { topicMatcher } from '../../../core/ingest/mqtt/topic-matcher.ts'
import { openLog } from '../../../core/log/log.ts'
import { atEnd } from '../../support/at-end.ts'
import { Disk } from '../../support/capture/disk.ts'
import { feed } from '../../support/capture/feed.ts'
import { hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { Capturing, source } from './capturing.ts'

const size = 500

describe.skipIf(!hasMosquitto)('with Mosquitto', () => {
  test('a disk that takes nothing: reading stops at the bound, and of QoS 1 nothing is missing afterwards', async () => {
    const maxQueueBytes = 300_000
    const { one, client } = await capturing({ maxQueueBytes }, { dropQos0: [] })
    one.disk.full = true
    const sent = publish(client, 3_000, 1, (i) => `line/${i % 7}`)
    const row = await one.row(({ queue }) => queue.pausedSince !== null)
    expect(row.queue.bytes).toBeGreaterThanOrEqual(maxQueueBytes)
    expect(row.queue.bytes).toBeLessThan(maxQueueBytes + 2 * (size + 300)) // one more was read, and a record of the link
    expect(row).toMatchObject({ state: 'action needed', error: { code: 'disk_full' } })
    one.disk.full = false
    await one.until(() => stored(one, 'line/').length >= 3_000)
    await sent
    expect(stored(one, 'line/')).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
    await one.row(({ queue, state }) => queue.messages === 0 && queue.pausedSince === null && state === 'up')
    expect(one.rows[0]!.dropped).toEqual([])
  })

  test('a stop while reading is paused ends all the same, and what was not stored comes again at the next start', async () => {
    const dir = tempDir()
    const { one, client, url } = await capturing({ maxQueueBytes: 100_000 }, { dropQos0: [] }, dir)
    one.disk.full = true
    const sent = publish(client, 1_000, 1, () => 'line/1')
    await one.row(({ queue }) => queue.pausedSince !== null)
    await sent
    await one.stop()
    const again = new Capturing(dir)
    atEnd(() => again.stop())
    again.capture.addSource(source(url), null)
    await again.until(() => stored(again, 'line/').length === 1_000)
  })

  test('a disk that is slow: memory keeps its bound, and of QoS 1 nothing is missing', async () => {
    const maxQueueBytes = 1_000_000
    const { one, url } = await capturing({ maxQueueBytes }, { dropQos0: [] })
    one.disk.commitMs = 60
    const fed = feed({ url, messages: 5_000, size, topics: ['line/1', 'line/2'], qos: 1 })
    const flood = feed({ url, messages: 5_000, size, topics: ['fast'], qos: 0 })
    await one.until(() => one.capture.measures().taken.some(({ messages }) => messages >= 5_000))
    await Promise.all([fed, flood])
    one.disk.commitMs = 0
    await one.until(() => stored(one, 'line/').length === 5_000)
    expect(stored(one, 'line/')).toEqual(Array.from({ length: 5_000 }, (_, i) => i))
    expect(one.disk.largest.bytes).toBeLessThan(maxQueueBytes)
  })

  test('QoS 0 of the named topics is dropped, the oldest first, and counted to the last one; all else is kept', async () => {
    const { one, client } = await capturing({ maxQueueBytes: 400_000 }, { dropQos0: ['noise/#', '+/chatter'] })
    one.disk.full = true
    const before = one.capture.measures().taken[0]!.messages
    await publish(client, 200, 1, () => 'line/1')
    await publish(client, 200, 0, () => 'quiet/1')
    await publish(client, 4_000, 0, (i) => (i % 4 === 0 ? 'hall/chatter' : 'noise/1'))
    await one.until(({ capture }) => capture.measures().taken[0]!.messages - before === 4_400)
    const { queue } = one.capture.measures()
    expect([queue.bytes < queue.maxBytes, queue.pausedSince]).toEqual([true, null])
    one.disk.full = false
    await one.row(({ state }) => state === 'up')
    await one.until(() => one.links().includes('plant dropped'))
    const all = Array.from({ length: 4_000 }, (_, i) => i)
    const kept = [...stored(one, 'noise/'), ...stored(one, 'hall/')].sort((a, b) => a - b)
    expect(stored(one, 'line/')).toEqual(all.slice(0, 200))
    expect(stored(one, 'quiet/')).toEqual(all.slice(0, 200))
    expect(kept).toEqual(all.slice(4_000 - kept.length))
    expect(kept.length).toBeGreaterThan(0)
    const gone = all.slice(0, 4_000 - kept.length)
    const chatter = gone.filter((i) => i % 4 === 0).length
    expect(one.rows[0]!.dropped).toEqual([
      { topics: '+/chatter', messages: chatter },
      { topics: 'noise/#', messages: gone.length - chatter },
    ])
    expect(dropsIn(one)).toMatchObject(one.rows[0]!.dropped)
  })
})

describe('the queue', () => {
  test('is bounded by what a person does not allow to drop too; room is told once', () => {
    const { disk, batcher, told } = batching(10_000)
    disk.full = true
    const roomAfter = Array.from({ length: 40 }, () => batcher.add(arrival(100)))
    expect(roomAfter).toEqual(Array.from({ length: 40 }, (_, i) => (i + 1) * 305 < 10_000))
    disk.full = false
    batcher.flush()
    expect(told).toEqual(['blocked', 'full', 'taken', 'room'])
    expect(disk.head).toBe(40)
    expect(batcher.add(arrival(100))).toBe(true)
  })

  test('a connection that ends gives its room to the others', () => {
    const { disk, batcher, told } = batching(10_000)
    disk.full = true
    const acks = { acknowledge: () => undefined, flush: () => undefined }
    batcher.add(arrival(100))
    fill(batcher, { ack: { to: acks, packetId: 1, qos: 1 } })
    batcher.forget(acks)
    expect(told).toEqual(['blocked', 'full', 'room'])
    expect(batcher.waiting()).toEqual({ messages: 1, bytes: 305 })
  })

  test('a message that somebody waits for is never dropped, whatever is allowed', () => {
    const { disk, batcher } = batching(10_000)
    disk.full = true
    const acks = { acknowledge: () => undefined, flush: () => undefined }
    fill(batcher, { ack: { to: acks, packetId: 1, qos: 1 }, dropAs: '#' })
    expect(batcher.dropped.totals()).toEqual([])
  })

  test('what a command cannot write is refused, and what waits is written all the same when there is room', async () => {
    const { disk, batcher } = batching(10_000)
    disk.full = true
    batcher.add(arrival(100))
    expect(() => batcher.append([arrival(1).record])).toThrow(/takes nothing/)
    disk.full = false
    while (disk.head === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(disk.head).toBe(1)
  })

  test('a commit that took long is followed by one of all that came meanwhile; a fast one by the usual', async () => {
    const { disk, batcher } = batching(8_000_000, 1_000)
    let clock = 0
    let commitMs = 1
    vi.spyOn(performance, 'now').mockImplementation(() => {
      clock += commitMs
      return clock
    })
    atEnd(() => vi.restoreAllMocks())
    const fill = async () => {
      for (let i = 0; i < 4_000; i++) {
        batcher.add(arrival(100))
        if (i % 500 === 499) await new Promise(setImmediate)
      }
      while (batcher.waiting().messages > 0) await new Promise(setImmediate)
    }
    await fill()
    expect([disk.commits, disk.largest.records]).toEqual([4, 1_000])
    commitMs = 40
    await fill()
    await fill()
    expect([disk.commits, disk.largest.records, disk.head]).toEqual([7, 4_000, 12_000])
  })

  test('at the end what a full disk cannot take is counted and let go, so that the last words are written', () => {
    const { disk, batcher } = batching(1_000_000)
    const acks = { acknowledge: () => undefined, flush: () => undefined }
    disk.full = true
    for (let i = 0; i < 50; i++) batcher.add(arrival(1_000))
    batcher.add(arrival(1_000, { ack: { to: acks, packetId: 1, qos: 1 } }))
    batcher.add({ record: { ...arrival(30).record, kind: 'link', name: 'stopped' }, ack: null, urgent: true })
    disk.full = false
    disk.room = 1_000
    batcher.close()
    expect([disk.head, batcher.waiting().messages]).toEqual([2, 0])
    expect(batcher.dropped.totals()).toEqual([{ source: 'plant', topics: '#', messages: 50, bytes: 50_000 }])
  })

  test('a command gets the offset behind what waits and the note of what was dropped', () => {
    const { disk, batcher } = batching(1_000)
    disk.full = true
    for (let i = 0; i < 5; i++) batcher.add(arrival(100, { dropAs: '#' }))
    disk.full = false
    const { first, n } = batcher.append([arrival(1).record])
    expect([first, n]).toEqual([disk.head - 1, 1])
  })
})

test('a broker is hurried for when it waits for us: right after an acknowledgement, or when much is not acknowledged', () => {
  let now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  atEnd(() => vi.restoreAllMocks())
  const stream = { destroyed: false, write: () => true }
  const client = Object.assign(Object.create(null), { options: {}, connected: true, stream, _sendPacket: () => {} })
  const acks = new DeferredAcks(client, () => true)
  const come = (messageId: number) => {
    const packet = { cmd: 'publish', qos: 1, messageId }
    client.handleMessage(packet, () => client._sendPacket({ cmd: 'puback' }))
    return acks.isAwaited()
  }
  expect([1, 2, 3, 4, 5].map(come)).toEqual([false, false, false, false, true])
  for (const id of [1, 2, 3, 4, 5]) acks.acknowledge(id, 1)
  acks.flush()
  expect(come(6)).toBe(true)
  now += 5
  expect(acks.isAwaited()).toBe(false)
})

test('while nothing is read, the broker is told that we live, and its silence is no lost link', () => {
  const said: string[] = []
  const client = Object.assign(Object.create(null), {
    options: {},
    stream: null,
    _sendPacket: () => {},
    onKeepaliveTimeout: () => said.push('lost'),
    sendPing: () => said.push('ping'),
    reschedulePing: () => said.push('again'),
  })
  let room = false
  const acks = new DeferredAcks(client, () => room)
  client.handleMessage({ cmd: 'publish', qos: 0 }, () => said.push('next'))
  client.onKeepaliveTimeout()
  room = true
  acks.resume()
  client.onKeepaliveTimeout()
  expect(said).toEqual(['ping', 'again', 'next', 'lost'])
})

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b/c', 'a/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/', true],
  ['a/+', 'a', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['+/+', '/b', true],
  ['#', 'a/b', true],
  ['#', '$SYS/uptime', false],
  ['+/uptime', '$SYS/uptime', false],
  ['$SYS/#', '$SYS/uptime', true],
])('the filter %s and the topic %s: %s', (filter, topic, matches) => {
  expect(topicMatcher(['never/this', filter])(topic)).toBe(matches ? filter : null)
})

async function capturing(options: { maxQueueBytes: number }, more: { dropQos0: readonly string[] }, dir = tempDir()) {
  const broker = await startMosquitto({ conf: 'max_queued_messages 0' })
  atEnd(() => broker.stop())
  const one = new Capturing(dir, options)
  atEnd(() => one.stop())
  one.capture.addSource(source(broker.url, more), null)
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 4 })
  atEnd(() => client.endAsync(true))
  const knock = setInterval(() => client.publish('knock', '1', { qos: 1 }), 30)
  await one.until(() => one.messages().length > 0)
  clearInterval(knock)
  await client.publishAsync('knock', 'last', { qos: 1 })
  await one.until(() => one.messages().some((record) => Buffer.from(record.bytes).toString() === 'last'))
  return { one, client, url: broker.url }
}

/** Messages 0 to n - 1, each with its number in front. */
async function publish(client: MqttClient, n: number, qos: 0 | 1, topic: (i: number) => string): Promise<void> {
  for (let i = 0; i < n; i += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, n - i) }, (_, k) =>
        client.publishAsync(topic(i + k), `${i + k} `.padEnd(size, 'x'), { qos }),
      ),
    )
}

/** The numbers of the stored messages below a topic, in the order of the log; each repeat once. */
function stored(one: Capturing, below: string): number[] {
  const records = one.messages().filter((record) => record.topic.name.startsWith(below))
  return [...new Set(records.map((record) => Number.parseInt(Buffer.from(record.bytes).toString(), 10)))]
}

function dropsIn(one: Capturing): unknown {
  const record = one.records().find((each) => each.topic.name === 'dropped')!
  const { dropped } = JSON.parse(Buffer.from(record.bytes).toString()) as { dropped: { topics: string }[] }
  return dropped.sort((a, b) => a.topics.localeCompare(b.topics))
}

function batching(maxBytes: number, linger = 0) {
  const disk = new Disk(openLog(tempDir()))
  const told: string[] = []
  const batcher = new Batcher({
    log: disk,
    now: Date.now,
    linger,
    maxBytes,
    onCommit: () => undefined,
    onBlocked: (error: FieldError | null) => told.push(error === null ? 'taken' : 'blocked'),
    onFull: (full) => told.push(full ? 'full' : 'room'),
  })
  atEnd(() => {
    batcher.close()
    disk.close()
  })
  batcher.flush()
  return { disk, batcher, told }
}

function fill(batcher: Batcher, more: Partial<Arrival>): void {
  for (let i = 0; i < 100 && batcher.add(arrival(100, more)); i++);
}

function arrival(bytes: number, more: Partial<Arrival> = {}): Arrival {
  const record = {
    time: Date.now(),
    kind: 'message',
    source: 'plant',
    name: 'a/b/c',
    bytes: new Uint8Array(bytes),
  } as const
  return { record, ack: null, urgent: false, ...more }
}
