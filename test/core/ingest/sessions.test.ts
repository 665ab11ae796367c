import { pbkdf2Sync } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import type { Gap, SourceConfig } from '../../../core/contract/calls.ts'
import { Sessions } from '../../../core/ingest/mqtt/sessions.ts'
import { openQueries } from '../../../core/views/queries.ts'
import { atEnd } from '../../support/at-end.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { startScripted, welcome } from '../../support/scripted-broker.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews } from '../../support/views.ts'
import { type Capturing, capturing, source } from './capturing.ts'

async function mosquitto(conf = '', files: Record<string, string> = {}): Promise<Mosquitto> {
  const broker = await startMosquitto({ conf: `max_queued_messages 0\n${conf}`, files })
  atEnd(() => broker.stop())
  return broker
}

async function publisher(url: string, more: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4, ...more })
  atEnd(() => client.endAsync(true))
  return client
}

/** Published again until it is stored: then the subscription is granted. */
async function subscribed(one: Capturing, client: MqttClient, topic: string): Promise<void> {
  const is = () => texts(one, topic).length > 0
  const knock = setInterval(() => client.publish(topic, 'knock', { qos: 1 }), 50)
  await one.until(is)
  clearInterval(knock)
}

/** When the log knows of so many connections. */
async function up(one: Capturing, times: number): Promise<void> {
  await one.until(() => one.links().filter((link) => link === 'plant up').length === times)
}

function texts(one: Capturing, topic: string): string[] {
  return one
    .messages()
    .filter((record) => record.topic.name === topic)
    .map(({ bytes }) => Buffer.from(bytes).toString())
}

async function edit(one: Capturing, changed: SourceConfig, password: string | null = null): Promise<void> {
  await one.capture.endSource(changed.name, 'settings changed')
  one.capture.addSource(changed, password)
}

function gapsOf(one: Capturing): readonly Gap[] {
  const file = join(tempDir(), 'views.db')
  buildViews(one.dir, file)
  const queries = openQueries(file, one.dir, () => one.now() + 1_000)
  const { sources } = queries.continuity({ at: null, from: null, until: null })
  queries.close()
  return sources.find((each) => each.source === 'plant')!.gaps
}

/** As `mosquitto_passwd` writes it. */
function users(name: string, password: string): string {
  const salt = Buffer.from('twelve bytes')
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512').toString('base64')
  return `${name}:$7$101$${salt.toString('base64')}$${hash}\n`
}

const numbers = Array.from({ length: 20 }, (_, i) => String(i))

async function send(client: MqttClient, topic: string): Promise<void> {
  for (const text of numbers) await client.publishAsync(topic, text, { qos: 1 })
}

