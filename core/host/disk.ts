import { statfsSync } from 'node:fs'
import { limitBytes } from '../log/retention.ts'

/** Bytes that are free on the disk of a directory. */
export function freeBytesAt(dir: string): number {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}

/** Bytes that views may have beside that log; null: a tenth of the disk, at most 20 GB. */
export function viewsLimit(logDir: string, maxBytes: number | null): number {
  const { blocks, bsize } = statfsSync(logDir)
  return limitBytes(maxBytes, blocks * bsize)
}
