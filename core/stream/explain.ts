import type { Evidence, Explanation, Millis, Offset } from '../contract/model.ts'
import type { Watch } from './alerts.ts'
import type { Now } from './detect/detector.ts'
import { reads } from './detect/means.ts'
import { learnedDays } from './detect/season.ts'
import { mostSeries } from './detect/series-cap.ts'
import { deviceEvery, deviceFirst, deviceGaps, deviceLast, heard } from './detect/silence.ts'
import { triedClock } from './device-clock.ts'
import { everyOf, headOf, lastOffset, lastReading, newest } from './heads.ts'
import type { Death } from './offline.ts'
import type { DeviceState, Plant, SourceState } from './plant.ts'
import { count, firstOffset, type Recent, type Row, recent, rowOf } from './rows.ts'
import type { SeriesState } from './series.ts'
import { thousands } from './thousands.ts'

const maxEvidence = 8
const maxMoved = 5
const maxLooked = 24
const movedSigma = 3

/** All but the other series, which are looked at when the alert opens. */
export type Explained = Omit<Explanation, 'moved'>

/** Why an alert about a reading opens, from what was known before that reading was learned from. */
export function explainReading(
  plant: Plant,
  state: SeriesState,
  watch: Watch,
): { title: string; explanation: Explained } {
  const row = rowOf(plant.rows, state.series.id)
  const seen = recent(row, row.near[row.at + count]! + 1)
  const worst = watch.detector.id === 'band' ? furthest(seen, watch.since, plant.now) : plant.now
  const said = watch.detector.words!(row, plant.now, watch.rule.params)
  const observed = said.observed ?? worst.value
  const explanation: Explained = {
    observed: worst.text === null ? observed : null,
    expected: said.expected,
    why: said.why,
    rarity: said.rarity,
    learnedReadings: learnedReadings(row),
    learnedDays: learnedDays(row),
    usualGapMs: null,
    limitMs: null,
    evidence: [...ofOther(plant, state, watch), ...evidenceOf(state, watch, seen, worst.offset, said.readings ?? 1)],
    modelFrom: row.far[row.from + firstOffset]!,
    modelTo: headOf(plant.heads, state.series.id)[lastOffset]!,
  }
  return { title: said.title, explanation }
}

/** Without the reading in hand, and without what was learned before a person had it learned anew. */
function learnedReadings({ near, at }: Row): number {
  return near[at + reads]! > 0 ? near[at + reads]! - 1 : near[at + count]!
}

/** The reading that lies furthest out, with the band of now. */
function furthest(seen: readonly Recent[], since: Millis, now: Now): Now {
  let worst: Now = now
  for (const { value, z, time, offset } of seen)
    if (time >= since && Math.abs(z) > Math.abs(worst.z)) worst = { ...now, value, z, time, offset }
  return worst
}

/** The record with which it began, the one that was observed, the newest, and at least so many of those that it is about. */
function evidenceOf(
  { series }: SeriesState,
  { since, sinceOffset }: Watch,
  seen: readonly Recent[],
  observed: Offset,
  readings: number,
): readonly Evidence[] {
  const kept = Math.max(readings, Math.min(maxEvidence, seen.filter(({ time }) => time >= since).length))
  const first = seen.length - kept
  const found = seen
    .filter(({ offset }, i) => i >= first || offset === observed || offset === sinceOffset)
    .map(({ offset, time, value }) => ({ offset, time, value: series.type === 'text' ? null : value, signal: null }))
  const isNamed = found.some(({ offset }) => offset === sinceOffset)
  return isNamed ? found : [{ offset: sinceOffset, time: since, value: null, signal: null }, ...found]
}

/** The newest reading of the signal that a rule compares with. */
function ofOther(plant: Plant, state: SeriesState, { rule }: Watch): readonly Evidence[] {
  const id = plant.devices[state.device]!.series.find((each) => plant.series[each]!.series.signal === rule.other)
  if (rule.other === undefined || id === undefined) return []
  const head = headOf(plant.heads, id)
  return [{ offset: head[lastOffset]!, time: head[newest]!, value: head[lastReading]!, signal: rule.other }]
}

