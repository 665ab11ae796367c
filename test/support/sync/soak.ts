import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type OneNode, removeOneNode, startOneNode } from './one-node.ts'
import { allFaults, atLeastOnceFaults } from './one-node-faults.ts'
import { type Cluster, type Fault, Plant, type PlantOptions, type Result } from './plant.ts'
import { tableOf } from './table.ts'
import { roomForThree, startThreeNodes, threeFaults } from './three-nodes.ts'

// npm run soak:sync -- [--minutes N] [--seed S] [--only WORDS] [--json FILE]: everything that can go wrong between us and
// a real Kafka, in an order that the seed gives, while records flow; exits with 1 when a record is missing, doubled or out
// of order for an independent reader, or when anything stops that should go on.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)) // takes the brokers along
const seed = Number(values.seed)
const minutes = Number(values.minutes)
const results: Result[] = []

await onOne(allFaults, 0.7 * minutes)
await onOne(atLeastOnceFaults, 0.1 * minutes, 'at-least-once')
if (roomForThree()) await onThree(0.2 * minutes)
else process.stderr.write('Three brokers need 6 GB of free memory; they are left out.\n')

const table = tableOf(results)
console.table(table)
const report = { seed, minutes, table, wrong: results.filter(({ wrong }) => wrong.length > 0) }
process.stdout.write(`${JSON.stringify(report)}\n`)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 1))
process.exitCode = report.wrong.length === 0 ? 0 : 1

async function onOne(faults: readonly Fault<OneNode>[], forMinutes: number, delivery?: PlantOptions['delivery']) {
  const cluster = await startOneNode()
  try {
    await soak(cluster, faults, forMinutes, delivery)
  } finally {
    await removeOneNode(cluster)
  }
}

async function onThree(forMinutes: number) {
  const cluster = await startThreeNodes()
  try {
    await soak(cluster, threeFaults, forMinutes)
  } finally {
    await cluster.kafkas.remove()
  }
}

/** Every fault once, shuffled, and again, until the time is over. */
async function soak<C extends Cluster>(
  cluster: C,
  faults: readonly Fault<C>[],
  forMinutes: number,
  delivery: PlantOptions['delivery'] = 'auto',
): Promise<void> {
  const wanted = faults.filter(({ name }) => name.includes(values.only))
  const until = performance.now() + forMinutes * 60_000
  const plant = new Plant(cluster, { slots: 4, seed, perSecond: 200, delivery })
  try {
    while (wanted.length > 0 && performance.now() < until)
      for (const fault of shuffled(wanted, plant.random)) {
        if (performance.now() >= until) return
        const result = await plant.round(fault)
        results.push(delivery === 'auto' ? result : { ...result, fault: `${delivery}: ${result.fault}` })
        say(results.at(-1)!)
      }
  } finally {
    await plant.close()
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}

function say({ fault, records, extra, marked, seconds, wrong }: Result): void {
  const words = wrong.length === 0 ? 'all there once' : wrong.join('; ')
  process.stderr.write(`${fault}: ${records} records, ${extra} aborted, ${marked} marked, ${seconds} s: ${words}\n`)
}
