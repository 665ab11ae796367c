import type { Gap, SourceCoverage } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import { count } from './number.ts'
import { age, type Clock } from './time.ts'

/** Sources that stop together do so within this time. */
const together: Millis = 10_000

/** "Thu 19 Nov 10:02–10:07, broker link down" */
export function gapWords({ from, until, cause }: Gap, clock: Clock): string {
  return `${gapTime(from, until, clock)}, ${cause}`
}

/** "Thu 19 Nov 10:02–10:07"; what a minute is too coarse for, and what lasts over midnight, says how long. */
function gapTime(from: Millis, until: Millis | null, clock: Clock): string {
  const began = `${clock.weekday(from).split(' ')[0]} ${clock.day(from)} ${clock.minute(from)}`
  if (until === null) return `${began}–now`
  if (clock.minute(from) === clock.minute(until) && until - from < 3_600_000) return `${began} for ${age(until - from)}`
  return clock.day(from) === clock.day(until) ? `${began}–${clock.minute(until)}` : `${began} for ${age(until - from)}`
}

/** "24,610 messages came late and were filed by their own time." Empty when none did. */
export function lateWords(gaps: readonly Gap[]): string {
  const late = gaps.reduce((sum, gap) => sum + gap.late, 0)
  if (late === 0) return ''
  return late === 1
    ? 'One message came late and was filed by its own time.'
    : `${count(late)} messages came late and were filed by their own time.`
}

/** "12 messages were too late to change an alert." Empty when none was. */
export function tooLateWords(sources: readonly SourceCoverage[]): string {
  const messages = sources.reduce((sum, { tooLate }) => sum + tooLate, 0)
  if (messages === 0) return ''
  const were = messages === 1 ? 'One message was' : `${count(messages)} messages were`
  return `${were} too late to change an alert, and stand on the charts only.`
}

/** A gap, and the sources that share it. */
export interface SharedGap extends Gap {
  readonly sources: readonly string[]
}

/** Gaps newest first; one that several sources share is one, with all that came late. A removed source misses nothing. */
export function sharedGaps(sources: readonly SourceCoverage[]): readonly SharedGap[] {
  const all = sources.flatMap(({ source, gaps }) => gaps.map((gap) => ({ ...gap, sources: [source] })))
  const found: SharedGap[] = []
  for (const gap of all.sort((a, b) => b.from - a.from)) {
    const i = found.findLastIndex((other) => isSame(other, gap))
    const other = found[i]
    if (gap.cause === 'removed') continue
    if (other === undefined) found.push(gap)
    else found[i] = { ...other, late: other.late + gap.late, sources: [...other.sources, ...gap.sources] }
  }
  return found
}

function isSame(a: Gap, b: Gap): boolean {
  return (
    a.cause === b.cause &&
    Math.abs(a.from - b.from) <= together &&
    (a.until === null) === (b.until === null) &&
    Math.abs((a.until ?? 0) - (b.until ?? 0)) <= together
  )
}
