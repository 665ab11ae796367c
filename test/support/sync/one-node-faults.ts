import { setTimeout as sleep } from 'node:timers/promises'
import type { Millis, Offset } from '../../../core/contract/model.ts'
import { asAdmin, makeTopics, setQuota } from '../kafka/admin.ts'
import { apis, type Weather } from '../kafka/proxy.ts'
import type { OneNode } from './one-node.ts'
import type { Fault, Plant, Slot } from './plant.ts'

type One = Plant<OneNode>
type OneFault = Fault<OneNode>

const none: OneFault = { name: 'none', run: (plant) => plant.flow(1_500) }

/** Of the forwarder's own process. */
const ofProcess: readonly OneFault[] = [
  { name: 'killed between send and commit', run: (plant) => killed(plant, 'send') },
  { name: 'killed after the commit, before it is booked', run: (plant) => killed(plant, 'commit') },
  { name: 'a copy takes over while it stands still', run: (plant) => takenOver(plant, plant.any(plant.slots)) },
  { name: 'two copies send, and neither gives way', run: (plant) => twoSend(plant, plant.any(plant.slots)) },
  { name: 'stands still until the broker aborts', run: (plant) => aborted(plant) },
  { name: 'clock steps of hours and days, both ways', run: (plant) => clockSteps(plant) },
]

const ofNetwork: readonly OneFault[] = [
  { name: 'answers to commits lost', run: (plant) => lose(plant, 'loseAnswer', apis.endTransaction, 5) },
  { name: 'answers to commits never come', run: (plant) => lose(plant, 'swallowAnswer', apis.endTransaction, 2) },
  { name: 'commits lost', run: (plant) => lose(plant, 'loseRequest', apis.endTransaction, 6) },
  { name: 'answers to sends lost', run: (plant) => lose(plant, 'loseAnswer', apis.produce, 8) },
  { name: 'answers to sends never come', run: (plant) => lose(plant, 'swallowAnswer', apis.produce, 3) },
  { name: '6 % of everything lost', run: (plant) => bad(plant, { lose: 0.06 }) },
  { name: 'slow, in halves, and cut', run: (plant) => bad(plant, { delayMs: 60, halve: 0.3, cut: 0.01 }) },
  { name: 'quota', run: (plant) => throttled(plant) },
]

const ofBroker: readonly OneFault[] = [
  { name: 'broker stands still in commits', run: (plant) => frozen(plant) },
  { name: 'broker stopped and started in commits', run: (plant) => restarted(plant) },
  { name: 'broker loses power in commits', run: (plant) => powerLost(plant, 'offsets', 10) },
  { name: 'broker loses power right after commits', run: (plant) => powerLost(plant, 'commit', 0) },
]

const ofMemory: readonly OneFault[] = [
  { name: 'checkpoint expired', run: (plant) => expired(plant, null) },
  { name: 'checkpoint expired, batch under way was lost', run: (plant) => expired(plant, 'send') },
  { name: 'checkpoint expired, batch under way had arrived', run: (plant) => expired(plant, 'commit') },
  { name: 'the same without a status topic', marks: true, run: (plant) => expiredUntold(plant) },
  { name: 'state restored, nothing was sent since', run: (plant) => restoredInTime(plant) },
  { name: 'state restored, older than what was sent', run: (plant) => restoredLate(plant, true) },
  { name: 'state copied back by hand', run: (plant) => restoredLate(plant, false) },
  { name: 'log and state restored, older than what was sent', run: (plant) => restoredBoth(plant) },
]

const clusterRestored: OneFault = { name: 'cluster restored', run: (plant) => wentBack(plant) }

/** All that one machine with one broker can do to us. */
export const allFaults: readonly OneFault[] = [
  none,
  ...ofProcess,
  ...ofNetwork,
  ...ofBroker,
  ...ofMemory,
  clusterRestored,
]

/** What takes a broker that forgets after a minute, and more than that minute. */
export const forgetful = 'offsets.retention.minutes=1\noffsets.retention.check.interval.ms=2000\n'
export const realExpiry: OneFault = { name: 'checkpoints expire in their own time', run: (plant) => outlived(plant) }

/** Without transactions: what was under way comes again, marked, and nothing else does. */
export const atLeastOnceFaults: readonly OneFault[] = [none, ...weaker(ofNetwork)].concat([
  { name: 'killed after a send, before it is booked', marks: true, run: (plant) => killed(plant, 'send') },
  { name: 'broker loses power after a send', marks: true, run: (plant) => powerLost(plant, 'send', 10) },
])

function weaker(faults: readonly OneFault[]): OneFault[] {
  const possible = faults.filter(({ name }) => !name.includes('commits'))
  return possible.map((fault) => ({ ...fault, marks: true }))
}

async function killed(plant: One, step: 'send' | 'commit'): Promise<void> {
  await plant.each(async (slot) => {
    await slot.forwarder.at(step, 'kill')
    slot.forwarder = plant.start(slot)
  })
  await plant.flow(500)
}

