import type { Commands, Named, SeriesRef, SeriesType } from '../contract/model.ts'
import { ownWatches, restWatch, returned } from './alerts.ts'
import { heard } from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { turn } from './gaps.ts'
import { allowAbsence } from './missing.ts'
import type { Plant } from './plant.ts'
import { count, recent, rowOf } from './rows.ts'
import { guessUnit, isBySize, type SeriesState, seriesKey, signalLabel } from './series.ts'

// What a person calls a series, and into which other one it is read. Its device and signal stay what its messages say.

const noName: Named = { name: null, unit: null, guess: null, into: null }

/** From the next record on. A merge that cannot be changes nothing. */
export function nameSeries(plant: Plant, put: Commands['series.put'], out: Emit): void {
  const { name, unit, by } = put
  const state = seriesCalled(plant, put.series, put.of)
  const target = put.into === null ? null : seriesCalled(plant, put.into, put.intoOf)
  if (state === null || (put.into !== null && (target === null || !canMerge(plant, state, target)))) return
  const { id } = state.series
  const before = plant.named.get(id) ?? noName
  const named: Named = { name, unit, guess: before.guess, into: target?.series.id ?? null }
  if (target !== null && before.into === null) endWatches(plant, state, target, by, out)
  putNamed(plant, id, named)
  out.named(id, named)
  if (target !== null) leaveDevice(plant, state.device, by, out)
}

/** A device whose readings all count as those of others: it is heard as them, and cannot be silent. */
function leaveDevice(plant: Plant, index: number, by: string, out: Emit): void {
  const device = plant.devices[index]!
  const isElsewhere = (id: number) => {
    const into = plant.named.get(id)?.into ?? null
    return into !== null && plant.series[into]!.device !== index
  }
  if (!device.series.every(isElsewhere)) return
  device.row[heard] = Number.NaN
  plant.paces.changed[index] = 1
  if (device.silent === null) return
  returned(plant, device.silent, plant.time, plant.time, 'its readings count as those of another device now', out, by)
  device.silent = null
  turn(device.gaps, null, null, plant.time, plant.next, out)
}

/** The series that a person meant. Commands of older logs tell its number alone. */
export function seriesCalled(plant: Plant, id: number, of: SeriesRef | undefined): SeriesState | null {
  if (of === undefined) return plant.series[id] ?? null
  const isIt = ({ series }: SeriesState) =>
    series.device === of.device && series.signal === of.signal && series.type === of.type
  return plant.series.find(isIt) ?? null
}

/** As it was saved, or as a base has it. */
export function putNamed(plant: Plant, series: number, named: Named): void {
  const { device, signal, type } = plant.series[series]!.series
  plant.named.set(series, named)
  plant.seriesOf.set(seriesKey(device, signal, type), named.into ?? series)
  plant.rewired = true
}

/** Of the same type, and neither is part of another merge. */
function canMerge(plant: Plant, { series }: SeriesState, { series: target }: SeriesState): boolean {
  if (target.id === series.id || target.type !== series.type) return false
  const isTarget = Array.from(plant.named.values()).some((named) => named.into === series.id)
  return !isTarget && (plant.named.get(target.id)?.into ?? null) === null
}

function endWatches(plant: Plant, state: SeriesState, target: SeriesState, by: string, out: Emit): void {
  const note = `is part of ${labelOf(plant, target)} now`
  allowAbsence(plant, state.series.id, by, note, out)
  for (const watch of ownWatches(plant, state)) restWatch(plant, watch, by, note, out)
}

/** Once, when its pace is first known: by then a few readings show how large its values are. */
export function guessOf(plant: Plant, { series }: SeriesState, out: Emit): void {
  const before = plant.named.get(series.id) ?? noName
  if (series.type !== 'number' || series.unit !== null || before.guess !== null || !isBySize(series.signal)) return
  const row = rowOf(plant.rows, series.id)
  const sizes = Array.from(recent(row, row.near[row.at + count]!), ({ value }) => value).sort((a, b) => a - b)
  const guess = guessUnit(series.signal, sizes[sizes.length >> 1])
  if (guess === guessUnit(series.signal)) return
  const named = { ...before, guess }
  plant.named.set(series.id, named)
  out.named(series.id, named)
}

/** What a person said it is, else what its messages say, else a guess. */
export function unitOf(plant: Plant, { series }: SeriesState): string | null {
  const named = plant.named.get(series.id)
  return knownUnit(series, named) ?? named?.guess ?? guessFor(series)
}

/** Null: it would be a guess. */
export function knownUnit(series: { readonly unit: string | null }, named: Named | undefined): string | null {
  return named?.unit ?? series.unit
}

/** By the name alone. */
export function guessFor({ signal, type }: { readonly signal: string; readonly type: SeriesType }): string | null {
  return type === 'number' ? guessUnit(signal) : null
}

/** As a person calls it, else its signal in words. */
export function labelOf(plant: Plant, { series }: SeriesState): string {
  return plant.named.get(series.id)?.name ?? signalLabel(series.signal)
}
