import type { DestinationConfig } from '../contract/calls.ts'
import type { Alert, LogRecord, Millis, Reading, Transition, UndecodableReason } from '../contract/model.ts'
import type { Filter } from './filter.ts'
import type { Identity } from './identity.ts'
import type { AlertRecord, DestinationStatus, InstallationStatus, LetterRecord, TelemetryRecord } from './records.ts'
import type { KafkaRecord } from './sender.ts'
import type { Topics } from './topics.ts'

/** A message of the log with what the decoder made of it. */
export interface Message {
  readonly record: LogRecord
  readonly readings: readonly Reading[]
  /** The device of a message that could not be decoded: its topic, as the decoder cuts it. */
  readonly device: string
  readonly undecodable: UndecodableReason | null
}

/** What a person did to an alert, or the path: with the whole alert as of it. */
export interface AlertChange {
  readonly transition: Transition
  /** Position among the transitions of one offset. */
  readonly seq: number
  readonly alert: Alert
  /** Where its signal or its device was first heard; null: it is about a whole source. */
  readonly topic: string | null
}

/** Who is speaking, where to, and in which form. */
export interface Voice extends Pick<DestinationConfig, 'payload' | 'headers'>, Identity {
  /** Its name, where another destination of this installation writes to the same topics; else null. */
  readonly destination: string | null
  readonly site: string
  readonly topics: Topics
  readonly filter: Filter
}

/** Where a destination stands. In a transaction it is the checkpoint once more, in a record that does not expire. */
export type Standing = Pick<DestinationStatus, 'destination' | 'next' | 'head' | 'behindMs'>
export type Condition = Omit<InstallationStatus, 'kind' | 'source' | 'log' | 'site' | 'time' | 'ts'>

/** Brokers refuse records an hour ahead, and the whole batch with them. */
const maxAheadMs: Millis = 300_000
const maxRawBytes = 65_536
const maxLetterText = 4_096

/** What goes of a message, in its order: a record per reading, or the message itself. One that cannot be decoded is one of type raw. */
export function telemetry(voice: Voice, message: Message, now: Millis, maybeTwice: boolean): readonly KafkaRecord[] {
  const { filter, payload } = voice
  const { readings, undecodable, record } = message
  if (!filter.takesTopic(record.topic.name)) return []
  const wanted = filter.allSignals ? readings : readings.filter(({ signal }) => filter.takesSignal(signal))
  if (wanted.length === 0 && !filter.allSignals) return []
  if (payload === 'raw') return [asItCame(voice, message, now, maybeTwice)]
  if (undecodable !== null && readings.length === 0) return [raw(voice, message, now, maybeTwice)]
  return wanted.map((reading) => telemetryOf(voice, message, reading, now, maybeTwice))
}

/** The bytes of a message, unchanged; what they are is in the headers. */
function asItCame(voice: Voice, message: Message, now: Millis, maybeTwice: boolean): KafkaRecord {
  const { record, device } = message
  return {
    topic: voice.topics.telemetry.raw,
    key: `${voice.site}/${device}`,
    value: Buffer.from(record.bytes.buffer, record.bytes.byteOffset, record.bytes.length), // the same bytes
    headers: {
      ...headers(voice, message, null, 'message', record.time, maybeTwice),
      'content-type': record.meta?.contentType ?? 'application/octet-stream',
      'edge-topic': record.topic.name.slice(0, maxTopic),
    },
    time: clamped(record.time, record.time, now),
    of: { offset: record.offset, index: 0, what: 'reading' },
  }
}

