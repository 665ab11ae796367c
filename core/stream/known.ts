import type {
  Alert,
  Commands,
  Maintenance,
  Mapping,
  Millis,
  Named,
  Offset,
  Rule,
  Series,
  Topic,
  Transition,
  ZoneChanges,
} from '../contract/model.ts'

import { ownWatches, returned, type Watch } from './alerts.ts'
import type { Birth } from './decode/context.ts'
import { addSignal, emptyLayout } from './decode/decoded.ts'
import { clockBehind, setClock } from './device-clock.ts'
import type { Emit } from './emit.ts'
import { putNamed } from './naming.ts'
import { createPlant, type Plant, seriesIndex, sourceIndex } from './plant.ts'
import { putMaintenance, setService } from './suppress.ts'

/**
 * What a person would miss of the records before an offset, whatever the program's version: rules, names, open alerts
 * with their journals, what people wrote. Not what was learned. Bases hold it for years, so fields are only ever added.
 */
export interface Known {
  /** Everything before this record is in it. */
  readonly next: Offset
  /** Log time there. */
  readonly time: Millis
  readonly zone: string
  readonly zoneChanges?: ZoneChanges
  readonly mappings?: readonly Mapping[]
  /** Devices whose clock is known to be wrong, and how far it is behind. */
  readonly clocks?: readonly (readonly [device: string, behind: Millis])[]
  readonly rules: readonly Rule[]
  readonly sources: readonly KnownSource[]
  /** The newest Sparkplug birth under each key: without it an alias has no name. */
  readonly births: readonly (readonly [key: string, birth: Birth])[]
  /** By id: 0, 1, 2, ... */
  readonly series: readonly KnownSeries[]
  readonly named?: readonly (readonly [series: number, named: Named])[]
  /** The journal of every alert that is open, or can still be acted on, with the alert as of each line. */
  readonly changes: readonly { readonly alert: Alert; readonly transition: Transition }[]
  readonly notes: readonly (Commands['note'] & { readonly offset: Offset; readonly time: Millis })[]
  readonly bookmarks: readonly (Commands['bookmark'] & { readonly offset: Offset })[]
  /** Maintenance that has not ended. */
  readonly maintenance: readonly Maintenance[]
  readonly outOfService: readonly Commands['service'][]
}

export interface KnownSource {
  readonly name: string
  readonly up: boolean
  readonly linked: boolean
  readonly lostSince: Millis
  readonly lostAt?: Offset
  /** When its lost link becomes an alert; null: it is not lost, or has become one. */
  readonly due: Millis | null
}

export interface KnownSeries {
  readonly series: Series
  readonly label: string
  readonly area: string
  /** By which it was first seen. */
  readonly topic: Topic
}

/** The part of it that the path holds: without topics and journals. */
export interface PathKnown
  extends Pick<
    Known,
    | 'next'
    | 'time'
    | 'zone'
    | 'zoneChanges'
    | 'mappings'
    | 'clocks'
    | 'named'
    | 'rules'
    | 'sources'
    | 'births'
    | 'maintenance'
  > {
  readonly series: readonly (Omit<KnownSeries, 'topic'> & { readonly source: string })[]
  /** Ids of the alerts that are open, or can still be acted on. */
  readonly alerts: readonly string[]
}

export function knownIn(plant: Plant): PathKnown {
  const { next, time, zone, zoneChanges, mappings, rules } = plant
  const sources = plant.sources.map(({ name, up, linked, lostSince, lostAt, due }) => {
    return { name, up, linked, lostSince, lostAt, due: Number.isNaN(due) ? null : due }
  })
  const series = plant.series.map(({ series, device }) => {
    const { label, area, source } = plant.devices[device]!
    return { series, label, area, source: plant.sources[source]!.name }
  })
  const maintenance = Array.from(plant.windows.values(), (window) => window.maintenance)
  return {
    next,
    time,
    zone,
    maintenance,
    zoneChanges,
    mappings,
    clocks: clocksOf(plant),
    rules: [...rules],
    sources,
    births: [...plant.births],
    series,
    named: [...plant.named],
    alerts: [...plant.alerts.keys()],
  }
}

