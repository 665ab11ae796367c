import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka as KafkaClient, Partitioners } from 'kafkajs'
import { connectAsync } from 'mqtt'
import { openReader } from '../../../core/log/reader.ts'
import { openLogSource } from '../../../core/sync/log-source.ts'
import { type App, openClient, startApp } from '../app.ts'
import { hotRule } from '../hot-rule.ts'
import { destinationAt } from '../kafka/destination.ts'
import { freePorts, readTopic, startKafka } from '../kafka/kafka.ts'
import { startMosquitto } from '../mosquitto.ts'
import { connect, flinkAlerts, flinkTelemetry, hasFlink, type Reading, spark } from './readers.ts'
import { faultsIn, Telling, type Told } from './told.ts'

// Spark, Flink and Kafka Connect read what a real Fieldwatch sent to a real Kafka, and must come to what the log says. The
// program is killed while it sends, and records are sent again as a fault would, so there is something to drop.

const messages = 20_000
const copies = 500
const killsAt = [0.2, 0.45, 0.7]
const modes = { exact: 'exactly-once', least: 'at-least-once' } as const
type Name = keyof typeof modes

const hot = hotRule(90, { scope: { device: '*', signal: 'temp' }, priority: 1 })

const root = mkdtempSync(join(tmpdir(), 'fieldwatch-central-'))
const data = join(root, 'data')
const kafka = await startKafka()
const broker = await startMosquitto()
let differing = 0
try {
  mkdirSync(data)
  await capture()
  const log = logSays()
  say(
    `The log holds ${log.told.once} readings and ${log.open.length} open alerts. They are sent exactly once, and at least once.`,
  )
  await send()
  await sendAgain('least')
  say(
    `\n| reader | topic | records there | marked | readings | in the log | series | differ |\n|---|---|---|---|---|---|---|---|`,
  )
  for (const name of Object.keys(modes) as Name[]) await compare(name, log)
} finally {
  await broker.stop()
  await kafka.remove()
  rmSync(root, { recursive: true, force: true })
}
process.exitCode = differing === 0 ? 0 : 1

async function compare(name: Name, log: ReturnType<typeof logSays>): Promise<void> {
  const topic = `${name}.telemetry`
  const records = await readTopic(kafka.address, topic)
  const marked = records.filter(({ headers }) => headers.has('edge-maybe-dup')).length
  const unmarked = new Set(
    records.filter(({ headers }) => !headers.has('edge-maybe-dup')).map(({ headers }) => headers.get('ce_id')),
  )
  const told = (reader: string, by: Told) =>
    row(reader, topic, `${records.length} | ${marked} | ${by.once}`, log.told, faultsIn(by, log.told))
  const promised =
    name === 'exact' ? records.length === log.told.once && marked === 0 : unmarked.size + marked === records.length
  row('kcat', topic, `${records.length} | ${marked} | -`, log.told, promised ? [] : ['a repeat is not marked'])
  const { batch, stream } = await spark(reading(name, 'spark'))
  told('Spark', batch)
  told('Spark, streaming, restarted', stream)
  if (hasFlink) told('Flink SQL', await flinkTelemetry(reading(name, 'flink')))
  else say('Flink is left out: it needs a JDK (javac).')
  if (name !== 'exact') return
  const [port] = await freePorts(1)
  told('Kafka Connect', await connect(reading(name, 'connect'), port!, log.told.once))
  if (!hasFlink) return
  const open = await flinkAlerts({ ...reading(name, 'flink'), topic: `${name}.alerts` })
  row(
    'Flink SQL, open alerts',
    `${name}.alerts`,
    `- | - | ${open.length}`,
    log.told,
    open.join() === log.open.join() ? [] : [`${open.join(' ')}, the log has ${log.open.join(' ')}`],
  )
}

function row(reader: string, topic: string, counts: string, log: Told, faults: readonly string[]): void {
  differing += faults.length
  say(`| ${reader} | ${topic} | ${counts} | ${log.once} | ${log.series.length} | ${faults.length} |`)
  for (const fault of faults.slice(0, 5)) say(`  ${fault}`)
}

function reading(name: Name, reader: string): Reading {
  const folder = join(root, `${reader}-${name}`)
  mkdirSync(folder, { recursive: true })
  return { address: kafka.address, topic: `${name}.telemetry`, folder }
}

