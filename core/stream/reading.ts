import type { Millis } from '../contract/model.ts'
import { judgeAll, returned } from './alerts.ts'
import { linkUp, putOffDeadline, setDeadline } from './clock.ts'
import { expect, isUsual, learnBand } from './detect/band.ts'
import { codeOf, learnKind } from './detect/kind.ts'
import {
  deviceFirst,
  deviceGaps,
  deviceLast,
  deviceLimit,
  heard,
  isBacklog,
  learnAbsence,
  learnHeard,
  learnLag,
  lookAt,
  resume,
  resumed,
  skipGap,
  spoken,
  wasKept,
} from './detect/silence.ts'
import { isMoving, learnRun } from './detect/stuck.ts'
import { clockBehind } from './device-clock.ts'
import type { Emit } from './emit.ts'
import { eventTime, historicalMs, localOf } from './event-time.ts'
import { countLate, turn } from './gaps.ts'
import {
  cadenceOf,
  every,
  everyOf,
  isPaceDue,
  joinedHead,
  lastOffset,
  learnPace,
  newest,
  ownerOf,
  ownHead,
  readings,
  saidEvery,
  saidSilent,
} from './heads.ts'
import { waitAgain } from './holds.ts'
import { readLate, readOlder } from './late.ts'
import { endAbsence, lookForMissing } from './missing.ts'
import { guessOf } from './naming.ts'
import { paceAt } from './paces.ts'
import { type DeviceState, type Plant, setLimit } from './plant.ts'
import { count, firstOffset, lastValue, remember, turnTo } from './rows.ts'
import { keepWords, type SeriesState } from './series.ts'
import { changing } from './slabs.ts'

/** What the readings that follow share: their time, by `arrival` and what was `said`, and whether they are history. */
export function occurs(plant: Plant, index: number, historical: boolean): void {
  const { now } = plant
  now.offset = plant.next
  now.time = eventTime(plant.said, plant.arrival, clockBehind(plant.paces.numbers, paceAt(index)))
  now.local = plant.zoneChanges.length === 0 ? now.time : localOf(now.time, plant.zoneChanges)
  now.historical = historical || plant.time - now.time > historicalMs
}

/** A sign of life of a device, and the end of its silence. Not for what a broker kept, nor for the death of a device. */
export function touchDevice(plant: Plant, index: number, source: number, out: Emit): void {
  if (plant.paces.by[index] !== source) comeBack(plant, index, source, out)
  if (!plant.sources[source]!.up) linkUp(plant, plant.sources[source]!, out)
  if (isHeard(plant, paceAt(index))) return
  if (plant.now.historical) live(plant, index)
  else hear(plant, index, out)
}

/** It is there, by this source. */
function comeBack(plant: Plant, index: number, source: number, out: Emit): void {
  const device = plant.devices[index]!
  comesBy(plant, index, device, source, out)
  endSilence(plant, index, device, out)
  plant.paces.by[index] = source
}

function comesBy(plant: Plant, index: number, device: DeviceState, source: number, out: Emit): void {
  const by = plant.sources[source]!
  if (device.source !== source) {
    const before = plant.sources[device.source]!
    before.devices.delete(index)
    by.devices.add(index)
    device.source = source
    if (!before.up) for (const series of device.series) waitAgain(plant, series)
    if (!device.comesBy.has(source)) out.comesBy(device.name, by.name)
    device.comesBy.add(source)
  }
  if (!by.up) linkUp(plant, by, out)
}

function endSilence(plant: Plant, index: number, device: DeviceState, out: Emit): void {
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
  setLimit(device)
  resume(device.row, plant.next, plant.time)
  plant.paces.changed[index] = 1
}

/** A message may hold readings of several devices, by turns. */
function isHeard({ paces: { numbers }, next, time }: Plant, at: number): boolean {
  return numbers[at + deviceLast] === next && numbers[at + heard] === time
}

/** Late is what somebody kept through a gap; a clock that is always behind is none. */
export function placeInTime(plant: Plant, index: number, out: Emit): void {
  const { paces, now, arrival } = plant
  const at = paceAt(index)
  const lag = arrival - now.time
  paces.changed[index] = 1
  if (wasKept(paces.numbers, at, lag) && isOfGap(plant, plant.devices[index]!, out)) return
  learnLag(paces.numbers, at, lag)
}

function isOfGap({ sources, next, now }: Plant, { source, gaps }: DeviceState, out: Emit): boolean {
  return countLate(sources[source]!.gaps, now.time, next, out) || countLate(gaps, now.time, next, out)
}

/** What it tells is old, but it is there; how fast a buffer drains is not its pace. */
function live(plant: Plant, index: number): void {
  const { row } = plant.devices[index]!
  row[heard] = plant.time
  row[skipGap] = 1
  plant.paces.changed[index] = 1
  setDeadline(plant, index)
}

