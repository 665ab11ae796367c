import type { Alert, CommandName, Commands, Rule } from '../contract/model.ts'
import { knownAlert } from './alert-id.ts'
import { change, ownWatches, putWatches, restingWatches, restWatch, returned, watchSeries } from './alerts.ts'
import { setDeadline, unshelve } from './clock.ts'
import { mostSeries } from './detect/series-cap.ts'
import { endClockAlert } from './device-clock.ts'
import type { Emit } from './emit.ts'
import { endFull } from './full.ts'
import { turn } from './gaps.ts'
import { setDue } from './holds.ts'
import { wholeIncidents } from './incident.ts'
import { dropMapping, putMapping } from './mappings.ts'
import { learnMark } from './marks.ts'
import { allowAbsence, applyMissingRules } from './missing.ts'
import { nameSeries, seriesCalled } from './naming.ts'
import { type Plant, setLimit, silenceRule } from './plant.ts'
import { forgetUsual, rowOf } from './rows.ts'
import { ruleFor } from './rules.ts'
import { changing } from './slabs.ts'
import { endMaintenance, putMaintenance, setService } from './suppress.ts'

/** Does what a person has done. A command that is damaged, or about something unknown, changes nothing. */
export function command(plant: Plant, name: string, bytes: Uint8Array, out: Emit): void {
  const value = commandValue(bytes)
  const apply = commands[name as CommandName]
  if (value !== null && apply !== undefined && Object.hasOwn(commands, name)) apply(plant, value as never, out)
}

function commandValue(bytes: Uint8Array): object | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' ? value : null
  } catch {
    return null // the host checks commands before they are written; a damaged one is kept in the log as it is
  }
}

const commands: { readonly [K in CommandName]: (plant: Plant, value: Commands[K], out: Emit) => void } = {
  'rule.put': putRule,
  'rule.delete': deleteRule,
  ack: acknowledge,
  shelve,
  unshelve: (plant, on, out) => each(plant, on, (alert) => endShelf(plant, alert, on.by, out)),
  mark,
  normal: learnAnew,
  'series.put': nameSeries,
  note: (plant, note, out) => out.note(note, plant.next, plant.time),
  'mapping.put': (plant, mapping, out) => putMapping(plant, mapping, out),
  'mapping.delete': (plant, { id }, out) => dropMapping(plant, id, out),
  'maintenance.put': putMaintenance,
  'maintenance.end': endMaintenance,
  service: setService,
  bookmark: (plant, bookmark, out) => out.bookmark(bookmark, plant.next, plant.time),
  zone: (plant, zone, out) => {
    plant.zone = String(zone.name)
    plant.zoneChanges = Array.isArray(zone.changes) ? zone.changes : []
    out.zone({ name: plant.zone, changes: plant.zoneChanges })
  },
}

function putRule(plant: Plant, rule: Rule, out: Emit): void {
  if (typeof rule.id !== 'string' || typeof rule.scope !== 'object' || typeof rule.params !== 'object') return
  const at = plant.rules.findIndex((before) => before.id === rule.id)
  if (at >= 0) plant.rules[at] = rule
  else plant.rules.push(rule)
  out.rule(rule, false)
  applyRules(plant, out)
}

function deleteRule(plant: Plant, { id }: Commands['rule.delete'], out: Emit): void {
  const rule = plant.rules.find((each) => each.id === id)
  if (rule === undefined) return
  plant.rules = plant.rules.filter((each) => each !== rule)
  out.rule(rule, true)
  applyRules(plant, out)
}

function applyRules(plant: Plant, out: Emit): void {
  plant.resting.clear()
  plant.usual = null
  for (const state of plant.series) {
    const before = state.watches
    const { own, series } = state
    const watches = own ? watchSeries(plant.rules, series, before) : restingWatches(plant, series)
    putWatches(plant, state, watches, own)
    for (const watch of before)
      if (own && !watches.includes(watch)) restWatch(plant, watch, null, 'its rule was changed', out)
    setDue(plant, state)
  }
  const isWatched = plant.rules.some(({ detector, enabled }) => detector === 'series-cap' && enabled)
  if (!isWatched || plant.series.length < mostSeries(plant.rules)) endFull(plant, 'its rule was changed', out)
  applyMissingRules(plant, out)
  plant.devices.forEach((device, index) => {
    Object.assign(device, silenceRule(plant.rules, device.name))
    setLimit(device)
    plant.paces.changed[index] = 1
    if (device.clockAlert !== null && ruleFor(plant.rules, 'clock', device.name) === null)
      endClockAlert(plant, device, 'its rule was changed', out)
    if (device.rule === null && device.silent !== null) {
      returned(plant, device.silent, plant.time, plant.time, 'its rule was changed', out)
      device.silent = null
      turn(device.gaps, null, null, plant.time, plant.next, out)
    }
    setDeadline(plant, index)
  })
}

/** What is done to an alert is done to its whole incident, as it stands: one cause is seen once. */
function each(plant: Plant, { ids, seen }: Commands['unshelve'], apply: (alert: Alert) => void): void {
  if (!Array.isArray(ids)) return
  const known = ids.map((id) => knownAlert(plant, id, seen)).filter((alert) => alert !== null)
  for (const alert of wholeIncidents(plant, known)) apply(alert)
}

function acknowledge(plant: Plant, on: Commands['ack'], out: Emit): void {
  const { note, by } = on
  each(plant, on, (alert) => {
    if (alert.acknowledged !== null) return
    const acknowledged = { at: plant.time, by, note }
    change(plant, { ...alert, acknowledged }, 'acknowledged', plant.time, by, note, out)
    if (alert.latched !== null) returned(plant, alert.id, alert.latched, plant.time, null, out)
  })
}

function shelve(plant: Plant, on: Commands['shelve'], out: Emit): void {
  const { until, note, by } = on
  if (!(until > plant.time)) return
  each(plant, on, (alert) => {
    plant.shelved.add(alert.id)
    change(plant, { ...alert, shelvedUntil: until }, 'shelved', plant.time, by, note, out)
  })
}

function endShelf(plant: Plant, alert: Alert, by: string, out: Emit): void {
  if (alert.shelvedUntil !== null) unshelve(plant, alert, plant.time, by, out)
}

function mark(plant: Plant, { id, seen, useful, by }: Commands['mark'], out: Emit): void {
  const alert = knownAlert(plant, id, seen)
  if (alert === null) return
  change(plant, alert, 'marked', plant.time, by, useful ? 'useful' : 'not useful', out)
  learnMark(plant, alert, useful)
}

/** Whatever was usual before is forgotten; limits and other rules of a person go on. */
function learnAnew(plant: Plant, { series, of, by }: Commands['normal'], out: Emit): void {
  const state = seriesCalled(plant, series, of)
  if (state === null) return
  allowAbsence(plant, state.series.id, by, 'normal from here on', out)
  for (const watch of ownWatches(plant, state))
    if (learns(watch.rule.detector)) restWatch(plant, watch, by, 'normal from here on', out)
  changing(plant, state.series.id)
  forgetUsual(rowOf(plant.rows, state.series.id))
}

function learns(detector: string): boolean {
  return detector === 'band' || detector === 'stuck'
}
