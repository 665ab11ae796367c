import type {
  Alert,
  Mapping,
  Millis,
  Named,
  Offset,
  Rule,
  Series,
  SeriesType,
  Topic,
  ZoneChanges,
} from '../contract/model.ts'
import { putWatches, restingWatches, type Watch } from './alerts.ts'
import type { Away } from './coverage.ts'
import { type Deadlines, deadlines } from './deadlines.ts'
import type { Birth } from './decode/context.ts'
import type { Layout } from './decode/decoded.ts'
import type { Now } from './detect/detector.ts'
import { mostSeries } from './detect/series-cap.ts'
import {
  deviceEvery,
  deviceLimit,
  deviceRowLength,
  heard,
  type SilenceLimits,
  silenceLimits,
  silentAfter,
  spoken,
  usualLag,
} from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { endFull, leaveOut } from './full.ts'
import { type Gaps, noGaps } from './gaps.ts'
import { addHead, createHeads, type Heads } from './heads.ts'
import type { Incident } from './incident.ts'
import type { Absence } from './missing.ts'
import { addPace, createPaces, type Paces, paceIn } from './paces.ts'
import type { Place } from './place.ts'
import { addRow, createRows, type Row, type Rows, rowOf } from './rows.ts'
import { ruleFor } from './rules.ts'
import type { Sequence } from './sequence.ts'
import { type SeriesState, seriesKey } from './series.ts'
import type { Slabs } from './slabs.ts'
import type { Window } from './suppress.ts'

/** Everything that the path knows. `state.ts` saves every part of it that cannot be made again from the others. */
export interface Plant {
  /** Offset of the record that comes next. */
  next: Offset
  /** Log time: the running maximum of arrival. */
  time: Millis
  /** Of the message that is read: when it came, and what its device says the time was; NaN: nothing. As fields, because a double that is handed over by itself costs an object. */
  arrival: Millis
  said: Millis
  /** The rules that hold from the first have been said. */
  begun: boolean
  zone: string
  /** Of that zone, for times that name none. */
  zoneChanges: ZoneChanges
  rules: Rule[]
  readonly series: SeriesState[]
  readonly heads: Heads
  /** What detectors have learned, series by series. */
  readonly rows: Rows
  /** That of the reading in hand. */
  readonly row: Row
  /** How devices speak. */
  readonly paces: Paces
  readonly seriesOf: Map<string, number>
  /** What is called otherwise than its messages say. */
  readonly named: Map<number, Named>
  /** A series is read into another one than before: what was looked up of it is to be looked up again. */
  rewired: boolean
  /** The open alert that the plant holds as many series as it may. */
  full: string | null
  readonly devices: DeviceState[]
  readonly deviceOf: Map<string, number>
  readonly sources: SourceState[]
  readonly sourceOf: Map<string, number>
  /** The recorder runs, as far as the log tells. */
  running: boolean
  /** It sleeps: nothing comes from anywhere. */
  asleep: Away | null
  /** Of the whole installation. */
  readonly gaps: Gaps
  /** Lists of watches at rest that series share, by what they look at; while the rules stay. */
  readonly resting: Map<string, readonly Watch[]>
  /** That of the series at which only the learned band and `stuck` look, as nearly all do; null: there is none yet. */
  usual: readonly Watch[] | null
  /** Open alerts, and the newest of those that returned, oldest first. */
  readonly alerts: Map<string, Alert>
  /** Ids of the shelved ones, in the order of their shelving. */
  readonly shelved: Set<string>
  /** What the births of Sparkplug nodes and devices declared, by their key. */
  readonly births: Map<string, Birth>
  /** How people say that messages are to be read, the newest last. Another list whenever one changes. */
  mappings: readonly Mapping[]
  /** Mappings that count from before their own record, by `from`; and the records of those that count already. */
  ahead: readonly Ahead[]
  readonly aheadDone: Set<Offset>
  /** Mappings that should have counted before their own record, and did not: what is kept is to be read again. */
  lacking: Ahead[]
  /** The newest incident of each device and source. */
  readonly incidents: Map<string, Incident>
  /** Keys of the newest of those that began below a topic, by that. */
  readonly alone: Map<string, readonly string[]>
  /** Signals that stayed away while their devices spoke, by series. */
  readonly absences: Map<number, Absence>
  /** Maintenance that has not ended, by its id. */
  readonly windows: Map<string, Window>
  /** Devices that a person took out of service. */
  readonly outOfService: Set<string>
  /** By source and edge node, `source:group/edge`. */
  readonly sequences: Map<string, Sequence>
  /** Of devices: their silence. */
  readonly deadlines: Deadlines
  /** Of series: what their watches do by themselves. */
  readonly holds: Deadlines
  /** Log time before which none of those is due. */
  due: Millis
  /** Log time before which no deadline is due; it need not be looked for until then. */
  wake: Millis
  readonly now: Now
  /** Readings are learned from and judged. */
  detects: boolean
  /** Null: none goes on. */
  saving: Slabs | null
}

