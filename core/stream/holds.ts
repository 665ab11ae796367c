import type { Millis } from '../contract/model.ts'
import { clear, clearMsOf, open, rest, type Watch } from './alerts.ts'
import type { Emit } from './emit.ts'
import { newestOf } from './heads.ts'
import type { Plant } from './plant.ts'
import type { SeriesState } from './series.ts'

// What a condition does when nothing more comes: it goes on as its newest reading said, so that it has held for long
// enough, is back in order for long enough, or leaves its window at a time that is known beforehand. Between two records
// event time goes on as log time does.

/** Call when anything that the deadlines of a series depend on has changed. */
export function setDue(plant: Plant, state: SeriesState): void {
  const due = dueOf(plant, state)
  if (Number.isNaN(due)) return
  plant.holds.add(state.series.id, due)
  if (due < plant.due) plant.due = due
  if (due < plant.wake) plant.wake = due
}

/** Log time at which a watch of the series acts by itself; NaN: none does. Not while it cannot be heard. */
function dueOf(plant: Plant, { own, watches, device }: SeriesState): Millis {
  if (!own || !plant.sources[plant.devices[device]!.source]!.up) return Number.NaN
  let first = Number.NaN
  for (const watch of watches) {
    const due = actsAt(watch)
    if (!(due >= first)) first = Number.isNaN(due) ? first : due
  }
  return first
}

/** Log time; NaN: it does not. */
function actsAt(watch: Watch): Millis {
  const { alert, said, since, ends, clearSince, clearReadings, rule, detector, lag } = watch
  if (alert === null) return said === null ? Number.NaN : Math.min(since + rule.holdMs, ends) + lag
  if (Number.isNaN(clearSince)) return ends === Infinity ? Number.NaN : ends + lag
  return clearReadings < detector.clearReadings ? Number.NaN : clearSince + clearMsOf(watch) + lag
}

/** Log time at which the next watch acts by itself, if that is up to now; else a time after now that it is not before. */
export function nextHold(plant: Plant): Millis {
  return plant.holds.next((series) => dueOf(plant, plant.series[series]!), plant.time)
}

/** Fires what `nextHold` has answered. */
export function fireHold(plant: Plant, time: Millis, out: Emit): void {
  const state = plant.series[plant.holds.take()]!
  for (const watch of state.watches) if (actsAt(watch) === time) act(plant, state, watch, out)
  setDue(plant, state)
}

/** After a record: one that has come at the very time of a deadline was judged before it. */
export function fireHeld(plant: Plant, out: Emit): void {
  for (;;) {
    plant.due = nextHold(plant)
    if (plant.due > plant.time) return
    fireHold(plant, plant.due, out)
  }
}

function act(plant: Plant, state: SeriesState, watch: Watch, out: Emit): void {
  const held = watch.since + watch.rule.holdMs
  if (watch.alert === null && watch.ends < held) rest(watch)
  else if (watch.alert === null) open(plant, state, watch, held, out)
  else if (Number.isNaN(watch.clearSince)) isOver(plant, watch, out)
  else clear(plant, watch, watch.clearSince + clearMsOf(watch), out)
}

function isOver(plant: Plant, watch: Watch, out: Emit): void {
  watch.clearSince = watch.ends
  watch.clearReadings = watch.detector.clearReadings
  if (clearMsOf(watch) === 0) clear(plant, watch, watch.ends, out)
}

/** It can be heard again: what it did meanwhile nobody knows, so it waits as if its newest reading had just come. */
export function waitAgain(plant: Plant, id: number): void {
  const state = plant.series[id]!
  if (!state.own) return
  for (const watch of state.watches) watch.lag = plant.time - newestOf(plant.heads, id)
  setDue(plant, state)
}