function telemetryOf(voice: Voice, message: Message, reading: Reading, now: Millis, maybeTwice: boolean): KafkaRecord {
  const time = Math.round(reading.time)
  const text = typeof reading.value === 'string'
  const type = text ? 'text' : (typeof reading.value as 'number' | 'boolean') // a reading is one of the three
  const value: TelemetryRecord = {
    ...origin(voice, message, reading.index, time),
    device: reading.device,
    topic: message.record.topic.name,
    metric: reading.signal,
    type,
    num: text ? null : Number(reading.value),
    str: text ? String(reading.value) : null,
    unit: reading.unit,
    quality: 'good',
    ...delivered(message),
    raw: null,
    size: null,
  }
  return {
    topic: voice.topics.telemetry[type],
    key: `${voice.site}/${reading.device}`,
    value: JSON.stringify(value),
    headers: headers(voice, message, reading.index, 'telemetry', time, maybeTwice),
    time: clamped(time, message.record.time, now),
    of: { offset: message.record.offset, index: reading.index, what: 'reading' },
  }
}

function raw(voice: Voice, message: Message, now: Millis, maybeTwice: boolean): KafkaRecord {
  const { record, device, undecodable } = message
  const value: TelemetryRecord = {
    ...origin(voice, message, 0, record.time),
    device,
    topic: record.topic.name,
    metric: null,
    type: 'raw',
    num: null,
    str: null,
    unit: null,
    quality: undecodable!, // only these come here
    ...delivered(message),
    raw: Buffer.from(record.bytes.subarray(0, maxRawBytes)).toString('base64'),
    size: record.bytes.length,
  }
  return {
    topic: voice.topics.telemetry.raw,
    key: `${voice.site}/${device}`,
    value: JSON.stringify(value),
    headers: headers(voice, message, 0, 'raw', record.time, maybeTwice),
    time: clamped(record.time, record.time, now),
    of: { offset: record.offset, index: 0, what: 'reading' },
  }
}

function origin({ source, site }: Voice, { record }: Message, index: number, time: Millis) {
  return {
    source,
    offset: record.offset,
    index,
    ts: time,
    time: iso(time),
    recv: iso(record.time),
    site,
  }
}

function delivered({ record }: Message) {
  return { qos: record.qos, retain: record.retained, repeat: record.repeat }
}

/**
 * The alert as of one transition, keyed by its series, its rule and the record at which it opened: a compacted topic
 * keeps the newest state of each. When nothing is left to be done about it a tombstone follows, so that such a topic
 * holds the alerts that are open.
 */
export function alertRecords(
  voice: Voice,
  change: AlertChange,
  now: Millis,
  maybeTwice: boolean,
): readonly KafkaRecord[] {
  const { alert, transition, seq, topic } = change
  if (!voice.filter.takesAlert(topic, alert.signal)) return []
  const { offset, phase, time, by, note } = transition
  const value: AlertRecord = { source: voice.source, site: voice.site, offset, seq, phase, time, by, note, alert }
  const id = `${voice.source}:${offset}:alert:${seq}`
  const record: KafkaRecord = {
    topic: voice.topics.alerts,
    key: alertKey(voice, alert),
    value: JSON.stringify(value),
    headers: {
      ...named(voice, id, 'alert', time),
      ...(voice.headers === 'full' ? { ce_subject: alert.id } : {}),
      'edge-offset': String(offset),
      'edge-index': String(seq),
      ...(maybeTwice ? { 'edge-maybe-dup': '1' } : {}),
    },
    time: clamped(time, now, now),
    of: { offset, index: seq, what: 'alert' },
  }
  return isOver(alert) ? [record, { ...record, value: null }] : [record]
}

function alertKey({ site }: Voice, { device, signal, rule, opened }: Alert): string {
  return [site, device, ...(signal === null ? [] : [signal]), rule, opened].join('/')
}

/** It returned, and somebody has seen it, or nobody can any more: so the topic keeps what is open and a thousand more. */
function isOver({ until, acknowledged, forgotten }: Alert): boolean {
  return until !== null && (acknowledged !== null || forgotten === true)
}