/** A mapping, and the record that puts it. */
export interface Ahead {
  readonly offset: Offset
  readonly mapping: Mapping
}

export interface DeviceState {
  readonly name: string
  readonly label: string
  readonly area: string
  readonly series: number[]
  /** Its part of `paces`. */
  row: Float64Array
  source: number
  /** Its open silence alert. */
  silent: string | null
  rule: Rule | null
  /** Of that rule. */
  limits: SilenceLimits | null
  /** Its open alert about its clock. */
  clockAlert: string | null
  /** Every source by which it ever came. */
  readonly comesBy: Set<number>
  /** Its own silences. */
  readonly gaps: Gaps
}

export interface SourceState {
  readonly name: string
  /** Messages can come: silence is then the device's own. */
  up: boolean
  /** It has told of its link, so that a start of the recorder is not yet a link. */
  linked: boolean
  /** Log time at which its lost link becomes an alert; NaN: it is not lost, or the alert is open. */
  due: Millis
  lostSince: Millis
  /** The record that said so. */
  lostAt: Offset
  alert: string | null
  readonly devices: Set<number>
  /** Why nothing can come by it; null: it can. */
  away: Away | null
  /** Topic filters that the broker refuses or refused, with the times of it. */
  readonly refused: Map<string, Gaps>
  /** Log time from which nothing could come by it, whatever the causes; NaN: it never was away, or was removed. And when it last awoke. */
  readonly absence: { from: Millis; awoke: Millis }
  /** Absences of which its broker kept nothing. */
  readonly unkept: Gaps
  /** It could be heard, and was not. */
  silent: boolean
  /** Log time by which it must have told of its link after a start; NaN: it has. */
  expect: Millis
  /** Its pace, as of a device. */
  readonly row: Float64Array
  readonly gaps: Gaps
}

export function createPlant(): Plant {
  const rows = createRows()
  return {
    next: 0,
    time: -Infinity,
    arrival: Number.NaN,
    said: Number.NaN,
    begun: false,
    zone: 'UTC',
    zoneChanges: [],
    rules: [],
    series: [],
    heads: createHeads(),
    rows,
    row: rowOf(rows, 0),
    paces: createPaces(),
    seriesOf: new Map(),
    named: new Map(),
    rewired: false,
    full: null,
    devices: [],
    deviceOf: new Map(),
    sources: [],
    sourceOf: new Map(),
    running: false,
    asleep: null,
    gaps: noGaps('source', ''),
    resting: new Map(),
    usual: null,
    alerts: new Map(),
    shelved: new Set(),
    births: new Map(),
    mappings: [],
    ahead: [],
    aheadDone: new Set(),
    lacking: [],
    incidents: new Map(),
    alone: new Map(),
    absences: new Map(),
    windows: new Map(),
    outOfService: new Set(),
    sequences: new Map(),
    deadlines: deadlines({ allAreSaid: true }),
    holds: deadlines(),
    due: Infinity,
    wake: -Infinity,
    // NaN and not 0, so that each holds doubles from the start: of another kind of number all that reads it is compiled anew
    now: {
      offset: Number.NaN,
      time: Number.NaN,
      local: Number.NaN,
      value: Number.NaN,
      historical: false,
      every: Number.NaN,
      low: Number.NaN,
      high: Number.NaN,
      middle: Number.NaN,
      z: Number.NaN,
      score: Number.NaN,
      text: null,
      named: [],
      codes: [],
      otherName: '',
      other: Number.NaN,
      learned: new Float64Array(0),
    },
    detects: true,
    saving: null,
  }
}

