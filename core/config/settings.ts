import { z } from 'zod'
import type { BrokerConfig, Config, DestinationConfig, FileConfig, GiveUp, SourceConfig } from '../contract/calls.ts'
import { giveUps } from '../contract/calls.ts'
import { fillTopic, type Placeholder, templateFault } from './topic-template.ts'

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
  .refine(isWholeShare, {
    error: 'is not a shared subscription; write $share/GROUP/TOPICS, such as $share/recorders/plant/#',
  })

const topicName = z
  .string()
  .min(1)
  .max(65_535)
  .regex(/^[^#+\0]+$/, 'is not a topic to publish to; "#" and "+" belong into filters')

/** Path of a file, or null for none. */
const file = z.string().min(1).max(4_000).nullable().default(null)

const broker = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+):\d{1,5}$/, 'is not a broker; write host:port, such as 127.0.0.1:9092')

/** A Kafka topic, or the template of several. */
function kafkaTopic(...allowed: Placeholder[]) {
  return z
    .string()
    .min(1)
    .max(249)
    .refine((template) => templateFault(template, allowed) === null, {
      error: ({ input }) => templateFault(String(input), allowed) ?? '',
    })
}

const signalPattern = z.string().min(1).max(1_000)

/** One broker to capture from. What is left out of the file takes its default. */
const sourceSettings = z.strictObject({
  name: name
    .refine(isFree, { error: 'is taken by the program itself; choose another name' })
    .meta(about('What this source is called on screen, in the log and in Kafka. It stays: history hangs on it.')),
  url: mqttUrl.meta(
    about('Address of the MQTT broker: mqtt://, mqtts://, ws:// or wss://, with a path where the broker wants one.', {
      secret: 'password',
    }),
  ),
  topics: z
    .array(topicFilter)
    .min(1)
    .max(100)
    .default(['#'])
    .meta(about('Topics to capture; "#" is all of them. "$share/GROUP/TOPICS" shares them with others of the group.')),
  exclude: z
    .array(topicFilter)
    .max(100)
    .default([])
    .meta(about('Topics to leave out: their messages are acknowledged and counted, and not stored.')),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .default(1)
    .meta(about('Quality of service to ask for. With 0 the broker does not repeat what was missed.')),
  version: z.enum(['auto', '5', '3.1.1']).default('auto').meta(about('MQTT version; auto tries 5 first, then 3.1.1.')),
  username: z.string().min(1).max(300).nullable().default(null).meta(about('User at the broker, or null for none.')),
  ca: file.meta(about("PEM file with the certificate authority, or null for the system's.")),
  cert: file.meta(about('PEM file with the certificate by which the broker knows this machine, or null for none.')),
  key: file.meta(about('PEM file with the private key of that certificate.', { secret: 'passphrase' })),
  serverName: z
    .string()
    .min(1)
    .max(253)
    .nullable()
    .default(null)
    .meta(about("Name that the broker's certificate must be for, or null for the host of the address.")),
  alpn: z
    .string()
    .min(1)
    .max(255)
    .nullable()
    .default(null)
    .meta(about('Protocol to ask for while TLS is agreed (ALPN), such as mqtt, or null for none.')),
  announce: z
    .strictObject({
      topic: topicName.meta(about('Topic of the announcement.')),
      retained: z.boolean().default(true).meta(about('The broker keeps the last one for who comes later.')),
    })
    .nullable()
    .default(null)
    .meta(
      about(
        'Tells others whether this program is there: {"state":"online"} or {"state":"offline"}. Null: it does not.',
      ),
    ),
  rebirth: z
    .boolean()
    .default(false)
    .meta(
      about(
        'Asks a Sparkplug edge node for its births when it sends an alias that is not known: one NCMD with Node Control/Rebirth, at most once a minute. Without it nothing is published.',
      ),
    ),
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

export const sourceSchema = withKeyPair(sourceSettings)

/** A certificate and its private key, or neither. */
function withKeyPair<S extends z.ZodType<Pick<SourceConfig, 'cert' | 'key'>>>(schema: S): S {
  return schema
    .refine(({ cert, key }) => cert === null || key !== null, {
      path: ['cert'],
      error: 'needs the file of its private key beside it: set key as well',
    })
    .refine(({ cert, key }) => key === null || cert !== null, {
      path: ['key'],
      error: 'needs the file of its certificate beside it: set cert as well',
    })
}

/** A source of the program's own, every setting at its default. */
export function sourceOf(name: string, url: string, more: Partial<SourceConfig> = {}): SourceConfig {
  return { ...sourceSettings.parse({ name: 'own', url }), name, ...more }
}

/** A destination of the program's own, every setting at its default but for these. */
export function destinationOf(more: z.input<typeof destinationSettings>): DestinationConfig {
  return destinationSettings.parse(more)
}

/** The broker inside. */
const brokerSchema = z
  .strictObject({
    enabled: z.boolean().default(false).meta(about('Run a broker that devices publish to, without one of your own.')),
    host: z
      .union([z.ipv4(), z.ipv6()], { error: 'is not the address of an interface; 0.0.0.0 is all of them' })
      .default('127.0.0.1')
      .meta(about('Address it listens on. 127.0.0.1 is this machine only; 0.0.0.0 lets devices of the network in.')),
    port: z.int().min(0).max(65_535).default(1_883).meta(about('Port it listens on; 0 takes any free one.')),
    username: z
      .string()
      .min(1)
      .max(300)
      .nullable()
      .default(null)
      .meta(about('User that devices must give, or null for none.', { secret: 'password' })),
  })
  .refine(({ host, username }) => username !== null || isLoopback(host), {
    path: ['host'],
    error: 'lets the network in, so devices must give a user and a password: set username as well',
  }) satisfies z.ZodType<BrokerConfig>

/** One log file to follow. */
const fileSchema = z.strictObject({
  name: name
    .refine(isFree, { error: 'is taken by the program itself; choose another name' })
    .meta(about('What this file is called on screen and in the log. It stays.')),
  path: z
    .string()
    .min(1)
    .max(4_000)
    .meta(about('The file, as an absolute path. Rotation and truncation are followed.')),
  topic: z.string().min(1).max(1_000).meta(about('The topic that its lines get.')),
  pattern: z
    .string()
    .min(1)
    .max(10_000)
    .refine(isPattern, {
      error: 'is no pattern; write it as a regular expression with named groups, such as took (?<ms>[0-9]+)',
    })
    .nullable()
    .default(null)
    .meta(
      about(
        'Regular expression whose named groups are signals, such as "took (?<ms>[0-9]+) ms"; null reads a line as any message.',
      ),
    ),
  device: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .meta(about('Name of the device, with {group} for a named group; null is the topic.')),
  time: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .meta(about('The named group that holds the time; null is the time of reading.')),
}) satisfies z.ZodType<FileConfig>

/** One Kafka cluster to send to. */
const destinationSettings = z.strictObject({
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
  ca: file.meta(about("PEM file with the certificate authority, or null for the system's.")),
  cert: file.meta(about('PEM file with the certificate by which the cluster knows this machine, or null for none.')),
  key: file.meta(about('PEM file with the private key of that certificate.', { secret: 'passphrase' })),
  sasl: z
    .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
    .default('none')
    .meta(about('How to log in. plain shows the password to whoever listens, unless tls is on.')),
  username: z
    .string()
    .min(1)
    .max(300)
    .nullable()
    .default(null)
    .meta(about('User at the cluster, or the id of the client with oauthbearer; null for none.')),
  tokenUrl: z
    .string()
    .max(2_000)
    .refine(isTokenUrl, { error: 'is not a place to ask for tokens; write https://, or http:// on this machine' })
    .refine((url) => !hasPassword(url), {
      error: 'holds a password; leave it out and give it as a secret',
      abort: true,
    })
    .nullable()
    .default(null)
    .meta(about('With oauthbearer: where a token is asked for, by client credentials.')),
  scope: z
    .string()
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .meta(about('With oauthbearer: scope to ask for, or null for none.')),
  topics: z
    .strictObject({
      telemetry: kafkaTopic('site', 'type')
        .default('edge.telemetry.v1')
        .meta(about('Topic of the readings; {type} is number, boolean, text or raw, {site} the name of the plant.')),
      alerts: kafkaTopic('site').default('edge.alerts.v1').meta(about('Topic of the alerts.')),
      status: kafkaTopic('site').default('edge.status').meta(about('Topic of where this installation stands.')),
      deadletter: kafkaTopic('site').default('edge.deadletter.v1').meta(about('Topic of what the cluster rejects.')),
    })
    .prefault({})
    .meta(about('Topics to write to. A change counts for what was not sent yet.')),
  filter: z
    .strictObject({
      topics: z
        .array(topicFilter)
        .min(1)
        .max(100)
        .default(['#'])
        .meta(about('MQTT topics whose messages are sent; "#" is all of them.')),
      exclude: z.array(topicFilter).max(100).default([]).meta(about('Of these, MQTT topics whose messages stay here.')),
      signals: z
        .array(signalPattern)
        .min(1)
        .max(100)
        .default(['*'])
        .meta(about('Signals that are sent, by name; "*" stands for any characters.')),
      excludeSignals: z.array(signalPattern).max(100).default([]).meta(about('Of these, signals that stay here.')),
      alerts: z.boolean().default(true).meta(about('Send the alerts of these signals, too.')),
    })
    .prefault({})
    .meta(about('What is sent of what the log holds. A change counts for what was not sent yet.')),
  payload: z
    .enum(['envelope', 'raw'])
    .default('envelope')
    .meta(about('envelope: a JSON record for each reading. raw: the bytes of each message as they came.')),
  headers: z
    .enum(['full', 'minimal'])
    .default('full')
    .meta(about('full: CloudEvents and our own. minimal: only what tells records apart, and the marks.')),
  compression: z
    .enum(['none', 'gzip', 'zstd'])
    .default('gzip')
    .meta(about('How batches are packed; zstd needs Kafka 2.1 or newer.')),
  maxBytesPerSecond: z
    .int()
    .min(1_000)
    .max(1_000_000_000)
    .nullable()
    .default(null)
    .meta(about('Send at most so much, over time; null is as fast as it goes.', { unit: 'bytes/s' })),
  start: z
    .string()
    .max(40)
    .refine(isStart, {
      error: 'is no place to begin; use beginning (of the kept log), now, or a time such as 2026-01-31T06:00:00Z',
    })
    .default('beginning')
    .meta(about('Where a new destination begins: beginning (of the kept log), now, or a time. Looked at once.')),
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

const destinationSchema = withKeyPair(destinationSettings)
  .refine(({ cert, tls }) => cert === null || tls, {
    path: ['cert'],
    error: 'is shown under TLS only: set tls as well',
  })
  .refine(({ sasl, username }) => sasl === 'none' || username !== null, {
    path: ['sasl'],
    error: 'needs a user: set username as well',
  })
  .refine(({ sasl, tokenUrl }) => sasl !== 'oauthbearer' || tokenUrl !== null, {
    path: ['sasl'],
    error: 'needs a place to ask for tokens: set tokenUrl as well',
  })

/** The whole configuration file. */
export const configSchema = z
  .strictObject({
    site: z.string().min(1).max(100).default('My plant').meta(about('Name of the plant, as the title shows it.')),
    zone: z
      .string()
      .max(100)
      .refine(isZone, { error: 'is not a time zone; use an IANA name such as Europe/Oslo' })
      .default(systemZone)
      .meta(about("IANA name of the plant's time zone; daily rhythm is learned in it.")),
    shifts: z
      .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'is not a time of day; write it as 06:00' }))
      .min(1)
      .max(12)
      .default(['06:00', '14:00', '22:00'])
      .meta(about('Times of day at which shifts change; an alert can be shelved until then.')),
    sources: z
      .array(sourceSchema)
      .max(50)
      .refine(haveOwnNames, { error: 'two have the same name; each needs its own' })
      .default([])
      .meta(about('Brokers to capture from.')),
    files: z
      .array(fileSchema)
      .max(50)
      .refine(haveOwnNames, { error: 'two have the same name; each needs its own' })
      .default([])
      .meta(about('Log files to follow as they grow.')),
    broker: brokerSchema.prefault({}).meta(about('The broker inside this program.')),
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
              'When all log files pass this size, the oldest go; null is a tenth of the disk, at most 20. Rules, names, open alerts and what was learned stay.',
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
          .meta(
            about('Log files whose newest record is older than this go; null keeps them by size.', { unit: 'days' }),
          ),
        giveUp: z
          .array(z.enum(giveUps))
          .refine(isOrderOfGivingUp, {
            error:
              'must name sent, each at most once, and sent before optional before required: the oldest files go first',
          })
          .default(['sent', 'snapshots', 'optional'])
          .meta(
            about(
              'What goes when a bound is met, first to last: sent (log files that every destination has), snapshots (from which replays begin; only when the disk lacks room), optional (also log files that a destination lacks which is not required), required (also those that a required one lacks; only when the disk lacks room). What is not named stays until the disk is full; then nothing more is acknowledged.',
            ),
          ),
        maxViewsGigabytes: z
          .number()
          .min(0.01)
          .max(100_000)
          .nullable()
          .default(null)
          .meta(
            about(
              'When the views pass this size, their charts and past alerts from before the kept log go, the oldest hour first; null is a tenth of the disk, at most 20.',
              { unit: 'GB' },
            ),
          ),
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
  })
  .check(({ value, issues }) => {
    for (const { path, message } of topicFaults(value)) issues.push({ code: 'custom', input: value, path, message })
  }) satisfies z.ZodType<Config>

interface Fault {
  readonly path: PropertyKey[]
  readonly message: string
}

/** What is wrong with templates once they are filled. */
function* topicFaults({ site, destinations }: Config): Iterable<Fault> {
  for (const [i, { topics }] of destinations.entries()) {
    const filled = (template: string) => fillTopic(template, { site, type: 'boolean' }) // the longest type
    for (const [key, template] of Object.entries(topics)) {
      const path = ['destinations', i, 'topics', key]
      const { length } = filled(template)
      if (length > 249)
        yield { path, message: `is ${length} characters long with the name of the plant in it, and Kafka takes 249` }
      if ((key === 'alerts' || key === 'status') && filled(template) === filled(topics.telemetry))
        yield { path, message: 'is the topic of the readings too, which would lose all but the newest; choose another' }
    }
  }
}

/** The configuration as JSON Schema (what a file may hold): help, unit, bounds, defaults, secrets. A form is drawn from it. */
export function configJsonSchema(): { readonly [key: string]: unknown } {
  return z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' })
}

/** What the broker inside is called in the log. */
export const brokerSource = 'built-in'

/** Records of these sources are made by the program. */
function isFree(source: string): boolean {
  return ![brokerSource, 'demo', 'import'].includes(source)
}

function isMqttUrl(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && ['mqtt:', 'mqtts:', 'ws:', 'wss:'].includes(parsed.protocol) && parsed.hostname !== ''
}

function isTokenUrl(url: string): boolean {
  const parsed = URL.parse(url)
  if (parsed === null) return false
  return parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed.hostname))
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

/** What is shared is not shared again, and has a group. */
function isWholeShare(filter: string): boolean {
  return !filter.startsWith('$share/') || /^\$share\/[^/#+]+\/(?!\$share\/)./.test(filter)
}

const instant = z.iso.datetime({ offset: true })

function isStart(start: string): boolean {
  return start === 'beginning' || start === 'now' || instant.safeParse(start).success
}

/** Without what every destination has the log would only grow; and files can only go from the oldest on. */
function isOrderOfGivingUp(order: readonly GiveUp[]): boolean {
  const files = order.filter((one) => one !== 'snapshots')
  const allowed: readonly GiveUp[] = ['sent', 'optional', 'required']
  return (
    new Set(order).size === order.length && files[0] === 'sent' && isAscending(files.map((one) => allowed.indexOf(one)))
  )
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((each, i) => i === 0 || each > numbers[i - 1]!)
}

function isLoopback(host: string): boolean {
  return ['::1', '[::1]', 'localhost'].includes(host) || host.startsWith('127.')
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

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