export function statusRecord(voice: Voice, standing: Standing, now: Millis): KafkaRecord {
  const { installation, log, site } = voice
  const value: DestinationStatus = {
    kind: 'destination',
    source: installation,
    log,
    site,
    ...standing,
    time: iso(now),
    ts: now,
  }
  return {
    topic: voice.topics.status,
    key: `${installation}/${standing.destination}`,
    value: JSON.stringify(value),
    headers: named({ ...voice, source: installation }, `${installation}:status:${standing.next}`, 'status', now),
    time: now,
    of: null,
  }
}

export function installationRecord(voice: Voice, condition: Condition, now: Millis): KafkaRecord {
  const { installation, log, site } = voice
  const value: InstallationStatus = {
    kind: 'installation',
    source: installation,
    log,
    site,
    ...condition,
    time: iso(now),
    ts: now,
  }
  return {
    topic: voice.topics.status,
    key: installation,
    value: JSON.stringify(value),
    headers: named({ ...voice, source: installation }, `${installation}:condition:${now}`, 'status', now),
    time: now,
    of: null,
  }
}

/** What the cluster rejected, as a reference with the beginning of the record; the log keeps it whole. */
export function letter(voice: Voice, record: KafkaRecord, reason: string, now: Millis): KafkaRecord {
  const { value } = record
  const bytes = value !== null && typeof value !== 'string' ? value : null
  const told: LetterRecord = {
    source: record.headers['edge-source'] ?? voice.source,
    topic: record.topic,
    reason,
    time: iso(now),
    begins: typeof value === 'string' ? value.slice(0, maxLetterText) : null,
    raw: bytes === null ? null : bytes.toString('base64', 0, (maxLetterText / 4) * 3),
  }
  return {
    ...record,
    topic: voice.topics.deadletter,
    key: record.key.slice(0, maxLetterText),
    value: JSON.stringify(told),
    headers: { ...record.headers, 'content-type': json, 'edge-rejected': reason.slice(0, 200), ce_subject: 'rejected' },
    time: now,
  }
}

const json = 'application/json'
const maxTopic = 1_024

/** CloudEvents 1.0 in Kafka's binary mode, and our own names, on which a reader may drop repeats. Index null: the whole message. */
function headers(
  voice: Voice,
  { record }: Message,
  index: number | null,
  type: string,
  time: Millis,
  maybeTwice: boolean,
) {
  const id = `${voice.source}:${record.offset}`
  return {
    ...named(voice, index === null ? id : `${id}:${index}`, type, time),
    ...(voice.headers === 'full' ? { ce_subject: record.topic.name.slice(0, maxTopic) } : {}),
    'edge-offset': String(record.offset),
    ...(index === null ? {} : { 'edge-index': String(index) }),
    ...(record.repeat ? { 'edge-repeat': '1' } : {}),
    ...(maybeTwice ? { 'edge-maybe-dup': '1' } : {}),
  }
}

function named({ installation, source, log, destination, headers }: Voice, id: string, type: string, time: Millis) {
  const by: Readonly<Record<string, string>> = destination === null ? {} : { 'edge-destination': destination }
  const own = { 'edge-source': source, 'edge-log': log, ...by }
  if (headers === 'minimal') return own
  return {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: `/edge/${installation}`,
    ce_type: `fieldwatch.${type}.v1`,
    ce_time: iso(time),
    'content-type': json,
    ...own,
  }
}

/** As the timestamp of a record that came at `received`. */
export function clamped(time: Millis, received: Millis, now: Millis): Millis {
  if (time <= now + maxAheadMs) return time
  return Math.min(received, now)
}

interface Told {
  readonly time: Millis
  readonly text: string
}

let newest: Told = { time: Number.NaN, text: '' }
let before = newest

/** Records of one message ask for two times again and again. */
function iso(time: Millis): string {
  if (time === newest.time) return newest.text
  if (time === before.time) return before.text
  before = newest
  newest = { time, text: isoOf(time) }
  return newest.text
}

/** JavaScript's dates end in the year 275760; a clock beyond is shown as that. */
function isoOf(time: Millis): string {
  return new Date(Math.max(-8.64e15, Math.min(8.64e15, time))).toISOString()
}
