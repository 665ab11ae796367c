import mqtt from 'mqtt'
import { expect, test } from 'vitest'
import type { Broker } from '../../../core/ingest/broker/broker.ts'
import { startBroker } from '../../../core/ingest/broker/broker.ts'
import { dairy } from '../../../core/ingest/demo/dairy.ts'
import { startDevices } from '../../../core/ingest/demo/devices.ts'
import { openDemo } from '../../../core/ingest/demo/message.ts'
import { atEnd } from '../../support/at-end.ts'
import { freePort } from '../../support/mosquitto.ts'

const seed = 7
test('the devices publish over MQTT with QoS 1 what the plant says at that time', async () => {
  const startedAt = Date.now()
  const broker = await started(startBroker())
  const heard = await listen(broker)
  atEnd(await startDevices({ url: broker.url, seed, startedAt, now: Date.now }))
  const fast = dairy.filter(({ every }) => every === 2_000).map(({ topic }) => topic)
  await heard.until((topics) => fast.every((topic) => topics.filter((one) => one === topic).length >= 2))
  const demo = openDemo({ seed, startedAt })
  for (const { topic, bytes, qos } of heard.messages) {
    const { ts } = JSON.parse(bytes.toString())
    expect(qos).toBe(1)
    expect(bytes.toString()).toBe(said(demo, topic, ts))
    expect(Math.abs(Date.now() - ts)).toBeLessThan(30_000)
  }
})

test('a clock that runs a hundred times faster brings every device at its cadence, and none while it is silent', async () => {
  const began = Date.now()
  const startedAt = began - 3.5 * 60_000 // the tank goes silent half a minute later
  const now = () => began + (Date.now() - began) * 100
  const broker = await started(startBroker())
  const heard = await listen(broker)
  atEnd(await startDevices({ url: broker.url, seed, startedAt, now }))
  const others = dairy.map(({ topic }) => topic).filter((topic) => !topic.includes('T-110'))
  await heard.until((topics) => others.every((topic) => topics.includes(topic)))
  const tank = heard.messages.filter(({ topic }) => topic.endsWith('Tank_T-110'))
  expect(tank.length).toBeLessThanOrEqual(3)
})

test('a machine that slept leaves out what was due meanwhile', async () => {
  const startedAt = Date.now()
  let slept = 0
  const broker = await started(startBroker())
  const heard = await listen(broker)
  atEnd(await startDevices({ url: broker.url, seed, startedAt, now: () => Date.now() + slept }))
  await heard.until((topics) => topics.length >= 2)
  const before = heard.messages.length
  slept = 3_600_000
  await heard.until((topics) => topics.length >= before + 3)
  const after = heard.messages.slice(before).map(({ bytes }) => JSON.parse(bytes.toString()).ts as number)
  for (const ts of after) expect(ts < startedAt + 60_000 || ts > startedAt + slept - 61_000).toBe(true)
})

test('without a broker the start fails with the reason, and leaves nothing running', async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`
  await expect(startDevices({ url, seed, startedAt: Date.now(), now: Date.now })).rejects.toThrow(/ECONNREFUSED/)
})

test('a start that is called off rejects with the reason', async () => {
  const broker = await started(startBroker())
  const signal = AbortSignal.abort(new Error('closing'))
  const start = startDevices({ url: broker.url, seed, startedAt: Date.now(), now: Date.now, signal })
  await expect(start).rejects.toThrow('closing')
})

test('the built-in broker listens on loopback only, and says when its port is taken', async () => {
  const broker = await started(startBroker())
  expect(broker.url).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/)
  await expect(startBroker({ port: Number(new URL(broker.url).port) })).rejects.toThrow(/is in use/)
})

test('the built-in broker sends everybody away when it stops', async () => {
  const broker = await startBroker()
  const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 })
  const closed = new Promise<void>((resolve) => client.once('close', resolve))
  await broker.stop()
  await closed
  await client.endAsync(true)
})

async function started(broker: Promise<Broker>): Promise<Broker> {
  const running = await broker
  atEnd(() => running.stop())
  return running
}

interface Message {
  readonly topic: string
  readonly bytes: Buffer
  readonly qos: number
}

async function listen({ url }: Broker) {
  const messages: Message[] = []
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
  let changed = () => {}
  client.on('message', (topic, bytes, { qos }) => {
    messages.push({ topic, bytes, qos })
    changed()
  })
  await client.subscribeAsync('#', { qos: 1 })
  atEnd(async () => client.endAsync(true))
  return {
    messages,
    async until(enough: (topics: readonly string[]) => boolean): Promise<void> {
      while (!enough(messages.map(({ topic }) => topic)))
        await new Promise<void>((resolve) => {
          changed = resolve
        })
    },
  }
}

function said(demo: ReturnType<typeof openDemo>, topic: string, time: number): string {
  const into = Buffer.alloc(512)
  const device = demo.devices.findIndex((one) => one.topic === topic)
  return into.subarray(0, demo.write(device, time, into, 0)).toString()
}
