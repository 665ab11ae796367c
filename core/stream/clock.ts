import type { Alert, Millis } from '../contract/model.ts'
import { change, opened, returned } from './alerts.ts'
import { afterMs } from './detect/link.ts'
import { deviceEvery, deviceLimit, heard, resume, skipGap } from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { explainLink, explainSilence } from './explain.ts'
import { turn } from './gaps.ts'
import { fireHold, nextHold, waitAgain } from './holds.ts'
import { ofSource } from './incident.ts'
import { announcedDeath } from './offline.ts'
import { paceAt } from './paces.ts'
import type { DeviceState, Plant, SourceState } from './plant.ts'
import { ruleFor } from './rules.ts'
import { nextWindow, turnWindows } from './suppress.ts'

/** Fires every deadline up to log time, each as of its own time, earliest first. Answers a time before which there is none. */
export function fireDeadlines(plant: Plant, out: Emit): Millis {
  const due = (device: number): Millis => silenceDue(plant, plant.devices[device]!)
  for (;;) {
    const silence = plant.deadlines.next(due, plant.time)
    const other = nextOther(plant)
    const hold = nextHold(plant)
    if (silence <= Math.min(other, hold, plant.time)) goSilent(plant, plant.deadlines.take(), silence, out)
    else if (other <= Math.min(hold, plant.time)) fireOther(plant, other, out)
    else if (hold < plant.time) fireHold(plant, hold, out)
    else return Math.min(silence, other, hold)
  }
}

/** NaN: no deadline. */
function silenceDue(plant: Plant, { silent, source, row }: DeviceState): Millis {
  return silent !== null || !plant.sources[source]!.up ? Number.NaN : row[heard]! + row[deviceLimit]!
}

/** Call when anything that a device's deadline depends on has changed. */
export function setDeadline(plant: Plant, index: number): void {
  addDeadline(plant, index, silenceDue(plant, plant.devices[index]!))
}

/** A message of it has just come, so that it is not silent and its source is there. */
export function putOffDeadline(plant: Plant, index: number): void {
  const { numbers } = plant.paces
  const at = paceAt(index)
  addDeadline(plant, index, numbers[at + heard]! + numbers[at + deviceLimit]!)
}

function addDeadline(plant: Plant, index: number, due: Millis): void {
  if (Number.isNaN(due)) return
  plant.deadlines.add(index, due)
  if (due < plant.wake) plant.wake = due
}

function goSilent(plant: Plant, index: number, time: Millis, out: Emit): void {
  const device = plant.devices[index]!
  const rule = device.rule!
  plant.paces.changed[index] = 1
  plant.paces.by[index] = -1
  device.silent = opened(plant, rule, device.name, out, {
    title: `No message from ${device.label}`,
    device: device.name,
    series: null,
    signal: null,
    unit: null,
    priority: rule.priority,
    since: device.row[heard]!,
    historical: false,
    explanation: explainSilence(device, device.row[deviceLimit]!, announcedDeath(plant, device)),
    together: ofSource(plant.sources[device.source]!.name, device.row[deviceEvery]!),
    time,
  })
  turn(device.gaps, 'device silent', null, device.row[heard]!, plant.next, out)
}

/** Shelves that end, links that stay lost, maintenance: few, so they are looked through. */
function nextOther(plant: Plant): Millis {
  let next = nextWindow(plant)
  for (const source of plant.sources) if (source.due < next) next = source.due
  for (const id of plant.shelved) {
    const until = plant.alerts.get(id)!.shelvedUntil!
    if (until < next) next = until
  }
  return next
}

function fireOther(plant: Plant, time: Millis, out: Emit): void {
  for (const source of plant.sources) if (source.due === time) lose(plant, source, time, out)
  for (const id of [...plant.shelved]) {
    const alert = plant.alerts.get(id)!
    if (alert.shelvedUntil === time) unshelve(plant, alert, time, null, out)
  }
  turnWindows(plant, time, out)
}

export function unshelve(plant: Plant, alert: Alert, time: Millis, by: string | null, out: Emit): void {
  plant.shelved.delete(alert.id)
  change(plant, { ...alert, shelvedUntil: null }, 'unshelved', time, by, null, out)
}

function lose(plant: Plant, source: SourceState, time: Millis, out: Emit): void {
  source.due = Number.NaN
  const rule = ruleFor(plant.rules, 'link', source.name)
  if (rule === null) return
  source.alert = opened(plant, rule, source.name, out, {
    title: `Connection to ${source.name} lost`,
    device: source.name,
    series: null,
    signal: null,
    unit: null,
    priority: rule.priority,
    since: source.lostSince,
    historical: false,
    explanation: explainLink(source, afterMs(rule)),
    together: null,
    time,
  })
}

/** Messages can come from now on: what was missed until now is not the devices' own silence. */
export function linkUp(plant: Plant, source: SourceState, out: Emit): void {
  source.up = true
  source.due = Number.NaN
  if (source.alert !== null) returned(plant, source.alert, plant.time, plant.time, null, out)
  source.alert = null
  forgive(plant, source)
}

export function linkDown(plant: Plant, source: SourceState): void {
  if (!source.up && source.alert !== null) return
  source.up = false
  if (!Number.isNaN(source.due)) return
  source.lostSince = plant.time
  source.lostAt = plant.next
  const rule = ruleFor(plant.rules, 'link', source.name)
  source.due = rule === null ? Number.NaN : plant.time + afterMs(rule)
}

/** A person or the recorder ended the link: nobody is missing. */
export function linkStopped(plant: Plant, source: SourceState, out: Emit): void {
  source.up = false
  source.due = Number.NaN
  if (source.alert !== null) returned(plant, source.alert, plant.time, plant.time, 'capture was stopped', out)
  source.alert = null
}

/** Time in which nothing could be heard counts for no device. */
export function forgive(plant: Plant, source: SourceState): void {
  for (const index of source.devices) {
    const device = plant.devices[index]!
    resume(device.row, plant.next, plant.time)
    plant.paces.changed[index] = 1
    for (const series of device.series) waitAgain(plant, series)
    if (Number.isNaN(device.row[heard]!)) continue
    device.row[skipGap] = 1
    if (device.silent === null) device.row[heard] = plant.time
    setDeadline(plant, index)
  }
}
