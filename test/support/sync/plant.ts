import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Millis, Offset } from '../../../core/contract/model.ts'
import { Ledger } from '../../../core/sync/ledger.ts'
import { seeded } from '../seeded.ts'
import { Forwarder } from './forwarder.ts'
import { add, noTally, type Tally, Witness } from './witness.ts'

/** Where it is all sent to. */
export interface Cluster {
  /** For readers and administrators. */
  readonly address: string
  /** For the forwarders, which may have to come through a proxy. */
  readonly entrance: string
  readonly replication: number
}

/** Something that goes wrong while records flow. */
export interface Fault<C extends Cluster> {
  readonly name: string
  /** It cannot be known whether some records had arrived: they come marked. */
  readonly marks?: boolean
  run(plant: Plant<C>): Promise<void>
}

/** What came of a fault. */
export interface Result extends Tally {
  readonly fault: string
  readonly seconds: number
  /** What was not as it should be. */
  readonly wrong: readonly string[]
}

/** One destination with its log, its state and whoever checks it. */
export interface Slot {
  name: string
  dir: string
  head: Offset
  from: Offset
  forwarder: Forwarder
  /** A copy of it that sends too. */
  second: Forwarder | null
  witness: Witness
}

export interface PlantOptions {
  readonly slots: number
  readonly seed: number
  /** Records of each log. */
  readonly perSecond: number
  readonly delivery?: DestinationConfig['delivery']
}

const partitions = 2
const tickMs: Millis = 20
const patienceMs: Millis = 180_000

/** Some destinations of one cluster, each with a log that grows; and what an independent reader finds after each fault. */
export class Plant<C extends Cluster> {
  readonly cluster: C
  readonly slots: Slot[]
  readonly random: () => number
  readonly dir = mkdtempSync(join(tmpdir(), 'fieldwatch-plant-'))
  private readonly o: PlantOptions
  private made = 0
  private tally = noTally()
  private growing: NodeJS.Timeout | null = null

  constructor(cluster: C, options: PlantOptions) {
    this.cluster = cluster
    this.o = options
    this.random = seeded(options.seed)
    this.slots = Array.from({ length: options.slots }, () => this.slot(0))
  }

  /** Records flow, the fault happens, everything arrives, and the readers look. Never throws: what is wrong is in the result. */
  async round(fault: Fault<C>): Promise<Result> {
    const began = performance.now()
    const wrong: string[] = []
    this.tally = noTally()
    try {
      this.grow()
      await this.withPatience(fault.run(this))
      await this.settle()
      for (const found of await Promise.all(this.slots.map(({ witness, head }) => witness.look(head))))
        this.found(found)
    } catch (error) {
      wrong.push(error instanceof Error ? error.message : String(error))
      await this.replaceStopped()
    } finally {
      this.halt()
    }
    const { missing, doubled, outOfOrder, marked } = this.tally
    if (missing + doubled + outOfOrder > 0) wrong.push('not exactly once')
    if (marked > 0 && fault.marks !== true) wrong.push('marked what could be known')
    return { fault: fault.name, ...this.tally, seconds: Math.round((performance.now() - began) / 1_000), wrong }
  }

