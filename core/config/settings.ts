import { z } from 'zod'
import type { Config, DestinationConfig, SourceConfig } from '../contract/calls.ts'

// The one declaration of every setting: type, default, bounds, unit, help and whether it is secret.
// The check of the file, the JSON Schema of the form and the README table all come from here.

/** `secret` names the secret that goes with a setting; its value is never in the file. */
function about(description: string, more: { readonly unit?: string; readonly secret?: string } = {}) {
  return { description, ...more }
}

const name = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u,
    'use letters, digits, space, dot, dash or underscore, beginning with a letter or digit',
  )

const mqttUrl = z
  .string()
  .max(2_000)
  .refine(isMqttUrl, {
    error: 'is not the address of an MQTT broker; try mqtt://host:1883, mqtts://host:8883, ws:// or wss://',
  })
  .refine((url) => !hasPassword(url), {
    error: 'holds a password, which would stand in the file; leave it out and give it as a secret',
    abort: true,
  })

const topicFilter = z
  .string()
  .min(1)
  .max(65_535)
  .refine(isTopicFilter, { error: 'is not a topic filter; "#" stands alone at the end and "+" fills a whole level' })

const broker = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+):\d{1,5}$/, 'is not a broker; write host:port, such as 127.0.0.1:9092')

const kafkaTopic = z
  .string()
  .min(1)
  .max(249)
  .regex(/^[a-zA-Z0-9._-]+$/, 'is not a Kafka topic; use letters, digits, dot, dash and underscore')

/** One broker to capture from. What is left out of the file takes its default. */
export const sourceSchema = z.strictObject({
  name: name
    .refine(isFree, { error: 'is taken by the program itself; choose another name' })
    .meta(about('What this source is called on screen, in the log and in Kafka. It stays: history hangs on it.')),
  url: mqttUrl.meta(about('Address of the MQTT broker: mqtt://, mqtts://, ws:// or wss://.', { secret: 'password' })),
  topics: z.array(topicFilter).min(1).max(100).default(['#']).meta(about('Topics to capture; "#" is all of them.')),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .default(1)
    .meta(about('Quality of service to ask for. With 0 the broker does not repeat what was missed.')),
  version: z.enum(['auto', '5', '3.1.1']).default('auto').meta(about('MQTT version; auto tries 5 first, then 3.1.1.')),
  username: z.string().min(1).max(300).nullable().default(null).meta(about('User at the broker, or null for none.')),
  ca: z
    .string()
    .min(1)
    .max(4_000)
    .nullable()
    .default(null)
    .meta(about("PEM file with the certificate authority, or null for the system's.")),
  clientId: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .meta(about('Client id at the broker, or null for one that is made once and kept.')),
  dropQos0: z
    .array(topicFilter)
    .max(100)
    .default([])
    .meta(
      about(
        'When the disk takes nothing and 8 MB wait, QoS 0 messages of these topics are dropped, the oldest first, counted and noted in the log. Without any, reading stops instead.',
      ),
    ),
}) satisfies z.ZodType<SourceConfig>

/** One Kafka cluster to send to. */
const destinationSchema = z.strictObject({
  name: name.meta(about('What this destination is called; its place in the log hangs on it.')),
  brokers: z
    .array(broker)
    .min(1)
    .max(50)
    .meta(about('Kafka brokers to begin with, as host:port.', { secret: 'password' })),
  delivery: z
    .enum(['auto', 'exactly-once', 'at-least-once'])
    .default('auto')
    .meta(about('auto takes exactly once where the cluster can, and says when it cannot.')),
  tls: z.boolean().default(false).meta(about('Encrypt the connection.')),
  ca: z
    .string()
    .min(1)
    .max(4_000)
    .nullable()
    .default(null)
    .meta(about("PEM file with the certificate authority, or null for the system's.")),
  sasl: z.enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512']).default('none').meta(about('How to log in.')),
  username: z.string().min(1).max(300).nullable().default(null).meta(about('User at the cluster, or null for none.')),
  topics: z
    .strictObject({
      telemetry: kafkaTopic.default('edge.telemetry.v1').meta(about('Topic of the readings.')),
      alerts: kafkaTopic.default('edge.alerts.v1').meta(about('Topic of the alerts.')),
      status: kafkaTopic.default('edge.status').meta(about('Topic of where this installation stands.')),
      deadletter: kafkaTopic.default('edge.deadletter.v1').meta(about('Topic of what the cluster rejects.')),
    })
    .prefault({})
    .meta(about('Topics to write to.')),
  create: z
    .strictObject({
      allowed: z.boolean().default(false).meta(about('Make missing topics without being asked.')),
      partitions: z.int().min(1).max(1_000).default(6).meta(about('Partitions of a topic that is made here.')),
      replication: z.int().min(1).max(15).default(1).meta(about('Copies of a topic that is made here.')),
      retentionHours: z
        .int()
        .min(-1)
        .max(1_000_000)
        .default(168)
        .meta(
          about('How long the cluster keeps records of a topic that is made here; -1 is for ever.', { unit: 'hours' }),
        ),
    })
    .prefault({})
    .meta(about('Making topics that are missing.')),
  paused: z.boolean().default(false).meta(about('Send nothing; the log keeps everything meanwhile.')),
  required: z
    .boolean()
    .default(true)
    .meta(
      about(
        'Keep log files until this destination has them, also beyond their bounds and until the disk is full; off lets them go, and says what was not sent.',
      ),
    ),
}) satisfies z.ZodType<DestinationConfig>

