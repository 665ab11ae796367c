import { expect, test } from 'vitest'
import type { DestinationConfig } from '../../../core/contract/calls.ts'
import type { Alert, Reading } from '../../../core/contract/model.ts'
import { type BatchOptions, nextBatch } from '../../../core/sync/batch.ts'
import { filterOf } from '../../../core/sync/filter.ts'
import { alertRecords, letter, type Message, telemetry, type Voice } from '../../../core/sync/record-format.ts'
import type { KafkaRecord } from '../../../core/sync/sender.ts'
import { telemetryTopics, topicsOf } from '../../../core/sync/topics.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { MadeSource, madeChanges } from '../../support/kafka/made-source.ts'

const now = 1_795_490_400_000
const config = destinationAt('127.0.0.1:9092', 'x')
const named = { telemetry: 't', alerts: 'a', status: 's', deadletter: 'd' }

/** As a destination with these settings speaks. */
function voiceOf({ topics = named, ...more }: Partial<DestinationConfig> = {}): Voice {
  const { payload, headers, filter } = { ...config, ...more }
  const form = { payload, headers, filter: filterOf(filter) }
  return {
    installation: 'fw-1',
    destination: null,
    log: 'log-1',
    lines: [{ first: 0, source: 'fw-1' }],
    source: 'fw-1',
    site: 'hall-2',
    topics: topicsOf({ topics, payload }, 'hall-2'),
    ...form,
  }
}
const voice = voiceOf()

function message(reading: Partial<Reading>, more: Partial<Message> = {}): Message {
  const record = {
    offset: 9,
    time: now - 60,
    kind: 'message' as const,
    topic: { source: 'plant', name: 'hall/press/temp' },
    qos: 1 as const,
    retained: false,
    repeat: false,
    bytes: new Uint8Array([0xff, 0x00, 0x41]),
    meta: null,
  }
  const whole = { offset: 9, index: 0, device: 'hall/press', signal: 'temp', time: now - 100, value: 71.25, unit: 'C' }
  return { record, device: 'hall/press', readings: [{ ...whole, ...reading }], undecodable: null, ...more }
}
const one = (of: Message, maybeTwice = false) => telemetry(voice, of, now, maybeTwice)[0]!
const textOf = ({ value }: KafkaRecord) => JSON.parse(String(value)) as Record<string, unknown>
const told = (of: Message) => textOf(one(of))

test('a reading is one flat record, keyed by its device, one type a column', () => {
  const record = one(message({}))
  expect(record).toMatchObject({ topic: 't', key: 'hall-2/hall/press', time: now - 100 })
  expect(textOf(record)).toEqual({
    source: 'fw-1',
    offset: 9,
    index: 0,
    ts: now - 100,
    time: new Date(now - 100).toISOString(),
    recv: new Date(now - 60).toISOString(),
    site: 'hall-2',
    device: 'hall/press',
    topic: 'hall/press/temp',
    metric: 'temp',
    type: 'number',
    num: 71.25,
    str: null,
    unit: 'C',
    quality: 'good',
    qos: 1,
    retain: false,
    repeat: false,
    raw: null,
    size: null,
  })
  expect(record.headers).toMatchObject({
    ce_id: 'fw-1:9:0',
    'edge-offset': '9',
    'edge-index': '0',
    'edge-log': 'log-1',
  })
})

test('text and booleans have their own columns', () => {
  expect(told(message({ value: 'open' }))).toMatchObject({ type: 'text', num: null, str: 'open' })
  expect(told(message({ value: true }))).toMatchObject({ type: 'boolean', num: 1, str: null })
})

test('what cannot be decoded goes as type raw with its bytes and its reason', () => {
  const raw = message({}, { readings: [], undecodable: 'not_text' })
  expect(told(raw)).toMatchObject({ type: 'raw', quality: 'not_text', raw: '/wBB', size: 3, num: null })
})

test('a time far ahead is kept in the value, but never becomes the timestamp that a broker refuses', () => {
  const ahead = message({ time: now + 3 * 3_600_000 })
  expect(one(ahead).time).toBe(now - 60)
  expect(told(ahead).ts).toBe(now + 3 * 3_600_000)
  expect(one(message({ time: now + 200_000 })).time).toBe(now + 200_000)
})

test('a clock beyond what a date can say does not stop the batch', () => {
  expect(told(message({ time: 1e18 })).time).toBe('+275760-09-13T00:00:00.000Z')
})

