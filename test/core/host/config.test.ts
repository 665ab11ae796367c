import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig, writeConfig } from '../../../core/config/file.ts'
import { fileSecrets, secretName, variableOf, withEnvironment } from '../../../core/config/secrets.ts'
import { configJsonSchema } from '../../../core/config/settings.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-config-'))
  file = join(dir, 'config.json')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function reading(config: unknown): () => unknown {
  writeFileSync(file, JSON.stringify(config))
  return () => readConfig(file)
}

const sendingTo = (more: object) => ({ destinations: [{ name: 'a', brokers: ['127.0.0.1:9092'], ...more }] })

describe('the configuration file', () => {
  test('that is not there is one of defaults', () => {
    expect(readConfig(file)).toMatchObject({ sources: [], destinations: [], demo: false, log: { lingerMs: 20 } })
  })

  test('needs only what has no default: a short one is filled in', () => {
    const short = {
      sources: [{ name: 'plant-a', url: 'mqtt://127.0.0.1:1883', topics: ['#'], qos: 1 }],
      destinations: [{ name: 'central', brokers: ['127.0.0.1:9092'], delivery: 'auto' }],
    }
    const { sources, destinations } = reading(short)() as ReturnType<typeof readConfig>
    const tls = { ca: null, cert: null, key: null, serverName: null, alpn: null }
    const rest = {
      exclude: [],
      version: 'auto',
      username: null,
      announce: null,
      rebirth: false,
      clientId: null,
      dropQos0: [],
    }
    expect(sources[0]).toEqual({ ...short.sources[0], ...tls, ...rest })
    expect(destinations[0]).toMatchObject({
      tls: false,
      sasl: 'none',
      paused: false,
      required: true,
      topics: { telemetry: 'edge.telemetry.v1', alerts: 'edge.alerts.v1' },
    })
  })

  test.each([
    [{ sourcez: [] }, /"sourcez" is not known here/],
    [{ log: { lingerMs: 20, lingr: 1 } }, /"log\.lingr" is not known here/],
    [
      { sources: [{ name: 'a', url: 'tcp:/x' }] },
      /sources\[0\]\.url: "tcp:\/x" is not the address of an MQTT broker; try mqtt:\/\/host:1883/,
    ],
    [{ sources: [{ name: 'a' }] }, /sources\[0\]\.url: is missing/],
    [{ sources: [{ name: 'demo', url: 'mqtt://x' }] }, /sources\[0\]\.name: "demo" is taken/],
    [{ sources: [{ name: 'a', url: 'mqtt://x', topics: ['a/#/b'] }] }, /"a\/#\/b" is not a topic filter/],
    [{ sources: [{ name: 'built-in', url: 'mqtt://x' }] }, /sources\[0\]\.name: "built-in" is taken/],
    [{ sources: [{ name: 'a', url: 'mqtt://x', topics: ['$share/g'] }] }, /"\$share\/g" is not a shared subscription/],
    [{ sources: [{ name: 'a', url: 'mqtt://x', exclude: ['#/a'] }] }, /exclude\[0\]: "#\/a" is not a topic filter/],
    [
      { sources: [{ name: 'a', url: 'mqtts://x', cert: 'me.pem' }] },
      /sources\[0\]\.cert: "me\.pem" needs the file of its private key beside it/,
    ],
    [
      { sources: [{ name: 'a', url: 'mqtts://x', key: 'me.key' }] },
      /sources\[0\]\.key: "me\.key" needs the file of its certificate beside it/,
    ],
    [
      { sources: [{ name: 'a', url: 'mqtt://x', announce: { topic: 'a/+' } }] },
      /announce\.topic: "a\/\+" is not a topic to publish to/,
    ],
    [{ broker: { enabled: true, host: '0.0.0.0' } }, /broker\.host: "0\.0\.0\.0" lets the network in/],
    [{ broker: { enabled: true, host: 'localhost' } }, /broker\.host: "localhost" is not/],
    [{ destinations: [{ name: 'a', brokers: ['kafka'] }] }, /"kafka" is not a broker; write host:port/],
    [
      sendingTo({ topics: { telemetry: 'edge.{machine}' } }),
      /topics\.telemetry: "edge\.\{machine\}" has \{machine\}, which/,
    ],
    [
      sendingTo({ topics: { alerts: 'edge.{type}' } }),
      /topics\.alerts: "edge\.\{type\}" has \{type\}, .* there is \{site\}/,
    ],
    [sendingTo({ topics: { telemetry: 'edge/{site}' } }), /"edge\/\{site\}" is not a Kafka topic; use letters/],
    [sendingTo({ topics: { status: '..' } }), /topics\.status: "\.\." is not a Kafka topic/],
    [
      { site: 'x'.repeat(100), ...sendingTo({ topics: { deadletter: '{site}.{site}.{site}' } }) },
      /topics\.deadletter: .* is 302 characters long with the name of the plant in it/,
    ],
    [
      sendingTo({ topics: { alerts: 'edge.telemetry.v1' } }),
      /alerts: "edge\.telemetry\.v1" is the topic of the readings too/,
    ],
    [sendingTo({ filter: { topics: ['a/#/b'] } }), /filter\.topics\[0\]: "a\/#\/b" is not a topic filter/],
    [sendingTo({ start: 'yesterday' }), /start: "yesterday" is no place to begin; use beginning/],
    [sendingTo({ maxBytesPerSecond: 10 }), /maxBytesPerSecond: 10/],
    [sendingTo({ compression: 'snappy' }), /compression: "snappy"/],
    [sendingTo({ tls: true, cert: 'me.pem' }), /\[0\]\.cert: "me\.pem" needs the file of its private key/],
    [sendingTo({ cert: 'me.pem', key: 'me.key' }), /cert: "me\.pem" is shown under TLS only: set tls as well/],
    [sendingTo({ sasl: 'plain' }), /sasl: "plain" needs a user: set username/],
    [sendingTo({ sasl: 'oauthbearer', username: 'me' }), /"oauthbearer" needs a place to ask for tokens: set tokenUrl/],
    [
      sendingTo({ tokenUrl: 'http://login.example/token' }),
      /tokenUrl: "http:\/\/login\.example\/token" is not a place to ask for tokens; write https/,
    ],
    [{ zone: 'Mars/Olympus' }, /"Mars\/Olympus" is not a time zone/],
    [{ server: { port: 70_000 } }, /server\.port: 70000/],
    [[], /\[\] is not accepted/],
  ])('%j is refused with the field, its value and the way out', (config, sentence) => {
    expect(reading(config)).toThrow(sentence)
  })

  test('with a password in an address is refused, and the sentence does not repeat it', () => {
    expect(reading({ sources: [{ name: 'a', url: 'mqtt://me:hunter2@x' }] })).toThrow(/holds a password/)
    expect(reading({ sources: [{ name: 'a', url: 'mqtt://me:hunter2@x' }] })).not.toThrow(/hunter2/)
  })

  test('that is not JSON is refused by its name', () => {
    writeFileSync(file, '{ "sources": ')
    expect(() => readConfig(file)).toThrow(file)
  })

  test('comes back as it was written, and a refused one leaves the old one', () => {
    const config = { ...readConfig(file), site: 'Dairy' }
    writeConfig(file, config)
    expect(() => writeConfig(file, { ...config, site: '' })).toThrow(/site/)
    expect(readConfig(file)).toEqual(config)
  })
})

