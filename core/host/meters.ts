import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Millis } from '../contract/model.ts'

/** What this process uses of the machine. */
export interface Meters {
  readonly cpuPercent: number
  readonly memoryBytes: number
  readonly logBytes: number
  readonly freeBytes: number
  readonly diskBytes: number
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
    return {
      cpuPercent,
      memoryBytes: process.memoryUsage.rss(),
      logBytes: await sizeOf(logDir),
      ...(await diskOf(dataDir)),
    }
  }
}

async function sizeOf(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => [])
  const sizes = await Promise.all(names.map((name) => fileSize(join(dir, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
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
