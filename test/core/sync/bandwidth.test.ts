import { afterAll, beforeAll, expect, test } from 'vitest'
import { destinationAt } from '../../support/kafka/destination.ts'
import { startForwarding } from '../../support/kafka/forwarding.ts'
import { hasKafka, type Kafka, startKafka } from '../../support/kafka/kafka.ts'
import { MadeSource } from '../../support/kafka/made-source.ts'
import { type FaultyProxy, startProxy } from '../../support/kafka/proxy.ts'
import { noise } from '../../support/noise.ts'
import { tempDir } from '../../support/temp-dir.ts'

let kafka: Kafka
let proxy: FaultyProxy
beforeAll(async () => {
  if (!hasKafka()) return
  proxy = await startProxy(() => kafka.proxied)
  kafka = await startKafka({ advertise: proxy.port })
}, 120_000)
afterAll(async () => {
  await proxy?.stop()
  await kafka?.remove()
})

// Counted by what stands between it and the cluster. A slow machine makes no difference: what it takes longer, it waits less.
test.skipIf(!hasKafka())(
  'as many bytes a second go out as may, within a tenth, also when that is changed',
  async () => {
    const source = new MadeSource({ payload: () => noise(900) })
    const destination = destinationAt(`127.0.0.1:${proxy.port}`, 'capped', {
      compression: 'none',
      maxBytesPerSecond: 60_000,
    })
    const { forward, until } = startForwarding(tempDir(), { destination, password: null }, source)
    forward.head(20_000)
    const after = async (transactions: number) => {
      const row = await until(({ confirmed }) => confirmed.transactions >= transactions)
      return { transactions: row.confirmed.transactions, at: performance.now(), bytes: proxy.passed() }
    }
    const rate = async (transactions: number) => {
      const from = await after(forward.rows()[0]!.confirmed.transactions + 2)
      const to = await after(from.transactions + transactions)
      return ((to.bytes - from.bytes) / (to.at - from.at)) * 1_000
    }
    const first = await rate(10)
    await forward.update([{ destination: { ...destination, maxBytesPerSecond: 200_000 }, password: null }])
    const second = await rate(10)
    await forward.stop()
    expect(Math.abs(first / 60_000 - 1)).toBeLessThan(0.1)
    expect(Math.abs(second / 200_000 - 1)).toBeLessThan(0.1)
  },
  180_000,
)