describe.skipIf(!hasMosquitto)('a source whose settings change', () => {
  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: what is sent while its new password is wrong comes with the right one',
    async (version) => {
      const broker = await mosquitto('allow_anonymous false\npassword_file $DIR/users', {
        users: users('plant', 'right'),
      })
      const client = await publisher(broker.url, { username: 'plant', password: 'right' })
      const one = capturing(tempDir())
      const config = source(broker.url, { version, username: 'plant' })
      one.capture.addSource(config, 'right')
      await subscribed(one, client, 'line/1')
      await edit(one, config, 'wrong')
      await one.row(({ state }) => state === 'action needed')
      await send(client, 'line/2')
      await edit(one, config, 'right')
      await one.until(() => texts(one, 'line/2').length >= 20)
      expect(texts(one, 'line/2')).toEqual(numbers)
      await one.stop()
      expect(one.causes()).toEqual(['settings changed', 'refused by broker', 'settings changed', 'not running'])
      expect(gapsOf(one).map(({ cause }) => cause)).toEqual(['settings changed', 'refused by broker', 'not running'])
    },
  )

  test('keeps the topics that stay, is granted the new ones, and lets go of the others only then', async () => {
    const broker = await mosquitto()
    const client = await publisher(broker.url)
    const one = capturing(tempDir())
    one.capture.addSource(source(broker.url, { topics: ['stays/#', 'goes/#'] }), null)
    await subscribed(one, client, 'goes/1')
    await one.capture.endSource('plant', 'settings changed')
    await send(client, 'stays/1')
    one.capture.addSource(source(broker.url, { topics: ['stays/#', 'comes/#'] }), null)
    await subscribed(one, client, 'comes/1')
    await one.until(() => texts(one, 'stays/1').length === 20)
    const said = broker.said()
    expect(said.match(/Received UNSUBSCRIBE from fw/g)).toHaveLength(1)
    expect(said.indexOf('Received UNSUBSCRIBE from fw')).toBeGreaterThan(said.indexOf('comes/# (QoS 1)'))
    const before = texts(one, 'goes/1').length
    await client.publishAsync('goes/1', 'nobody listens', { qos: 1 })
    await client.publishAsync('stays/1', 'end', { qos: 1 })
    await one.until(() => texts(one, 'stays/1').includes('end'))
    expect(texts(one, 'goes/1')).toHaveLength(before)
  })

  test('has no gap where its session held everything, and one of its own where QoS 0 comes', async () => {
    const broker = await mosquitto()
    const client = await publisher(broker.url)
    const one = capturing(tempDir())
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, client, 'line/1')
    await edit(one, source(broker.url, { exclude: ['x/#'] }))
    await send(client, 'line/2')
    await one.until(() => texts(one, 'line/2').length === 20)
    await up(one, 2)
    expect(gapsOf(one)).toEqual([])
    await client.publishAsync('line/0', 'plain', { qos: 0 })
    await one.until(() => texts(one, 'line/0').length === 1)
    await edit(one, source(broker.url))
    await up(one, 3)
    expect(gapsOf(one)).toMatchObject([{ cause: 'settings changed', detail: 'its settings were changed here' }])
  })

  test('that goes to another broker is told that the session stays where it was, and finds it there again', async () => {
    const [here, there] = [await mosquitto(), await mosquitto()]
    const [client, other] = [await publisher(here.url), await publisher(there.url)]
    const one = capturing(tempDir())
    one.capture.addSource(source(here.url), null)
    await subscribed(one, client, 'line/1')
    await edit(one, source(there.url))
    await subscribed(one, other, 'line/3')
    await send(client, 'line/2')
    const [gap] = gapsOf(one)
    expect(gap?.cause).toBe('broker kept nothing')
    expect(gap?.detail).toMatch(
      new RegExp(
        `^another session than before: what 127.0.0.1:${here.port} keeps for the client id fw\\w+ stays there`,
      ),
    )
    expect(here.said()).not.toContain('Received UNSUBSCRIBE from fw')
    await edit(one, source(here.url))
    await one.until(() => texts(one, 'line/2').length === 20)
    expect(gapsOf(one)).toEqual([gap])
  })

  test('that is removed leaves nothing at its broker, and is not missed when it is added again', async () => {
    const broker = await mosquitto()
    const client = await publisher(broker.url)
    const one = capturing(tempDir())
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, client, 'line/1')
    await one.capture.endSource('plant', 'removed')
    await send(client, 'line/2')
    one.capture.addSource(source(broker.url), null)
    await subscribed(one, client, 'line/3')
    expect(texts(one, 'line/2')).toEqual([])
    expect(gapsOf(one).map(({ cause }) => cause)).toEqual(['removed'])
  })
})

describe.skipIf(!hasMosquitto)('a broker that has lost our session', () => {
  test('is told from one that kept it, after a restart of ours too, and the whole absence is of that cause', async () => {
    const broker = await mosquitto()
    const client = await publisher(broker.url)
    const dir = tempDir()
    const first = capturing(dir)
    first.capture.addSource(source(broker.url), null)
    await subscribed(first, client, 'line/1')
    await first.stop()
    const second = capturing(dir)
    second.capture.addSource(source(broker.url), null)
    await up(second, 2)
    await second.stop()
    expect(gapsOf(second).map(({ cause }) => cause)).toEqual(['not running', 'not running'])
    await broker.halt()
    await broker.start() // it remembers nothing
    const third = capturing(dir)
    third.capture.addSource(source(broker.url), null)
    await up(third, 3)
    const gaps = gapsOf(third)
    expect(gaps.map(({ cause }) => cause)).toEqual(['not running', 'broker kept nothing'])
    const [stopped, came] = [third.records().findLast(({ topic }) => topic.name === 'down'), third.records().at(-1)]
    expect(gaps[1]).toMatchObject({
      from: stopped!.time,
      until: came!.time,
      detail: 'the broker had no session of us any more, so what was sent meanwhile is missing; meanwhile not running',
    })
  })
})