  any<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)]!
  }

  each(what: (slot: Slot) => Promise<void>): Promise<unknown> {
    return Promise.all(this.slots.map(what))
  }

  /** All logs grow for so long. */
  async flow(ms: Millis): Promise<void> {
    this.grow()
    await sleep(ms)
  }

  /** The logs stop growing, and everything in them is confirmed; whoever waits is told to try now. */
  async settle(slots: readonly Slot[] = this.slots): Promise<void> {
    this.halt()
    await Promise.all(slots.map((slot) => this.arrived(slot)))
  }

  /** Another process for the same state, or for a copy of it. */
  start(slot: Slot, dir = slot.dir, end?: Offset): Forwarder {
    const { entrance, replication } = this.cluster
    const { delivery = 'auto' } = this.o
    const { name, from } = slot
    const of = { dir, address: entrance, name, from, delivery, replication, partitions }
    const forwarder = new Forwarder(end === undefined ? of : { ...of, end })
    forwarder.order({ kind: 'head', head: slot.head })
    return forwarder
  }

  copy(slot: Slot): string {
    const dir = this.emptyDir()
    cpSync(slot.dir, dir, { recursive: true })
    return dir
  }

  /** As the command puts a backup back. */
  restore(slot: Slot, backup: string): void {
    slot.dir = backup
    this.withLedger(slot, (ledger) => ledger.cameBack())
  }

  withLedger<T>({ dir }: Slot, use: (ledger: Ledger) => T): T {
    const ledger = new Ledger(join(dir, 'state.db'))
    try {
      return use(ledger)
    } finally {
      ledger.close()
    }
  }

  /** It can only go on under another name; under this one everything before `upto` should be there. */
  async giveUp(slot: Slot, upto: Offset): Promise<void> {
    await slot.forwarder.stop()
    this.found(await slot.witness.look(upto))
    Object.assign(slot, this.slot(slot.head))
  }

  /** The same, where the cluster has become another: what the witness had read tells nothing, so it is all read anew. */
  async giveUpAnew(slot: Slot, upto: Offset): Promise<void> {
    await slot.forwarder.stop()
    const { records, missing, doubled, outOfOrder } = await this.witness(slot).look(upto)
    this.found({ ...noTally(), records, missing, doubled, outOfOrder })
    Object.assign(slot, this.slot(slot.head))
  }

  async close(): Promise<void> {
    this.halt()
    await this.each(async ({ forwarder, second }) => {
      await forwarder.kill()
      await second?.kill()
    })
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** What is wrong was told once; the next round begins with what works. */
  private async replaceStopped(): Promise<void> {
    for (const slot of this.slots) {
      const state = slot.forwarder.row?.state
      if (state !== 'action needed' && state !== 'fenced') continue
      await slot.forwarder.kill()
      Object.assign(slot, this.slot(slot.head))
    }
  }

  private async withPatience(work: Promise<void>): Promise<void> {
    const done = new AbortController()
    const late = sleep(patienceMs, null, { signal: done.signal }).then(
      () => {
        const stand = this.slots.map(({ name, head, forwarder }) => `${name} of ${head}: ${told(forwarder.row)}`)
        throw new Error(`it did not end: ${stand.join('; ')}`)
      },
      () => {}, // it ended
    )
    try {
      await Promise.race([work, late])
    } finally {
      done.abort()
    }
  }

  private found(tally: Tally): void {
    add(this.tally, tally)
  }

  private witness({ name, from }: Pick<Slot, 'name' | 'from'>): Witness {
    return new Witness(this.cluster.address, name, from, partitions)
  }

  private slot(from: Offset): Slot {
    this.made += 1
    const blank = { name: `d${this.made}`, dir: this.emptyDir(), head: from, from }
    const slot = { ...blank, forwarder: null as never, second: null, witness: null as never } // made next, from the rest
    return Object.assign(slot, { forwarder: this.start(slot), witness: this.witness(slot) })
  }

  private emptyDir(): string {
    const dir = mkdtempSync(join(this.dir, 'state-'))
    mkdirSync(dir, { recursive: true })
    return dir
  }

  private grow(): void {
    if (this.growing !== null) return
    const { perSecond } = this.o
    let last = performance.now()
    this.growing = setInterval(() => {
      const records = Math.floor(((performance.now() - last) / 1_000) * perSecond)
      last += (records / perSecond) * 1_000
      for (const slot of this.slots) {
        slot.head += records
        for (const one of [slot.forwarder, slot.second]) one?.order({ kind: 'head', head: slot.head })
      }
    }, tickMs)
  }

  private halt(): void {
    if (this.growing !== null) clearInterval(this.growing)
    this.growing = null
  }

  private async arrived(slot: Slot): Promise<void> {
    const retry = setInterval(() => {
      if (slot.forwarder.row?.state === 'waiting') slot.forwarder.order({ kind: 'retry' })
    }, 500)
    const settled = new AbortController()
    const late = sleep(patienceMs, null, { signal: settled.signal }).catch(() => null)
    const arrived = ({ next, state }: DestinationRow) =>
      next === slot.head && (state === 'live' || state === 'catching up')
    const done = (row: DestinationRow) => arrived(row) || row.state === 'action needed' || row.state === 'fenced'
    try {
      slot.forwarder.order({ kind: 'head', head: slot.head })
      const row = await Promise.race([slot.forwarder.until(done), late])
      if (row === null || !arrived(row))
        throw new Error(`${slot.name} is not at ${slot.head}: ${told(slot.forwarder.row)}`)
    } finally {
      settled.abort()
      clearInterval(retry)
    }
  }
}

function told(row: DestinationRow | null): string {
  return row === null
    ? 'it said nothing'
    : `${row.next}, ${row.state}, ${row.doing}, ${row.error?.message ?? 'no error'}`
}
