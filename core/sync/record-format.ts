import type { Alert, LogRecord, Millis, Offset, Reading, Transition, UndecodableReason } from '../contract/model.ts'
import type { KafkaRecord } from './sender.ts'

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
}

/** Who is speaking, and where to. */
export interface Voice {
  readonly installation: string
  readonly log: string
  readonly site: string
  readonly topics: {
    readonly telemetry: string
    readonly alerts: string
    readonly status: string
    readonly deadletter: string
  }
}

/** Where a destination stands. In a transaction it is the checkpoint once more, in a record that does not expire. */
export interface Standing {
  readonly destination: string
  /** Everything before is confirmed once the transaction that holds this is. */
  readonly next: Offset
  readonly head: Offset
  readonly behindMs: Millis
}

/** Brokers refuse records an hour ahead, and the whole batch with them. */
const maxAheadMs: Millis = 300_000
const maxRawBytes = 65_536
const maxLetterText = 4_096

/** One Kafka record per reading, in the order of the message; a message that cannot be decoded is one of type raw. */
export function telemetry(voice: Voice, message: Message, now: Millis, maybeTwice: boolean): readonly KafkaRecord[] {
  if (message.undecodable !== null && message.readings.length === 0) return [raw(voice, message, now, maybeTwice)]
  return message.readings.map((reading) => telemetryOf(voice, message, reading, now, maybeTwice))
}

function telemetryOf(voice: Voice, message: Message, reading: Reading, now: Millis, maybeTwice: boolean): KafkaRecord {
  const time = Math.round(reading.time)
  const text = typeof reading.value === 'string'
  return {
    topic: voice.topics.telemetry,
    key: `${voice.site}/${reading.device}`,
    value: JSON.stringify({
      ...origin(voice, message, reading.index, time),
      device: reading.device,
      topic: message.record.topic.name,
      metric: reading.signal,
      type: text ? 'text' : typeof reading.value,
      num: text ? null : Number(reading.value),
      str: text ? reading.value : null,
      unit: reading.unit,
      quality: 'good',
      ...delivered(message),
      raw: null,
      size: null,
    }),
    headers: headers(voice, message, reading.index, 'telemetry', time, maybeTwice),
    time: clamped(time, message.record.time, now),
  }
}

function raw(voice: Voice, message: Message, now: Millis, maybeTwice: boolean): KafkaRecord {
  const { record, device, undecodable } = message
  return {
    topic: voice.topics.telemetry,
    key: `${voice.site}/${device}`,
    value: JSON.stringify({
      ...origin(voice, message, 0, record.time),
      device,
      topic: record.topic.name,
      metric: null,
      type: 'raw',
      num: null,
      str: null,
      unit: null,
      quality: undecodable,
      ...delivered(message),
      raw: Buffer.from(record.bytes.subarray(0, maxRawBytes)).toString('base64'),
      size: record.bytes.length,
    }),
    headers: headers(voice, message, 0, 'raw', record.time, maybeTwice),
    time: clamped(record.time, record.time, now),
  }
}

function origin({ installation, site }: Voice, { record }: Message, index: number, time: Millis) {
  return {
    source: installation,
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

/** The alert as of one transition. The key names the series and the rule: a compacted topic keeps the newest state. */
export function alertRecord(voice: Voice, change: AlertChange, now: Millis, maybeTwice: boolean): KafkaRecord {
  const { alert, transition, seq } = change
  const { offset, phase, time, by, note } = transition
  const id = `${voice.installation}:${offset}:alert:${seq}`
  const place = [voice.site, alert.device, ...(alert.signal === null ? [] : [alert.signal]), alert.rule]
  return {
    topic: voice.topics.alerts,
    key: place.join('/'),
    value: JSON.stringify({ source: voice.installation, site: voice.site, offset, seq, phase, time, by, note, alert }),
    headers: {
      ...named(voice, id, 'alert', time),
      ce_subject: alert.id,
      'edge-offset': String(offset),
      'edge-index': String(seq),
      ...(maybeTwice ? { 'edge-maybe-dup': '1' } : {}),
    },
    time: clamped(time, now, now),
  }
}

export function statusRecord(voice: Voice, standing: Standing, now: Millis): KafkaRecord {
  const { installation, log, site } = voice
  return {
    topic: voice.topics.status,
    key: `${installation}/${standing.destination}`,
    value: JSON.stringify({ source: installation, log, site, ...standing, time: iso(now), ts: now }),
    headers: named(voice, `${installation}:status:${standing.next}`, 'status', now),
    time: now,
  }
}

/** What the cluster rejected, as a reference with the beginning of the record; the log keeps it whole. */
export function letter(voice: Voice, record: KafkaRecord, reason: string, now: Millis): KafkaRecord {
  const begins = record.value?.slice(0, maxLetterText) ?? null
  return {
    ...record,
    topic: voice.topics.deadletter,
    key: record.key.slice(0, maxLetterText),
    value: JSON.stringify({ source: voice.installation, topic: record.topic, reason, time: iso(now), begins }),
    headers: { ...record.headers, 'edge-rejected': reason.slice(0, 200), ce_subject: 'rejected' },
    time: now,
  }
}

/** CloudEvents 1.0 in Kafka's binary mode, and our own names, on which a reader may drop repeats. */
function headers(voice: Voice, { record }: Message, index: number, type: string, time: Millis, maybeTwice: boolean) {
  return {
    ...named(voice, `${voice.installation}:${record.offset}:${index}`, type, time),
    ce_subject: record.topic.name.slice(0, 1_024),
    'edge-offset': String(record.offset),
    'edge-index': String(index),
    ...(record.repeat ? { 'edge-repeat': '1' } : {}),
    ...(maybeTwice ? { 'edge-maybe-dup': '1' } : {}),
  }
}

function named({ installation, log }: Voice, id: string, type: string, time: Millis) {
  return {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: `/edge/${installation}`,
    ce_type: `fieldwatch.${type}.v1`,
    ce_time: iso(time),
    'content-type': 'application/json',
    'edge-source': installation,
    'edge-log': log,
  }
}

function clamped(time: Millis, received: Millis, now: Millis): Millis {
  if (time <= now + maxAheadMs) return time
  return Math.min(received, now)
}

/** JavaScript's dates end in the year 275760; a clock beyond is shown as that. */
function iso(time: Millis): string {
  return new Date(Math.max(-8.64e15, Math.min(8.64e15, time))).toISOString()
}
