import { afterAll, describe, expect, test } from 'vitest'
import { asAdmin } from '../support/kafka/admin.ts'
import { destinationAt } from '../support/kafka/destination.ts'
import { startForwarding } from '../support/kafka/forwarding.ts'
import { hasKafka, readAtLeast } from '../support/kafka/kafka.ts'
import { readingIds } from '../support/kafka/made-source.ts'
import { startThree, type ThreeKafkas } from '../support/kafka/three.ts'
import { removeOneNode, startOneNode } from '../support/sync/one-node.ts'
import { atLeastOnceFaults, forgetful, realExpiry } from '../support/sync/one-node-faults.ts'
import { type Cluster, type Fault, Plant, type PlantOptions, type Result } from '../support/sync/plant.ts'
import { tableOf } from '../support/sync/table.ts'
import { roomForThree, startThreeNodes, threeFaults } from '../support/sync/three-nodes.ts'
import { tempDir } from '../support/temp-dir.ts'

// Minutes: only with FIELDWATCH_LONG=1.

const present = hasKafka()
const results: Result[] = []

afterAll(() => {
  if (present) console.table(tableOf(results))
})

describe.skipIf(!present)('what takes minutes, seed 1', { timeout: 900_000 }, () => {
  test('a checkpoint that the cluster forgets is never taken for 0, and an idle one is renewed', async () => {
    const cluster = await startOneNode(forgetful)
    await all(cluster, [realExpiry]).finally(() => removeOneNode(cluster))
  })

  test('at least once: nothing is missing, and nothing unmarked comes twice', async () => {
    const cluster = await startOneNode()
    await all(cluster, atLeastOnceFaults, 'at-least-once').finally(() => removeOneNode(cluster))
  })

  test.skipIf(!roomForThree())('three brokers, and the loss of one or two of them', async () => {
    const cluster = await startThreeNodes()
    await all(cluster, threeFaults).finally(() => cluster.kafkas.remove())
  })

  test.skipIf(!roomForThree())('a topic with too few copies alive takes nothing, and that is said', async () => {
    const three = await startThree()
    try {
      await makeThreeCopies(three, 'copies.telemetry')
      const create = { allowed: true, partitions: 2, replication: 3, retentionHours: -1 }
      const destination = destinationAt('', 'copies', { brokers: three.address.split(','), create })
      const { forward, trouble, until } = startForwarding(tempDir(), { destination, password: null })
      await until(({ acked }) => acked === 100)
      await three.brokers[2]!.kill()
      forward.head(200)
      expect(await trouble(/copies alive/)).toMatch(
        /kafka_unreachable "copies.telemetry" has 2 of the 3 copies alive .* Nothing is lost; .*min\.insync\.replicas/,
      )
      expect(forward.rows()[0]).toMatchObject({ state: 'waiting', acked: 100 })
      three.brokers[2]!.restart()
      await until(({ acked, state }) => acked === 200 && state === 'live')
      await forward.stop()
      const wanted = readingIds(0, 200).sort()
      const sent = await readAtLeast(three.address, 'copies.telemetry', wanted.length)
      const ids = sent.map(({ headers }) => `${headers.get('edge-offset')}:${headers.get('edge-index')}`)
      expect(ids.sort()).toEqual(wanted)
    } finally {
      await three.remove()
    }
  })
})

/** All three must be there. */
async function makeThreeCopies(three: ThreeKafkas, topic: string): Promise<void> {
  const configEntries = [{ name: 'min.insync.replicas', value: '3' }]
  const topics = [{ topic, numPartitions: 2, replicationFactor: 3, configEntries }]
  await asAdmin(three.address, (admin) => admin.createTopics({ topics, waitForLeaders: false }))
  await three.whole()
}

async function all<C extends Cluster>(
  cluster: C,
  faults: readonly Fault<C>[],
  delivery: PlantOptions['delivery'] = 'auto',
): Promise<void> {
  const own: Result[] = []
  const plant = new Plant(cluster, { slots: 3, seed: 1, perSecond: 200, delivery })
  try {
    for (const fault of faults) own.push(await plant.round(fault))
  } finally {
    await plant.close()
    results.push(...own)
  }
  expect(own.flatMap(({ fault, wrong }) => wrong.map((words) => `${fault}: ${words}`))).toEqual([])
}
