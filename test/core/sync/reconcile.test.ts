import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type Admin, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DestinationConfig, Proof, SyncJob } from '../../../core/contract/calls.ts'
import type { Offset } from '../../../core/contract/model.ts'
import type { AlertChange } from '../../../core/sync/record-format.ts'
import type { AlertRecord } from '../../../core/sync/records.ts'
import { makeTopics } from '../../support/kafka/admin.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, startKafka } from '../../support/kafka/kafka.ts'
import { MadeSource, readingIds } from '../../support/kafka/made-source.ts'
import { type Running, startRunning } from '../../support/kafka/running.ts'
import { noise } from '../../support/noise.ts'

let kafka: Kafka
let admin: Admin
let stranger: Producer
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-reconcile-'))
const present = hasKafka()

beforeAll(async () => {
  if (!present) return
  kafka = await startKafka()
  const client = new kafkajs.Kafka({ brokers: [kafka.address], logLevel: kafkajs.logLevel.NOTHING })
  admin = client.admin()
  stranger = client.producer()
  await Promise.all([admin.connect(), stranger.connect()])
})
afterAll(async () => {
  await admin?.disconnect()
  await stranger?.disconnect()
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

describe.skipIf(!present)('a check reads a real Kafka and compares it with the log', () => {
  test('what was sent exactly once is proven so, record by record', async () => {
    const running = await sent('proven', 2_000)
    const proof = await checked(running, 'proven')
    expect(proof).toMatchObject({
      expected: readingIds(0, 2_000).length,
      arrived: readingIds(0, 2_000).length,
      ...clean,
    })
    expect(running.forward.rows()[0]!.checked).toMatchObject({ from: 0, to: 2_000, missing: 0, twice: 0 })
    await running.forward.stop()
  })

  test('a copy, a stranger and one that is not there are each counted and named', async () => {
    const source = new MadeSource()
    const running = await sent('differs', 300, { source })
    const [copied] = await settled('differs.telemetry', readingIds(0, 300).length)
    await resend(copied!, {})
    await resend(copied!, { 'edge-offset': '10' })
    const made = source.messages.bind(source)
    source.messages = (from, limit, most) => {
      const read = made(from, limit, most)
      const more = read.messages.find(({ record }) => record.offset === 36)
      return more === undefined
        ? read
        : { ...read, messages: read.messages.map((one) => (one === more ? withOneMore(one) : one)) }
    }
    const proof = await checked(running, 'differs')
    expect(proof).toMatchObject({ ...clean, missing: 1, twice: 1, unknown: 1 })
    expect(proof.differences).toEqual([
      { offset: 36, index: 1, what: 'missing' },
      { ...placeOf(copied!), what: 'twice' },
      { offset: 10, index: Number(copied!.headers.get('edge-index')), what: 'unknown' },
    ])
    await running.forward.stop()
  })

  test('aborted transactions and other installations are not counted', async () => {
    const running = await sent('mixed', 500)
    await resendAborted(await settled('mixed.telemetry', readingIds(0, 500).length))
    const [any] = await settled('mixed.telemetry', 1)
    await resend(any!, { 'edge-source': 'fw-other' })
    expect(await checked(running, 'mixed')).toMatchObject({ ...clean, read: readingIds(0, 500).length + 1 })
    await running.forward.stop()
  })

  test('what the topic deleted since is said to be that, and not missing', async () => {
    const running = await sent('deleted', 600)
    const half = readingIds(0, 600).length / 8
    const partitions = [0, 1, 2, 3].map((partition) => ({ partition, offset: String(Math.floor(half)) }))
    await admin.fetchTopicMetadata({ topics: ['deleted.telemetry'] }) // else the client does not know its leaders
    await admin.deleteTopicRecords({ topic: 'deleted.telemetry', partitions })
    const proof = await checked(running, 'deleted')
    expect(proof).toMatchObject({ missing: 0, twice: 0 })
    expect(proof.deleted).toBeGreaterThan(50)
    expect(proof.arrived + proof.deleted).toBe(proof.expected)
    await running.forward.stop()
  })

  test('of two destinations that share a topic, each is counted for itself, and the one that was there first, too', async () => {
    const dir = mkdtempSync(join(root, 'state-'))
    const source = made(900)
    const shared = (name: string) => destinationAt(kafka.address, 'shared', { name })
    const running = startRunning({ dir, destination: shared('first'), parts: { source, pace: { lingerMs: 1 } } })
    await running.until((row) => row.acked === 900)
    await running.forward.update(['first', 'second'].map((name) => ({ destination: shared(name), password: null })))
    running.forward.head(1_200)
    await vi.waitFor(() => expect(running.forward.rows().map(({ acked }) => acked)).toEqual([1_200, 1_200]), 60_000)
    const all = readingIds(0, 1_200).length
    await settled('shared.telemetry', 2 * all)
    for (const name of ['first', 'second'])
      expect(await checked(running, name)).toMatchObject({ ...clean, expected: all, arrived: all, others: all })
    await running.forward.stop()
  })

  test('a check can be cancelled, and one at a time runs for a destination', async () => {
    const running = await sent('called-off', 3_000)
    const { id } = running.forward.check({ destination: 'called-off', from: null, to: null })
    expect(() => running.forward.check({ destination: 'called-off', from: null, to: null })).toThrow(
      /is busy with offsets 0 to 2999/,
    )
    running.forward.cancel(id)
    expect(await running.ended(id)).toMatchObject({ state: 'cancelled', proof: null, error: null })
    expect(running.forward.rows()[0]!.checked).toBeNull()
    await running.forward.stop()
  })
})

describe.skipIf(!present)('a range is sent again to a real Kafka', () => {
  test('as many records as were counted, each marked, beside what is sent anyway and exactly once', async () => {
    const running = await sent('again', 1_500)
    const span = { by: 'offset', from: 400, to: 900 } as const
    const counted = await running.forward.count({ destination: 'again', span }, AbortSignal.timeout(60_000))
    expect(counted).toMatchObject({ from: 400, to: 900, records: readingIds(400, 900).length, exact: true })
    const { id } = running.forward.sendAgain({ destination: 'again', from: 400, to: 900, asideOnly: false })
    running.forward.head(3_000)
    await running.until((row) => row.next === 3_000)
    expect(await running.ended(id)).toMatchObject({ state: 'done', records: counted.records, next: 900, error: null })
    const all = await settled('again.telemetry', readingIds(0, 3_000).length + counted.records)
    const marked = all.filter(({ headers }) => headers.get('edge-resend') === id)
    expect(marked.map(idOf).sort()).toEqual(readingIds(400, 900).sort())
    expect(await checked(running, 'again')).toMatchObject({ ...clean, sentAgain: counted.records })
    const lines = running.forward.ledger({ destination: 'again', before: null, limit: 1_000 }).rows
    const resent = lines.filter(({ again }) => again === id)
    expect(resent.reduce((sum, { records }) => sum + records, 0)).toBe(counted.records)
    expect(resent.every(({ confirmed }) => confirmed !== null)).toBe(true)
    await running.forward.stop()
  })

  test('it goes on after a restart where it stood, with the same mark', async () => {
    const dir = mkdtempSync(join(root, 'state-'))
    const more = { maxBytesPerSecond: 60_000 } // slow enough to be stopped on the way
    const first = await sent('resumed', 6_000, { dir })
    await first.forward.stop()
    const slow = startRunning({
      dir,
      destination: destinationAt(kafka.address, 'resumed', more),
      parts: { source: made(6_000) },
    })
    await slow.until((row) => row.state === 'live')
    const { id } = slow.forward.sendAgain({ destination: 'resumed', from: 0, to: 6_000, asideOnly: false })
    await slow.until(() => slow.forward.jobRows(1)[0]!.records > 0)
    await slow.forward.stop()
    const again = startRunning({
      dir,
      destination: destinationAt(kafka.address, 'resumed'),
      parts: { source: made(6_000) },
    })
    const before = again.forward.jobRows(1)[0]!
    expect(before).toMatchObject({ id, state: 'running' })
    expect(await again.ended(id)).toMatchObject({ state: 'done', next: 6_000 })
    const all = await settled('resumed.telemetry', readingIds(0, 6_000).length * 2)
    const marked = all.filter(({ headers }) => headers.get('edge-resend') === id)
    expect([...new Set(marked.map(idOf))].sort()).toEqual(readingIds(0, 6_000).sort())
    expect(await checked(again, 'resumed')).toMatchObject({ missing: 0, twice: 0, outOfOrder: 0 })
    await again.forward.stop()
  })

  test('at least once sends it again, too', async () => {
    const running = await sent('least', 300, { more: { delivery: 'at-least-once' } })
    const { id } = running.forward.sendAgain({ destination: 'least', from: 0, to: 300, asideOnly: false })
    expect(await running.ended(id)).toMatchObject({ state: 'done', records: readingIds(0, 300).length })
    expect(await checked(running, 'least')).toMatchObject({ ...clean, sentAgain: readingIds(0, 300).length })
    await running.forward.stop()
  })

  test('what was set aside is sent again once the topic takes it, and what it still refuses stays aside', async () => {
    const sizes = new Map([
      [50, 60_000],
      [101, 600_000],
    ])
    const source = new MadeSource({
      payload: (offset) => (sizes.has(offset) ? noise(sizes.get(offset)!) : 'small'),
    })
    await setLimit('aside', 20_000, true)
    const running = await sent('aside', 200, { source })
    expect(running.forward.rows()[0]).toMatchObject({ aside: 4 }) // each has two such readings
    expect(await checked(running, 'aside')).toMatchObject({ ...clean, setAside: 4 })
    await setLimit('aside', 100_000, false)
    const { id } = running.forward.sendAgain({ destination: 'aside', from: 0, to: 200, asideOnly: true })
    expect(await running.ended(id)).toMatchObject({ state: 'done', records: 2 })
    expect(running.forward.rows()[0]).toMatchObject({ aside: 2 })
    await running.forward.stop()
  })

  test('what no dead letter has gets one when it is sent again and refused again, and goes with the log else, counted', async () => {
    const source = new MadeSource({ payload: (offset) => ([50, 101].includes(offset) ? noise(60_000) : 'small') })
    let base = 0
    source.base = () => base
    await setLimit('kept', 20_000, true)
    await setLimit('kept', 600, true, 'deadletter')
    const running = await sent('kept', 200, { source })
    expect(running.forward.rows()[0]).toMatchObject({
      aside: 4,
      unsent: 0,
      error: { code: 'kafka_rejected', message: expect.stringMatching(/in the log only, because "kept.deadletter"/) },
    })
    await setLimit('kept', 100_000, false, 'deadletter')
    const { id } = running.forward.sendAgain({ destination: 'kept', from: 100, to: 200, asideOnly: true })
    expect(await running.ended(id)).toMatchObject({ state: 'done' })
    const kept = running.forward.aside({ destination: 'kept', after: null, limit: 10 }).rows
    expect(kept.map((row) => `${row.offset} ${row.kept}`)).toEqual(['50 log', '50 log', '101 topic', '101 topic'])
    expect((await settled('kept.deadletter', 2)).map(idOf).sort()).toEqual(['101:1', '101:2'])
    base = 150
    running.forward.head(210)
    await running.until((row) => row.next === 210)
    expect(running.forward.rows()[0]).toMatchObject({
      aside: 2,
      unsent: 2,
      error: {
        code: 'offset_expired',
        message: '2 records that were set aside left the log, and no dead letter has them',
      },
    })
    const { rows } = running.forward.ledger({ destination: 'kept', before: null, limit: 100 })
    expect(rows.filter(({ gone }) => gone)).toMatchObject([{ from: 50, to: 51, records: 2 }])
    await running.forward.stop()
  })

  test('an alert that was set aside goes again as it is by now, and one that is still refused stays aside', async () => {
    const sizes = new Map([
      [50, 60_000],
      [100, 600_000],
    ])
    const source = new MadeSource()
    const madeOnes = source.changes.bind(source)
    const grown = (one: AlertChange) => {
      const title = noise(sizes.get(one.alert.opened) ?? 10)
      return { ...one, alert: { ...one.alert, title } }
    }
    /** The alert of 50 is acknowledged at 60. */
    const seenAt = (one: AlertChange): AlertChange => ({
      ...one,
      transition: { ...one.transition, phase: 'acknowledged', offset: 60 },
      alert: { ...one.alert, acknowledged: { at: 1, by: 'eva', note: null } },
    })
    source.changes = ({ from, to }) => {
      const all = madeOnes({ from: 0, to: 200 }).map(grown)
      const later = all.filter(({ alert }) => alert.opened === 50).map(seenAt)
      return [...all, ...later].filter(({ transition }) => transition.offset >= from && transition.offset < to)
    }
    source.newestChange = (alert, before) =>
      source.changes({ from: 0, to: before }).findLast((one) => one.alert.id === alert) ?? null
    await setLimit('aside-alerts', 20_000, true, 'alerts')
    const running = await sent('aside-alerts', 200, { source })
    expect(running.forward.rows()[0]).toMatchObject({ aside: 3 })
    await setLimit('aside-alerts', 100_000, false, 'alerts')
    const { id } = running.forward.sendAgain({ destination: 'aside-alerts', from: 0, to: 200, asideOnly: true })
    expect(await running.ended(id)).toMatchObject({ state: 'done', error: null, records: 2 })
    expect(running.forward.rows()[0]).toMatchObject({ aside: 1, state: 'live' })
    const again = (await settled('aside-alerts.alerts', 4)).filter(({ headers }) => headers.get('edge-resend') === id)
    expect(again.map(({ value }) => (JSON.parse(value) as AlertRecord).phase)).toEqual(['acknowledged', 'acknowledged'])
    await running.forward.stop()
  })

  test('nothing of a range that was not sent can be sent again', async () => {
    const running = await sent('ahead', 100)
    expect(() => running.forward.sendAgain({ destination: 'ahead', from: 100, to: 200, asideOnly: false })).toThrow(
      /nothing of that range was sent to "ahead"/,
    )
    await running.forward.stop()
  })
})

const clean = { missing: 0, twice: 0, outOfOrder: 0, unknown: 0, sentAgain: 0, maybeTwice: 0, setAside: 0, deleted: 0 }

interface Sent {
  readonly dir?: string
  readonly source?: MadeSource
  readonly more?: Partial<DestinationConfig>
}

/** Goes on running, all of it confirmed. */
async function sent(
  name: string,
  count: Offset,
  { dir, source = new MadeSource(), more }: Sent = {},
): Promise<Running> {
  const destination = destinationAt(kafka.address, name, more)
  const running = startRunning({
    dir: dir ?? mkdtempSync(join(root, 'state-')),
    destination,
    parts: { source, pace: { lingerMs: 1 } },
  })
  running.forward.head(count)
  await running.until((row) => row.next === count && row.state === 'live')
  return running
}

function made(count: Offset): MadeSource {
  const source = new MadeSource()
  source.setUpto(count)
  return source
}

async function checked({ forward, ended }: Running, destination: string): Promise<Proof> {
  const job: SyncJob = await ended(forward.check({ destination, from: null, to: null }).id)
  expect(job).toMatchObject({ state: 'done', error: null, done: 1 })
  return job.proof!
}

function withOneMore<T extends ReturnType<MadeSource['messages']>['messages'][number]>(message: T): T {
  const [first] = message.readings
  return { ...message, readings: [...message.readings, { ...first!, index: message.readings.length }] }
}

async function resend(record: ReadRecord, changed: Readonly<Record<string, string>>): Promise<void> {
  const { topic, key, value, partition } = record
  const headers = { ...Object.fromEntries(record.headers), ...changed }
  await stranger.send({ topic, messages: [{ key, value, partition, headers }] })
}

/** Several open at once in one partition, which end in another order than they began. */
async function resendAborted(records: readonly ReadRecord[]): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [kafka.address], logLevel: kafkajs.logLevel.NOTHING })
  const [topic, partition] = [records[0]!.topic, records[0]!.partition]
  const own = records.filter((record) => record.partition === partition).slice(0, 20)
  const messages = own.map(({ key, value, headers }) => ({
    key,
    value,
    partition,
    headers: Object.fromEntries(headers),
  }))
  const producers = ['one', 'two', 'three'].map((transactionalId) =>
    client.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true }),
  )
  const open = []
  for (const producer of producers) {
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages })
    open.push(transaction)
  }
  for (const transaction of open.reverse()) await transaction.abort()
  for (const producer of producers) await producer.disconnect()
}

async function setLimit(name: string, bytes: number, create: boolean, kind = 'telemetry'): Promise<void> {
  const entry = { name: 'max.message.bytes', value: String(bytes) }
  const topic = `${name}.${kind}`
  if (create) await makeTopics(admin, [{ topic, numPartitions: 2, configEntries: [entry] }])
  else
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: [entry] }],
    })
}

function settled(topic: string, count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, topic, count)
}

function placeOf({ headers }: ReadRecord): { readonly offset: Offset; readonly index: number } {
  return { offset: Number(headers.get('edge-offset')), index: Number(headers.get('edge-index')) }
}

function idOf(record: ReadRecord): string {
  const { offset, index } = placeOf(record)
  return `${offset}:${index}`
}