/** The whole configuration file. */
export const configSchema = z.strictObject({
  site: z.string().min(1).max(100).default('My plant').meta(about('Name of the plant, as the title shows it.')),
  zone: z
    .string()
    .max(100)
    .refine(isZone, { error: 'is not a time zone; use an IANA name such as Europe/Oslo' })
    .default(systemZone)
    .meta(about("IANA name of the plant's time zone; daily rhythm is learned in it.")),
  sources: z
    .array(sourceSchema)
    .max(50)
    .refine(haveOwnNames, { error: 'two have the same name; each needs its own' })
    .default([])
    .meta(about('Brokers to capture from.')),
  destinations: z
    .array(destinationSchema)
    .max(20)
    .refine(haveOwnNames, { error: 'two have the same name; each needs its own' })
    .default([])
    .meta(about('Kafka clusters to send to.')),
  demo: z.boolean().default(false).meta(about('Run the built-in demo plant.')),
  log: z
    .strictObject({
      segmentMegabytes: z
        .int()
        .min(1)
        .max(4_096)
        .default(256)
        .meta(about('A log file is closed at this size, or after a day.', { unit: 'MB' })),
      lingerMs: z
        .int()
        .min(0)
        .max(1_000)
        .default(20)
        .meta(
          about('A commit waits this long for company: longer is less disk wear and later acknowledgement.', {
            unit: 'ms',
          }),
        ),
      maxGigabytes: z
        .number()
        .min(0.1)
        .max(100_000)
        .nullable()
        .default(null)
        .meta(
          about(
            'When all log files pass this size, the oldest go; null is a tenth of the disk, at most 20. Roll-ups, alerts and what was learned stay.',
            { unit: 'GB' },
          ),
        ),
      minFreeGigabytes: z
        .number()
        .min(0)
        .max(100_000)
        .default(1)
        .meta(
          about('When the disk has less room than this, the oldest log files go, whatever their size; 0 is never.', {
            unit: 'GB',
          }),
        ),
      maxDays: z
        .number()
        .min(0.01)
        .max(36_500)
        .nullable()
        .default(null)
        .meta(about('Log files whose newest record is older than this go; null keeps them by size.', { unit: 'days' })),
    })
    .prefault({})
    .meta(about('The log on disk.')),
  server: z
    .strictObject({
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(7_411)
        .meta(about('Port of the page on 127.0.0.1; 0 takes any free one.')),
      metrics: z
        .enum(['off', 'token', 'open'])
        .default('token')
        .meta(
          about(
            'Who may read /metrics (Prometheus): nobody, who has the token in the file metrics-token of the data directory, or everybody on this machine.',
          ),
        ),
    })
    .prefault({})
    .meta(about('The page.')),
}) satisfies z.ZodType<Config>

/** The configuration as JSON Schema (what a file may hold): help, unit, bounds, defaults, secrets. A form is drawn from it. */
export function configJsonSchema(): { readonly [key: string]: unknown } {
  return z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' })
}

/** Records of these sources are made by the program. */
function isFree(source: string): boolean {
  return source !== 'demo' && source !== 'import'
}

function isMqttUrl(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(parsed.protocol) && parsed.hostname !== ''
}

function hasPassword(url: string): boolean {
  return (URL.parse(url)?.password ?? '') !== ''
}

function isTopicFilter(filter: string): boolean {
  const levels = filter.split('/')
  return levels.every(
    (level, i) =>
      (level === '#' ? i === levels.length - 1 : level === '+' || !/[#+]/.test(level)) && !level.includes('\0'),
  )
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

function systemZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

function haveOwnNames(entries: readonly { readonly name: string }[]): boolean {
  return new Set(entries.map((entry) => entry.name)).size === entries.length
}