test('repeats and possible repeats carry their marks', () => {
  const repeated = message({})
  const marked = one({ ...repeated, record: { ...repeated.record, repeat: true } }, true)
  expect(marked.headers).toMatchObject({ 'edge-repeat': '1', 'edge-maybe-dup': '1' })
  expect(Object.keys(one(message({})).headers)).not.toContain('edge-maybe-dup')
})

test('an alert is keyed by series and rule, with the whole alert as of the transition', () => {
  const [change] = madeChanges(50, 51)
  const [record] = alertRecords(voice, change!, now, false)
  expect(record!.key).toBe('hall-2/line-1/machine-0/signal-0/band/50')
  expect(textOf(record!)).toMatchObject({ offset: 50, phase: 'opened', alert: { id: 'band:1:50' } })
  const silent = { ...change!, alert: { ...change!.alert, signal: null } }
  expect(alertRecords(voice, silent, now, false)[0]!.key).toBe('hall-2/line-1/machine-0/band/50')
})

test('a dead letter says why, and holds the beginning of what was rejected', () => {
  const dead = letter(voice, one(message({ value: 'x'.repeat(10_000) })), 'too large', now)
  expect(dead.topic).toBe('d')
  const value = textOf(dead)
  expect(value.reason).toBe('too large')
  expect(value.begins).toHaveLength(4_096)
  expect(dead.headers).toMatchObject({ 'edge-offset': '9', 'edge-rejected': 'too large' })
})

const batching = (source: MadeSource, by: Voice = voice): BatchOptions => ({
  source,
  voice: by,
  now,
  markedUntil: 0,
  maxBytes: 512 * 1024,
  maxRecords: 1_000,
})

test('a batch ends at a bound without splitting a message, and holds the alerts of its own span only', () => {
  const source = new MadeSource({ payload: () => 'x'.repeat(3_000) })
  source.setUpto(10_000)
  const batch = nextBatch(batching(source), 0, 10_000)
  expect(batch.full).toBe(true)
  expect(batch.bytes).toBeLessThan(600 * 1024)
  expect(batch.sent.filter(({ topic }) => topic === 'a')).toHaveLength(madeChanges(0, batch.to).length)
  const after = nextBatch(batching(source), batch.to, 10_000)
  expect(after.sent[0]!.headers['edge-index']).toBe('0')
})

test('a message larger than a whole batch travels alone', () => {
  const source = new MadeSource({ payload: () => 'x'.repeat(900_000) })
  source.setUpto(10)
  expect(nextBatch(batching(source), 1, 10)).toMatchObject({ from: 1, to: 2, records: 2, full: true })
})

test('an alert that is over is followed by its tombstone, an open one or one that nobody has seen is not', () => {
  const [change] = madeChanges(50, 51)
  const seen = { at: now, by: 'ann', note: null }
  const asOf = (more: Partial<Alert>) =>
    alertRecords(voice, { ...change!, alert: { ...change!.alert, ...more } }, now, false)
  expect(asOf({})).toHaveLength(1)
  expect(asOf({ until: now })).toHaveLength(1)
  expect(asOf({ acknowledged: seen })).toHaveLength(1)
  expect(asOf({ until: now, forgotten: true })[1]!.value).toBeNull()
  const [last, tombstone] = asOf({ until: now, acknowledged: seen })
  expect(textOf(last!)).toMatchObject({ alert: { until: now, acknowledged: seen } })
  expect(tombstone).toMatchObject({ key: last!.key, value: null, headers: { 'edge-offset': '50' } })
})

test('the topic of a reading is what the template says for its type', () => {
  const topics = { ...named, telemetry: 'edge.{site}.{type}' }
  const by = voiceOf({ topics })
  const topicOf = (of: Message) => telemetry(by, of, now, false)[0]!.topic
  expect(topicOf(message({}))).toBe('edge.hall-2.number')
  expect(topicOf(message({ value: true }))).toBe('edge.hall-2.boolean')
  expect(topicOf(message({ value: 'open' }))).toBe('edge.hall-2.text')
  expect(topicOf(message({}, { readings: [], undecodable: 'not_text' }))).toBe('edge.hall-2.raw')
  expect(telemetryTopics(topicsOf({ topics, payload: 'envelope' }, 'Süd / 3'))[0]).toBe('edge.Sud-3.number')
  expect(telemetryTopics(topicsOf({ topics, payload: 'raw' }, 'x'))).toEqual(['edge.x.raw'])
})

