import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { startCapture } from '../../../core/ingest/capture.ts'
import { openLog } from '../../../core/log/log.ts'
import { atEnd } from '../../support/at-end.ts'
import { eventually } from '../../support/eventually.ts'
import { hasMosquitto, type Mosquitto } from '../../support/mosquitto.ts'
import { startScripted, welcome } from '../../support/scripted-broker.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startWire } from '../../support/wire.ts'
import { type Capturing, capturing, mosquitto, source } from './capturing.ts'

async function client(url: string, version: 4 | 5 = 4): Promise<MqttClient> {
  const one = await mqtt.connectAsync(url, { protocolVersion: version })
  atEnd(() => one.endAsync(true))
  return one
}

/** Without what a cut line brought twice, marked as a repeat. */
const fresh = (one: Capturing) => one.messages().filter(({ repeat }) => !repeat)
const texts = (one: Capturing) => fresh(one).map(({ topic, bytes }) => `${topic.name} ${Buffer.from(bytes)}`)

describe.skipIf(!hasMosquitto)('what the broker remembers', () => {
  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: a retained message is stored once and marked, however often the broker tells it; a new one is news',
    async (version) => {
      const broker = await mosquitto()
      const wire = await startWire(broker.port)
      atEnd(() => wire.stop())
      const device = await client(broker.url)
      await device.publishAsync('setpoint', '5', { qos: 1, retain: true })
      const one = capturing()
      one.capture.addSource(source(wire.url, { version }), null)
      await one.until(() => one.messages().length === 1)
      for (let i = 0; i < 3; i++) {
        wire.cut()
        await one.row(({ state }) => state === 'down')
        await device.publishAsync('line/1', String(i), { qos: 1 })
        await one.row(({ state }) => state === 'up')
        await one.until(() => texts(one).includes(`line/1 ${i}`))
      }
      expect(texts(one)).toEqual(['setpoint 5', 'line/1 0', 'line/1 1', 'line/1 2'])
      expect(fresh(one).map(({ retained }) => retained)).toEqual([true, false, false, false])
      if (version === '3.1.1') await one.row(({ leftOut }) => leftOut.retainedAgain > 0)
      else expect(one.capture.status()[0]!.leftOut.retainedAgain).toBe(0)
      wire.cut()
      await one.row(({ state }) => state === 'down')
      await device.publishAsync('setpoint', '6', { qos: 1, retain: true })
      await one.until(() => texts(one).includes('setpoint 6'))
    },
  )
})

interface LeftOut {
  readonly leftOut: readonly { readonly topics: string; readonly messages: number }[]
}

describe.skipIf(!hasMosquitto)('topics that a person left out', () => {
  test('are told to the log within the minute, while the link stands', async () => {
    const broker = await mosquitto()
    const one = capturing()
    one.capture.addSource(source(broker.url, { exclude: ['camera/+'] }), null)
    await one.row(({ state }) => state === 'up')
    const device = await client(broker.url)
    await device.publishAsync('camera/1', '', { qos: 1, retain: true })
    await one.row(({ leftOut }) => leftOut.excluded === 1)
    const ahead = one.now() + 61_000
    one.now = () => ahead
    await one.until(() => one.links().includes('plant left out'))
    expect(one.links().filter((link) => link === 'plant down')).toEqual([])
  })

  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: are acknowledged and counted, and only the rest is stored',
    async (version) => {
      const broker = await mosquitto('max_queued_messages 0')
      const one = capturing()
      one.capture.addSource(source(broker.url, { version, exclude: ['+/debug/#', 'camera/+'] }), null)
      await one.row(({ state }) => state === 'up')
      const device = await client(broker.url)
      await device.publishAsync('knock', '', { qos: 1, retain: true })
      await one.until(() => one.messages().length === 1)
      const topics = ['line/debug', 'line/debug/a/b', 'camera/1', 'camera/1/temperature', 'line/1']
      await Promise.all(
        Array.from({ length: 200 }, (_, i) => device.publishAsync(topics[i % 5]!, String(i), { qos: 1 })),
      )
      await one.until(() => one.messages().length === 81)
      const stored = new Set(one.messages().map(({ topic }) => topic.name))
      expect([...stored].sort()).toEqual(['camera/1/temperature', 'knock', 'line/1'])
      await one.row(({ leftOut }) => leftOut.excluded === 120)
      await one.stop() // what was not acknowledged comes again to the next
      const told = one.records().filter(({ kind, topic }) => kind === 'link' && topic.name === 'left out')
      const counts = new Map<string, number>()
      for (const { bytes } of told)
        for (const { topics, messages } of (JSON.parse(Buffer.from(bytes).toString()) as LeftOut).leftOut)
          counts.set(topics, (counts.get(topics) ?? 0) + messages)
      expect(Object.fromEntries(counts)).toEqual({ '+/debug/#': 80, 'camera/+': 40 })
      const next = capturing(one.dir)
      next.capture.addSource(source(broker.url, { version }), null)
      await device.publishAsync('end', '', { qos: 1 })
      await next.until(() => texts(next).at(-1) === 'end ')
      expect(next.messages()).toHaveLength(82)
    },
  )
})

