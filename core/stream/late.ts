import type { Millis } from '../contract/model.ts'
import { judge } from './alerts.ts'
import type { Emit } from './emit.ts'
import { countBeyond } from './gaps.ts'
import { lastOffset, newestOf, ownHead, readings } from './heads.ts'
import type { Plant } from './plant.ts'
import { reviseBy } from './revise.ts'
import { count, firstOffset, type Recent, recent, remember, ringSize, turnTo } from './rows.ts'
import type { SeriesState } from './series.ts'

// What comes after a newer reading of its series. It changes what was said of its own time, never what stands now.

/** A number, or a boolean as one, later than by two gaps: charted already. */
export function readLate(plant: Plant, id: number, out: Emit): void {
  const state = plant.series[id]!
  const { now } = plant
  if (state.series.type === 'boolean') readOlder(plant, id, now.value === 1 ? 'true' : 'false', true, out)
  else if (isBeyond(plant, id)) tooLate(plant, state, out)
  else {
    now.text = null
    reviseBy(plant, state, true, out)
  }
}

/** A state that is older than the newest one. */
export function readOlder(plant: Plant, id: number, text: string, late: boolean, out: Emit): void {
  const state = plant.series[id]!
  const { now } = plant
  if (!plant.detects) return // nothing is remembered
  if (isBeyond(plant, id)) {
    tooLate(plant, state, out)
    return
  }
  const row = turnTo(plant.row, plant.rows, id)
  now.text = text
  now.z = now.low = now.high = now.middle = Number.NaN
  reviseBy(plant, state, late, out)
  place(plant, state, recent(row, row.near[row.at + count]!), out)
  remember(row, now)
  if (!late) countIn(plant, state, out)
  takeOlder(plant, id)
}

function tooLate({ sources, devices, next }: Plant, { device }: SeriesState, out: Emit): void {
  countBeyond(sources[devices[device]!.source]!.gaps, next, out)
}

/** Older than all that the series remembers, which is not all that it has read. */
function isBeyond({ rows, row, now }: Plant, id: number): boolean {
  const { near, at } = turnTo(row, rows, id)
  const total = near[at + count]!
  return total >= ringSize && recent(row, total).every(({ time }) => time > now.time)
}

/** From its time on it was so, up to the next reading; where that said what was said before, it is said again. */
function place({ now }: Plant, state: SeriesState, seen: readonly Recent[], out: Emit): void {
  const before = nearest(seen, (one, best) => one.time <= now.time && !(one.time < best))
  const after = nearest(seen, (one, best) => one.time > now.time && !(one.time >= best))
  if (before?.value === now.value) return
  const goesOn = after !== undefined && after.value !== now.value && (before?.value ?? after.value) === after.value
  const text = goesOn ? state.words?.get(after.value) : ''
  if (text === undefined) return // it is not known any more what was said
  out.state(state.series.id, now.time, now.text!)
  if (goesOn) out.state(state.series.id, after.time, text)
}

function nearest(seen: readonly Recent[], isNearer: (one: Recent, best: Millis) => boolean): Recent | undefined {
  let best: Recent | undefined
  for (const one of seen) if (isNearer(one, best?.time ?? Number.NaN)) best = one
  return best
}

/** Where readings are counted their order is nothing: it is one more in the window that ends with the newest. */
function countIn(plant: Plant, state: SeriesState, out: Emit): void {
  const { now, heads } = plant
  const { time } = now
  now.time = newestOf(heads, state.series.id)
  for (let i = 0; i < state.watches.length; i++) if (state.watches[i]!.detector.counts) judge(plant, state, i, out)
  now.time = time
}

/** It is remembered, and not what stands. */
function takeOlder({ heads, now, rows, row }: Plant, id: number): void {
  const { numbers } = heads
  const head = ownHead(heads, id)
  numbers[head + lastOffset] = now.offset
  numbers[head + readings]! += 1
  const { near, at, far, from } = turnTo(row, rows, id)
  if (near[at + count] === 0) far[from + firstOffset] = now.offset
  near[at + count]! += 1
}
