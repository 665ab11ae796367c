import type { At } from '../contract/calls.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'

/** What an answer may know: the records below `offset`, as the screen would have shown them at `time`. */
export interface Instant {
  readonly live: boolean
  readonly time: Millis
  readonly offset: Offset
}

/** Live: everything that the views hold. A past instant: what the log held then, as far as the views have come. */
export function instantOf(at: At, log: LogReader, upto: Offset, now: Millis): Instant {
  if (at === null) return { live: true, time: now, offset: upto }
  return { live: false, time: at, offset: Math.min(log.offsetAt(at + 1), upto) }
}