/** Other series of the device that are unusual too, the furthest first. */
export function moved(plant: Plant, state: SeriesState, since: Millis): Explanation['moved'] {
  const others = plant.devices[state.device]!.series.filter((id) => id !== state.series.id).slice(0, maxLooked)
  const gap = everyOf(plant.heads, state.series.id)
  const from = since - Math.max(600_000, Number.isNaN(gap) ? 0 : 10 * gap)
  return others
    .flatMap((id) => movedSeries(plant, id, from, since))
    .sort((a, b) => Math.abs(b.sigma) - Math.abs(a.sigma) || a.series - b.series)
    .slice(0, maxMoved)
}

function movedSeries({ rows, series }: Plant, id: number, from: Millis, since: Millis): Explanation['moved'] {
  const row = rowOf(rows, id)
  const out = recent(row, row.near[row.at + count]!).filter(({ time, z }) => time >= from && Math.abs(z) >= movedSigma)
  const [first] = out
  if (first === undefined) return []
  const furthest = out.reduce((worst, each) => (Math.abs(each.z) > Math.abs(worst.z) ? each : worst))
  return [
    {
      series: id,
      signal: series[id]!.series.signal,
      sigma: Math.round(furthest.z * 10) / 10,
      leadMs: first.time - since,
      first: first.offset,
      furthest: furthest.offset,
    },
  ]
}

/** Why a device counts as silent: its usual gap and the limit that has passed. */
export function explainSilence(device: DeviceState, limitMs: Millis, death: Death | null): Explanation {
  const { row } = device
  const usual = row[deviceEvery]!
  return {
    observed: null,
    expected: null,
    why: `${death === null ? '' : `${death.words}; `}${thousands(row[deviceGaps]!)} gaps between its messages learned`,
    rarity: null,
    learnedReadings: row[deviceGaps]!,
    learnedDays: 0,
    usualGapMs: usual > 0 ? usual : null,
    limitMs,
    moved: [],
    evidence: [
      { offset: row[deviceLast]!, time: row[heard]!, value: null, signal: null },
      ...(death === null ? [] : [death.evidence]),
    ],
    modelFrom: row[deviceFirst]!,
    modelTo: row[deviceLast]!,
  }
}

/** Why the clock of a device counts as wrong. */
export function explainClock(plant: Plant, device: DeviceState, wrong: string): Explanation {
  const tried = triedClock(device.row)
  const evidence: readonly Evidence[] = [
    { offset: tried.first, time: tried.since, value: null, signal: null },
    { offset: plant.next, time: plant.time, value: null, signal: null },
  ]
  return {
    ...unlearned(evidence),
    why: `${thousands(tried.messages)} messages in a row say a time that is ${wrong}; its readings are put where they belong`,
    learnedReadings: tried.messages,
  }
}

/** Why a source counts as lost. */
export function explainLink(source: SourceState, limitMs: Millis): Explanation {
  return {
    ...unlearned([{ offset: source.lostAt, time: source.lostSince, value: null, signal: null }]),
    why: 'the link was lost and did not come back; its devices are not reported one by one',
    limitMs,
  }
}

/** Why series are left out. */
export function explainFull({ next, time, rules }: Plant, device: string, signal: string): Explanation {
  return {
    ...unlearned([{ offset: next, time, value: null, signal: null }]),
    why: `${thousands(mostSeries(rules))} series are watched already; "${signal}" of "${device}" was the first that is not. Messages of others are kept, and counted. Watch more by "Most series" of this rule, or leave topics out that make new names`,
  }
}

/** What a destination never gets, in the words of the record that says so. */
export function explainGivenUp({ next, time }: Plant, words: string | null): Explanation {
  return {
    ...unlearned([{ offset: next, time, value: null, signal: null }]),
    why: words ?? 'given up before it was sent',
  }
}

/** What its evidence says is all that it is made of. */
function unlearned(evidence: readonly Evidence[]): Omit<Explanation, 'why'> {
  return {
    observed: null,
    expected: null,
    rarity: null,
    learnedReadings: 0,
    learnedDays: 0,
    usualGapMs: null,
    limitMs: null,
    moved: [],
    evidence,
    modelFrom: evidence[0]!.offset,
    modelTo: evidence.at(-1)!.offset,
  }
}
