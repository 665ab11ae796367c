import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asAdmin } from '../support/kafka/admin.ts'
import { destinationAt } from '../support/kafka/destination.ts'
import { hasKafka, type Kafka, readAtLeast, startKafka } from '../support/kafka/kafka.ts'
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
/** Of each partition more than one chunk. */
const inOneTransaction = 700
const large = new MadeSource({ payload: (offset) => `${offset} `.padEnd(3_000, 'x') })

describe.skipIf(!hasKafka())('with several sends on their way', () => {
  const losses = ['loseSecondAnswer', 'loseAnswer', 'loseRequest'] as const
  test.each(losses)('each reading is there once and in order per device, %s', async (loss) => {
    const lost = proxy.lost()
    const running = startRunning({
      dir: mkdtempSync(join(root, 'dir-')),
      destination: destinationAt(`127.0.0.1:${proxy.port}`, loss, { compression: 'none' }),
      parts: { source: large },
    })
    for (let i = 0; i < 2; i++) proxy[loss](apis.produce)
    running.forward.head(records)
    const { maybeTwice } = await running.until((row) => row.next === records)
    await running.forward.stop()
    expect(proxy.lost() - lost).toBe(2)
    expect(maybeTwice).toBe(0)
    await expectOnce(`${loss}.telemetry`)
  })

  const ofCheckpoint = (['loseAnswer', 'loseRequest'] as const).flatMap((loss) =>
    (['addOffsets', 'commitOffset'] as const).map((api) => ({ loss, api })),
  )
  test.each(ofCheckpoint)('the same where the checkpoint is told beside them, $loss of $api', async ({ loss, api }) => {
    const lost = proxy.lost()
    const running = startRunning({
      dir: mkdtempSync(join(root, 'dir-')),
      destination: destinationAt(`127.0.0.1:${proxy.port}`, `${loss}-${api}`, { compression: 'none' }),
      parts: { source: large },
    })
    running.forward.head(1)
    await running.until((row) => row.next === 1) // the first session has written its own checkpoint
    proxy[loss](apis[api])
    running.forward.head(inOneTransaction)
    const { maybeTwice } = await running.until((row) => row.next === inOneTransaction)
    await running.forward.stop()
    expect(proxy.lost() - lost).toBe(1)
    expect(maybeTwice).toBe(0)
    await expectOnce(`${loss}-${api}.telemetry`, inOneTransaction)
    expect(await checkpoint(`${loss}-${api}`)).toBe(inOneTransaction)
  })
})

async function expectOnce(topic: string, upto = records): Promise<void> {
  const wanted = readingIds(0, upto)
  const found = await readAtLeast(kafka.address, topic, wanted.length)
  for (let device = 0; device < 5; device++) {
    const place = deviceOf(device)
    const own = found.filter(({ key }) => key === `hall/${place}`)
    expect(own.map(({ headers }) => `${headers.get('edge-offset')}:${headers.get('edge-index')}`)).toEqual(
      wanted.filter((id) => deviceOf(Number.parseInt(id, 10)) === place),
    )
  }
}

async function checkpoint(destination: string): Promise<number> {
  return asAdmin(kafka.address, async (admin) => {
    const { groups } = await admin.listGroups()
    const { groupId } = groups.find((group) => group.groupId.endsWith(`.${destination}`))!
    const [found] = await admin.fetchOffsets({ groupId, topics: [`${destination}.telemetry`] })
    return Number(found!.partitions.find(({ partition }) => partition === 0)!.offset)
  })
}
