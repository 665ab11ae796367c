import { afterAll, describe, expect, test } from 'vitest'
import { hasKafka } from '../support/kafka/kafka.ts'
import { removeOneNode, startOneNode } from '../support/sync/one-node.ts'
import { atLeastOnceFaults, forgetful, realExpiry } from '../support/sync/one-node-faults.ts'
import { type Cluster, type Fault, Plant, type PlantOptions, type Result } from '../support/sync/plant.ts'
import { tableOf } from '../support/sync/table.ts'
import { roomForThree, startThreeNodes, threeFaults } from '../support/sync/three-nodes.ts'

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
})

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