function hear(plant: Plant, index: number, out: Emit): void {
  const { numbers: row, changed } = plant.paces
  const at = paceAt(index)
  if (row[at + spoken]! >= row[at + lookAt]!) lookForMissing(plant, plant.devices[index]!, out)
  if (!(plant.now.time <= row[at + spoken]!)) row[at + spoken] = plant.now.time
  if (row[at + deviceGaps] === 0 && Number.isNaN(row[at + heard]!)) row[at + deviceFirst] = plant.next
  if (learnHeard(row, at, plant.time)) setLimit(plant.devices[index]!)
  row[at + deviceLast] = plant.next
  changed[index] = 1
  putOffDeadline(plant, index)
}

export function readText(plant: Plant, id: number, text: string, retained: boolean, out: Emit): void {
  const { now, heads } = plant
  if (heads.changed[id] !== 1) changing(plant, id)
  const head = ownHead(heads, id)
  const { numbers } = heads
  now.value = codeOf(text)
  if (now.time < numbers[head + newest]!) {
    if (!retained) readOlder(plant, id, text, isLate(numbers, head, now.time), out)
    return
  }
  if (!retained) pace(plant, id, head, out)
  const state = plant.series[id]!
  if (plant.detects && !retained) judgeState(plant, state, text, out)
  takeIn(plant, id, head, now.value)
  if (text === state.text) return
  state.text = text
  keepWords(state, now.value, text)
  out.state(id, now.time, text)
}

/** A state, as a number and in words: for rules about states. */
function judgeState(plant: Plant, state: SeriesState, text: string, out: Emit): void {
  const { now, rows } = plant
  const row = turnTo(plant.row, rows, state.series.id)
  now.text = text
  now.z = now.low = now.high = now.middle = Number.NaN
  remember(row, now)
  judgeAll(plant, state, out)
  learnKind(row, now)
}

/** Numbers of series that follow each other. */
export function readNumbers(
  plant: Plant,
  device: number,
  first: number,
  values: Float64Array,
  n: number,
  retained: boolean,
  out: Emit,
): void {
  const { heads, now } = plant
  const head = retained || (plant.absences.size > 0 && isAway(plant, first, n)) ? -1 : joinedHead(heads, first, n)
  if (head >= 0 && !isLate(heads.numbers, head, now.time)) readJoined(plant, device, first, head, values, n, out)
  else for (let i = 0; i < n; i++) readNumber(plant, first + i, values[i]!, false, retained, out)
}

/** Whether one of them had been missing. */
function isAway({ absences }: Plant, first: number, n: number): boolean {
  for (let id = first; id < first + n; id++) if (absences.get(id)?.away === true) return true
  return false
}

/** Readings in order of series that share a head, one of each: each is read as by itself. */
function readJoined(
  plant: Plant,
  device: number,
  first: number,
  head: number,
  values: Float64Array,
  n: number,
  out: Emit,
): void {
  const { now, heads } = plant
  const { numbers } = heads
  for (let i = 0; i < n; i++) if (heads.changed[first + i] !== 1) changing(plant, first + i)
  const isUnsaid = Number.isNaN(numbers[head + saidEvery]!)
  const isSaid = learnPaceOf(plant, device, first, head, out)
  if (isSaid || plant.detects || out.readings === undefined)
    for (let i = 0; i < n; i++) {
      now.value = values[i]!
      if (isSaid) sayPace(plant, first + i, head, isUnsaid, out)
      if (plant.detects) measure(plant, first + i, out)
      else out.reading(first + i, now.time, now.value, Number.NaN, Number.NaN, false)
      takeValue(plant, first + i, now.value)
    }
  else {
    out.readings(first, values, n, now.time)
    for (let i = 0; i < n; i++) heads.values[first + i] = values[i]!
  }
  numbers[head + lastOffset] = now.offset
  numbers[head + readings]! += 1
}

/** A number or a boolean: judged first, then learned from; what the broker remembers is neither. */
export function readNumber(
  plant: Plant,
  id: number,
  value: number,
  isBoolean: boolean,
  retained: boolean,
  out: Emit,
): void {
  const { now, heads } = plant
  const { numbers } = heads
  if (heads.changed[id] !== 1) changing(plant, id)
  const head = ownHead(heads, id)
  now.value = value
  if (retained ? numbers[head + readings]! > 0 : isLate(numbers, head, now.time)) {
    out.reading(id, now.time, value, Number.NaN, Number.NaN, true)
    if (!retained) readLate(plant, id, out)
    return
  }
  if (!retained) pace(plant, id, head, out)
  if (isBoolean && now.time < numbers[head + newest]!) {
    out.reading(id, now.time, value, Number.NaN, Number.NaN, false)
    if (!retained) readOlder(plant, id, value === 1 ? 'true' : 'false', false, out)
    return
  }
  if (isBoolean) readBoolean(plant, plant.series[id]!, value, retained, out)
  else if (plant.detects && !retained) measure(plant, id, out)
  else out.reading(id, now.time, value, Number.NaN, Number.NaN, false)
  takeIn(plant, id, head, value)
}

