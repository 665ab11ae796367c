import { expect, test } from 'vitest'
import type { Reading } from '../../../core/contract/model.ts'
import { type BatchOptions, nextBatch } from '../../../core/sync/batch.ts'
import { alertRecord, letter, type Message, telemetry, type Voice } from '../../../core/sync/record-format.ts'
import { MadeSource, madeChanges } from '../../support/kafka/made-source.ts'

const now = 1_795_490_400_000
const voice: Voice = {
  installation: 'fw-1',
  log: 'log-1',
  site: 'hall-2',
  topics: { telemetry: 't', alerts: 'a', status: 's', deadletter: 'd' },
}

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
const told = (of: Message) => JSON.parse(one(of).value!) as Record<string, unknown>

test('a reading is one flat record, keyed by its device, one type a column', () => {
  const record = one(message({}))
  expect(record).toMatchObject({ topic: 't', key: 'hall-2/hall/press', time: now - 100 })
  expect(JSON.parse(record.value!)).toEqual({
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
  const record = alertRecord(voice, change!, now, false)
  expect(record.key).toBe('hall-2/line-1/machine-0/signal-0/band')
  expect(JSON.parse(record.value!)).toMatchObject({ offset: 50, phase: 'opened', alert: { id: 'band:1:50' } })
  const silent = { ...change!, alert: { ...change!.alert, signal: null } }
  expect(alertRecord(voice, silent, now, false).key).toBe('hall-2/line-1/machine-0/band')
})

test('a dead letter says why, and holds the beginning of what was rejected', () => {
  const dead = letter(voice, one(message({ value: 'x'.repeat(10_000) })), 'too large', now)
  expect(dead.topic).toBe('d')
  const value = JSON.parse(dead.value!) as { reason: string; begins: string }
  expect(value.reason).toBe('too large')
  expect(value.begins).toHaveLength(4_096)
  expect(dead.headers).toMatchObject({ 'edge-offset': '9', 'edge-rejected': 'too large' })
})

const batching = (source: MadeSource): BatchOptions => ({ source, voice, now, markedUntil: 0, aside: new Map() })

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
  expect(nextBatch(batching(source), 1, 10)).toMatchObject({ from: 1, to: 2, messages: 1, full: true })
})
