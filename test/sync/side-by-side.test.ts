import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { destinationAt } from '../support/kafka/destination.ts'
import { hasKafka, type Kafka, readTopic, startKafka } from '../support/kafka/kafka.ts'
import { deviceOf, MadeSource, readingIds } from '../support/kafka/made-source.ts'
import { apis, type FaultyProxy, startProxy } from '../support/kafka/proxy.ts'
import { startRunning } from '../support/kafka/running.ts'

let kafka: Kafka
let proxy: FaultyProxy
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-beside-'))

beforeAll(async () => {
  if (!hasKafka()) return
  proxy = await startProxy(() => kafka.proxied)
  kafka = await startKafka({ advertise: proxy.port })
})
afterAll(async () => {
  await proxy?.stop()
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

const records = 6_000

describe.skipIf(!hasKafka())('with several sends on their way', () => {
  const losses = ['loseSecondAnswer', 'loseAnswer', 'loseRequest'] as const
  test.each(losses)('each reading is there once and in order per device, %s', async (loss) => {
    const lost = proxy.lost()
    const running = startRunning({
      dir: mkdtempSync(join(root, 'dir-')),
      destination: destinationAt(`127.0.0.1:${proxy.port}`, loss, { compression: 'none' }),
      parts: { source: new MadeSource({ payload: (offset) => `${offset} `.padEnd(3_000, 'x') }) },
    })
    for (let i = 0; i < 2; i++) proxy[loss](apis.produce)
    running.forward.head(records)
    const { maybeTwice } = await running.until((row) => row.next === records)
    await running.forward.stop()
    expect(proxy.lost() - lost).toBe(2)
    expect(maybeTwice).toBe(0)
    await expectOnce(`${loss}.telemetry`)
  })
})

/** A commit is answered before its records can be read. */
async function expectOnce(topic: string): Promise<void> {
  const wanted = readingIds(0, records)
  let found = await readTopic(kafka.address, topic)
  for (let reads = 1; found.length < wanted.length && reads < 30; reads++) found = await readTopic(kafka.address, topic)
  for (let device = 0; device < 5; device++) {
    const place = deviceOf(device)
    const own = found.filter(({ key }) => key === `hall/${place}`)
    expect(own.map(({ headers }) => `${headers.get('edge-offset')}:${headers.get('edge-index')}`)).toEqual(
      wanted.filter((id) => deviceOf(Number.parseInt(id, 10)) === place),
    )
  }
}
