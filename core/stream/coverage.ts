import { type GapCause, gapCauses, type LinkEvent, type Millis } from '../contract/model.ts'
import { forgive } from './clock.ts'
import { heard, learnHeard, leastLimit, resume, silentAfter, skipGap, usualLimits } from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { type Gaps, noGaps, type Gap as PathGap, topicName, turn } from './gaps.ts'
import type { Plant, SourceState } from './plant.ts'

/** What a link record says beside its event. */
export interface LinkWords {
  readonly detail: string | null
  readonly cause: GapCause | null
  /** Topic filters that the broker does not grant. */
  readonly refused: readonly string[]
  /** Of a link that is up again: all that was sent meanwhile is still to come. */
  readonly held: boolean
  /** Of a link that is up again: why nothing is that was sent meanwhile. */
  readonly unkept: string | null
}

/** Why nothing can come, with words for it. */
export interface Away {
  readonly cause: GapCause
  readonly detail: string | null
}

/** A source that says nothing of its link for so long after a start is no longer there. */
const helloMs: Millis = 120_000
/** A source has so many topic filters at most. */
const mostFilters = 100

/** The whole recorder started, stopped, sleeps or is awake. `before` is log time before this record, `own` the record's. */
export function recorderTurned(
  plant: Plant,
  event: LinkEvent,
  { detail }: LinkWords,
  before: Millis,
  own: Millis,
  out: Emit,
): void {
  if (event === 'started') started(plant, before, out)
  else if (event === 'stopped') away(plant, { cause: 'not running', detail }, plant.time, out)
  else if (event === 'asleep' && plant.running) asleep(plant, { cause: 'asleep', detail }, own, out)
  else if (event === 'awake') asleep(plant, null, plant.time, out)
}

/** A start with no stop before it: nothing was recorded since the record before. */
function started(plant: Plant, before: Millis, out: Emit): void {
  if (plant.running) away(plant, { cause: 'crashed', detail: 'it ended without a stop' }, before, out)
  plant.running = true
  turn(plant.gaps, null, null, plant.time, plant.next, out)
  for (const source of captured(plant)) source.expect = plant.time + helloMs
}

function away(plant: Plant, why: Away, time: Millis, out: Emit): void {
  plant.running = false
  plant.asleep = null
  turn(plant.gaps, why.cause, why.detail, time, plant.next, out)
  for (const source of captured(plant)) {
    source.away = why
    settle(plant, source, time, out)
  }
}

function asleep(plant: Plant, why: Away | null, time: Millis, out: Emit): void {
  if (why === null && plant.asleep === null) return
  plant.asleep = why
  turn(plant.gaps, why?.cause ?? null, why?.detail ?? null, time, plant.next, out)
  for (const source of captured(plant)) settle(plant, source, time, out)
}

/** A link says that it is up, or why it is not. What it says of a full disk is dated back to when that was. */
export function linkTurned(
  plant: Plant,
  source: SourceState,
  event: LinkEvent,
  said: LinkWords,
  own: Millis,
  out: Emit,
): void {
  if (event === 'started') return
  const up = event === 'up' || event === 'awake'
  source.expect = Number.NaN
  source.away = up ? null : { cause: said.cause ?? olderCause(event, said.detail), detail: said.detail }
  const whole = up && said.held && source.gaps.open?.cause === 'settings changed'
  settle(plant, source, whole ? source.gaps.open!.from : up ? plant.time : own, out)
  if (up && said.unkept !== null) nothingKept(plant, source, said.unkept, out)
  if (up || source.away?.cause === 'removed') refuse(plant, source, up ? said.refused : [], out)
}

/** Whatever kept us away from the broker, what was sent until now is lost. */
function nothingKept(plant: Plant, { unkept, absence }: SourceState, why: string, out: Emit): void {
  if (Number.isNaN(absence.from)) return
  turn(unkept, 'broker kept nothing', why, absence.from, plant.next, out)
  turn(unkept, null, null, plant.time, plant.next, out)
}

/** These topic filters and no others are refused from now on. */
function refuse(plant: Plant, source: SourceState, filters: readonly string[], out: Emit): void {
  for (const filter of filters)
    if (!source.refused.has(filter)) source.refused.set(filter, noGaps('topic', topicName(source.name, filter)))
  for (const [filter, gaps] of source.refused)
    turn(gaps, filters.includes(filter) ? 'refused by broker' : null, null, plant.time, plant.next, out)
}

/** Records of older programs name no cause. */
function olderCause(event: LinkEvent, detail: string | null): GapCause {
  if (event === 'asleep') return 'asleep'
  if (event === 'stopped' || detail === 'stopped here') return 'not running'
  return detail?.includes('disk_full') ? 'disk full' : 'broker link down'
}

/** Ends or begins the gap of a source, whatever it is that holds now. */
function settle(plant: Plant, source: SourceState, time: Millis, out: Emit): void {
  const why = source.away?.cause === 'removed' ? source.away : (plant.asleep ?? source.away)
  const before = source.gaps.open
  turn(source.gaps, why?.cause ?? null, why?.detail ?? null, time, plant.next, out)
  markAbsence(plant, source, before)
  notItsOwn(plant, source)
}