describe('acknowledgements of what is left out', () => {
  test('leave in the order of their messages', async () => {
    const acknowledged: number[] = []
    const broker = await startScripted((two, packet) => {
      if (welcome(two, packet) && packet.cmd === 'subscribe')
        for (let id = 1; id <= 300; id++)
          two.send({
            cmd: 'publish',
            qos: 1,
            messageId: id,
            topic: id % 3 === 0 ? 'keep' : 'drop',
            payload: String(id),
            dup: false,
            retain: false,
          })
      if (packet.cmd === 'puback') acknowledged.push(packet.messageId!)
    })
    atEnd(() => broker.stop())
    const one = capturing()
    one.capture.addSource(source(broker.url, { version: '5', exclude: ['drop'] }), null)
    await eventually(() => acknowledged.length === 300)
    expect(acknowledged).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
    expect(one.messages()).toHaveLength(100)
  })
})

describe('a broker that ignores Receive Maximum', () => {
  test('finds a queue with a bound, and nothing that it sent is lost', async () => {
    const n = 30_000
    const seen = new Set<number>()
    const broker = await startScripted((two, packet) => {
      if (welcome(two, packet) && packet.cmd === 'subscribe') flood(two.send)
      if (packet.cmd === 'puback') seen.add(packet.messageId!)
    })
    const flood = (send: (packet: mqtt.Packet) => void) => {
      for (let id = 1; id <= n; id++)
        send({ cmd: 'publish', qos: 1, messageId: id, topic: 'line/1', payload: String(id), dup: false, retain: false })
    }
    atEnd(() => broker.stop())
    const dir = tempDir()
    const log = openLog(dir)
    let most = 0
    const capture = startCapture({
      log: Object.assign(Object.create(log), {
        append: (records: Parameters<typeof log.append>[0]) => {
          most = Math.max(most, records.length)
          return log.append(records)
        },
      }),
      now: Date.now,
      linger: 20,
      maxQueueBytes: 1_000_000,
      onHead: () => undefined,
      onStatus: () => undefined,
    })
    capture.addSource(source(broker.url, { version: '5' }), null)
    await eventually(() => seen.size === n)
    await capture.stop()
    log.close()
    expect(most).toBeLessThan(6_000) // each takes 200 bytes and its own
    const one = capturing(dir)
    expect(one.messages().map(({ bytes }) => Number(Buffer.from(bytes).toString()))).toEqual(
      Array.from({ length: n }, (_, i) => i + 1),
    )
  })
})

