import type { SourceRow, Status } from '../../core/contract/calls.ts'
import { bytes } from './number.ts'
import { age } from './time.ts'

/** Its broker cannot be heard. */
export function isAway(source: SourceRow): boolean {
  return (source.state === 'down' || source.state === 'action needed') && !isHeldByDisk(source)
}

/** What it sends cannot be stored. */
export function isHeldByDisk({ error }: SourceRow): boolean {
  return error?.code === 'disk_full' || error?.code === 'disk_error'
}

/** "reading paused for 4 min: 8 MB wait for the disk"; null while the disk takes what comes. */
export function waitsForDisk({ sources, recorder, time }: Status): string | null {
  if (recorder === null || !sources.some(isHeldByDisk)) return null
  const { bytes: waiting, maxBytes, pausedSince } = recorder.queue
  if (pausedSince === null) return `nothing can be stored: ${bytes(waiting)} of ${bytes(maxBytes)} wait for the disk`
  return `reading paused for ${age(time - pausedSince)}: ${bytes(waiting)} wait for the disk`
}
