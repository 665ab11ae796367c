import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasKafka } from '../support/kafka/kafka.ts'
import { type OneNode, removeOneNode, startOneNode } from '../support/sync/one-node.ts'
import { allFaults } from '../support/sync/one-node-faults.ts'
import { Plant, type Result } from '../support/sync/plant.ts'
import { tableOf } from '../support/sync/table.ts'

// Every fault of one broker once, in their order. `npm run soak:sync` mixes them for as long as you like, and takes
// those that need minutes too.

const present = hasKafka()
const seed = 1
const long = new Set([
  'stands still until the broker aborts',
  'broker stopped and started in commits',
  'broker loses power in commits',
  'checkpoint expired',
  'state copied back by hand',
  'cluster restored',
])
const faults = allFaults.filter(({ name }) => process.env.FIELDWATCH_LONG === '1' || !long.has(name))
const results: Result[] = []
let cluster: OneNode
let plant: Plant<OneNode>

beforeAll(async () => {
  if (!present) return
  cluster = await startOneNode()
  plant = new Plant(cluster, { slots: 2, seed, perSecond: 200 })
})
afterAll(async () => {
  if (!present) return
  await plant.close()
  await removeOneNode(cluster)
  console.table(tableOf(results))
})

describe.skipIf(!present)(`exactly once and in order, for an independent reader, seed ${seed}`, () => {
  test.each(faults.map((fault) => [fault.name, fault] as const))(
    '%s',
    async (_, fault) => {
      const result = await plant.round(fault)
      results.push(result)
      expect(result.wrong).toEqual([])
      expect(result.records).toBeGreaterThan(0)
    },
    300_000,
  )
})