/** Numbers, a boolean, a text; now and then what cannot be decoded; alerts that stay open, and alerts that are over. */
async function capture(): Promise<void> {
  say(`Capturing ${messages} messages…`)
  configure({ sources: [{ name: 'plant', url: broker.url, topics: ['plant/#'] }] })
  const app = await startApp(['--data', data])
  const client = await openClient(app)
  await until(async () => (await client.call('status', {})).sources[0]?.state === 'up')
  await client.call('command', { name: 'rule.put', value: hot })
  const publisher = await connectAsync(broker.url)
  const publish = (i: number, body: string) => publisher.publishAsync(topicOf(i), body, { qos: 1 })
  for (let i = 0; i < messages; i += 500)
    await Promise.all(Array.from({ length: 500 }, (_, k) => publish(i + k, bodyOf(i + k))))
  for (const i of [0, 1, 2]) await publish(i, '{"temp":95}')
  for (const i of [0, 0, 0, 1, 1, 1]) await publish(i, '{"temp":25}')
  const alerts = () => client.call('alerts', { at: null, show: 'history', device: null, limit: 100 })
  const hots = async () => (await alerts()).rows.map(({ alert }) => alert).filter(({ rule }) => rule === 'hot')
  await until(async () => (await hots()).filter(({ until }) => until !== null).length === 2)
  const over = (await hots()).find(({ until }) => until !== null)!
  await client.call('command', { name: 'ack', value: { ids: [over.id], note: null, by: 'ann' } })
  await until(async () => (await hots()).some(({ acknowledged }) => acknowledged !== null))
  client.close()
  await publisher.endAsync()
  await app.stop()
}

function topicOf(i: number): string {
  return `plant/line-${i % 3}/machine-${i % 7}`
}

function bodyOf(i: number): string {
  if (i % 400 === 399) return '{"broken":'
  const state = i % 2 === 0 ? 'idle' : 'run'
  return JSON.stringify({ temp: 20 + ((i * 37) % 1_000) / 100, pressure: (i % 11) / 4, open: i % 5 === 0, state })
}

/** By the decoder of the path, from the log and its views alone. */
function logSays(): { readonly told: Told; readonly open: readonly string[] } {
  const reader = openReader(join(data, 'log'))
  const source = openLogSource(reader, join(data, 'views.db'))
  const telling = new Telling()
  for (let at = reader.base(); at < reader.head(); ) {
    const read = source.messages(at, reader.head(), 10_000)
    for (const { readings, device, undecodable } of read.messages) {
      if (undecodable !== null) telling.add(device, '', null)
      for (const one of readings)
        telling.add(one.device, one.signal, typeof one.value === 'string' ? null : Number(one.value))
    }
    at = read.to
  }
  const newest = new Map(source.changes({ from: 0, to: reader.head() }).map(({ alert }) => [alert.id, alert]))
  reader.close()
  const open = [...newest.values()].filter(({ until, acknowledged }) => until === null || acknowledged === null)
  const keys = open.map(({ device, signal, rule, opened }) =>
    ['My plant', device, ...(signal === null ? [] : [signal]), rule, opened].join('/'),
  )
  return { told: telling.told(), open: keys.sort() }
}

/** Kills the program at parts of the way, as a power cut would, and lets it finish at last. */
async function send(): Promise<void> {
  const destinations = (maxBytesPerSecond: number | null) =>
    Object.entries(modes).map(([name, delivery]) =>
      destinationAt(kafka.address, name, { delivery, maxBytesPerSecond, compression: 'none' }),
    )
  configure({ destinations: destinations(4_000_000) })
  for (const part of killsAt) {
    const app = await startApp(['--data', data])
    await untilSent(app, (next, head) => next >= head * part)
    await app.kill()
    say(`Killed with ${part * 100} % sent.`)
  }
  configure({ destinations: destinations(null) })
  const app = await startApp(['--data', data])
  await untilSent(app, (next, head) => next >= head)
  await app.stop()
}

async function untilSent(app: App, fact: (next: number, head: number) => boolean): Promise<void> {
  const client = await openClient(app)
  await until(async () => {
    const rows = await client.call('destinations', {})
    return (
      rows.length === 2 && rows.every(({ next, head, state }) => head > 0 && state !== 'starting' && fact(next, head))
    )
  })
  client.close()
}

/** What a crash between sending and booking leaves: records that are there already, marked. */
async function sendAgain(name: Name): Promise<void> {
  const topic = `${name}.telemetry`
  const records = (await readTopic(kafka.address, topic)).filter((_, i) => i % 7 === 0).slice(0, copies)
  const client = new KafkaClient({ brokers: [kafka.address], logLevel: 0 })
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const marked = (headers: ReadonlyMap<string, string>) => ({ ...Object.fromEntries(headers), 'edge-maybe-dup': '1' })
  await producer.send({
    topic,
    messages: records.map(({ key, value, headers }) => ({ key, value, headers: marked(headers) })),
  })
  await producer.disconnect()
}

function configure(config: object): void {
  writeFileSync(join(data, 'config.json'), JSON.stringify(config))
}

async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await sleep(50)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
