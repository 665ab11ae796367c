import { z } from 'zod'
import { check } from '../config/check.ts'
import { isSecretName } from '../config/secrets.ts'
import { configSchema, sourceSchema } from '../config/settings.ts'
import type { CallName, Calls } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Commands, Mapping, Rule } from '../contract/model.ts'
import { mappingFormats, priorities } from '../contract/model.ts'

// What comes over the wire is somebody else's until it has passed here. Every list and text has a bound.

const at = z.number().min(0).nullable()
const millis = z.number().min(0).max(8_640_000_000_000_000)
const offset = z.int().min(0)
const text = z.string().max(4_000)
const id = z.string().min(1).max(66_000) // a device may be a whole MQTT topic
const ids = z.array(id).min(1).max(1_000)
const by = z.string().min(1).max(100)
const note = text.nullable()
const span = { from: millis.nullable(), until: millis.nullable() }
const limit = z.int().min(1).max(1_000)
const nothing = z.strictObject({})
const destination = z.string().min(1).max(64)

const rule = z.strictObject({
  id: z.string().min(1).max(200),
  name: z.string().min(1).max(200),
  detector: z.string().min(1).max(64),
  scope: z.strictObject({ device: id, signal: id }),
  params: z.record(z.string().min(1).max(64), z.number()),
  states: z.array(z.string().max(4_000)).max(100).optional(),
  other: id.optional(),
  priority: z.literal(priorities),
  holdMs: millis,
  clearMs: millis,
  latch: z.boolean().optional(),
  enabled: z.boolean(),
  version: z.int().min(1),
}) satisfies z.ZodType<Rule>

const field = z.string().min(1).max(200)

const mapping = z.strictObject({
  id: z.string().min(1).max(200),
  topics: z.string().min(1).max(1_000),
  format: z.enum(mappingFormats),
  schema: z.string().max(100_000).nullable(),
  columns: z.array(z.string().max(200)).min(1).max(1_000).nullable(),
  separator: z.enum([',', ';', '\t']).nullable(),
  rows: field.nullable(),
  device: field.nullable(),
  signals: z
    .array(z.strictObject({ signal: field, field, unit: z.string().min(1).max(32).nullable() }))
    .min(1)
    .max(1_000)
    .nullable(),
  unit: z.string().min(1).max(32).nullable(),
  time: field.nullable(),
  quality: z.strictObject({ field, good: z.array(z.string().max(100)).min(1).max(100) }).nullable(),
  from: offset,
  version: z.int().min(1),
}) satisfies z.ZodType<Mapping>

const commandValues = {
  'rule.put': rule,
  'rule.delete': z.strictObject({ id: z.string().min(1).max(200) }),
  ack: z.strictObject({ ids, note, by }),
  shelve: z.strictObject({ ids, until: millis, note, by }),
  unshelve: z.strictObject({ ids, by }),
  mark: z.strictObject({ id, useful: z.boolean(), by }),
  normal: z.strictObject({ series: z.int().min(0), by }),
  'series.put': z.strictObject({
    series: z.int().min(0),
    name: z.string().trim().min(1).max(100).nullable(),
    unit: z.string().trim().min(1).max(32).nullable(),
    into: z.int().min(0).nullable(),
    by,
  }),
  note: z.strictObject({ device: id, text, by }),
  'mapping.put': mapping,
  'mapping.delete': z.strictObject({ id: z.string().min(1).max(200) }),
  'maintenance.put': z.strictObject({
    id: z.string().min(1).max(200),
    devices: z.array(id).min(1).max(1_000),
    from: millis,
    until: millis,
    note,
    by,
  }),
  'maintenance.end': z.strictObject({ id: z.string().min(1).max(200), by }),
  service: z.strictObject({ device: id, out: z.boolean(), note, by }),
  bookmark: z.strictObject({ at: millis, text, by }),
  zone: z.strictObject({ name: configSchema.shape.zone.unwrap() }),
} satisfies { readonly [K in keyof Commands]: z.ZodType<Commands[K]> }

const command = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('rule.put'), value: commandValues['rule.put'] }),
  z.strictObject({ name: z.literal('rule.delete'), value: commandValues['rule.delete'] }),
  z.strictObject({ name: z.literal('ack'), value: commandValues.ack }),
  z.strictObject({ name: z.literal('shelve'), value: commandValues.shelve }),
  z.strictObject({ name: z.literal('unshelve'), value: commandValues.unshelve }),
  z.strictObject({ name: z.literal('mark'), value: commandValues.mark }),
  z.strictObject({ name: z.literal('normal'), value: commandValues.normal }),
  z.strictObject({ name: z.literal('series.put'), value: commandValues['series.put'] }),
  z.strictObject({ name: z.literal('note'), value: commandValues.note }),
  z.strictObject({ name: z.literal('mapping.put'), value: commandValues['mapping.put'] }),
  z.strictObject({ name: z.literal('mapping.delete'), value: commandValues['mapping.delete'] }),
  z.strictObject({ name: z.literal('maintenance.put'), value: commandValues['maintenance.put'] }),
  z.strictObject({ name: z.literal('maintenance.end'), value: commandValues['maintenance.end'] }),
  z.strictObject({ name: z.literal('service'), value: commandValues.service }),
  z.strictObject({ name: z.literal('bookmark'), value: commandValues.bookmark }),
  z.strictObject({ name: z.literal('zone'), value: commandValues.zone }),
]) satisfies z.ZodType<Calls['command']['in']>

