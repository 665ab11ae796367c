import type { GapCause, Millis, Offset } from '../contract/model.ts'
import type { Emit } from './emit.ts'

/** A time in which nothing could come from a source or a device, or nothing did. */
export interface Gap {
  /** `topic`: a filter of a source, while the broker refuses it and the rest is heard. `session`: of a source that was away, and its broker kept nothing. */
  readonly about: 'source' | 'device' | 'topic' | 'session'
  /** Of the source or device; an empty source is the whole installation. Of a topic: see `topicName`. */
  readonly name: string
  /** Among those of this name, in order of time: 0, 1, 2, ... */
  readonly number: number
  /** Offset of the record at which the path knew of it; it may have begun earlier. */
  readonly opened: Offset
  readonly from: Millis
  /** Null: it goes on. */
  readonly until: Millis | null
  readonly cause: GapCause
  readonly detail: string | null
}

/** The gaps of one source or device: never two at a time, in the order of their time. */
export interface Gaps {
  readonly about: Gap['about']
  readonly name: string
  open: Gap | null
  /** How many there were, with the one that is open. */
  count: number
  /** The newest that are over, oldest first: messages of their time may still come. */
  readonly over: OverGap[]
  /** End of the newest. */
  end: Millis
  /** The record that was counted last as late: a message counts once, however many readings it holds. */
  counted: Offset
  /** Messages that were older than what their series remember. */
  beyond: number
}

interface OverGap {
  readonly number: number
  readonly from: Millis
  readonly until: Millis
  late: number
}

/** Messages of the time of an older gap are no longer counted to it. */
const remembered = { source: 64, device: 4, topic: 1, session: 1 } as const

/** Of the gaps of a topic filter: behind its source and a line break, which no name of a source holds. */
export function topicName(source: string, filter: string): string {
  return `${source}\n${filter}`
}

export function noGaps(about: Gap['about'], name: string): Gaps {
  return { about, name, open: null, count: 0, over: [], end: -Infinity, counted: -1, beyond: 0 }
}

/** From `time` on the cause is this one, or there is no gap (null). The same cause goes on. */
export function turn(
  gaps: Gaps,
  cause: GapCause | null,
  detail: string | null,
  time: Millis,
  at: Offset,
  out: Emit,
): void {
  if ((gaps.open?.cause ?? null) === cause) return
  endGap(gaps, time, out)
  if (cause === null) return
  const { about, name } = gaps
  const number = gaps.count++
  gaps.open = { about, name, number, opened: at, from: Math.max(time, gaps.end), until: null, cause, detail }
  out.gap(gaps.open)
}

function endGap(gaps: Gaps, time: Millis, out: Emit): void {
  const { open } = gaps
  if (open === null) return
  const until = Math.max(time, open.from)
  gaps.open = null
  gaps.end = until
  gaps.over.push({ number: open.number, from: open.from, until, late: 0 })
  if (gaps.over.length > remembered[gaps.about]) gaps.over.shift()
  out.gap({ ...open, until })
}

/** A message came after its time: counted to the gap in which its time lies. False: it lies in none. */
export function countLate(gaps: Gaps, time: Millis, at: Offset, out: Emit): boolean {
  if (time >= gaps.end) return false
  if (gaps.counted === at) return true
  const gap = gaps.over.findLast(({ from }) => from <= time)
  if (gap === undefined || time >= gap.until) return false
  gap.late += 1
  gaps.counted = at
  out.late(gaps.about, gaps.name, gap.number, gap.late)
  return true
}

/** The number of what lies in no gap, among those of a name. */
export const beyondAll = -1

/** A message was older than all that its series remember: it changes no alert. */
export function countBeyond(gaps: Gaps, at: Offset, out: Emit): void {
  if (gaps.counted === at) return
  gaps.counted = at
  gaps.beyond += 1
  out.late(gaps.about, gaps.name, beyondAll, gaps.beyond)
}

/** What of it must be saved; null when nothing happened yet. */
export type SavedGaps = Pick<Gaps, 'open' | 'over' | 'count' | 'beyond'> | null

export function saveGaps({ open, over, count, beyond }: Gaps): SavedGaps {
  return count === 0 && beyond === 0 ? null : { open, over, count, beyond }
}

export function restoreGaps(about: Gap['about'], name: string, saved: SavedGaps): Gaps {
  const over = saved?.over ?? []
  const { open = null, count = 0, beyond = 0 } = saved ?? {}
  return { about, name, open, count, over: [...over], end: over.at(-1)?.until ?? -Infinity, counted: -1, beyond }
}