/** A plant that goes on from what was known, with everything to learn; it says what it knows as of the record before. */
export function plantKnowing(known: Known, out: Emit): Plant {
  const plant = createPlant()
  plant.begun = true
  plant.time = known.time
  plant.zone = known.zone
  plant.zoneChanges = known.zoneChanges ?? []
  plant.mappings = known.mappings ?? []
  out.at(known.next - 1, known.time)
  for (const rule of known.rules) putRule(plant, rule, out)
  out.zone({ name: known.zone, changes: plant.zoneChanges })
  for (const mapping of plant.mappings) out.mapping(mapping.id, mapping, false)
  for (const source of known.sources) putSource(plant, source, out)
  for (const [key, birth] of known.births) putBirth(plant, key, birth, out)
  for (const series of known.series) putSeries(plant, series, out)
  plant.time = known.time
  for (const [series, named] of known.named ?? []) renameSeries(plant, series, named, out)
  for (const [device, behind] of known.clocks ?? []) putClock(plant, device, behind, out)
  for (const { offset, time, ...note } of known.notes) out.note(note, offset, time)
  for (const { offset, ...bookmark } of known.bookmarks) out.bookmark(bookmark, offset, known.time)
  for (const maintenance of known.maintenance) putMaintenance(plant, maintenance, out)
  for (const service of known.outOfService) setService(plant, service, out)
  putAlerts(plant, known, out)
  plant.next = known.next
  return plant
}

function putRule(plant: Plant, rule: Rule, out: Emit): void {
  plant.rules.push(rule)
  out.rule(rule, false)
}

function putSource(plant: Plant, { name, due, ...link }: KnownSource, out: Emit): void {
  Object.assign(plant.sources[sourceIndex(plant, name, out)]!, { ...link, due: due ?? Number.NaN })
}

function putBirth(plant: Plant, key: string, birth: Birth, out: Emit): void {
  plant.births.set(key, birth)
  out.birth(key, birth, false)
}

function clocksOf(plant: Plant): (readonly [string, Millis])[] {
  return plant.devices.map(({ name, row }) => [name, clockBehind(row, 0)] as const).filter(([, behind]) => behind !== 0)
}

function putClock(plant: Plant, name: string, behind: Millis, out: Emit): void {
  const device = plant.devices[plant.deviceOf.get(name) ?? -1]
  if (device === undefined) return
  setClock(device.row, behind)
  out.clock(name, behind)
}

/** As when it was first seen. */
function putSeries(plant: Plant, { series, label, area, topic }: KnownSeries, out: Emit): void {
  const { device, signal, unit, type, first } = series
  const place = { device, label, area }
  const layout = emptyLayout(place)
  plant.next = first
  plant.time = series.since ?? plant.time // bases of older versions do not have it
  seriesIndex(plant, layout, addSignal(layout, place, signal, unit), type, topic, out)
}

function renameSeries(plant: Plant, series: number, named: Named, out: Emit): void {
  if (plant.series[series] === undefined) return
  putNamed(plant, series, named)
  out.named(series, named)
}

/** Journals as they were; then an alert that nothing in this version looks at returns. */
function putAlerts(plant: Plant, { changes, next, time }: Known, out: Emit): void {
  for (const { alert: then, transition } of changes) {
    const alert = asOfNow(then)
    plant.alerts.set(alert.id, alert)
    out.at(transition.offset, transition.time)
    out.alert(alert, transition)
  }
  out.at(next - 1, time)
  plant.next = next - 1
  for (const alert of [...plant.alerts.values()]) {
    if (alert.shelvedUntil !== null) plant.shelved.add(alert.id)
    if (alert.until === null && !isWatched(plant, alert))
      returned(plant, alert.id, time, time, 'this version of the program does not look for it', out)
  }
}

/** Bases of older versions do not say everything of an alert. */
function asOfNow(then: Omit<Alert, 'already' | 'called'> & Partial<Alert>): Alert {
  return { ...then, already: then.already ?? false, called: then.called ?? (then.calls ? then.opened : null) }
}

/** Gives the alert to what looks at it; false when nothing does. */
function isWatched(plant: Plant, alert: Alert): boolean {
  const device = plant.devices[plant.deviceOf.get(alert.device) ?? -1]
  const source = plant.sources[plant.sourceOf.get(alert.device) ?? -1]
  const watch = ownedBy(plant, alert.series)?.find(({ rule }) => rule.id === alert.rule)
  if (watch !== undefined) {
    watch.latest = alert.id
    if (alert.latched !== null) return true
    watch.alert = alert.id
    watch.since = alert.since
  } else if (alert.detector === 'missing' && plant.series[alert.series ?? -1] !== undefined)
    plant.absences.set(alert.series!, { alert: alert.id, away: true, before: 0, end: 0 })
  else if (alert.detector === 'silence' && device !== undefined) device.silent = alert.id
  else if (alert.detector === 'clock' && device !== undefined) device.clockAlert = alert.id
  else if (alert.detector === 'series-cap') plant.full = alert.id
  else if (alert.detector === 'link' && source !== undefined) source.alert = alert.id
  else return false
  return true
}

function ownedBy(plant: Plant, series: number | null): readonly Watch[] | null {
  const state = plant.series[series ?? -1]
  return state === undefined ? null : ownWatches(plant, state)
}
