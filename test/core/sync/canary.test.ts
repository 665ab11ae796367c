import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { brokerSecret, passphraseName, secretName } from '../../../core/config/secrets.ts'
import { sourceOf } from '../../../core/config/settings.ts'
import type { CallName, Calls, Config, DestinationConfig, SourceConfig } from '../../../core/contract/calls.ts'
import { openClient, runFieldwatch, startApp, until } from '../../support/app.ts'
import type { Certificates } from '../../support/certificates.ts'
import { hasOpenssl } from '../../support/certificates.ts'
import type { Client } from '../../support/client.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, startKafka } from '../../support/kafka/kafka.ts'
import { freePort } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startTokenEndpoint, type TokenEndpoint } from '../../support/token-endpoint.ts'

const debug = { KAFKAJS_LOG_LEVEL: 'DEBUG', KAFKAJS_DEBUG_PROTOCOL_BUFFERS: '1', DEBUG: '*', NODE_DEBUG: 'tls,http' }
/** The stores themselves. */
const quiet = new Set(['secrets.json', 'secrets.sealed.json'])

/** One of each kind of secret; those that are right are used, and of the others somebody complains. */
const canaries = {
  [secretName('destination', 'accepted')]: 'secret-1',
  [secretName('destination', 'refused')]: 'canary-of-plain',
  [secretName('destination', 'token')]: 'canary-of-tokens',
  [secretName('destination', 'no-token')]: 'canary-of-no-token',
  [passphraseName('destination', 'locked')]: 'canary-of-the-key',
  [brokerSecret]: 'canary-of-the-broker',
  [secretName('source', 'let-in')]: 'canary-of-the-broker',
  [secretName('source', 'kept-out')]: 'canary-of-mqtt',
  [passphraseName('source', 'sealed')]: 'canary-of-the-mqtt-key',
}
const tooLong = 'canary-too-long'
const probed = { password: 'canary-of-a-probe', passphrase: 'canary-of-a-probed-key' }

test.skipIf(!(hasKafka() && hasOpenssl))(
  'no secret leaves its store: not by a log, an error, a file, any call, the metrics, a command, a backup or an export',
  async () => {
    const tokens = await startTokenEndpoint(canaries['destination/token/password'])
    onTestFinished(() => tokens.stop())
    const kafka = await startKafka({ secure: true, properties: 'allow.everyone.if.no.acl.found=true\n' })
    onTestFinished(() => kafka.remove())
    const plant = await plantOf(kafka, tokens)
    const data = await dataDir()
    const app = await startApp(['--data', data], 'serve', debug)
    onTestFinished(() => app.kill())
    const heard: unknown[] = []
    const client = await openClient(app)
    for (const push of ['status', 'views', 'sync'] as const) client.on(push, (said) => heard.push(said))
    const config = { ...(await client.call('config', {})), ...plant }
    heard.push(await client.call('config.put', { config, secrets: secretsOf(canaries) }))
    const long = secretsOf({ 'destination/refused/password': tooLong.repeat(1_000) })
    heard.push(await client.call('config.put', { config, secrets: long }).catch(all))
    await allStand(client)
    for (const [name, input] of Object.entries(everyCall(config)))
      heard.push(name, await client.call(name as CallName, input as never).catch(all))
    heard.push(await page(client, data))
    client.close()
    heard.push(...(await commands(data)))
    expect(await app.stop()).toBe(0)
    heard.push(...(await resendBeside(data)), app.said(), filesIn(data))
    const secrets = [...Object.values(canaries), tooLong, ...Object.values(probed), ...tokens.tokens]
    expect(tokens.tokens.length).toBeGreaterThan(0)
    expectNone(secrets, heard)
  },
  240_000,
)

async function plantOf(
  kafka: Kafka,
  tokens: TokenEndpoint,
): Promise<Pick<Config, 'sources' | 'destinations' | 'broker'>> {
  const port = await freePort()
  const { certificates } = kafka.secured!
  return {
    broker: { enabled: true, host: '127.0.0.1', port, username: 'devices' },
    sources: sourcesOf(port, certificates),
    destinations: destinationsOf(kafka, tokens),
  }
}