async function takenOver(plant: One, slot: Slot): Promise<void> {
  const old = slot.forwarder
  await old.at('offsets', 'halt')
  await sleep(50) // until it really stands still
  slot.dir = plant.copy(slot)
  slot.forwarder = plant.start(slot)
  await slot.forwarder.until((row) => row.state === 'live' || row.state === 'catching up')
  await plant.flow(300)
  old.resume()
  await old.until((row) => row.state === 'fenced' || row.state === 'action needed')
  await old.stop()
}

/** Whoever is fenced takes over again, until one of them sees that the other is ahead, and stops in words. */
async function twoSend(plant: One, slot: Slot): Promise<void> {
  await plant.flow(300)
  await plant.settle() // before anything was sent nobody can know what the other one sends
  await slot.forwarder.stop()
  const both = [plant.copy(slot), plant.copy(slot)].map((dir) => ({ dir, forwarder: plant.start(slot, dir) }))
  slot.second = both[0]!.forwarder
  slot.forwarder = both[1]!.forwarder
  const until = performance.now() + 3_000
  const stopped = () => both.find(({ forwarder }) => forwarder.row?.state === 'action needed')
  while (performance.now() < until || stopped() === undefined) {
    await plant.flow(300)
    for (const { forwarder } of both) if (forwarder.row?.state === 'fenced') forwarder.order({ kind: 'retry' })
  }
  const behind = stopped()!
  await behind.forwarder.stop()
  Object.assign(
    slot,
    both.find((one) => one !== behind),
    { second: null },
  )
  slot.forwarder.order({ kind: 'retry' })
  await slot.forwarder.until((row) => row.state === 'live' || row.state === 'catching up')
}

async function aborted(plant: One): Promise<void> {
  await plant.each(({ forwarder }) => forwarder.at('send', 'halt'))
  await sleep(8_000) // longer than transactionMs of these forwarders
  for (const { forwarder } of plant.slots) forwarder.resume()
}

async function clockSteps(plant: One): Promise<void> {
  const hour: Millis = 3_600_000
  for (const aheadMs of [3 * hour, -3 * 24 * hour, 0.2 * hour, -0.2 * hour, 400 * 24 * hour, 0]) {
    for (const { forwarder } of plant.slots) forwarder.order({ kind: 'clock', aheadMs })
    await plant.flow(600)
  }
}

async function lose(
  plant: One,
  loss: 'loseAnswer' | 'loseRequest' | 'swallowAnswer',
  api: number,
  times: number,
): Promise<void> {
  const { proxy } = plant.cluster
  const before = proxy.lost()
  for (let i = 0; i < times; i++) proxy[loss](api)
  while (proxy.lost() < before + times) await plant.flow(50)
  await plant.flow(300)
}

async function bad(plant: One, weather: Omit<Weather, 'random'>): Promise<void> {
  plant.cluster.proxy.weather({ random: plant.random, ...weather })
  await plant.flow(3_000)
  plant.cluster.proxy.weather(null)
}

async function throttled(plant: One): Promise<void> {
  await setQuota(plant.cluster.address, 'fieldwatch', 20_000)
  await plant.flow(2_500)
  await setQuota(plant.cluster.address, 'fieldwatch', null)
}

async function frozen(plant: One): Promise<void> {
  const { kafka } = plant.cluster
  await plant.any(plant.slots).forwarder.at('offsets', 'say')
  kafka.freeze()
  await plant.flow(3_000)
  kafka.thaw()
}

async function restarted(plant: One): Promise<void> {
  const { kafka } = plant.cluster
  await plant.any(plant.slots).forwarder.at('offsets', 'say')
  await kafka.stop()
  await kafka.restart()
}

async function powerLost(plant: One, step: 'send' | 'offsets' | 'commit', withinMs: Millis): Promise<void> {
  const { kafka } = plant.cluster
  await plant.any(plant.slots).forwarder.at(step, 'say')
  await sleep(plant.random() * withinMs)
  await kafka.kill()
  await kafka.restart()
}

/** Null: nothing is under way. Otherwise it dies after this step. */
async function expired(plant: One, step: 'send' | 'commit' | null): Promise<void> {
  if (step === null) await plant.settle()
  await plant.each(async (slot) => {
    if (step === null) await slot.forwarder.stop()
    else await slot.forwarder.at(step, 'kill')
    await forget(plant, slot)
    slot.forwarder = plant.start(slot)
  })
  await plant.flow(500)
}

