import type { Explanation, Millis } from '../contract/model.ts'
import type { Watch } from './alerts.ts'
import type { Now } from './detect/detector.ts'
import { reads } from './detect/means.ts'
import { learnedDays } from './detect/season.ts'
import { deviceEvery, deviceFirst, deviceGaps, deviceLast, heard } from './detect/silence.ts'
import type { Death } from './offline.ts'
import type { DeviceState, Plant } from './plant.ts'
import { count, every, firstOffset, lastOffset, type Recent, recent, type SeriesState } from './series.ts'
import { thousands } from './thousands.ts'

const maxEvidence = 8
const maxMoved = 5
const maxLooked = 24
const movedSigma = 3

/** Why an alert about a reading opens, from what was known before that reading was learned from. */
export function explainReading(
  plant: Plant,
  state: SeriesState,
  watch: Watch,
): { title: string; explanation: Explanation } {
  const { row } = state
  const seen = recent(row, row[count]! + 1)
  const during = seen.filter((each) => each.time >= watch.since)
  const worst = watch.detector.id === 'band' ? furthest(during, plant.now) : plant.now
  const { title, expected, why, rarity } = watch.detector.words!(row, worst, watch.rule.params)
  const explanation: Explanation = {
    observed: worst.text === null ? worst.value : null,
    expected,
    why,
    rarity,
    learnedReadings: learnedReadings(row),
    learnedDays: learnedDays(row),
    usualGapMs: null,
    limitMs: null,
    moved: moved(plant, state, watch.since),
    evidence: during.slice(-maxEvidence).map(({ offset, time, value }) => ({ offset, time, value })),
    modelFrom: row[firstOffset]!,
    modelTo: row[lastOffset]!,
  }
  return { title, explanation }
}

/** Fewer than there were where a person had it learned anew. */
function learnedReadings(row: Float64Array): number {
  return row[reads]! > 0 ? Math.min(row[count]!, row[reads]!) : row[count]!
}

/** The reading that lies furthest out, with the band of now. */
function furthest(during: readonly Recent[], now: Now): Now {
  let worst: Now = now
  for (const { value, z, time, offset } of during)
    if (Math.abs(z) > Math.abs(worst.z)) worst = { ...now, value, z, time, offset }
  return worst
}

/** Other series of the device that are unusual too, the furthest first. */
function moved(plant: Plant, state: SeriesState, since: Millis): Explanation['moved'] {
  const others = plant.devices[state.device]!.series.filter((id) => id !== state.series.id).slice(0, maxLooked)
  const gap = state.row[every]!
  const from = since - Math.max(600_000, Number.isNaN(gap) ? 0 : 10 * gap)
  return others
    .flatMap((id) => movedSeries(plant.series[id]!, from, since))
    .sort((a, b) => Math.abs(b.sigma) - Math.abs(a.sigma) || a.series - b.series)
    .slice(0, maxMoved)
}

function movedSeries({ series, row }: SeriesState, from: Millis, since: Millis): Explanation['moved'] {
  let sigma = 0
  let first: Millis | null = null
  for (const each of recent(row, row[count]!)) {
    if (!(each.time >= from) || !(Math.abs(each.z) >= movedSigma)) continue
    first ??= each.time
    if (Math.abs(each.z) > Math.abs(sigma)) sigma = each.z
  }
  if (first === null) return []
  return [{ series: series.id, signal: series.signal, sigma: Math.round(sigma * 10) / 10, leadMs: first - since }]
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
      { offset: row[deviceLast]!, time: row[heard]!, value: null },
      ...(death === null ? [] : [death.evidence]),
    ],
    modelFrom: row[deviceFirst]!,
    modelTo: row[deviceLast]!,
  }
}

/** Why the clock of a device counts as wrong. */
export function explainClock(plant: Plant, device: DeviceState, wrong: string): Explanation {
  return {
    ...explainLink(plant, 0),
    why: `its messages say a time that is always ${wrong}; its readings are put where they belong`,
    limitMs: null,
    evidence: [{ offset: plant.next, time: plant.time, value: null }],
    modelFrom: device.row[deviceFirst]!,
  }
}

/** Why a source counts as lost. */
export function explainLink(plant: Plant, limitMs: Millis): Explanation {
  return {
    observed: null,
    expected: null,
    why: 'the link was lost and did not come back; its devices are not reported one by one',
    rarity: null,
    learnedReadings: 0,
    learnedDays: 0,
    usualGapMs: null,
    limitMs,
    moved: [],
    evidence: [],
    modelFrom: plant.next,
    modelTo: plant.next,
  }
}
