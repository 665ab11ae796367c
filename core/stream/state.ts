import { FieldError } from '../contract/errors.ts'
import type { Alert, Cadence, Mapping, Millis, Named, Offset, Rule, Series, ZoneChanges } from '../contract/model.ts'
import { isHolding, ownWatches, type Said } from './alerts.ts'
import { setDeadline } from './clock.ts'
import type { Away } from './coverage.ts'
import type { Birth } from './decode/context.ts'
import { restoreGaps, type SavedGaps, saveGaps, topicName } from './gaps.ts'
import { setDue } from './holds.ts'
import type { Incident } from './incident.ts'
import type { Absence } from './missing.ts'
import { putNamed } from './naming.ts'
import {
  type Ahead,
  createPlant,
  type DeviceState,
  type Plant,
  putDevice,
  putSeries,
  type SourceState,
} from './plant.ts'
import type { Sequence } from './sequence.ts'
import type { SeriesState } from './series.ts'
import { beginSlabs, giveSome, restoreSlab, type Slab } from './slabs.ts'
import type { Window } from './suppress.ts'

/** The path at one offset. */
export interface PathState {
  readonly version: string
  readonly next: Offset
  /** JSON: names, rules, alerts, sources. */
  readonly core: string
  readonly slabs: Iterable<Slab>
}

/** A save that goes on beside the path, which is of the moment at which it began. */
export interface Saving extends Omit<PathState, 'slabs'> {
  /** Gives up to so many slabs. False: there are no more, and the save is whole. */
  give(slabs: number): boolean
}

/** Changes whenever a saved path would go on in another way: then the log is read again. */
export const pathVersion = 'path-47'

interface Core {
  readonly time: Millis | null
  readonly begun: boolean
  readonly zone: string
  readonly zoneChanges: ZoneChanges
  readonly rules: readonly Rule[]
  readonly series: readonly SavedSeries[]
  readonly named: readonly (readonly [number, Named])[]
  readonly full: string | null
  readonly devices: readonly SavedDevice[]
  readonly sources: readonly SavedSource[]
  readonly running: boolean
  readonly asleep: Away | null
  readonly gaps: SavedGaps
  readonly alerts: readonly Alert[]
  readonly shelved: readonly string[]
  readonly births: readonly (readonly [string, Birth])[]
  readonly mappings: readonly Mapping[]
  readonly aheadDone: readonly Offset[]
  readonly lacking: readonly Ahead[]
  readonly incidents: readonly (readonly [string, Incident])[]
  readonly alone: readonly (readonly [string, readonly string[]])[]
  readonly absences: readonly (readonly [number, Absence])[]
  readonly windows: readonly Window[]
  readonly outOfService: readonly string[]
  readonly sequences: readonly (readonly [string, Sequence])[]
}

interface SavedSeries {
  readonly series: Series
  readonly device: number
  readonly text: string | null
  readonly words: readonly (readonly [number, string])[] | null
  readonly cadence: Cadence | null
  readonly watches: readonly SavedWatch[]
}

/** A watch that is not at rest. */
interface SavedWatch {
  readonly rule: string
  readonly since: Millis | null
  readonly sinceOffset: Offset
  readonly alert: string | null
  readonly latest: string | null
  readonly returnedAt: Millis | null
  readonly flaps: number
  readonly clearSince: Millis | null
  readonly clearReadings: number
  readonly said: Said | null
  readonly ends: Millis | null
  readonly lag: Millis
  readonly learned: readonly number[] | null
}

interface SavedDevice
  extends Pick<DeviceState, 'name' | 'label' | 'area' | 'source' | 'silent' | 'clockAlert' | 'series'> {
  readonly comesBy: readonly number[]
  readonly gaps: SavedGaps
}

interface SavedSource
  extends Pick<SourceState, 'name' | 'up' | 'linked' | 'lostSince' | 'lostAt' | 'alert' | 'away' | 'silent'> {
  readonly due: Millis | null
  readonly devices: readonly number[]
  readonly expect: Millis | null
  readonly row: readonly (number | null)[]
  readonly gaps: SavedGaps
  readonly refused: readonly (readonly [filter: string, gaps: SavedGaps])[]
  readonly absence: { readonly from: Millis | null; readonly awoke: Millis | null }
  readonly unkept: SavedGaps
}

/** Slabs are given as they were at this moment. */
export function savePlant(plant: Plant, put: (slab: Slab) => void): Saving {
  beginSlabs(plant, put)
  return {
    version: pathVersion,
    next: plant.next,
    core: JSON.stringify(coreOf(plant)),
    give: (slabs) => giveSome(plant, slabs),
  }
}