test('in payload mode raw a message is one record with its own bytes, named by its offset', () => {
  const by = voiceOf({ payload: 'raw' })
  const of = message({})
  const [record, ...others] = telemetry(by, { ...of, readings: [...of.readings, ...of.readings] }, now, false)
  expect(others).toEqual([])
  expect(record!.value).toEqual(Buffer.from([0xff, 0x00, 0x41]))
  expect(record!.headers).toMatchObject({
    ce_id: 'fw-1:9',
    'content-type': 'application/octet-stream',
    'edge-topic': 'hall/press/temp',
    'edge-offset': '9',
  })
  expect(record!.headers).not.toHaveProperty('edge-index')
  expect(JSON.parse(String(letter(by, record!, 'too large', now).value))).toMatchObject({ begins: null, raw: '/wBB' })
})

test('minimal headers name the record and mark it, and say nothing else', () => {
  const of = message({})
  const [record] = telemetry(
    voiceOf({ headers: 'minimal' }),
    { ...of, record: { ...of.record, repeat: true } },
    now,
    true,
  )
  expect(record!.headers).toEqual({
    'edge-source': 'fw-1',
    'edge-log': 'log-1',
    'edge-offset': '9',
    'edge-index': '0',
    'edge-repeat': '1',
    'edge-maybe-dup': '1',
  })
})

const all = config.filter

test('a filter takes MQTT topics and signals, and keeps the index of what is left', () => {
  const two = message({})
  const both = { ...two, readings: [...two.readings, { ...two.readings[0]!, index: 1, signal: 'door.open' }] }
  const sentBy = (filter: Partial<typeof all>, payload: 'envelope' | 'raw' = 'envelope', of: Message = both) =>
    telemetry(voiceOf({ filter: { ...all, ...filter }, payload }), of, now, false).map(
      ({ headers }) => headers['edge-index'] ?? 'whole',
    )
  expect(sentBy({})).toEqual(['0', '1'])
  expect(sentBy({ topics: ['hall/+/temp'] })).toEqual(['0', '1'])
  expect(sentBy({ topics: ['oven/#'] })).toEqual([])
  expect(sentBy({ exclude: ['hall/#'] })).toEqual([])
  expect(sentBy({ signals: ['door.*'] })).toEqual(['1'])
  expect(sentBy({ signals: ['doorX*'] })).toEqual([])
  expect(sentBy({ signals: ['t.mp'] })).toEqual([]) // only the star stands for anything
  expect(sentBy({ excludeSignals: ['t*'] })).toEqual(['1'])
  expect(sentBy({ signals: ['door.*'] }, 'raw')).toEqual(['whole'])
  expect(sentBy({ signals: ['other'] }, 'raw')).toEqual([])
  const undecodable = message({}, { readings: [], undecodable: 'not_text' })
  expect(sentBy({}, 'envelope', undecodable)).toEqual(['0'])
  expect(sentBy({ excludeSignals: ['x'] }, 'envelope', undecodable)).toEqual([])
})

test('alerts follow their topic and their signal, or stay here altogether', () => {
  const [change] = madeChanges(50, 51)
  const sentBy = (filter: Partial<typeof all>, topic: string | null = change!.topic) =>
    alertRecords(voiceOf({ filter: { ...all, ...filter } }), { ...change!, topic }, now, false).length
  expect(sentBy({})).toBe(1)
  expect(sentBy({ topics: ['line-2/#'] })).toBe(0)
  expect(sentBy({ topics: ['line-1/#'], signals: ['signal-0'] })).toBe(1)
  expect(sentBy({ excludeSignals: ['signal-0'] })).toBe(0)
  expect(sentBy({ alerts: false })).toBe(0)
  expect(sentBy({ topics: ['line-1/#'] }, null)).toBe(0)
  expect(sentBy({}, null)).toBe(1)
})

test('where little is to be sent a batch reads on for company, and what holds nothing is still passed over', () => {
  const source = new MadeSource()
  source.setUpto(50_000)
  const few = voiceOf({ filter: { ...all, topics: ['line-1/machine-1'], alerts: false } })
  const batch = nextBatch(batching(source, few), 0, 50_000)
  expect(batch.records).toBeGreaterThan(600)
  expect(batch.to).toBeGreaterThan(1_500)
  const none = voiceOf({ filter: { ...all, topics: ['nowhere'], alerts: false } })
  expect(nextBatch(batching(source, none), 0, 50_000)).toMatchObject({ to: 20_000, records: 0, full: true })
  expect(nextBatch(batching(source, none), 0, 5_000)).toMatchObject({ to: 5_000, records: 0, full: false })
})
