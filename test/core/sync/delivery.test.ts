import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CallName, Calls, DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { type Host, startHost } from '../../../core/host/host.ts'
import type { Forward } from '../../../core/sync/forward.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { startForwarding } from '../../support/kafka/forwarding.ts'
import { hasKafka, type Kafka, startKafka } from '../../support/kafka/kafka.ts'
import { MadeSource } from '../../support/kafka/made-source.ts'
import { withoutTransactions } from '../../support/kafka/without-transactions.ts'
import { tempDir } from '../../support/temp-dir.ts'

const patience = { timeout: 100_000, interval: 100 }
let kafka: Kafka
let front: Awaited<ReturnType<typeof withoutTransactions>>
beforeAll(async () => {
  if (!hasKafka()) return
  front = await withoutTransactions(() => kafka.proxied)
  kafka = await startKafka({ advertise: front.port })
}, 120_000)
afterAll(async () => {
  await front?.stop()
  await kafka?.remove()
})

describe.skipIf(!hasKafka())('a cluster without transactions', () => {
  const at = (name: string, delivery: DestinationConfig['delivery']) =>
    destinationAt(`127.0.0.1:${front.port}`, name, { delivery })

  test.each(['auto', 'exactly-once'] as const)('is told of, and nothing is sent in mode %s', async (delivery) => {
    const destination = at(`asked-${delivery}`, delivery)
    const { forward, trouble } = startForwarding(tempDir(), { destination, password: null })
    expect(await trouble(/kafka_no_transactions/)).toMatch(/has no transactions.*Either: .* Or: choose "at least once"/)
    expect(forward.rows()[0]).toMatchObject({
      state: 'action needed',
      retryAt: null,
      next: 0,
      delivery: 'not known yet',
    })
    await forward.stop()
  })

  test('gets everything once a person chose at least once', async () => {
    const destination = at('chosen', 'at-least-once')
    const { forward, until } = startForwarding(tempDir(), { destination, password: null })
    const row = await until(({ next, state }) => next === 100 && state === 'live')
    expect(row).toMatchObject({ delivery: 'at least once', error: null, maybeTwice: 0 })
    await forward.stop()
  })

  test('is chosen for by a call, which stays in the settings and takes effect at once', async () => {
    const dir = tempDir()
    const destinations = [at('called', 'auto')]
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ zone: 'UTC', destinations }))
    const host = await startHost({ dataDir: dir, version: '0' })
    const row = async () => (await ask(host, 'destinations', {}))[0]
    await vi.waitFor(async () => expect((await row())?.error?.code).toBe('kafka_no_transactions'), patience)
    await ask(host, 'sync.delivery', { destination: 'called', delivery: 'at-least-once' })
    await vi.waitFor(
      async () => expect(await row()).toMatchObject({ delivery: 'at least once', state: 'live' }),
      patience,
    )
    expect((await ask(host, 'config', {})).destinations[0]!.delivery).toBe('at-least-once')
    await host.stop()
  }, 120_000)
})

test.skipIf(!hasKafka())(
  'records that left the log before they were sent are counted, once, told of for a day, and the rest goes on',
  async () => {
    const dir = tempDir()
    const destination = destinationAt(kafka.address, 'late')
    const before = startForwarding(dir, { destination, password: null })
    await before.until(({ next, acked }) => next === 100 && acked === 100)
    await before.forward.stop()
    for (let again = 0; again < 2; again++) {
      const { forward, until } = startForwarding(dir, { destination, password: null }, new MadeSource({ from: 150 }))
      forward.head(200)
      const row = await until(({ acked }) => acked === 200)
      expect(row.unsent).toBe(50)
      if (again === 0) {
        expect(row.error?.message).toMatch(/records 100 to 149 left the log before they were sent/)
        const aDayLater = row.error!.since + 24 * 3_600_000
        expect(errorAt(forward, aDayLater - 1)).toEqual(row.error)
        expect(errorAt(forward, aDayLater)).toBeNull()
      }
      await forward.stop()
    }
  },
  120_000,
)

function errorAt(forward: Forward, time: Millis): DestinationRow['error'] {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(time)
  const [row] = forward.rows()
  clock.mockRestore()
  return row!.error
}

function ask<K extends CallName>(host: Host, name: K, input: Calls[K]['in']): Promise<Calls[K]['out']> {
  return host.api.answer(name, input, new AbortController().signal) as Promise<Calls[K]['out']>
}