function sourcesOf(port: number, certificates: Certificates): SourceConfig[] {
  const url = `mqtt://127.0.0.1:${port}`
  const own = { cert: certificates.file('client.pem'), key: certificates.file('client.locked') }
  return [
    sourceOf('let-in', url, { username: 'devices' }),
    sourceOf('kept-out', url, { username: 'devices' }),
    sourceOf('sealed', `mqtts://127.0.0.1:${port}`, own),
  ]
}

function destinationsOf({ secured }: Kafka, { url }: TokenEndpoint): DestinationConfig[] {
  const { certificates, login, mutual } = secured!
  const tls = { tls: true, ca: certificates.file('ca.pem') }
  const own = { cert: certificates.file('client.pem'), key: certificates.file('client.locked') }
  const plain = { ...tls, sasl: 'plain', username: 'edge1' } as const
  const oauth = { ...tls, sasl: 'oauthbearer', username: 'edge1', tokenUrl: url } as const
  return [
    destinationAt(login, 'accepted', plain),
    destinationAt(login, 'refused', plain),
    destinationAt(login, 'token', oauth),
    destinationAt(login, 'no-token', oauth),
    destinationAt(mutual, 'locked', { ...tls, ...own }),
  ]
}

/** With a log that has something to send. */
async function dataDir(): Promise<string> {
  const data = tempDir()
  writeFileSync(join(data, 'config.json'), JSON.stringify({ zone: 'UTC' }))
  const csv = join(data, 'past.csv')
  writeFileSync(csv, ['ts,value', ...Array.from({ length: 500 }, (_, i) => `${1.7e12 + i * 1_000},${i}`)].join('\n'))
  expect(await runFieldwatch(['import', csv, '--data', data])).toMatchObject({ code: 0 })
  return data
}

/** Each secret was used: what is right works, and of what is wrong it is said so. */
async function allStand(client: Client): Promise<void> {
  const wanted = [
    'accepted: sent',
    'refused: kafka_auth',
    'token: sent',
    'no-token: kafka_auth',
    'locked: kafka_tls',
    'let-in: broker_topic_refused', // the broker inside gives nothing out, to who has logged in
    'kept-out: broker_login',
    'sealed: broker_tls',
  ]
  await until('everybody in their state', async () => {
    const { sources } = await client.call('status', {})
    const rows = await client.call('destinations', {})
    const stands = [
      ...rows.map(({ name, error, confirmed }) => `${name}: ${error?.code ?? (confirmed.records > 0 ? 'sent' : '')}`),
      ...sources.map(({ name, error, state }) => `${name}: ${error?.code ?? state}`),
    ]
    if (wanted.every((one) => stands.includes(one))) return stands
    throw new Error(JSON.stringify(stands))
  })
}