describe.skipIf(!hasMosquitto)('a shared subscription', () => {
  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: two recorders of a group store each message once, and say that the other has its part',
    async (version) => {
      const broker = await mosquitto()
      const two = [capturing(), capturing()]
      for (const one of two) {
        one.capture.addSource(source(broker.url, { version, topics: ['$share/recorders/line/#'] }), null)
        await one.row(({ state }) => state === 'up')
      }
      const device = await client(broker.url)
      await until(broker, /Received SUBSCRIBE[\s\S]*Received SUBSCRIBE/)
      await Promise.all(Array.from({ length: 200 }, (_, i) => device.publishAsync('line/1', String(i), { qos: 1 })))
      const all = () => two.flatMap(texts)
      while (all().length < 200) await Promise.race(two.map((one) => new Promise<void>((done) => one.next(done))))
      expect(new Set(all()).size).toBe(200)
      expect(two.every((one) => one.messages().length > 0)).toBe(true)
      const note = '$share/recorders/line/#: shared, so what other members of the group took is not in this log'
      expect(two[0]!.rows[0]!.note).toContain(note)
      const up = two[0]!.records().find(({ kind, topic }) => kind === 'link' && topic.name === 'up')!
      expect(Buffer.from(up.bytes).toString()).toContain('what other members of the group took is not in this log')
    },
  )
})

describe('a broker without shared subscriptions', () => {
  test('is not asked for one, and that is said; other topics are captured', async () => {
    const asked: string[] = []
    const broker = await startScripted((two, packet) => {
      if (packet.cmd === 'connect')
        two.send({
          cmd: 'connack',
          reasonCode: 0,
          sessionPresent: false,
          properties: { sharedSubscriptionAvailable: false },
        })
      else if (welcome(two, packet) && packet.cmd === 'subscribe')
        asked.push(...packet.subscriptions.map(({ topic }) => topic))
    })
    atEnd(() => broker.stop())
    const one = capturing()
    one.capture.addSource(source(broker.url, { version: '5', topics: ['$share/g/line/#', 'plant/#'] }), null)
    const row = await one.row(({ refusedTopics }) => refusedTopics.length > 0)
    expect(row).toMatchObject({ state: 'up', refusedTopics: ['$share/g/line/#'] })
    expect(row.error?.message).toBe('the broker refuses the topic "$share/g/line/#": it has no shared subscriptions')
    expect(asked).toEqual(['plant/#'])
  })
})

describe.skipIf(!hasMosquitto)('the announcement of the program itself', () => {
  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: online, lost and stopped can be read at the broker, and are not taken for a device',
    async (version) => {
      const broker = await mosquitto()
      const wire = await startWire(broker.port)
      atEnd(() => wire.stop())
      const reader = await client(broker.url)
      const heard: string[] = []
      reader.on('message', (_, bytes) => heard.push(String(bytes).replace(/"time":\d+/, '"time":T')))
      await reader.subscribeAsync('recorders/a', { qos: 1 })
      const announce = { topic: 'recorders/a', retained: true }
      const one = capturing()
      one.capture.addSource(source(wire.url, { version, announce }), null)
      await one.row(({ leftOut }) => leftOut.excluded === 1) // our own word comes back to us
      wire.cut()
      await eventually(() => heard.length >= 2)
      const two = capturing()
      two.capture.addSource(source(broker.url, { version, announce, name: 'b' }), null)
      await two.row(({ state }) => state === 'up')
      await eventually(() => heard.at(-1)?.includes('online') === true)
      await two.stop()
      await eventually(() => heard.at(-1)?.includes('stopped') === true)
      expect(heard.slice(0, 2)).toEqual([
        '{"state":"online","source":"plant","time":T}',
        '{"state":"offline","source":"plant","cause":"lost"}',
      ])
      expect(heard.at(-1)).toBe('{"state":"offline","source":"b","cause":"stopped","time":T}')
      expect([one.messages(), two.messages()]).toEqual([[], []])
    },
  )
})

async function until(broker: Mosquitto, said: RegExp): Promise<void> {
  await eventually(() => said.test(broker.said()))
}