function coreOf(plant: Plant): Core {
  return {
    time: Number.isFinite(plant.time) ? plant.time : null,
    begun: plant.begun,
    zone: plant.zone,
    zoneChanges: plant.zoneChanges,
    rules: plant.rules,
    series: plant.series.map(({ series, device, text, words, cadence, watches }) => ({
      series,
      device,
      text,
      words: words === null ? null : [...words],
      cadence,
      watches: savedWatches(watches),
    })),
    named: [...plant.named],
    full: plant.full,
    devices: plant.devices.map(({ name, label, area, source, silent, clockAlert, series, comesBy, gaps }) => ({
      name,
      label,
      area,
      source,
      silent,
      clockAlert,
      series,
      comesBy: [...comesBy],
      gaps: saveGaps(gaps),
    })),
    sources: plant.sources.map((source) => ({
      ...source,
      due: orNull(source.due),
      devices: [...source.devices],
      expect: orNull(source.expect),
      row: Array.from(source.row, orNull),
      gaps: saveGaps(source.gaps),
      refused: Array.from(source.refused, ([filter, gaps]) => [filter, saveGaps(gaps)] as const),
      absence: { from: orNull(source.absence.from), awoke: orNull(source.absence.awoke) },
      unkept: saveGaps(source.unkept),
    })),
    running: plant.running,
    asleep: plant.asleep,
    gaps: saveGaps(plant.gaps),
    alerts: [...plant.alerts.values()],
    shelved: [...plant.shelved],
    births: [...plant.births],
    mappings: plant.mappings,
    aheadDone: [...plant.aheadDone],
    lacking: plant.lacking,
    incidents: [...plant.incidents],
    alone: [...plant.alone],
    absences: [...plant.absences],
    windows: [...plant.windows.values()],
    outOfService: [...plant.outOfService],
    sequences: [...plant.sequences],
  }
}

function savedWatches(watches: SeriesState['watches']): readonly SavedWatch[] {
  return watches
    .filter(isHolding)
    .map(({ rule, detector, codes, since, returnedAt, clearSince, ends, learned, ...watch }) => ({
      ...watch,
      rule: rule.id,
      since: orNull(since),
      returnedAt: orNull(returnedAt),
      clearSince: orNull(clearSince),
      ends: ends === Infinity ? null : ends,
      learned: learned === null ? null : [...learned],
    }))
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

export function restorePlant(state: PathState): Plant {
  if (state.version !== pathVersion)
    throw new FieldError(
      'internal',
      `path state: version "${state.version}" is not "${pathVersion}"; read the log again from its base`,
    )
  const core = JSON.parse(state.core) as Core // written by savePlant of the same version
  const plant = createPlant()
  plant.next = state.next
  plant.time = core.time ?? -Infinity
  plant.begun = core.begun
  plant.zone = core.zone
  plant.zoneChanges = core.zoneChanges
  plant.rules = [...core.rules]
  plant.running = core.running
  plant.asleep = core.asleep
  Object.assign(plant.gaps, restoreGaps('source', '', core.gaps))
  for (const source of core.sources) restoreSource(plant, source)
  for (const device of core.devices) restoreDevice(plant, device)
  for (const series of core.series) restoreSeries(plant, series)
  for (const [series, named] of core.named) putNamed(plant, series, named)
  plant.full = core.full
  for (const alert of core.alerts) plant.alerts.set(alert.id, alert)
  for (const [node, sequence] of core.sequences) plant.sequences.set(node, sequence)
  for (const id of core.shelved) plant.shelved.add(id)
  for (const [key, birth] of core.births) plant.births.set(key, birth)
  plant.mappings = core.mappings
  for (const offset of core.aheadDone) plant.aheadDone.add(offset)
  plant.lacking = [...core.lacking]
  for (const [key, incident] of core.incidents) plant.incidents.set(key, incident)
  for (const [branch, keys] of core.alone) plant.alone.set(branch, keys)
  for (const [series, absence] of core.absences) plant.absences.set(series, absence)
  for (const window of core.windows) plant.windows.set(window.maintenance.id, window)
  for (const device of core.outOfService) plant.outOfService.add(device)
  for (const slab of state.slabs) restoreSlab(plant, slab)
  plant.devices.forEach((_, index) => {
    setDeadline(plant, index)
  })
  for (const series of plant.series) setDue(plant, series)
  return plant
}

function restoreSource(plant: Plant, saved: SavedSource): void {
  plant.sourceOf.set(saved.name, plant.sources.length)
  plant.sources.push({
    ...saved,
    due: saved.due ?? Number.NaN,
    devices: new Set(saved.devices),
    expect: saved.expect ?? Number.NaN,
    row: Float64Array.from(saved.row, (value) => value ?? Number.NaN),
    gaps: restoreGaps('source', saved.name, saved.gaps),
    refused: new Map(
      saved.refused.map(([filter, gaps]) => [filter, restoreGaps('topic', topicName(saved.name, filter), gaps)]),
    ),
    absence: { from: saved.absence.from ?? Number.NaN, awoke: saved.absence.awoke ?? Number.NaN },
    unkept: restoreGaps('session', saved.name, saved.unkept),
  })
}

function restoreDevice(plant: Plant, saved: Core['devices'][number]): void {
  const gaps = restoreGaps('device', saved.name, saved.gaps)
  putDevice(plant, { ...saved, comesBy: new Set(saved.comesBy), gaps })
}

function restoreSeries(plant: Plant, { series, device, text, words, cadence, watches }: SavedSeries): void {
  const state = putSeries(plant, series, device, text)
  state.cadence = cadence
  state.words = words === null ? null : new Map(words)
  for (const saved of watches) restoreWatch(plant, state, saved)
}

function restoreWatch(plant: Plant, state: SeriesState, saved: SavedWatch): void {
  const watch = ownWatches(plant, state).find((each) => each.rule.id === saved.rule)
  if (watch === undefined) return
  Object.assign(watch, {
    ...saved,
    rule: watch.rule,
    since: saved.since ?? Number.NaN,
    returnedAt: saved.returnedAt ?? Number.NaN,
    clearSince: saved.clearSince ?? Number.NaN,
    ends: saved.ends ?? Infinity,
    learned: saved.learned === null ? null : Float64Array.from(saved.learned),
  })
}