/** Older than the newest of its series by more than two gaps. */
function isLate(heads: Float64Array, head: number, time: Millis): boolean {
  const gap = heads[head + every]!
  return time < heads[head + newest]! - (gap > 0 ? 2 * gap : 0)
}

function readBoolean(plant: Plant, state: SeriesState, value: number, retained: boolean, out: Emit): void {
  const { time } = plant.now
  const text = value === 1 ? 'true' : 'false'
  out.reading(state.series.id, time, value, Number.NaN, Number.NaN, false)
  if (plant.detects && !retained) judgeState(plant, state, text, out)
  if (text === state.text) return
  state.text = text
  keepWords(state, value, text)
  out.state(state.series.id, time, text)
}

function measure(plant: Plant, id: number, out: Emit): void {
  const { now } = plant
  const row = turnTo(plant.row, plant.rows, id)
  now.text = null
  now.every = everyOf(plant.heads, id)
  expect(row, now, hasAlert(plant, id, 'band'))
  out.reading(id, now.time, now.value, now.low, now.high, false)
  remember(row, now)
  learnBand(row, now)
  out.score?.(id, now.time, now.score)
  if (plant.heads.calm[id] === 0 || !isUsual(row, now) || !isMoving(row, now)) judgeAll(plant, plant.series[id]!, out)
  learnKind(row, now)
  learnRun(row, now, hasAlert(plant, id, 'stuck'))
}

function hasAlert({ heads, series }: Plant, id: number, detector: string): boolean {
  if (heads.calm[id] === 1) return false
  const { watches } = series[id]!
  for (let i = 0; i < watches.length; i++) if (watches[i]!.rule.detector === detector) return watches[i]!.alert !== null
  return false
}

/** It is the newest of its series. */
function takeIn(plant: Plant, id: number, head: number, value: number): void {
  const { heads, now } = plant
  heads.numbers[head + lastOffset] = now.offset
  heads.numbers[head + readings]! += 1
  takeValue(plant, id, value)
}

function takeValue({ heads, now, detects, rows, row }: Plant, id: number, value: number): void {
  heads.values[id] = value
  if (!detects) return
  const { near, at, far, from } = turnTo(row, rows, id)
  if (near[at + count] === 0) far[from + firstOffset] = now.offset
  near[at + lastValue] = value
  near[at + count]! += 1
}

/** Learns the pace from a reading in order, and says it when it has changed. */
function pace(plant: Plant, id: number, head: number, out: Emit): void {
  const isUnsaid = Number.isNaN(plant.heads.numbers[head + saidEvery]!)
  if (learnPaceOf(plant, ownerOf(plant.heads, id), id, head, out)) sayPace(plant, id, head, isUnsaid, out)
}

/** True when it has changed by more than a tenth since it was said, or in kind: then it counts as said. */
function learnPaceOf(plant: Plant, device: number, id: number, head: number, out: Emit): boolean {
  const { numbers } = plant.heads
  const { time } = plant.now
  const before = numbers[head + newest]!
  const gap = time - before
  const isBack = plant.absences.size > 0 && endAbsence(plant, id, gap, out)
  const isDue = !isBack && gap > 0 && isOwnGap(plant, device, head, gap) && learnPace(numbers, head, gap)
  if (!(time <= before)) numbers[head + newest] = time
  const usual = numbers[head + every]!
  if (Number.isNaN(usual)) return false
  const limit = plant.paces.numbers[paceAt(device) + deviceLimit]!
  const isNew = isDue && cadenceOf(numbers, head) !== plant.series[id]!.cadence
  if (!isNew && near(usual, numbers[head + saidEvery]!) && near(limit, numbers[head + saidSilent]!)) return false
  numbers[head + saidEvery] = usual
  numbers[head + saidSilent] = limit
  return true
}

/** The kind is looked at when the usual gap is. */
function sayPace(plant: Plant, id: number, head: number, isFirst: boolean, out: Emit): void {
  const { numbers } = plant.heads
  const state = plant.series[id]!
  if (isPaceDue(numbers, head)) state.cadence = cadenceOf(numbers, head)
  if (isFirst) guessOf(plant, state, out)
  out.cadence(id, numbers[head + saidEvery]!, numbers[head + saidSilent]!, state.cadence)
}

/** Not the time in which it could not be heard, nor what the broker kept meanwhile. */
function isOwnGap({ heads: { numbers }, paces, time }: Plant, device: number, head: number, gap: Millis): boolean {
  const at = paceAt(device)
  if (numbers[head + lastOffset]! < paces.numbers[at + resumed]!) return false
  return !isBacklog(paces.numbers, at, time, gap, numbers[head + every]!)
}

function near(value: number, said: number): boolean {
  return Number.isNaN(value) ? Number.isNaN(said) : Math.abs(value - said) <= said / 10
}