/** One was killed before its commit and one after it; a third is idle, and renews its checkpoint. */
async function outlived(plant: One): Promise<void> {
  const [before, after, ...idle] = plant.slots as [Slot, Slot, ...Slot[]]
  await plant.settle() // before the first batch no status record says anything
  await plant.flow(300)
  await before.forwarder.at('send', 'kill')
  await after.forwarder.at('commit', 'kill')
  await plant.settle(idle)
  while ((await checkpoint(plant, before)) !== -1 || (await checkpoint(plant, after)) !== -1) await sleep(1_000)
  for (const slot of idle)
    if ((await checkpoint(plant, slot)) !== slot.head) throw new Error(`${slot.name} did not renew its checkpoint`)
  for (const slot of [before, after]) slot.forwarder = plant.start(slot)
}

async function checkpoint(plant: One, slot: Slot): Promise<number> {
  const groupId = groupOf(plant, slot)
  const asked = { groupId, topics: [`${slot.name}.telemetry`] }
  const [found] = await asAdmin(plant.cluster.address, (admin) => admin.fetchOffsets(asked))
  return Number(found!.partitions.find(({ partition }) => partition === 0)?.offset ?? -1)
}

/** As a cluster does when nothing was committed for days. */
function forget(plant: One, slot: Slot): Promise<unknown> {
  const group = groupOf(plant, slot)
  return asAdmin(plant.cluster.address, (admin) => admin.deleteGroups([group]))
}

function groupOf(plant: One, slot: Slot): string {
  const { installation } = plant.withLedger(slot, ({ identity }) => identity)
  return `edge.ckpt.${installation}.${slot.name}`
}

async function expiredUntold(plant: One): Promise<void> {
  const slot = plant.any(plant.slots)
  const topic = `${slot.name}.status`
  await slot.forwarder.stop()
  await asAdmin(plant.cluster.address, (admin) => admin.deleteTopics({ topics: [topic] }))
  slot.forwarder = plant.start(slot)
  await slot.forwarder.at('commit', 'kill')
  await forget(plant, slot)
  slot.forwarder = plant.start(slot)
  await slot.forwarder.until((row) => row.maybeTwice > 0)
  await slot.forwarder.stop()
  await asAdmin(plant.cluster.address, (admin) => makeTopics(admin, [{ topic }]))
  slot.forwarder = plant.start(slot)
}

async function restoredInTime(plant: One): Promise<void> {
  const slot = plant.any(plant.slots)
  await plant.settle() // of one that never sent anything nothing is known
  await slot.forwarder.stop()
  plant.restore(slot, plant.copy(slot))
  slot.forwarder = plant.start(slot)
  await plant.flow(500)
}

/** The log holds all that was sent since, so it is known how to go on. */
async function restoredLate(plant: One, byCommand: boolean): Promise<void> {
  const slot = plant.any(plant.slots)
  const { backup } = await sentOn(plant, slot)
  if (byCommand) plant.restore(slot, backup)
  else slot.dir = backup
  slot.forwarder = plant.start(slot)
  await plant.flow(500)
}

async function restoredBoth(plant: One): Promise<void> {
  const slot = plant.any(plant.slots)
  const { backup, end } = await sentOn(plant, slot)
  const sent = slot.head
  plant.restore(slot, backup)
  slot.forwarder = plant.start(slot, slot.dir, end)
  await stopsInWords(slot, /this installation remembers sending only up to/)
  await plant.giveUp(slot, sent)
}

/** After a backup of a log that ended at `end`. It is stopped. */
async function sentOn(plant: One, slot: Slot): Promise<{ readonly backup: string; readonly end: Offset }> {
  await plant.settle()
  await slot.forwarder.stop()
  const end = slot.head
  const backup = plant.copy(slot)
  slot.forwarder = plant.start(slot)
  await plant.flow(700)
  await plant.settle()
  await slot.forwarder.stop()
  return { backup, end }
}

async function wentBack(plant: One): Promise<void> {
  const { kafka } = plant.cluster
  await plant.flow(300)
  await plant.settle()
  const kept = new Map(plant.slots.map((slot) => [slot, slot.head]))
  await kafka.stop()
  kafka.keepCopy()
  await kafka.restart()
  // In two transactions at least: where only the last one is gone, as after a loss of power, it is sent again.
  for (let i = 0; i < 2; i++) {
    await plant.flow(750)
    await plant.settle()
  }
  await kafka.stop()
  kafka.goBack()
  await kafka.restart()
  for (const slot of [...plant.slots]) {
    slot.forwarder.order({ kind: 'retry' })
    slot.forwarder.order({ kind: 'head', head: slot.head + 12 }) // of these one at least is to be sent
    await stopsInWords(slot, /it went back in time/)
    await plant.giveUpAnew(slot, kept.get(slot)!)
  }
}

async function stopsInWords({ name, forwarder }: Slot, words: RegExp): Promise<void> {
  const retry = setInterval(() => {
    if (forwarder.row?.state === 'waiting') forwarder.order({ kind: 'retry' })
  }, 500)
  const row = await forwarder.until(({ state }) => state === 'action needed').finally(() => clearInterval(retry))
  if (!words.test(row.error?.message ?? '')) throw new Error(`${name} stopped with "${row.error?.message}"`)
}
