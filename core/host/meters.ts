import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Millis } from '../contract/model.ts'

/** What this process uses of the machine. */
export interface Meters {
  readonly cpuPercent: number
  readonly memoryBytes: number
  readonly logBytes: number
  /** The log without its write-ahead file. */
  readonly segmentBytes: number
  /** Write-ahead files of the log, the views and the ledger. */
  readonly walBytes: number
  /** Handed to the disk since the program started; null where the system does not say. */
  readonly writtenBytes: number | null
  readonly freeBytes: number
  readonly diskBytes: number
}

/** Before the first look. */
export const noMeters: Meters = {
  cpuPercent: 0,
  memoryBytes: 0,
  logBytes: 0,
  segmentBytes: 0,
  walBytes: 0,
  writtenBytes: null,
  freeBytes: 0,
  diskBytes: 0,
}

/** Reads the meters of this process; processor time is of all threads since the last reading (at first: none). */
export function openMeters(dataDir: string, logDir: string, now: () => Millis): () => Promise<Meters> {
  let last = { at: now(), cpu: process.cpuUsage() }
  return async () => {
    const at = now()
    const cpu = process.cpuUsage()
    const spent = (cpu.user - last.cpu.user + cpu.system - last.cpu.system) / 1_000
    const cpuPercent = at > last.at ? (100 * spent) / (at - last.at) : 0
    last = { at, cpu }
    const log = await sizesIn(logDir)
    const logWal = walOf(log)
    return {
      cpuPercent,
      memoryBytes: process.memoryUsage.rss(),
      logBytes: sum(log),
      segmentBytes: sum(log) - logWal,
      walBytes: logWal + walOf(await sizesIn(dataDir)),
      writtenBytes: writtenHere(),
      ...(await diskOf(dataDir)),
    }
  }
}

/** Linux counts blocks of 512 bytes; elsewhere it is operations. */
function writtenHere(): number | null {
  return process.platform === 'linux' ? process.resourceUsage().fsWrite * 512 : null
}

type Sizes = readonly (readonly [name: string, size: number])[]

async function sizesIn(dir: string): Promise<Sizes> {
  const names = await readdir(dir).catch(() => [])
  return Promise.all(names.map(async (name) => [name, await fileSize(join(dir, name))] as const))
}

function sum(sizes: Sizes): number {
  return sizes.reduce((all, [, size]) => all + size, 0)
}

function walOf(sizes: Sizes): number {
  return sum(sizes.filter(([name]) => name.endsWith('.db-wal')))
}

/** A segment may go between the listing and the look. */
function fileSize(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.size,
    () => 0,
  )
}

async function diskOf(dir: string): Promise<Pick<Meters, 'freeBytes' | 'diskBytes'>> {
  const { bavail, blocks, bsize } = await statfs(dir)
  return { freeBytes: bavail * bsize, diskBytes: blocks * bsize }
}
