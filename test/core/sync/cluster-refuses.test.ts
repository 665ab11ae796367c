import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DestinationConfig } from '../../../core/contract/calls.ts'
import { setQuota } from '../../support/kafka/admin.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { type Forwarding, startForwarding } from '../../support/kafka/forwarding.ts'
import { hasKafka, type Kafka, readAtLeast, startKafka } from '../../support/kafka/kafka.ts'
import { MadeSource, readingIds } from '../../support/kafka/made-source.ts'
import { noise } from '../../support/noise.ts'
import { tempDir } from '../../support/temp-dir.ts'

// What a real cluster refuses for reasons of its own: said in words with the way out, and when it is mended all arrives, once.

vi.setConfig({ testTimeout: 120_000 })
let kafka: Kafka
beforeAll(async () => {
  if (hasKafka()) kafka = await startKafka()
}, 120_000)
afterAll(() => kafka?.remove())

describe.skipIf(!hasKafka())('a cluster that refuses', () => {
  test('to make so many partitions by its policy, until there are fewer', async () => {
    const create = { allowed: true, partitions: 20_000, replication: 1, retentionHours: -1 }
    const { forward, trouble, until } = start('policy', { create })
    expect(await trouble(/policy/)).toMatch(
      /kafka_state the policy of .* forbids to create topics like these Change partitions.*POLICY_VIOLATION/,
    )
    expect(forward.rows()[0]).toMatchObject({ state: 'action needed', retryAt: null, next: 0 })
    const destination = { ...destinationAt(kafka.address, 'policy'), create: { ...create, partitions: 4 } }
    await forward.update([{ destination, password: null }])
    await until(({ acked, state }) => acked === 100 && state === 'live')
    await forward.stop()
    await expectAll('policy', 100)
  })

  test('more than a quota lets through: it says for how long it is held, and by itself goes on as before', async () => {
    await setQuota(kafka.address, 'fieldwatch', 20_000)
    const { forward, until } = start('quota', { compression: 'none' }, new MadeSource({ payload: () => noise(500) }))
    forward.head(800)
    const held = await until(({ throttled }) => throttled > 0.1)
    expect(held).toMatchObject({ error: null, retryAt: null })
    await setQuota(kafka.address, 'fieldwatch', null)
    await until(({ acked }) => acked === 800)
    await forward.stop()
    await expectAll('quota', 800)
  })
})

function start(name: string, more: Partial<DestinationConfig> = {}, source?: MadeSource): Forwarding {
  return startForwarding(tempDir(), { destination: destinationAt(kafka.address, name, more), password: null }, source)
}

async function expectAll(name: string, upto: number): Promise<void> {
  const wanted = readingIds(0, upto)
  const sent = await readAtLeast(kafka.address, `${name}.telemetry`, wanted.length)
  const ids = sent.map(({ headers }) => `${headers.get('edge-offset')}:${headers.get('edge-index')}`)
  expect(ids.sort()).toEqual(wanted.sort())
}
