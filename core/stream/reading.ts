import type { Millis, Topic } from '../contract/model.ts'
import { judge, returned } from './alerts.ts'
import { linkUp, setDeadline } from './clock.ts'
import { expect, learnBand } from './detect/band.ts'
import type { Now } from './detect/detector.ts'
import { codeOf, learnKind } from './detect/kind.ts'
import {
  deviceFirst,
  deviceGaps,
  deviceLast,
  heard,
  isBacklog,
  learnAbsence,
  learnHeard,
  learnLag,
  resume,
  resumed,
  silentAfter,
  skipGap,
  wasKept,
} from './detect/silence.ts'
import { learnRun } from './detect/stuck.ts'
import { clockBehind } from './device-clock.ts'
import type { Emit } from './emit.ts'
import { eventTime, historicalMs } from './event-time.ts'
import { countLate, turn } from './gaps.ts'
import type { DeviceState, Plant } from './plant.ts'
import { sourceIndex } from './plant.ts'
import { reviseBy } from './revise.ts'
import {
  count,
  every,
  firstOffset,
  lastOffset,
  lastValue,
  learnPace,
  newest,
  remember,
  type SeriesState,
  saidEvery,
  saidSilent,
} from './series.ts'

/** What the readings that follow share: their time, and whether they are history. */
export function occurs(plant: Plant, index: number, deviceTime: Millis, arrival: Millis, historical: boolean): void {
  const { now } = plant
  now.offset = plant.next
  now.time = eventTime(deviceTime, arrival, clockBehind(plant.devices[index]!.row))
  now.historical = historical || plant.time - now.time > historicalMs
}

/** A sign of life of a device, and the end of its silence. Not for what a broker kept, nor for the death of a device. */
export function touchDevice(plant: Plant, index: number, topic: Topic, out: Emit): void {
  const device = plant.devices[index]!
  comesBy(plant, index, device, topic, out)
  endSilence(plant, device, out)
  if (isHeard(plant, device)) return
  if (plant.now.historical) live(plant, index, device)
  else hear(plant, index, device)
}

function comesBy(plant: Plant, index: number, device: DeviceState, topic: Topic, out: Emit): void {
  const current = plant.sources[device.source]!
  if (current.name !== topic.source) {
    current.devices.delete(index)
    device.source = sourceIndex(plant, topic.source, out)
    if (!device.comesBy.has(device.source)) out.comesBy(device.name, topic.source)
    device.comesBy.add(device.source)
    device.dirty = true
  }
  const source = plant.sources[device.source]!
  if (current !== source) source.devices.add(index)
  if (!source.up) linkUp(plant, source, out)
}

function endSilence(plant: Plant, device: DeviceState, out: Emit): void {
  if (device.silent === null) return
  const kept = plant.now.time < plant.time - historicalMs
  returned(
    plant,
    device.silent,
    plant.time,
    plant.time,
    kept ? 'it had kept its readings, and sends them late' : null,
    out,
  )
  device.silent = null
  turn(device.gaps, null, null, plant.time, plant.next, out)
  device.row[deviceLast] = plant.next
  learnAbsence(device.row, plant.time)
  device.row[heard] = Number.NaN // so that its absence is not learned as a gap
  resume(device.row, plant.next, plant.time)
  device.dirty = true
}

/** A message may hold readings of several devices, by turns. */
function isHeard(plant: Plant, { row }: DeviceState): boolean {
  return row[deviceLast] === plant.next && row[heard] === plant.time
}

/** Late is what somebody kept through a gap; a clock that is always behind is none. */
export function placeInTime(plant: Plant, index: number, arrival: Millis, out: Emit): void {
  const { next, now } = plant
  const device = plant.devices[index]!
  const source = plant.sources[device.source]!
  const lag = arrival - now.time
  device.dirty = true
  const kept = wasKept(device.row, lag)
  if (kept && (countLate(source.gaps, now.time, next, out) || countLate(device.gaps, now.time, next, out))) return
  learnLag(device.row, lag)
}

/** What it tells is old, but it is there; how fast a buffer drains is not its pace. */
function live(plant: Plant, index: number, device: DeviceState): void {
  device.row[heard] = plant.time
  device.row[skipGap] = 1
  device.dirty = true
  setDeadline(plant, index)
}

function hear(plant: Plant, index: number, device: DeviceState): void {
  const { row } = device
  if (row[deviceGaps] === 0 && Number.isNaN(row[heard]!)) row[deviceFirst] = plant.next
  learnHeard(row, plant.time)
  row[deviceLast] = plant.next
  device.dirty = true
  setDeadline(plant, index)
}