/** A link that is found dead so soon after a sleep was dead in the sleep. */
const soonMs: Millis = 30_000

/** Since when nothing can have come by a source: its gaps may follow each other, of whatever causes. */
function markAbsence({ time }: Plant, { absence, gaps, away }: SourceState, before: PathGap | null): void {
  const { open } = gaps
  if (open === null && before !== null) absence.awoke = before.cause === 'asleep' ? time : Number.NaN
  if (away?.cause === 'removed') absence.from = Number.NaN
  else if (open !== null && !goesOn(absence, before, open)) absence.from = open.from
}

function goesOn({ from, awoke }: SourceState['absence'], before: PathGap | null, open: PathGap): boolean {
  if (Number.isNaN(from)) return false
  if (before !== null) return before.cause !== 'source silent'
  return open.cause === 'broker link down' && open.from - awoke <= soonMs
}

/** What was not heard until now says nothing of its pace. */
function notItsOwn(plant: Plant, source: SourceState): void {
  source.silent = false
  resume(source.row, plant.next, plant.time)
  if (Number.isNaN(source.row[heard]!)) return
  source.row[skipGap] = 1
  source.row[heard] = plant.time
}

/** A message came, not one that the broker remembered. */
export function hearSource(plant: Plant, source: SourceState, out: Emit): void {
  const { row } = source
  if (source.silent) {
    turn(source.gaps, null, null, plant.time, plant.next, out)
    source.silent = false
    row[heard] = Number.NaN // so that its absence is not learned as a gap
    resume(row, plant.next, plant.time)
  }
  learnHeard(row, 0, plant.time)
}

/**
 * What log time alone brings about: a source that is silent, and one that did not come back with the recorder. Answers a
 * time before which it need not be looked at again: whoever is heard meanwhile is not silent sooner.
 */
export function fireCoverage(plant: Plant, out: Emit): Millis {
  const { time } = plant
  let again = time + leastLimit
  for (const source of plant.sources) {
    if (source.expect <= time) gone(plant, source, out)
    const { expect, row } = source
    if (expect < again) again = expect
    const sooner = row[heard]! + leastLimit
    const quietFrom = sooner > time ? sooner : quietAt(plant, source)
    if (quietFrom <= time) quiet(plant, source, out)
    else if (quietFrom < again) again = quietFrom
  }
  return again
}

function gone(plant: Plant, source: SourceState, out: Emit): void {
  source.away = { cause: 'removed', detail: 'it did not come back when the recorder started' }
  settle(plant, source, source.expect - helloMs, out)
  source.expect = Number.NaN
}

/** NaN: it may be silent for ever. */
function quietAt(plant: Plant, { row, linked, away, silent }: SourceState): Millis {
  if (!linked || silent || away !== null || plant.asleep !== null) return Number.NaN
  return row[heard]! + silentAfter(row, usualLimits)
}

function quiet(plant: Plant, source: SourceState, out: Emit): void {
  source.silent = true
  turn(source.gaps, 'source silent', null, source.row[heard]!, plant.next, out)
}

/** Records are missing between the one before and this one: what they said, and of what, cannot be known. */
export function recordsMissing(plant: Plant, from: number, to: number, before: Millis, out: Emit): void {
  const detail = `records ${from} to ${to - 1} cannot be read`
  const about: Gaps[] = [plant.gaps, ...captured(plant).map(({ gaps }) => gaps)]
  for (const gaps of about) {
    if (gaps.open !== null && gaps.open.cause !== 'source silent') continue
    turn(gaps, 'damaged', detail, before, plant.next, out)
    turn(gaps, null, null, plant.time, plant.next, out)
  }
  for (const source of plant.sources) {
    notItsOwn(plant, source)
    forgive(plant, source)
  }
}

/** Sources that have told of a link, and are not gone: a file that was imported has none. */
function captured(plant: Plant): readonly SourceState[] {
  return plant.sources.filter(({ linked, away }) => linked && away?.cause !== 'removed')
}

/** What the JSON of a link record says; nothing when it cannot be read, because the event stands without it. */
export function linkWords(bytes: Uint8Array): LinkWords {
  const { detail, cause, refused, held, unkept } = jsonOf(bytes)
  return {
    detail: typeof detail === 'string' ? detail : null,
    cause: gapCauses.find((known) => known === cause) ?? null,
    refused: Array.isArray(refused) ? refused.filter((one) => typeof one === 'string').slice(0, mostFilters) : [],
    held: held === true,
    unkept: typeof unkept === 'string' ? unkept : null,
  }
}

function jsonOf(bytes: Uint8Array): {
  readonly detail?: unknown
  readonly cause?: unknown
  readonly refused?: unknown
  readonly held?: unknown
  readonly unkept?: unknown
} {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as ReturnType<typeof jsonOf> | null) ?? {}
  } catch {
    return {}
  }
}
