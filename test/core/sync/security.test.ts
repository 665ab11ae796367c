import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type AclEntry } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import { type Forward, startForward } from '../../../core/sync/forward.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, startKafka } from '../../support/kafka/kafka.ts'
import { MadeSource } from '../../support/kafka/made-source.ts'
import { findProgram, part } from '../../support/parts.ts'

const {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ResourcePatternTypes,
  Kafka: Client,
  logLevel,
} = kafkajs

let kafka: Kafka
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-secure-'))
const present = hasKafka() && part('openssl', findProgram('openssl') !== null)

beforeAll(async () => {
  if (present) kafka = await startKafka({ secure: true })
})
afterAll(async () => {
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

describe.skipIf(!present)('a cluster with certificates, users and permissions', () => {
  test.each([
    ['an unknown authority', { ca: null }, 'secret-1', /kafka_tls .*authority that this machine does not know/],
    ['a plain connection to a TLS port', { tls: false, ca: null }, 'secret-1', /closed the connection .*turn TLS on/],
    ['a wrong password', {}, 'guess', /kafka_auth .*refused user "edge1" or its password/],
    ['a mechanism that is not offered', { sasl: 'plain' as const }, 'secret-1', /does not offer login by plain/],
  ])('%s is told in words', async (_, more, password, words) => {
    const { forward, trouble } = start(more, password)
    expect(await trouble(words)).toMatch(words)
    await forward.stop()
  })

  test('each missing permission shows the line that grants it, and with all of them it sends', async () => {
    const admin = new Client({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const topics = Object.values(destinationAt('', 'safe').topics)
    await admin.createTopics({ topics: topics.map((topic) => ({ topic })) })
    const { forward, trouble, until } = start({}, 'secret-1')
    for (const [type, operation, line, grants] of [
      ['TOPIC', 'WRITE', /--operation Write --topic (safe\.\w+)/g, 4],
      ['TRANSACTIONAL_ID', 'WRITE', /--operation Write --transactional-id (\S+)/g, 1],
      ['GROUP', 'READ', /--operation Read --group (\S+)/g, 1],
      ['TOPIC', 'READ', /--operation Read --topic (\S+)/g, 1],
    ] as const) {
      const names = [...(await trouble(line)).matchAll(line)].map((found) => found[1]!)
      expect(names).toHaveLength(grants)
      await admin.createAcls({ acl: names.map((name) => grant(type, name, operation)) })
      forward.retryNow('safe')
    }
    const row = await until((row) => row.state === 'live' && row.next === 100)
    expect(row).toMatchObject({ delivery: 'exactly once', error: null })
    await forward.stop()
    await admin.disconnect()
  })
})

function grant(type: keyof typeof AclResourceTypes, name: string, operation: keyof typeof AclOperationTypes): AclEntry {
  return {
    principal: 'User:edge1',
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    resourceType: AclResourceTypes[type],
    resourceName: name,
    operation: AclOperationTypes[operation],
  }
}

interface Running {
  readonly forward: Forward
  /** Resolves to code, message and hint of an error that these words fit. */
  trouble(words: RegExp): Promise<string>
  until(fact: (row: DestinationRow) => boolean): Promise<DestinationRow>
}

function start(more: Partial<DestinationConfig>, password: string): Running {
  const login = { tls: true, ca: kafka.secured.ca, sasl: 'scram-sha-512', username: 'edge1' } as const
  const destination = destinationAt(kafka.secured.address, 'safe', { ...login, ...more })
  let changed = Promise.withResolvers<void>()
  const onStatus = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const forward = startForward(
    {
      dir: mkdtempSync(join(root, 'state-')),
      reader: null as never, // the made source is read instead
      viewsFile: '',
      site: 'hall',
      destinations: [{ destination, password }],
      now: Date.now,
      onStatus,
    },
    { source: new MadeSource(), pace: { lingerMs: 1 } },
  )
  forward.head(100)
  const until = async (fact: (row: DestinationRow) => boolean): Promise<DestinationRow> => {
    for (;;) {
      const row = forward.rows()[0]!
      if (fact(row)) return row
      await changed.promise
    }
  }
  const trouble = async (words: RegExp) => told(await until((row) => told(row).search(words) >= 0))
  return { forward, trouble, until }
}

function told({ error }: DestinationRow): string {
  return error === null ? '' : `${error.code} ${error.message} ${error.hint}`
}
