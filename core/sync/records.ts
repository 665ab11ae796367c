import { z } from 'zod'
import type { Alert } from '../contract/model.ts'
import { alertPhases, undecodableReasons } from '../contract/model.ts'
import { telemetryTypes } from './topics.ts'

// The one declaration of what is written: its writer is typed by it, and the JSON Schemas in schema/ are made from it.

const offset = z.int().min(0)
const millis = z.number()
const isoTime = z.string().meta({ format: 'date-time' })
const source = z.string().meta({
  description:
    'With offset and index it names a record. The installation; of what a copy of it adds to the log, that and a suffix after a dot.',
})
const site = z.string().meta({ description: 'Name of the plant.' })
const logName = z
  .string()
  .meta({ description: 'Which copy of the data wrote this; another one after a backup was restored.' })

/** One reading; or, of type raw, a message that could not be decoded. */
const telemetryRecord = z.strictObject({
  source,
  offset: offset.meta({ description: 'Of its message in the log.' }),
  index: z.int().min(0).meta({ description: 'Of the reading in its message.' }),
  ts: z.int().meta({
    description: "Event time, epoch milliseconds: the device's where it is believable, else arrival.",
  }),
  time: isoTime.meta({ description: 'The same as text.' }),
  recv: isoTime.meta({ description: 'When the message arrived.' }),
  site,
  device: z.string(),
  topic: z.string().meta({ description: 'MQTT topic.' }),
  metric: z.string().nullable().meta({ description: 'Name of the signal; null: type raw.' }),
  type: z.enum(telemetryTypes),
  num: z.number().nullable().meta({ description: 'Of a number; 0 or 1 of a boolean.' }),
  str: z.string().nullable().meta({ description: 'Of a text.' }),
  unit: z.string().nullable(),
  quality: z.enum(['good', ...undecodableReasons]).meta({ description: 'good, or why it could not be decoded.' }),
  qos: z.int().min(0).max(2),
  retain: z.boolean(),
  repeat: z.boolean().meta({ description: 'MQTT delivered the message again.' }),
  raw: z.string().nullable().meta({ description: 'Of type raw: its first 64 kB in base64.' }),
  size: z.int().min(0).nullable().meta({ description: 'Of type raw: all its bytes.' }),
})
export type TelemetryRecord = z.infer<typeof telemetryRecord>

const alert = z.strictObject({
  id: z.string(),
  rule: z.string(),
  ruleVersion: z.number(),
  detector: z.string(),
  detectorVersion: z.number(),
  title: z.string(),
  device: z.string(),
  series: z.number().nullable(),
  signal: z.string().nullable(),
  unit: z.string().nullable(),
  priority: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  opened: offset,
  since: millis,
  until: millis.nullable().meta({ description: 'When it returned to normal; null: active.' }),
  historical: z.boolean(),
  already: z.boolean().meta({ description: 'It was historical, and still active when its readings became live.' }),
  acknowledged: z.strictObject({ at: millis, by: z.string(), note: z.string().nullable() }).nullable(),
  shelvedUntil: millis.nullable(),
  incident: z.string().nullable(),
  suppressed: z.enum(['maintenance', 'out of service']).nullable(),
  calls: z.boolean(),
  called: offset.nullable().meta({ description: 'The record at which it last began to call; null: it never did.' }),
  latched: millis.nullable(),
  reopened: z.number(),
  forgotten: z.boolean().exactOptional().meta({ description: 'Over though nobody acknowledged it.' }),
  explanation: z.strictObject({
    observed: z.number().nullable(),
    expected: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
    why: z.string(),
    rarity: z.number().nullable(),
    learnedReadings: z.number(),
    learnedDays: z.number(),
    usualGapMs: millis.nullable(),
    limitMs: millis.nullable(),
    moved: z
      .array(
        z.strictObject({
          series: z.number(),
          signal: z.string(),
          sigma: z.number(),
          leadMs: millis.nullable(),
          first: offset,
          furthest: offset,
        }),
      )
      .readonly(),
    evidence: z
      .array(z.strictObject({ offset, time: millis, value: z.number().nullable(), signal: z.string().nullable() }))
      .readonly(),
    modelFrom: z.number(),
    modelTo: z.number(),
  }),
}) satisfies z.ZodType<Alert>

/** One transition of an alert, with all of the alert as of it. Followed by a tombstone once nothing is to be done about it. */
const alertRecord = z.strictObject({
  source,
  site,
  offset: offset.meta({ description: 'Of the record at which it was decided.' }),
  seq: z.int().min(0).meta({ description: 'Among the transitions of one offset.' }),
  phase: z.enum(alertPhases),
  time: millis,
  by: z.string().nullable(),
  note: z.string().nullable(),
  alert,
})
export type AlertRecord = z.infer<typeof alertRecord>

/** Where one destination stands. */
const destinationStatus = z.strictObject({
  kind: z.literal('destination'),
  source,
  log: logName,
  site,
  destination: z.string(),
  next: offset.meta({ description: 'Everything before it is in the cluster.' }),
  head: offset.meta({ description: 'One past the newest record of the log.' }),
  behindMs: millis.meta({ description: 'Age of the oldest record not sent.' }),
  time: isoTime,
  ts: millis,
})
export type DestinationStatus = z.infer<typeof destinationStatus>

/** How an installation is. */
const installationStatus = z.strictObject({
  kind: z.literal('installation'),
  source,
  log: logName,
  site,
  version: z.string(),
  base: offset.meta({ description: 'The oldest record that is kept.' }),
  head: offset,
  sources: z.array(z.strictObject({ name: z.string(), state: z.string(), error: z.string().nullable() })),
  alerts: z
    .strictObject({ critical: z.int(), warning: z.int(), advisory: z.int() })
    .nullable()
    .meta({ description: 'Open alerts by priority; null: not known yet.' }),
  runwayDays: z.number().nullable().meta({ description: 'Until the log has no more room; null: not known yet.' }),
  destinations: z.array(
    z.strictObject({
      name: z.string(),
      state: z.string(),
      next: offset,
      behindMs: millis,
      error: z.string().nullable(),
    }),
  ),
  time: isoTime,
  ts: millis,
})
export type InstallationStatus = z.infer<typeof installationStatus>

const statusRecord = z.discriminatedUnion('kind', [destinationStatus, installationStatus])

/** What the cluster rejected. */
const letterRecord = z.strictObject({
  source,
  topic: z.string().meta({ description: 'The Kafka topic that it was for.' }),
  reason: z.string(),
  time: isoTime,
  begins: z.string().nullable().meta({ description: 'Its first 4,096 characters; the log keeps it whole.' }),
  raw: z.string().nullable().meta({ description: 'In payload mode raw: its first 3,072 bytes in base64.' }),
})
export type LetterRecord = z.infer<typeof letterRecord>

/** JSON Schema of each kind of record, by the name of its file in schema/. */
export function recordSchemas(): Readonly<Record<string, object>> {
  const kinds = {
    'telemetry.v1': telemetryRecord,
    'alert.v1': alertRecord,
    'status.v1': statusRecord,
    'deadletter.v1': letterRecord,
  }
  return Object.fromEntries(
    Object.entries(kinds).map(([name, schema]) => [
      name,
      { $id: `urn:fieldwatch:${name}`, ...z.toJSONSchema(schema, { target: 'draft-2020-12' }) },
    ]),
  )
}