const secret = z.strictObject({
  name: z.string().max(200).refine(isSecretName, {
    error:
      'is not the name of a secret; use source/<name>/password, source/<name>/passphrase, the same of destination/<name>, or broker/password',
  }),
  value: z.string().max(4_000),
})

const inputs = {
  status: nothing,
  bounds: nothing,
  health: z.strictObject({ at }),
  devices: z.strictObject({ at, sort: z.enum(['area', 'worst']), filter: text, from: z.int().min(0), count: limit }),
  device: z.strictObject({ id, at }),
  series: z.strictObject({
    series: z.array(z.int().min(0)).max(100),
    from: millis,
    until: millis,
    points: z.int().min(1).max(10_000),
    at,
  }),
  messages: z.strictObject({ device: id.nullable(), before: offset.nullable(), limit, at, undecodable: z.boolean() }),
  record: z.strictObject({ offset }),
  alerts: z.strictObject({ at, show: z.enum(['open', 'history']), device: id.nullable(), limit }),
  alert: z.strictObject({ id, at }),
  alertLoad: z.strictObject({ at }),
  continuity: z.strictObject({ at, ...span }),
  'continuity.device': z.strictObject({ id, at, ...span }),
  'continuity.devices': z.strictObject({ at, ...span, skip: z.int().min(0).max(100_000), limit }),
  'continuity.silent': z.strictObject({ at, ...span, skip: z.int().min(0).max(100_000), limit }),
  timeline: z.strictObject({ from: millis, until: millis, bins: z.int().min(1).max(10_000), at }),
  command,
  rules: z.strictObject({ at }),
  'rules.use': z.strictObject({ at }),
  detectors: nothing,
  mappings: z.strictObject({ at }),
  'mapping.preview': z.strictObject({ mapping, limit: z.int().min(1).max(50) }),
  destinations: nothing,
  ledger: z.strictObject({ destination: destination.nullable(), before: z.number().nullable(), limit }),
  lag: z.strictObject({ from: millis, until: millis, points: z.int().min(1).max(10_000) }),
  outages: nothing,
  'sync.retryNow': z.strictObject({ destination }),
  'sync.delivery': z.strictObject({ destination, delivery: z.enum(['exactly-once', 'at-least-once']) }),
  'sync.pause': z.strictObject({ destination, paused: z.boolean() }),
  'sync.createTopics': z.strictObject({ destination }),
  'sync.count': z.strictObject({
    destination,
    span: z.discriminatedUnion('by', [
      z.strictObject({ by: z.literal('offset'), from: offset, to: offset }),
      z.strictObject({ by: z.literal('time'), from: millis, until: millis }),
    ]),
  }),
  'sync.sendAgain': z.strictObject({ destination, from: offset, to: offset, asideOnly: z.boolean() }),
  'sync.check': z.strictObject({ destination, from: offset.nullable(), to: offset.nullable() }),
  'sync.cancel': z.strictObject({ id: z.string().min(1).max(64) }),
  'sync.jobs': z.strictObject({ limit }),
  'sync.aside': z.strictObject({ destination, after: offset.nullable(), limit }),
  config: nothing,
  'config.put': z.strictObject({ config: configSchema, secrets: z.array(secret).max(100) }),
  'config.schema': nothing,
  probe: z.strictObject({
    source: sourceSchema,
    password: z.string().max(4_000).nullable(),
    passphrase: z.string().max(4_000).nullable().optional(),
    listenMs: z.int().min(0).max(10_000),
  }),
} satisfies { readonly [K in CallName]: z.ZodType<Calls[K]['in']> }

/** Throws FieldError `bad_input` in words. */
export function checkCommand(input: unknown): Calls['command']['in'] {
  return check(command, input, 'bad_input', 'command')
}

/** One function per call: what a host answers. */
export type Answers = {
  readonly [K in CallName]: (input: Calls[K]['in'], signal: AbortSignal) => Calls[K]['out'] | Promise<Calls[K]['out']>
}

/** Checks the name and the input of a call, and answers it. Throws FieldError `bad_input` in words before anything has happened. */
export async function dispatch(answers: Answers, name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
  if (!isCallName(name))
    throw new FieldError('bad_input', `"${name.slice(0, 80)}" is not a call of this program; reload the page`)
  const checked = check(inputs[name] as z.ZodType, input, 'bad_input', name)
  const answer = answers[name] as (input: unknown, signal: AbortSignal) => unknown // inputs[name] is the schema of just this input
  return await answer(checked, signal)
}

function isCallName(name: string): name is CallName {
  return Object.hasOwn(inputs, name)
}