test('the JSON Schema says help, unit, bounds and default of a setting, from the same declaration', () => {
  const schema = configJsonSchema() as { properties: { log: { properties: { lingerMs: object } } } }
  expect(schema.properties.log.properties.lingerMs).toMatchObject({
    default: 20,
    minimum: 0,
    maximum: 1_000,
    unit: 'ms',
    description: expect.stringContaining('commit'),
  })
})

describe('secrets', () => {
  test('are kept in a file that only its owner reads, and go when they are taken away', async () => {
    const secrets = fileSecrets(file)
    await secrets.put(secretName('source', 'plant-a'), 's3cret')
    expect(await secrets.get('source/plant-a/password')).toBe('s3cret')
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
    await secrets.put('source/plant-a/password', null)
    expect(await secrets.get('source/plant-a/password')).toBeNull()
    expect(readFileSync(file, 'utf8')).not.toContain('s3cret')
  })

  test('of the environment come before those of the file', async () => {
    const secrets = withEnvironment(fileSecrets(file), { [variableOf('source/plant-a/password')]: 'from env' })
    await secrets.put('source/plant-a/password', 'from file')
    expect(variableOf('source/plant-a/password')).toBe('FIELDWATCH_SOURCE_PLANT_A_PASSWORD')
    expect(await secrets.get('source/plant-a/password')).toBe('from env')
  })
})