/** All of the contract: one that is missing here does not compile. Those that change something come last. */
function everyCall(config: Config) {
  const at = null
  const span = { from: null, until: null }
  const destination = 'accepted'
  const page = { skip: 0, limit: 100 }
  const mapping = {
    id: 'm',
    topics: '#',
    format: 'json',
    schema: null,
    columns: null,
    separator: null,
    rows: null,
  } as const
  const places = { device: null, signals: null, unit: null, time: null, quality: null, from: 0, version: 1 }
  const [let_in] = config.sources
  return {
    status: {},
    bounds: {},
    health: { at },
    devices: { at, sort: 'worst', filter: '', from: 0, count: 100 },
    device: { id: 'past', at },
    series: { series: [1], from: 0, until: Date.now(), points: 10, at },
    messages: { device: null, before: null, limit: 1_000, at, undecodable: false },
    record: { offset: 1 },
    alerts: { at, show: 'history', device: null, limit: 100 },
    alert: { id: 'none', at },
    alertLoad: { at },
    continuity: { at, ...span },
    'continuity.device': { id: 'past', at, ...span },
    'continuity.devices': { at, ...span, ...page },
    'continuity.silent': { at, ...span, ...page },
    timeline: { from: 0, until: Date.now(), bins: 10, at },
    rules: { at },
    'rules.use': { at },
    detectors: {},
    mappings: { at },
    'mapping.preview': { mapping: { ...mapping, ...places }, limit: 10 },
    destinations: {},
    ledger: { destination: null, before: null, limit: 1_000 },
    lag: { from: 0, until: Date.now(), points: 10 },
    outages: {},
    config: {},
    'config.schema': {},
    probe: { source: { ...let_in!, name: 'kept-out' }, ...probed, listenMs: 500 },
    'sync.count': { destination, span: { by: 'offset', from: 0, to: 100 } },
    'sync.check': { destination, from: null, to: null },
    'sync.sendAgain': { destination: 'token', from: 0, to: 100, asideOnly: false },
    'sync.cancel': { id: 'none' },
    'sync.jobs': { limit: 100 },
    'sync.aside': { destination, after: null, limit: 100 },
    'sync.createTopics': { destination: 'refused' },
    'sync.retryNow': { destination: 'no-token' },
    'sync.delivery': { destination: 'locked', delivery: 'at-least-once' },
    'sync.pause': { destination: 'refused', paused: true },
    command: { name: 'note', value: { device: 'past', text: 'looks fine', by: 'test' } },
    'config.put': { config, secrets: [] },
  } satisfies { readonly [K in CallName]: Calls[K]['in'] }
}

/** What a browser and Prometheus are given. */
async function page({ origin, cookie }: Client, data: string): Promise<string> {
  const token = readFileSync(join(data, 'metrics-token'), 'utf8').trim()
  const asked = [
    fetch(`${origin}/metrics`, { headers: { authorization: `Bearer ${token}` } }),
    fetch(origin, { headers: { cookie } }),
  ]
  const texts = await Promise.all(asked.map(async (answer) => (await answer).text()))
  return texts.join('\n')
}

/** While it runs. */
async function commands(data: string): Promise<unknown[]> {
  const to = join(tempDir(), 'backup')
  const about = ['--data', data, '--json']
  const run = [
    ['backup', ...about, '--to', to],
    ['export', '--data', data, '--format', 'jsonl', '--out', '-'],
    ['alerts', ...about],
    ['verify', ...about],
    ['reconcile', ...about, '--destination', 'accepted'],
    ['reconcile', ...about, '--destination', 'refused'],
    ['reconcile', ...about, '--destination', 'locked'],
  ]
  const said: unknown[] = []
  for (const args of run) said.push(await runFieldwatch(args))
  return [...said, filesIn(to)]
}

async function resendBeside(data: string): Promise<unknown[]> {
  const args = (destination: string) => ['resend', '--data', data, '--json', '--send', '--destination', destination]
  return [await runFieldwatch(args('token')), await runFieldwatch(args('refused'))]
}

function secretsOf(named: Readonly<Record<string, string>>) {
  return Object.entries(named).map(([name, value]) => ({ name, value }))
}

/** An error with everything that hangs on it. */
function all(error: unknown): unknown {
  return error instanceof Error
    ? { ...error, message: error.message, stack: error.stack, cause: all(error.cause) }
    : error
}

/** All that lies in a directory, but for the store itself. */
function filesIn(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => !quiet.has(file) && statSync(join(dir, file)).isFile())
    .map((file) => readFileSync(join(dir, file), 'latin1'))
    .join('\n')
}

function expectNone(secrets: readonly string[], heard: readonly unknown[]): void {
  const seen = heard.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
  expect(seen.length).toBeGreaterThan(100_000)
  for (const secret of secrets)
    for (const written of waysOf(secret)) expect(seen.includes(written), `${secret} as ${written}`).toBe(false)
}

/** As text, as base64 alone and behind its user, and as a list of bytes. */
function waysOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const basic = Buffer.from(`edge1:${encodeURIComponent(secret)}`).toString('base64')
  return [secret, bytes.toString('base64'), basic, bytes.toString('hex'), [...bytes].join(',')]
}
