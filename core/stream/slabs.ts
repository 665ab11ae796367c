import { deviceRowLength } from './detect/silence.ts'
import { headLength, headOf, putHead } from './heads.ts'
import { paceAt } from './paces.ts'
import type { Plant } from './plant.ts'
import { farLength, farOf, nearLength, nearOf } from './rows.ts'

// Rows are saved in slabs: those of 16 series that follow each other, or of 256 devices. A save is of one instant, and yet
// the path goes on: a slab is given when its turn comes, or before the first change of one of its series. So a save holds
// nobody up for longer than a slab, and nothing is copied twice.

/**
 * `id` is even for series and odd for devices. Equal parts of its rows lie together, because some change with each reading
 * and some once a day. The numbers are good until the next slab is given.
 */
export interface Slab {
  readonly id: number
  readonly numbers: Float64Array
}

/** A save that goes on: what is still to be given is as it was when it began. */
export interface Slabs {
  /** 1: holds changes, and was not given yet. */
  readonly due: Uint8Array
  at: number
  /** Series that there were. */
  readonly series: number
  readonly numbers: Float64Array
  readonly put: (slab: Slab) => void
}

const together = 16
const devicesTogether = 256
const strip = 128
const headsTogether = together * headLength
const nearTogether = together * nearLength

/** Call before the row or the head of a series changes. */
export function changing(plant: Plant, series: number): void {
  plant.heads.changed[series] = 1
  if (plant.saving !== null) give(plant, plant.saving, Math.floor(series / together))
}

/** Gives what is known of devices at once, because it is little. */
export function beginSlabs(plant: Plant, put: (slab: Slab) => void): void {
  while (plant.saving !== null) giveSome(plant, together)
  const { changed } = plant.heads
  const series = plant.series.length
  const due = new Uint8Array(Math.ceil(series / together))
  for (let id = 0; id < series; id++) if (changed[id] === 1) due[Math.floor(id / together)] = 1
  changed.fill(0)
  giveDevices(plant, put)
  plant.saving = {
    due,
    at: 0,
    series,
    numbers: new Float64Array(headsTogether + nearTogether + together * farLength),
    put,
  }
}

/** Gives up to so many of the slabs that are due. False: there are no more. */
export function giveSome(plant: Plant, slabs: number): boolean {
  const { saving } = plant
  if (saving === null) return false
  for (let given = 0; given < slabs && saving.at < saving.due.length; saving.at++)
    if (give(plant, saving, saving.at)) given += 1
  if (saving.at === saving.due.length) plant.saving = null
  return plant.saving !== null
}

function give(plant: Plant, { due, series, numbers, put }: Slabs, slab: number): boolean {
  if (due[slab] !== 1) return false
  due[slab] = 0
  copySeries(plant, together * slab, Math.min(series, together * (slab + 1)), numbers)
  put({ id: 2 * slab, numbers })
  return true
}

function copySeries({ heads, rows }: Plant, first: number, end: number, numbers: Float64Array): void {
  if (end - first < together) numbers.fill(0)
  for (let id = first; id < end; id++) {
    numbers.set(headOf(heads, id), (id - first) * headLength)
    nearStrips(id, (at, from, to) => numbers.set(rows.near.subarray(from, to), at))
    farStrips(id, (at, from, to) => numbers.set(rows.far.subarray(from, to), at))
  }
}

/** Where a strip lies in its slab, and in the table of all series. */
type EachStrip = (at: number, from: number, to: number) => void

function nearStrips(series: number, each: EachStrip): void {
  forStrips(headsTogether, series % together, nearOf(series), nearLength, each)
}

function farStrips(series: number, each: EachStrip): void {
  forStrips(headsTogether + nearTogether, series % together, farOf(series), farLength, each)
}

function forStrips(begin: number, place: number, row: number, length: number, each: EachStrip): void {
  for (let from = 0; from < length; from += strip) {
    const width = Math.min(strip, length - from)
    each(begin + together * from + place * width, row + from, row + from + width)
  }
}

function giveDevices({ devices, paces }: Plant, put: (slab: Slab) => void): void {
  for (let first = 0; first < devices.length; first += devicesTogether) {
    const end = Math.min(devices.length, first + devicesTogether)
    if (!paces.changed.subarray(first, end).includes(1)) continue
    const numbers = new Float64Array(devicesTogether * deviceRowLength)
    numbers.set(paces.numbers.subarray(paceAt(first), paceAt(end)))
    put({ id: (2 * first) / devicesTogether + 1, numbers })
  }
  paces.changed.fill(0)
}

/** A slab may have room for more than there were. */
export function restoreSlab(plant: Plant, { id, numbers }: Slab): void {
  const slab = Math.floor(id / 2)
  if (id % 2 === 1) restoreDevices(plant, devicesTogether * slab, numbers)
  else restoreSeries(plant, together * slab, numbers)
}

function restoreDevices({ devices }: Plant, first: number, numbers: Float64Array): void {
  for (let i = 0; i < devicesTogether && first + i < devices.length; i++)
    devices[first + i]!.row.set(numbers.subarray(i * deviceRowLength, (i + 1) * deviceRowLength))
}

function restoreSeries({ heads, rows, series }: Plant, first: number, numbers: Float64Array): void {
  const n = Math.min(series.length - first, together)
  for (let id = first; id < first + n; id++) {
    putHead(heads, id, numbers.subarray((id - first) * headLength, (id - first + 1) * headLength))
    nearStrips(id, (at, from, to) => rows.near.set(numbers.subarray(at, at + to - from), from))
    farStrips(id, (at, from, to) => rows.far.set(numbers.subarray(at, at + to - from), from))
  }
}