/** Index of a source; a new one is said. */
export function sourceIndex(plant: Plant, name: string, out: Emit): number {
  let index = plant.sourceOf.get(name)
  if (index === undefined) {
    index = plant.sources.length
    plant.sourceOf.set(name, index)
    plant.sources.push({
      name,
      up: true,
      linked: false,
      due: Number.NaN,
      lostSince: 0,
      lostAt: 0,
      alert: null,
      devices: new Set(),
      away: null,
      refused: new Map(),
      absence: { from: Number.NaN, awoke: Number.NaN },
      unkept: noGaps('session', name),
      silent: false,
      expect: Number.NaN,
      row: paceRow(),
      gaps: noGaps('source', name),
    })
    out.source(name)
  }
  return index
}

/** What says when the silence of a device is an alert. */
export function silenceRule(rules: readonly Rule[], device: string): Pick<DeviceState, 'rule' | 'limits'> {
  const rule = ruleFor(rules, 'silence', device)
  return { rule, limits: rule === null ? null : silenceLimits(rule.params) }
}

/** Where the pace of a device or a source is learned. */
export function paceRow(row: Float64Array = new Float64Array(deviceRowLength)): Float64Array {
  row[heard] = row[deviceEvery] = row[deviceLimit] = row[usualLag] = row[spoken] = Number.NaN
  return row
}

/** The series of a signal; a new one is said. -1 when the plant already holds as many as it may. */
export function seriesIndex(
  plant: Plant,
  layout: Layout,
  slot: number,
  type: SeriesType,
  topic: Topic,
  out: Emit,
): number {
  const key = seriesKey(layout.places[slot]!.device, layout.signals[slot]!, type)
  const known = plant.seriesOf.get(key)
  if (known !== undefined) return known
  if (plant.series.length < mostSeries(plant.rules)) return addSeries(plant, layout, slot, type, topic, out)
  leaveOut(plant, layout.places[slot]!.device, layout.signals[slot]!, topic, out)
  return -1
}

function addSeries(plant: Plant, layout: Layout, slot: number, type: SeriesType, topic: Topic, out: Emit): number {
  endFull(plant, null, out)
  const place = layout.places[slot]!
  const { device, label, area } = place
  const id = plant.series.length
  const series = {
    id,
    device,
    signal: layout.signals[slot]!,
    unit: layout.units[slot]!,
    type,
    first: plant.next,
    since: plant.time,
  }
  const owner = deviceIndex(plant, place, topic, out)
  putSeries(plant, series, owner, null)
  plant.devices[owner]!.series.push(id)
  out.series(series, label, area, topic.name)
  return id
}

/** Gives a series its place in the plant: it has read nothing. */
export function putSeries(plant: Plant, series: Series, device: number, text: string | null): SeriesState {
  const state: SeriesState = {
    watches: [],
    own: false,
    text,
    words: null,
    cadence: null,
    device,
    series,
  }
  plant.series.push(state)
  plant.seriesOf.set(seriesKey(series.device, series.signal, series.type), series.id)
  addHead(plant.heads, series.id, device)
  putWatches(plant, state, restingWatches(plant, series), false)
  if (plant.detects) addRow(plant.rows)
  return state
}

function deviceIndex(plant: Plant, { device, label, area }: Place, topic: Topic, out: Emit): number {
  const known = plant.deviceOf.get(device)
  if (known !== undefined) return known
  const index = plant.devices.length
  const source = sourceIndex(plant, topic.source, out)
  const named = { name: device, label, area, series: [], clockAlert: null }
  putDevice(plant, { ...named, source, silent: null, comesBy: new Set([source]), gaps: noGaps('device', device) })
  plant.paces.changed[index] = 1
  out.comesBy(device, topic.source)
  plant.sources[source]!.devices.add(index)
  return index
}

export function putDevice(plant: Plant, device: Omit<DeviceState, 'row' | 'rule' | 'limits'>): void {
  const { name, label, area, series, source, silent, clockAlert, comesBy, gaps } = device
  const { devices, paces } = plant
  const { rule, limits } = silenceRule(plant.rules, name)
  const index = devices.length
  if (addPace(paces, index)) for (const [i, known] of devices.entries()) known.row = paceIn(paces, i)
  const row = paceRow(paceIn(paces, index))
  plant.deviceOf.set(name, index)
  devices.push({ row, source, silent, limits, rule, clockAlert, name, label, area, series, comesBy, gaps })
  setLimit(devices[index]!)
}

/** Call when its rule has changed, or what is learned of its gaps. */
export function setLimit({ row, limits }: DeviceState): void {
  row[deviceLimit] = limits === null ? Number.NaN : silentAfter(row, limits)
}
