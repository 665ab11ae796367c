import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { recordAt } from '../../../core/contract/block.ts'
import type { FieldError } from '../../../core/contract/errors.ts'
import { Batcher } from '../../../core/ingest/batcher.ts'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { verify } from '../../../core/log/verify.ts'
import { type DiskFault, DiskOrders } from './disk.ts'

// A short run of capture (small commits, a large one, sealing, a roll) once for each write that it makes, and that write
// fails. Argument: the folder below which the disk can fail. Prints a line per run.

export interface FaultRun {
  readonly at: number
  readonly fault: DiskFault
  readonly lasting: boolean
  /** Codes that capture told, in order; null is "goes on". */
  readonly told: readonly (string | null)[]
  /** Acknowledged, and not in what a kill at the moment of the failure would have left; or not in the log at the end. */
  readonly missing: number
  readonly twice: number
  readonly problems: readonly string[]
}

const [dir = ''] = process.argv.slice(2)
const commits = [3, 1, 9, 12, 60, 2, 9]
const orders = new DiskOrders()

const writes = await countWrites()
for (const fault of ['ENOSPC', 'EIO'] as const)
  for (const lasting of [false, true])
    for (let at = 1; at <= writes; at++) process.stdout.write(`${JSON.stringify(await failing(at, fault, lasting))}\n`)

async function countWrites(): Promise<number> {
  orders.fail(2 ** 30, 'EIO')
  await capture(fresh('log'), () => {})
  return orders.counted().operations
}

async function failing(at: number, fault: DiskFault, lasting: boolean): Promise<FaultRun> {
  const logDir = fresh('log')
  const copy = fresh('copy')
  let ackedThen = 0
  orders.fail(at, fault, lasting)
  const { acked, told } = await capture(logDir, (ackedNow) => {
    ackedThen = ackedNow
    orders.heal()
    cpSync(logDir, copy, { recursive: true })
    orders.fail(lasting ? 1 : 2 ** 30, fault, lasting)
  })
  orders.heal()
  const afterKill = ackedThen === 0 ? [] : storedIn(copy)
  const atEnd = storedIn(logDir)
  const report = await verify(logDir)
  return {
    at,
    fault,
    lasting,
    told,
    missing: missingOf(ackedThen, afterKill) + missingOf(acked, atEnd),
    twice: atEnd.length - new Set(atEnd).size,
    problems: report.problems.map((problem) => problem.message),
  }
}

/** Feeds a batcher, and calls `failed` when it says that the disk does not take what it has; the disk heals after three tries. */
async function capture(logDir: string, failed: (acked: number) => void) {
  const log = await opened(logDir)
  const told: (string | null)[] = []
  let acked = 0
  let blocked: FieldError | null = null
  const onBlocked = (error: FieldError | null) => {
    blocked = error
    told.push(error?.code ?? null)
    if (error !== null) failed(acked)
  }
  const batcher = new Batcher({ log, now: () => 1_000_000, linger: 0, onCommit: () => {}, onBlocked, onFull: () => {} })
  const acks = { acknowledge: () => void acked++, flush: () => {} }
  let sent = 0
  for (const n of commits) {
    for (let i = 0; i < n; i++)
      batcher.add({ record: message(sent), ack: { to: acks, packetId: sent++, qos: 1 }, urgent: true })
    batcher.flush()
    for (let tries = 1; blocked !== null; tries++) {
      if (tries === 3) orders.heal()
      batcher.flush()
    }
  }
  batcher.close()
  await log.settled().catch(() => {}) // what a checksum could not be written for is sealed at the next start
  log.close()
  return { acked, told }
}

/** The recorder starts again until it can. */
async function opened(logDir: string) {
  for (let tries = 1; ; tries++)
    try {
      return openLog(logDir, { segmentMs: 30_000, sealRecords: 20 })
    } catch (error) {
      if (tries === 3) orders.heal()
      if (tries === 5) throw error
    }
}

function message(i: number) {
  const bytes = Buffer.from(String(i).padEnd(300, '.'))
  return {
    time: 1_000_000 + i * 1_500,
    kind: 'message',
    source: 'plant',
    name: `line/${i % 7}`,
    qos: 1,
    bytes,
  } as const
}

function storedIn(logDir: string): number[] {
  const stored: number[] = []
  const reader = openReader(logDir)
  for (let block = reader.read(0); block !== null; block = reader.read(block.first + block.n))
    for (let row = 0; row < block.n; row++)
      stored.push(Number.parseInt(Buffer.from(recordAt(block, row).bytes).toString(), 10))
  reader.close()
  return stored
}

function missingOf(acked: number, stored: readonly number[]): number {
  const there = new Set(stored)
  return Array.from({ length: acked }, (_, i) => i).filter((i) => !there.has(i)).length
}

function fresh(name: string): string {
  const path = join(dir, name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  return path
}
