import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { asAdmin } from '../../support/kafka/admin.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { startForwarding } from '../../support/kafka/forwarding.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, startKafka } from '../../support/kafka/kafka.ts'
import { readingIds } from '../../support/kafka/made-source.ts'
import { tempDir } from '../../support/temp-dir.ts'

let kafka: Kafka
beforeAll(async () => {
  if (hasKafka()) kafka = await startKafka()
}, 120_000)
afterAll(() => kafka?.remove())

test.skipIf(!hasKafka())(
  'a topic that gets more partitions while it is sent to is told of, and no device goes back',
  async () => {
    const { forward, until } = startForwarding(tempDir(), {
      destination: destinationAt(kafka.address, 'grows'),
      password: null,
    })
    await until(({ acked }) => acked === 100)
    await asAdmin(kafka.address, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: 'grows.telemetry', count: 16 }] }),
    )
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 }) // the client asks again after five minutes
    onTestFinished(() => void vi.useRealTimers())
    const states = new Set<string>()
    for (let head = 200; head <= 600; head += 100) {
      forward.head(head)
      const row = await until(({ acked, state }) => states.add(state) && acked === head)
      if (row.error !== null) break
    }
    const { acked, error } = forward.rows()[0]!
    expect(error?.message).toMatch(
      /"grows.telemetry" has 16 partitions now, it had 4: devices may go on in another one/,
    )
    expect([...states]).not.toContain('starting')
    forward.head(acked + 200)
    await until((row) => row.acked === acked + 200)
    await forward.stop()
    const wanted = readingIds(0, acked + 200)
    const records = await settled(wanted.length)
    expect(records.map(idOf).sort()).toEqual(wanted.sort())
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(4)
    for (const own of Map.groupBy(records, ({ key }) => key).values()) expectForward(own)
  },
  120_000,
)

/** Of one device: in order in each partition, and in one after the other. */
function expectForward(records: readonly ReadRecord[]): void {
  const parts = [...Map.groupBy(records, ({ partition }) => partition).values()].map((part) => part.map(offsetOf))
  for (const part of parts) expect(part).toEqual(part.toSorted((a, b) => a - b))
  const inTurn = parts.toSorted((a, b) => a[0]! - b[0]!).flat()
  expect(inTurn).toEqual(inTurn.toSorted((a, b) => a - b))
}

function settled(count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, 'grows.telemetry', count)
}

function offsetOf({ headers }: ReadRecord): number {
  return Number(headers.get('edge-offset'))
}

function idOf({ headers }: ReadRecord): string {
  return `${headers.get('edge-offset')}:${headers.get('edge-index')}`
}
