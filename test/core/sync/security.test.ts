import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig } from '../../../core/contract/calls.ts'
import { hasOpenssl, passphrase } from '../../support/certificates.ts'
import { makeTopics } from '../../support/kafka/admin.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { type Forwarding, startForwarding } from '../../support/kafka/forwarding.ts'
import { hasKafka, type Kafka, startKafka } from '../../support/kafka/kafka.ts'
import type { Secured } from '../../support/kafka/secured.ts'
import { startTokenEndpoint, type TokenEndpoint } from '../../support/token-endpoint.ts'

const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
  Kafka: Client,
  logLevel,
} = kafkajs

let kafka: Kafka
let at: Secured
let admin: Admin
let tokens: TokenEndpoint
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-secure-'))
const present = hasKafka() && hasOpenssl

beforeAll(async () => {
  if (!present) return
  tokens = await startTokenEndpoint()
  kafka = await startKafka({ secure: true })
  at = kafka.secured!
  admin = new Client({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
}, 120_000)
afterAll(async () => {
  await admin?.disconnect()
  await kafka?.remove()
  await tokens?.stop()
  rmSync(root, { recursive: true, force: true })
})

type More = Partial<DestinationConfig>

/** What differs from a destination that logs in with SCRAM-SHA-512 under TLS. */
function safe(name: string, more: More = {}, address = at.login): DestinationConfig {
  const login = { tls: true, ca: at.certificates.file('ca.pem'), sasl: 'scram-sha-512', username: 'edge1' } as const
  return destinationAt(address, name, { ...login, ...more })
}

function start(destination: DestinationConfig, password: string | null, locked: string | null = null): Forwarding {
  return startForwarding(mkdtempSync(join(root, 'state-')), { destination, password, passphrase: locked })
}

describe.skipIf(!present)('a cluster with certificates, users and permissions', () => {
  const pem = (name: string) => at.certificates.file(name)
  const own = (cert: string, key: string): More => ({ sasl: 'none', username: null, cert: pem(cert), key: pem(key) })

  test.each<[string, () => DestinationConfig, RegExp]>([
    [
      'an unknown authority',
      () => safe('safe', { ca: null }),
      /kafka_tls .*authority that this machine does not know.* Give the CA file/,
    ],
    [
      'the CA file of another authority',
      () => safe('safe', { ca: pem('other.pem') }),
      /kafka_tls .*does not know.* The CA file in use is .*other\.pem/,
    ],
    [
      'a CA file that is not there',
      () => safe('safe', { ca: '/nowhere/ca.pem' }),
      /kafka_tls ca: "\/nowhere\/ca\.pem" cannot be read/,
    ],
    [
      'a certificate for another host',
      () => safe('safe', { sasl: 'none' }, at.elsewhere),
      /kafka_tls .*for another host name .*by the name in the certificate/,
    ],
    [
      'a certificate that has expired',
      () => safe('safe', { sasl: 'none' }, at.expired),
      /kafka_tls .*certificate has expired .*renew it/,
    ],
    [
      'a plain connection to a TLS port',
      () => safe('safe', { tls: false, ca: null }),
      /closed the connection .*turn TLS on/,
    ],
    ['TLS to a plain port', () => safe('safe', {}, kafka.address), /closed the connection|could not be agreed/],
    [
      'no certificate where one is asked for',
      () => safe('safe', { sasl: 'none', username: null }, at.mutual),
      /asks for a certificate of this machine|login or a certificate, give one/,
    ],
    [
      'a certificate that the cluster does not know',
      () => safe('safe', own('stranger.pem', 'stranger.key'), at.mutual),
      /does not accept the certificate|may not accept the certificate of this machine/,
    ],
    [
      'a locked key without its passphrase',
      () => safe('safe', own('client.pem', 'client.locked'), at.mutual),
      /kafka_tls key: ".*client\.locked" is locked with a passphrase/,
    ],
    ['no login where one is asked for', () => safe('safe', { sasl: 'none' }), /closed the connection .*wants a login/],
    [
      'a mechanism that is not offered',
      () => safe('safe', { sasl: 'plain' }, at.narrow),
      /kafka_auth .*does not offer login by plain/,
    ],
    [
      'a token place that is not there',
      () => safe('safe', { sasl: 'oauthbearer', tokenUrl: 'http://127.0.0.1:1/token' }),
      /kafka_unreachable http:\/\/127\.0\.0\.1:1\/token gives no token: ECONNREFUSED/,
    ],
  ])('%s is told in words', async (_, destination, words) => {
    const { forward, trouble } = start(destination(), 'secret-1')
    expect(await trouble(words)).toMatch(words)
    await forward.stop()
  })

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'a wrong password (%s) is told in words',
    async (sasl) => {
      const { forward, trouble } = start(safe('safe', { sasl }), 'guess')
      const said = await trouble(/kafka_auth/)
      expect(said).toMatch(/refused user "edge1" or its password .*no account is locked/)
      expect(said).not.toContain('guess')
      await forward.stop()
    },
  )

  test('a refused client, a silent place and a token of another issuer are told apart', async () => {
    const destination = safe('safe', { sasl: 'oauthbearer', tokenUrl: tokens.url })
    const wrong = start(destination, 'guess')
    expect(await wrong.trouble(/kafka_auth/)).toMatch(/\/token refuses client "edge1" \(invalid_client\)/)
    tokens.answer = 503
    const busy = start(destination, 'secret-1')
    expect(await busy.trouble(/gives no token/)).toMatch(/kafka_unreachable .*answers with 503/)
    tokens.answer = 'stranger'
    const stranger = start(destination, 'secret-1')
    expect(await stranger.trouble(/kafka_auth/)).toMatch(/does not accept the token of "edge1"/)
    tokens.answer = 'token'
    await Promise.all([wrong, busy, stranger].map(({ forward }) => forward.stop()))
  })

  test('each missing permission shows the line that grants it, and with all of them it sends', async () => {
    await createTopics('granted')
    const { forward, trouble, until } = start(safe('granted'), 'secret-1')
    const head = `kafka-acls --bootstrap-server ${at.login} --command-config admin.properties --add --allow-principal 'User:edge1'`
    for (const [type, operation, line, grants] of [
      ['TOPIC', 'WRITE', /--operation Write --topic (granted\.\w+)/g, 4],
      ['TRANSACTIONAL_ID', 'WRITE', /--operation Write --transactional-id (\S+)/g, 1],
      ['GROUP', 'READ', /--operation Read --group (\S+)/g, 1],
      ['TOPIC', 'READ', /--operation Read --topic (\S+)/g, 1],
    ] as const) {
      await trouble(line)
      const lines = forward.rows()[0]!.error!.grant!.split('\n')
      expect(lines.every((text) => text.startsWith(head))).toBe(true)
      const names = lines.flatMap((text) => [...text.matchAll(line)].map((found) => found[1]!))
      expect(names).toHaveLength(grants)
      await allow('edge1', type, names, operation)
      forward.retryNow('granted')
    }
    const row = await until((row) => row.state === 'live' && row.next === 100)
    expect(row).toMatchObject({ delivery: 'exactly once', error: null })
    await forward.stop()
  })

  test('who may not create topics is shown the lines for that', async () => {
    await allow('edge1', 'TOPIC', ['uncreated'], 'DESCRIBE', 'PREFIXED')
    const { forward, trouble } = start(safe('uncreated'), 'secret-1')
    expect(await trouble(/kafka_denied/)).toMatch(/--operation Create --topic uncreated\.telemetry/)
    await forward.stop()
  })

  test.each<[string, () => DestinationConfig, string, string | null]>([
    ['PLAIN', () => safe('by-plain', { sasl: 'plain' }), 'edge1', null],
    ['SCRAM-SHA-256', () => safe('by-scram', { sasl: 'scram-sha-256' }), 'edge1', null],
    ['SCRAM-SHA-512 and no other', () => safe('by-narrow', {}, at.narrow), 'edge1', null],
    ['OAUTHBEARER', () => safe('by-token', { sasl: 'oauthbearer', tokenUrl: tokens.url }), 'edge1', null],
    ['a certificate', () => safe('by-cert', own('client.pem', 'client.key'), at.mutual), 'CN=recorder', null],
    ['a locked key', () => safe('by-lock', own('client.pem', 'client.locked'), at.mutual), 'CN=recorder', passphrase],
  ])('sends exactly once after a login by %s', async (_, make, principal, locked) => {
    const destination = make()
    await allowAll(principal, destination.name)
    const { forward, until } = start(destination, 'secret-1', locked)
    const row = await until((row) => row.state === 'live' && row.next === 100)
    expect(row).toMatchObject({ delivery: 'exactly once', error: null, maybeTwice: 0 })
    await forward.stop()
  })

  test('the missing permission of a certificate names it as the cluster does', async () => {
    const { forward, trouble } = start(safe('unknown', own('client.pem', 'client.key'), at.mutual), null)
    expect(await trouble(/kafka_denied/)).toMatch(/--allow-principal 'User:CN=recorder'/)
    await forward.stop()
  })

  test('a token is renewed before it ends, and nothing stands still for it', async () => {
    await allowAll('edge1', 'renewed')
    tokens.seconds = 8
    const before = tokens.asked()
    const destination = safe('renewed', { sasl: 'oauthbearer', tokenUrl: tokens.url })
    const { forward, until } = start(destination, 'secret-1')
    for (let head = 200; tokens.asked() < before + 4; head += 100) {
      forward.head(head)
      expect(await until((row) => row.next >= head)).toMatchObject({ error: null, attempt: 0 })
    }
    expect(forward.outages()).toEqual([])
    tokens.seconds = 300
    await forward.stop()
  }, 120_000)

  async function createTopics(name: string): Promise<void> {
    const topics = Object.values(destinationAt('', name).topics)
    await makeTopics(
      admin,
      topics.map((topic) => ({ topic })),
    )
  }

  async function allowAll(user: string, name: string): Promise<void> {
    await allow(user, 'TOPIC', [name], 'ALL', 'PREFIXED')
    for (const type of ['TRANSACTIONAL_ID', 'GROUP'] as const) await allow(user, type, ['edge.'], 'ALL', 'PREFIXED')
    await createTopics(name)
  }
})

async function allow(
  user: string,
  type: keyof typeof AclResourceTypes,
  names: readonly string[],
  operation: keyof typeof AclOperationTypes,
  pattern: keyof typeof ResourcePatternTypes = 'LITERAL',
): Promise<void> {
  const acl = names.map(
    (resourceName): AclEntry => ({
      principal: `User:${user}`,
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      resourcePatternType: ResourcePatternTypes[pattern],
      resourceType: AclResourceTypes[type],
      resourceName,
      operation: AclOperationTypes[operation],
    }),
  )
  await admin.createAcls({ acl })
}
