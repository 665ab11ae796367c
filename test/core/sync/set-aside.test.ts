import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Millis, Offset } from '../../../core/contract/model.ts'
import { explain } from '../../../core/sync/failures.ts'
import { filterOf } from '../../../core/sync/filter.ts'
import { type Forward, startForward } from '../../../core/sync/forward.ts'
import { Login } from '../../../core/sync/login.ts'
import type { Message } from '../../../core/sync/record-format.ts'
import { clientOf, type KafkaRecord, PlainSender } from '../../../core/sync/sender.ts'
import { type Care, carefully } from '../../../core/sync/set-aside.ts'
import { topicsOf } from '../../../core/sync/topics.ts'
import { StepError } from '../../../core/sync/wait.ts'
import { WireMeter } from '../../../core/sync/wire-meter.ts'
import { makeTopics } from '../../support/kafka/admin.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, startKafka } from '../../support/kafka/kafka.ts'
import { endless, MadeSource, madeChanges, readingIds } from '../../support/kafka/made-source.ts'
import { noise } from '../../support/noise.ts'
import { findProgram, part } from '../../support/parts.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

let kafka: Kafka
let admin: Admin
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-aside-'))
const present = hasKafka() && part('openssl', findProgram('openssl') !== null)

beforeAll(async () => {
  if (!present) return
  kafka = await startKafka({ secure: true })
  admin = new kafkajs.Kafka({ brokers: [kafka.address], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
})
afterAll(async () => {
  await admin?.disconnect()
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

const none = {
  from: 0,
  to: 0,
  records: 0,
  bytes: 0,
  maybeTwice: 0,
  letters: [],
  packed: [],
  sent: [],
  oldest: 0,
  full: false,
}

/** Records of three readings each; the middle reading of these is what the topic will not take. */
const poison = [161, 167, 209]
const isPoison = (offset: Offset) => poison.includes(offset)

const onlyInLog = { code: 'kafka_rejected', message: expect.stringMatching(/were set aside and are in the log only/) }

describe.skipIf(!present)('what a real Kafka rejects is set aside by the record, and the rest goes on', () => {
  test('a reading too large for the topic goes to the dead letters, and the others of its message do not', async () => {
    await makeTopicsOf('large', { 'max.message.bytes': '20000' })
    const row = await sendThrough('large', { source: withMiddle((reading) => ({ ...reading, value: noise(60_000) })) })
    expect(row).toMatchObject({ deadLetters: 3, aside: 3, maybeTwice: 0, error: null })
    await expectAside('large', 'topic', /too large for the topic \(MESSAGE_TOO_LARGE\)/)
    const letters = await settled('large.deadletter', 3)
    expect(letters.map(idOf).sort()).toEqual(poison.map((offset) => `${offset}:1`))
    expect(JSON.parse(letters[0]!.value)).toMatchObject({
      topic: 'large.telemetry',
      reason: expect.stringMatching(/too large/),
    })
  })

  test('a reading with a time that the topic does not take', async () => {
    await makeTopicsOf('early', { 'message.timestamp.before.max.ms': '3600000' })
    const source = withMiddle((reading) => ({ ...reading, time: reading.time - 7_200_000 }))
    expect(await sendThrough('early', { source })).toMatchObject({ aside: 3 })
    await expectAside('early', 'topic', /its time is outside of what the topic takes \(INVALID_TIMESTAMP\)/)
  })

  test('an alert too large for its topic, while the readings go on', async () => {
    await makeTopicsOf('alerts', {}, { 'max.message.bytes': '20000' })
    const source = new MadeSource()
    const changes = source.changes.bind(source)
    source.changes = (span) =>
      changes(span).map((one) => (one.alert.opened === 150 ? withTitle(one, noise(60_000)) : one))
    expect(await sendThrough('alerts', { source })).toMatchObject({ aside: 1 })
    const alerts = await settled('alerts.alerts', madeChanges(0, 400).length - 1)
    expect(alerts.map(offsetIn).sort((a, b) => a - b)).toEqual([0, 50, 100, 200, 250, 300, 350])
    expect(await settled('alerts.telemetry', readingIds(0, 400).length)).toHaveLength(readingIds(0, 400).length)
    expect(rowsOf('alerts')).toMatchObject([{ offset: 150, index: 0, what: 'alert', kept: 'topic' }])
  })

  test.each([
    ['is missing', { create: { allowed: false, partitions: 4, replication: 1, retentionHours: -1 } }, false],
    ['refuses it for its size', {}, true],
  ] as const)('without a dead letter where that topic %s: it stays in the log, counted', async (how, more, letters) => {
    const name = letters ? 'small' : 'absent'
    await makeTopicsOf(name, { 'max.message.bytes': '20000' }, {}, letters ? { 'max.message.bytes': '600' } : null)
    const source = withMiddle((reading) => ({ ...reading, value: noise(60_000) }))
    expect(await sendThrough(name, { source, more }), how).toMatchObject({ aside: 3, state: 'live', error: onlyInLog })
    await expectAside(name, 'log', /too large/)
  })

  test('without a dead letter where no permission lets us write it', async () => {
    await makeTopicsOf('denied', { 'max.message.bytes': '20000' })
    await allowAllBut('denied', 'denied.deadletter')
    const { login: address, certificates } = kafka.secured!
    const login = { tls: true, ca: certificates.file('ca.pem'), sasl: 'scram-sha-512', username: 'edge1' } as const
    const source = withMiddle((reading) => ({ ...reading, value: noise(60_000) }))
    const options = { source, more: { ...login, brokers: [address] }, password: 'secret-1' }
    expect(await sendThrough('denied', options)).toMatchObject({ aside: 3, state: 'live', error: onlyInLog })
    await expectAside('denied', 'log', /too large/)
  })

  test('in at-least-once mode, too', async () => {
    await makeTopicsOf('least', { 'max.message.bytes': '20000' })
    const source = withMiddle((reading) => ({ ...reading, value: noise(60_000) }))
    expect(await sendThrough('least', { source, more: { delivery: 'at-least-once' } })).toMatchObject({ aside: 3 })
    const sent = new Set((await settled('least.telemetry', readingIds(0, 400).length - 3)).map(idOf))
    expect([...sent].sort()).toEqual(wantedIds().sort())
  })

  test('a topic that takes small requests only gets small ones, and nothing is set aside', async () => {
    await makeTopicsOf('narrow', { 'max.message.bytes': '9000' })
    const source = new MadeSource({ payload: (offset) => noise(600 + (offset % 7)) })
    expect(await sendThrough('narrow', { source })).toMatchObject({ aside: 0, deadLetters: 0 })
    expect((await settled('narrow.telemetry', readingIds(0, 400).length)).map(idOf).sort()).toEqual(
      readingIds(0, 400).sort(),
    )
  })

  test('a record that is not valid for a topic, as one without a key where the topic is compacted', async () => {
    await makeTopics(admin, [
      { topic: 'keyed', numPartitions: 1, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
    ])
    const destination = destinationAt(kafka.address, 'keyed', {
      topics: { telemetry: 'keyed', alerts: 'keyed', status: 'keyed', deadletter: 'none' },
    })
    const login = new Login(destination, { password: null, passphrase: null }, Date.now)
    const client = clientOf({ destination, login, requestMs: 10_000, meter: new WireMeter() })
    const sender = new PlainSender(client, { compression: 'gzip', partitions: new Map([['keyed', 1]]) })
    await sender.connect()
    const sent = Array.from({ length: 7 }, (_, offset) => made(offset, offset === 4 ? null : `key-${offset}`))
    const batch = { ...none, to: 7, records: 7, sent }
    const care = careFor(destination, new Map([['keyed', 1]]), Date.now())
    const taken = await carefully(care)(batch, (records) => sender.send(records))
    await sender.close()
    expect(taken.letters).toEqual([
      { offset: 4, index: 0, what: 'reading', kept: 'log', reason: 'not valid for the topic (INVALID_RECORD)' },
    ])
    expect((await settled('keyed', 6)).map(({ key }) => key)).toEqual([0, 1, 2, 3, 5, 6].map((at) => `key-${at}`))
  })
})

test('records that a policy of the cluster refuses are found one by one, as Apache Kafka itself never refuses them', async () => {
  const destination = destinationAt('127.0.0.1:9092', 'policy')
  const sent = Array.from({ length: 40 }, (_, offset) => made(offset, 'key'))
  const refused = new Set([3, 17, 18])
  const taken: number[] = []
  const send = async (records: readonly KafkaRecord[]) => {
    if (records.some(({ topic, of }) => topic === 'keyed' && refused.has(of!.offset)))
      throw new StepError(
        'send',
        Object.assign(new Error('a policy is violated'), { type: 'POLICY_VIOLATION', code: 44 }),
      )
    taken.push(...records.flatMap(({ topic, of }) => (topic === 'keyed' ? [of!.offset] : [])))
  }
  const care = careFor(destination, new Map([['policy.deadletter', 1]]), Date.now())
  const { letters, records } = await carefully(care)({ ...none, to: 40, records: 40, sent }, send)
  const reason = 'against a policy of the cluster (POLICY_VIOLATION)'
  expect(letters).toEqual([3, 17, 18].map((offset) => ({ offset, index: 0, what: 'reading', kept: 'topic', reason })))
  expect(taken).toEqual(sent.map(({ of }) => of!.offset).filter((offset) => !refused.has(offset)))
  expect(records).toBe(40) // three of them as dead letters
})

test('where even the time of a dead letter is refused it is the clock of this machine, and nothing is set aside', async () => {
  const destination = destinationAt('127.0.0.1:9092', 'ahead')
  const batch = { ...none, to: 1, records: 1, sent: [made(0, 'key')] }
  const refuse = () => Promise.reject(Object.assign(new Error('out of range'), { type: 'INVALID_TIMESTAMP' }))
  const care = careFor(destination, new Map([['ahead.deadletter', 1]]), 1_800_000_000_000)
  await expect(carefully(care)(batch, refuse)).rejects.toMatchObject({
    code: 'kafka_clock',
    message: expect.stringMatching(/the time of this machine, 2027-01-15T08:00:00.000Z/),
  })
})

function careFor(destination: DestinationConfig, partitions: ReadonlyMap<string, number>, now: Millis): Care {
  const topics = topicsOf(destination, 'hall')
  return {
    voice: {
      installation: 'fw',
      log: 'log',
      lines: [{ first: 0, source: 'fw' }],
      source: 'fw',
      destination: null,
      payload: 'envelope',
      headers: 'full',
      filter: filterOf(destination.filter),
      site: 'hall',
      topics,
    },
    now,
    topics: partitions,
    explain: (error) =>
      explain(error, { destination, topics, principal: '', name: { transactionalId: '', group: '', topic: '' } }),
  }
}

const wantedIds = () => readingIds(0, 400).filter((id) => !poison.some((offset) => id === `${offset}:1`))

/** In order per device, each once, but for what is set aside; and the list says which and why. */
async function expectAside(name: string, kept: 'topic' | 'log', reason: RegExp): Promise<void> {
  const sent = await settled(`${name}.telemetry`, wantedIds().length)
  for (const key of new Set(sent.map((record) => record.key))) {
    const own = sent.filter((record) => record.key === key).map((record) => Number(record.headers.get('edge-offset')))
    expect(own).toEqual([...own].sort((a, b) => a - b))
  }
  expect(sent.map(idOf).sort()).toEqual(wantedIds().sort())
  expect(rowsOf(name)).toMatchObject(
    poison.map((offset) => ({ offset, index: 1, what: 'reading', kept, reason: expect.stringMatching(reason) })),
  )
}

function withMiddle(change: (reading: Message['readings'][number]) => Message['readings'][number]): MadeSource {
  const source = new MadeSource()
  const messages = source.messages.bind(source)
  source.messages = (...span) => {
    const read = messages(...span)
    const changed = (message: Message) =>
      isPoison(message.record.offset)
        ? { ...message, readings: message.readings.map((one) => (one.index === 1 ? change(one) : one)) }
        : message
    return { ...read, messages: read.messages.map(changed) }
  }
  return source
}

function withTitle<T extends ReturnType<typeof madeChanges>[number]>(change: T, title: string): T {
  return { ...change, alert: { ...change.alert, title } }
}

interface Sent {
  readonly source: MadeSource
  readonly more?: Partial<DestinationConfig>
  readonly password?: string
}

const asides = new Map<string, ReturnType<Forward['aside']>['rows']>()
const rowsOf = (name: string) => asides.get(name)

/** Sends 400 records to their end; keeps what was set aside for `rowsOf`. */
async function sendThrough(name: string, { source, more = {}, password }: Sent): Promise<DestinationRow> {
  let changed = Promise.withResolvers<void>()
  const destination = { ...destinationAt(kafka.address, name), ...more }
  const forward = startForward(
    {
      dir: mkdtempSync(join(root, 'state-')),
      reader: null as never, // the made source is read instead
      head: endless,
      viewsFile: '',
      site: 'hall',
      destinations: [{ destination, password: password ?? null }],
      now: Date.now,
      onStatus: () => {
        changed.resolve()
        changed = Promise.withResolvers()
      },
    },
    { source, pace: { lingerMs: 1 } },
  )
  forward.head(400)
  for (;;) {
    const row = forward.rows()[0]!
    if (row.next === 400 && row.state === 'live') {
      asides.set(name, forward.aside({ destination: name, after: null, limit: 100 }).rows)
      await forward.stop()
      return row
    }
    if (row.state === 'action needed') throw new Error(`${row.error?.message} ${row.error?.hint}`)
    await changed.promise
  }
}

type Settings = Readonly<Record<string, string>>

/** `deadletter` null: that topic is missing. */
async function makeTopicsOf(
  name: string,
  telemetry: Settings,
  alerts: Settings = {},
  deadletter: Settings | null = {},
): Promise<void> {
  const topic = (kind: string, settings: Settings) => ({
    topic: `${name}.${kind}`,
    numPartitions: 2,
    configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
  })
  await makeTopics(admin, [
    topic('telemetry', telemetry),
    topic('alerts', alerts),
    topic('status', {}),
    ...(deadletter === null ? [] : [topic('deadletter', deadletter)]),
  ])
}

async function allowAllBut(name: string, forbidden: string): Promise<void> {
  const rule = (
    resourceType: number,
    resourceName: string,
    operation: number,
    permissionType = AclPermissionTypes.ALLOW,
  ) => ({
    principal: 'User:edge1',
    host: '*',
    permissionType,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    resourceType,
    resourceName,
    operation,
  })
  const topics = ['telemetry', 'alerts', 'status', 'deadletter'].map((kind) => `${name}.${kind}`)
  await admin.createAcls({
    acl: [
      ...topics.map((topic) => rule(AclResourceTypes.TOPIC, topic, AclOperationTypes.ALL)),
      rule(AclResourceTypes.TRANSACTIONAL_ID, '*', AclOperationTypes.ALL),
      rule(AclResourceTypes.GROUP, '*', AclOperationTypes.ALL),
      rule(AclResourceTypes.TOPIC, forbidden, AclOperationTypes.WRITE, AclPermissionTypes.DENY),
    ],
  })
}

function made(offset: Offset, key: string | null): KafkaRecord {
  const of = { offset, index: 0, what: 'reading' as const }
  return { topic: 'keyed', key: key as string, value: `value ${offset}`, headers: {}, time: Date.now(), of }
}

function settled(topic: string, count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, topic, count)
}

function idOf({ headers }: ReadRecord): string {
  return `${headers.get('edge-offset')}:${headers.get('edge-index')}`
}

function offsetIn({ value }: ReadRecord): Offset {
  return (JSON.parse(value) as { offset: Offset }).offset
}
