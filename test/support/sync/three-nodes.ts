import { freemem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Millis } from '../../../core/contract/model.ts'
import { type OneOfThree, startThree, type ThreeKafkas } from '../kafka/three.ts'
import type { Cluster, Fault, Plant } from './plant.ts'

/** Three brokers, three copies of everything, two of which must be there. */
export interface ThreeNodes extends Cluster {
  readonly kafkas: ThreeKafkas
}

/** Three brokers and what reads them take about 2 GB; a machine that has to swap tests nothing. */
export function roomForThree(): boolean {
  return freemem() >= 6 * 1024 ** 3
}

export async function startThreeNodes(): Promise<ThreeNodes> {
  const kafkas = await startThree()
  return { kafkas, address: kafkas.address, entrance: kafkas.address, replication: 3 }
}

type Three = Plant<ThreeNodes>

/** What a cluster that is made to lose one of three brokers must survive, and us with it. */
export const threeFaults: readonly Fault<ThreeNodes>[] = [
  { name: 'one of three loses power in commits', run: (plant) => lost(plant, 'offsets', 10) },
  { name: 'one of three loses power right after commits', run: (plant) => lost(plant, 'commit', 0) },
  { name: 'one of three stands still', run: (plant) => frozen(plant) },
  { name: 'one of three stopped and started', run: (plant) => restarted(plant) },
  { name: 'two of three lost: nothing is taken until one is back', run: (plant) => twoLost(plant) },
]

async function lost(plant: Three, step: 'offsets' | 'commit', withinMs: Millis): Promise<void> {
  const broker = anyOf(plant)
  await plant.any(plant.slots).forwarder.at(step, 'say')
  await sleep(plant.random() * withinMs)
  await broker.kill()
  await plant.flow(6_000) // the others take over, and go on without it
  broker.restart()
  await plant.cluster.kafkas.whole()
}

async function frozen(plant: Three): Promise<void> {
  const broker = anyOf(plant)
  await plant.any(plant.slots).forwarder.at('offsets', 'say')
  broker.freeze()
  await plant.flow(6_000)
  broker.thaw()
  await plant.cluster.kafkas.whole()
}

async function restarted(plant: Three): Promise<void> {
  const broker = anyOf(plant)
  await plant.any(plant.slots).forwarder.at('offsets', 'say')
  await broker.stop()
  broker.restart()
  await plant.cluster.kafkas.whole()
}

async function twoLost(plant: Three): Promise<void> {
  const kept = anyOf(plant)
  const others = plant.cluster.kafkas.brokers.filter((broker) => broker !== kept)
  await Promise.all(others.map((broker) => broker.kill()))
  await plant.flow(3_000)
  for (const broker of others) broker.restart()
  await plant.cluster.kafkas.whole()
}

function anyOf(plant: Three): OneOfThree {
  return plant.any(plant.cluster.kafkas.brokers)
}