export function readText(plant: Plant, state: SeriesState, text: string, retained: boolean, out: Emit): void {
  const { row } = state
  const { now } = plant
  state.dirty = true
  if (now.time < row[newest]!) return // an older state does not undo a newer one
  if (!retained) pace(plant, state, out)
  now.value = codeOf(text)
  if (plant.detects && !retained) judgeState(plant, state, text, out)
  keep(row, now)
  if (text === state.text) return
  state.text = text
  out.state(state.series.id, now.time, text)
}

/** A state, as a number and in words: for rules about states. */
function judgeState(plant: Plant, state: SeriesState, text: string, out: Emit): void {
  const { now } = plant
  const { row, watches } = state
  now.text = text
  now.z = now.low = now.high = now.middle = Number.NaN
  remember(row, now.time, now.value, now.offset, Number.NaN)
  for (let i = 0; i < watches.length; i++) judge(plant, state, watches[i]!, out)
  learnKind(row, now.time, now.value, row[lastValue]!)
}

/** A number or a boolean: judged first, then learned from; what the broker remembers is neither. */
export function readNumber(plant: Plant, state: SeriesState, value: number, retained: boolean, out: Emit): void {
  const { row, series } = state
  const { now } = plant
  state.dirty = true
  now.value = value
  if (retained ? row[count]! > 0 : isLate(row, now.time)) {
    out.reading(series.id, now.time, value, Number.NaN, Number.NaN, true)
    if (!retained) reviseBy(plant, state, now.time, value, out)
    return
  }
  if (!retained) pace(plant, state, out)
  if (series.type === 'boolean') readBoolean(plant, state, value, retained, out)
  else if (plant.detects && !retained) measure(plant, state, out)
  else out.reading(series.id, now.time, value, Number.NaN, Number.NaN, false)
  keep(row, now)
}

/** As the newest in order. */
function keep(row: Float64Array, { value, offset }: Now): void {
  if (row[count] === 0) row[firstOffset] = offset
  row[lastValue] = value
  row[lastOffset] = offset
  row[count] = row[count]! + 1
}

/** Older than the newest of its series by more than two gaps. */
function isLate(row: Float64Array, time: Millis): boolean {
  const gap = row[every]!
  return time < row[newest]! - (gap > 0 ? 2 * gap : 0)
}

function readBoolean(plant: Plant, state: SeriesState, value: number, retained: boolean, out: Emit): void {
  const { time } = plant.now
  const text = value === 1 ? 'true' : 'false'
  out.reading(state.series.id, time, value, Number.NaN, Number.NaN, false)
  if (plant.detects && !retained) judgeState(plant, state, text, out)
  if (text === state.text) return
  state.text = text
  out.state(state.series.id, time, text)
}

function measure(plant: Plant, state: SeriesState, out: Emit): void {
  const { row, watches } = state
  const { now } = plant
  now.text = null
  expect(row, now, hasAlert(watches, 'band'))
  out.reading(state.series.id, now.time, now.value, now.low, now.high, false)
  remember(row, now.time, now.value, now.offset, now.z)
  learnBand(row, now)
  out.score?.(state.series.id, now.time, now.score)
  for (let i = 0; i < watches.length; i++) judge(plant, state, watches[i]!, out)
  learnKind(row, now.time, now.value, row[lastValue]!)
  learnRun(row, now.value, hasAlert(watches, 'stuck'))
}

function hasAlert(watches: SeriesState['watches'], detector: string): boolean {
  for (let i = 0; i < watches.length; i++) if (watches[i]!.rule.detector === detector) return watches[i]!.alert !== null
  return false
}

/** Learns the pace from a reading in order, and says it when it has changed by more than a tenth. */
function pace(plant: Plant, state: SeriesState, out: Emit): void {
  const { row } = state
  const { time } = plant.now
  const device = plant.devices[state.device]!
  const gap = time - row[newest]!
  if (gap > 0 && isOwnGap(plant, device, row, gap)) learnPace(row, gap)
  if (!(time <= row[newest]!)) row[newest] = time
  const usual = row[every]!
  if (Number.isNaN(usual)) return
  const limit = device.rule === null ? Number.NaN : silentAfter(device.row, device.rule.params)
  if (near(usual, row[saidEvery]!) && near(limit, row[saidSilent]!)) return
  row[saidEvery] = usual
  row[saidSilent] = limit
  out.cadence(state.series.id, usual, limit)
}

/** Not the time in which it could not be heard, nor what the broker kept meanwhile. */
function isOwnGap(plant: Plant, device: DeviceState, row: Float64Array, gap: Millis): boolean {
  return row[lastOffset]! >= device.row[resumed]! && !isBacklog(device.row, plant.time, gap, row[every]!)
}

function near(value: number, said: number): boolean {
  return Number.isNaN(value) ? Number.isNaN(said) : Math.abs(value - said) <= said / 10
}
