import { type GapCause, gapCauses, type LinkEvent, type Millis } from '../contract/model.ts'
import { forgive } from './clock.ts'
import { heard, learnHeard, leastLimit, resume, silentAfter, skipGap, usualLimits } from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { type Gaps, noGaps, topicName, turn } from './gaps.ts'
import type { Plant, SourceState } from './plant.ts'

/** What a link record says beside its event. */
export interface LinkWords {
  readonly detail: string | null
  readonly cause: GapCause | null
  /** Topic filters that the broker does not grant. */
  readonly refused: readonly string[]
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
  settle(plant, source, up ? plant.time : own, out)
  if (up || source.away?.cause === 'removed') refuse(plant, source, up ? said.refused : [], out)
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
  turn(source.gaps, why?.cause ?? null, why?.detail ?? null, time, plant.next, out)
  notItsOwn(plant, source)
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
  learnHeard(row, plant.time)
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
  const { detail, cause, refused } = jsonOf(bytes)
  return {
    detail: typeof detail === 'string' ? detail : null,
    cause: gapCauses.find((known) => known === cause) ?? null,
    refused: Array.isArray(refused) ? refused.filter((one) => typeof one === 'string').slice(0, mostFilters) : [],
  }
}

function jsonOf(bytes: Uint8Array): {
  readonly detail?: unknown
  readonly cause?: unknown
  readonly refused?: unknown
} {
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as ReturnType<typeof jsonOf> | null) ?? {}
  } catch {
    return {}
  }
}