describe.skipIf(!hasMosquitto)('a broker that grants less than was asked for', () => {
  test.each(['5', '3.1.1'] as const)('MQTT %s: is told, on screen and in the log', async (version) => {
    const broker = await mosquitto('max_qos 0')
    const client = await publisher(broker.url)
    const one = capturing(tempDir())
    one.capture.addSource(source(broker.url, { version, topics: ['line/#'] }), null)
    const words = 'line/#: the broker grants a lower quality of service than was asked for, and does not repeat'
    await one.row(({ state, note }) => state === 'up' && note?.startsWith(words) === true)
    const details = () =>
      one
        .records()
        .filter(({ topic }) => topic.name === 'up')
        .map(({ bytes }) => `${Buffer.from(bytes)}`)
    await one.until(() => details().some((said) => said.includes(words)))
    client.publish('line/1', 'plain', { qos: 0 })
    await one.until(() => texts(one, 'line/1').length === 1)
    await edit(one, source(broker.url, { version, topics: ['line/#'], exclude: ['x'] }))
    await one.until(() => details().length === 4)
    expect(gapsOf(one).map(({ cause }) => cause)).toEqual(['settings changed'])
  })
})

describe('a broker that keeps sessions for a shorter time than is asked for', () => {
  test.each([
    [0, 'the broker keeps nothing of what comes while Fieldwatch is away'],
    [600, 'the broker keeps what comes while Fieldwatch is away for 10 min at most'],
    [86_400, 'the broker keeps what comes while Fieldwatch is away for 24 h at most'],
  ])('%i s: is told', async (sessionExpiryInterval, words) => {
    const broker = await startScripted((two, packet) => {
      const properties = { sessionExpiryInterval }
      if (packet.cmd === 'connect') two.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties })
      else welcome(two, packet)
    })
    atEnd(() => broker.stop())
    const one = capturing(tempDir())
    one.capture.addSource(source(broker.url, { version: '5' }), null)
    expect((await one.row(({ state }) => state === 'up')).note).toBe(words)
  })
})

test('a file whose settings change has no gap, because its lines are still there, and one that is removed is so', async () => {
  const dir = tempDir()
  const path = join(dir, 'plant.log')
  writeFileSync(path, 'one\n')
  const one = capturing(join(dir, 'log'))
  const file = { name: 'plant', path, topic: 'logs/plant', pattern: null, device: null, time: null }
  one.capture.addFile(file)
  await one.until(() => texts(one, 'logs/plant').length === 1)
  await one.capture.endSource('plant', 'settings changed')
  appendFileSync(path, 'two\n')
  one.capture.addFile(file)
  await one.until(() => texts(one, 'logs/plant').length === 2)
  await up(one, 2)
  expect(gapsOf(one)).toEqual([])
  await one.capture.endSource('plant', 'removed')
  await one.until(() => one.causes().length === 2)
  expect(gapsOf(one).map(({ cause }) => cause)).toEqual(['removed'])
})

test('a list of sessions that is damaged is none', () => {
  const dir = tempDir()
  writeFileSync(join(dir, 'sessions.json'), '[{"source":"plant"')
  const sessions = new Sessions(dir)
  expect(sessions.greeted(source('mqtt://here'), 'fw1', false)).toEqual({ held: false, unkept: null })
  expect(sessions.greeted(source('mqtt://here'), 'fw1', false).unkept).toContain('no session of us any more')
  expect(new Sessions(dir).greeted(source('mqtt://here:1883'), 'fw1', true)).toEqual({ held: true, unkept: null })
  expect(existsSync(join(dir, 'sessions.json'))).toBe(true)
  expect(JSON.parse(readFileSync(join(dir, 'sessions.json'), 'utf8'))).toMatchObject([{ broker: 'here:1883' }])
})
