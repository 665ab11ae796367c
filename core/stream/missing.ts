import type { Explanation, Millis } from '../contract/model.ts'
import { aboutSeries } from './alert-id.ts'
import { opened, returned } from './alerts.ts'
import { missingAfter } from './detect/missing.ts'
import {
  deviceLast,
  fault,
  itsWay,
  lookAt,
  oftenMs,
  resumed,
  resumedTime,
  silenceLimits,
  spoken,
} from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { every, gapsKnown, headOf, lastOffset, lastReading, lengthen, longest, newest } from './heads.ts'
import { ofDevice } from './incident.ts'
import { labelOf, unitOf } from './naming.ts'
import type { DeviceState, Plant } from './plant.ts'
import { ruleFor } from './rules.ts'
import type { SeriesState } from './series.ts'
import { thousands } from './thousands.ts'

/** A signal that stayed away while its device spoke. */
export interface Absence {
  /** The open alert about it; null: it is back, or a person said that it is in order. */
  readonly alert: string | null
  readonly away: boolean
  /** The one before: how long it was, in event time, and when it ended. */
  readonly before: Millis
  readonly end: Millis
}

/** A signal whose pace is not known yet is looked at again after this time. */
const lookEvery: Millis = 60_000

/**
 * Call with each live message of a device, before what it reads is taken in: what has not come by the message before it
 * is missing. The whole device is looked through only when something of it can be due.
 */
export function lookForMissing(plant: Plant, device: DeviceState, out: Emit): void {
  const { row } = device
  let next = row[spoken]! + lookEvery
  for (const id of device.series) {
    const due = missingDue(plant, device, plant.series[id]!)
    if (due < row[spoken]!) goMissing(plant, device, plant.series[id]!, out)
    else if (due < next) next = due
  }
  row[lookAt] = next
}

/** NaN: never. */
function missingDue(plant: Plant, device: DeviceState, state: SeriesState): Millis {
  const { id } = state.series
  if (plant.absences.get(id)?.away === true || (plant.named.get(id)?.into ?? null) !== null) return Number.NaN
  const { numbers, at } = plant.heads
  const head = at[id]!
  const { row } = device
  const last = numbers[head + newest]!
  const from = numbers[head + lastOffset]! < row[resumed]! ? Math.max(last, row[resumedTime]!) : last
  return from + limitOf(plant, state)
}

function limitOf(plant: Plant, { series, cadence }: SeriesState): Millis {
  const rule = ruleFor(plant.rules, 'missing', series.device, series.signal)
  if (rule === null) return Number.NaN
  const { numbers, at } = plant.heads
  const head = at[series.id]!
  const gaps = {
    isRegular: cadence === 'regular',
    known: numbers[head + gapsKnown]!,
    every: numbers[head + every]!,
    longest: numbers[head + longest]!,
  }
  return missingAfter(gaps, silenceLimits(rule.params))
}

function goMissing(plant: Plant, device: DeviceState, state: SeriesState, out: Emit): void {
  const { series } = state
  const rule = ruleFor(plant.rules, 'missing', series.device, series.signal)!
  const head = headOf(plant.heads, series.id)
  const alert = opened(plant, rule, aboutSeries(series), out, {
    title: `No reading of ${labelOf(plant, state)}`,
    device: series.device,
    series: series.id,
    signal: series.signal,
    unit: unitOf(plant, state),
    priority: rule.priority,
    since: head[newest]!,
    historical: false,
    explanation: explain(device, head, limitOf(plant, state)),
    together: ofDevice(series.device, head[every]!),
    time: plant.time,
  })
  const { before, end } = plant.absences.get(series.id) ?? { before: 0, end: 0 }
  plant.absences.set(series.id, { alert, away: true, before, end })
}

function explain(device: DeviceState, head: Float64Array, limitMs: Millis): Explanation {
  const { row, label } = device
  const known = head[gapsKnown]!
  return {
    observed: null,
    expected: null,
    why: `${label} goes on sending; ${thousands(known)} gaps between the readings of this signal learned`,
    rarity: null,
    learnedReadings: known,
    learnedDays: 0,
    usualGapMs: head[every]! > 0 ? head[every]! : null,
    limitMs,
    moved: [],
    evidence: [
      { offset: head[lastOffset]!, time: head[newest]!, value: head[lastReading]!, signal: null },
      { offset: row[deviceLast]!, time: row[spoken]!, value: null, signal: null },
    ],
    modelFrom: head[lastOffset]!,
    modelTo: row[deviceLast]!,
  }
}

/**
 * A reading came after `gap`. True: it had been missing, so that the gap is not learned as a usual one. An absence that
 * comes twice in a week is its way, and no alert any more.
 */
export function endAbsence(plant: Plant, id: number, gap: Millis, out: Emit): boolean {
  const absence = plant.absences.get(id)
  if (absence === undefined || !absence.away) return false
  const { time } = plant.now
  if (absence.alert !== null) returned(plant, absence.alert, time, time, null, out)
  const { before, end } = absence
  const usual = before === itsWay ? gap : time - end < oftenMs ? Math.min(gap, before) : 0
  if (usual > 0) lengthen(plant.heads, id, usual)
  plant.absences.set(id, { alert: null, away: false, before: before === fault ? 0 : gap, end: time })
  return true
}

/** A person says what its newest absence was: a fault, which counts as none of those two, or its way. */
export function markMissing(plant: Plant, id: number, useful: boolean): void {
  const absence = plant.absences.get(id)
  if (absence === undefined) return
  if (absence.away) plant.absences.set(id, { ...absence, before: useful ? fault : itsWay })
  else if (useful) plant.absences.set(id, { ...absence, before: 0 })
  else lengthen(plant.heads, id, absence.before)
}

/** It stays away, and that is in order from now on. */
export function allowAbsence(plant: Plant, id: number, by: string | null, note: string, out: Emit): void {
  const absence = plant.absences.get(id)
  if (absence === undefined || absence.alert === null) return
  returned(plant, absence.alert, plant.time, plant.time, note, out, by)
  plant.absences.set(id, { ...absence, alert: null })
}

/** Its rules are others now. */
export function applyMissingRules(plant: Plant, out: Emit): void {
  for (const [id, { alert }] of plant.absences) {
    const { device, signal } = plant.series[id]!.series
    if (alert === null || ruleFor(plant.rules, 'missing', device, signal) !== null) continue
    allowAbsence(plant, id, null, 'its rule was changed', out)
  }
  for (const device of plant.devices) {
    device.row[lookAt] = 0
  }
  plant.paces.changed.fill(1)
}
