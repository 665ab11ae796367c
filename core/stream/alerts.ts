import type { Alert, AlertPhase, Explanation, Millis, Offset, Rule, Series, Transition } from '../contract/model.ts'
import { aboutSeries, alertId } from './alert-id.ts'
import { valueKeys } from './decode/parse.ts'
import { band } from './detect/band.ts'
import type { Detector, Verdict } from './detect/detector.ts'
import { codeOf } from './detect/kind.ts'
import { detectors } from './detect/registry.ts'
import { stuck } from './detect/stuck.ts'
import type { Emit } from './emit.ts'
import { type Explained, explainReading, moved } from './explain.ts'
import { everyOf, standingAt } from './heads.ts'
import { setDue } from './holds.ts'
import { isCalled, joinIncident, ofDevice, type Together } from './incident.ts'
import { labelOf, unitOf } from './naming.ts'
import type { Plant } from './plant.ts'
import { fits, isExact, rulesFor } from './rules.ts'
import { type SeriesState, signalLabel } from './series.ts'
import { standing, suppressionOf } from './suppress.ts'
import { thousands } from './thousands.ts'

/** One rule looking at one series: where its alert stands between in order and open. */
export interface Watch {
  rule: Rule
  readonly detector: Detector
  /** The states that the rule names, as values of the series. */
  codes: readonly number[]
  /** Event time at which the condition began; NaN: in order. */
  since: Millis
  /** The record with which it began. */
  sinceOffset: Offset
  /** Id of the open alert. */
  alert: string | null
  /** Id of its newest alert, open or not; null: none that would still be opened again or revised. */
  latest: string | null
  /** Event time at which that one last returned. */
  returnedAt: Millis
  /** How often in a row it came back soon after it had returned. */
  flaps: number
  /** Event time since which it is back in order, while the alert is open; NaN: it is not. */
  clearSince: Millis
  clearReadings: number
  /** What its alert will say once the condition has held for long enough; null: it does not wait for that. */
  said: Said | null
  /** Event time at which the condition is over if nothing more comes; Infinity: it goes on. */
  ends: Millis
  /** How far event time is behind log time, by its newest reading. */
  lag: Millis
  /** What a detector that keeps its own has learned; null: nothing yet. */
  learned: Float64Array | null
}

/** What an alert says, as of the newest reading of its condition. */
export interface Said extends Pick<Alert, 'title' | 'priority' | 'historical'> {
  readonly explanation: Explained
}

/** Alerts that returned and are still known, so that people can acknowledge or mark them. */
const maxReturned = 1_000
/** A condition that comes back within this time has come and gone; one hour is the usual window for chattering alarms. */
const flapMs: Millis = 3_600_000
/** As often as this it gets an alert of its own; from then on the last one is opened again and waits longer to return. */
const flapsAllowed = 2
const dampedClearMs: Millis = 1_800_000

/** The watches of a series under these rules; those that stay keep where they stand. */
export function watchSeries(rules: readonly Rule[], series: Series, before: readonly Watch[]): Watch[] {
  return rulesFor(rules, series.device, series.signal)
    .filter((rule) => (detectors.get(rule.detector)!.types ?? ['number']).includes(series.type))
    .map((rule) => keptWatch(rule, series, before) ?? newWatch(rule, series))
}

/**
 * The watches of a series that has read nothing. All that the same rules look at share one list, until one of them has
 * something to hold: most never have, and ten thousand lists would be fetched from memory at each reading.
 */
export function restingWatches(plant: Plant, series: Series): readonly Watch[] {
  const { rules, resting } = plant
  const key = scopeOf(rules, series)
  const known = resting.get(key)
  if (known !== undefined) return known
  const watches = watchSeries(rules, series, [])
  resting.set(key, watches)
  if (watches.length > 0 && watches.every(({ detector }) => detector === band || detector === stuck))
    plant.usual ??= watches
  return watches
}

/** Two series at which not the same rules look are of different scopes. */
function scopeOf(rules: readonly Rule[], { type, device, signal }: Series): string {
  let scope: string = type
  for (const rule of rules) if (isExact(rule) && fits(rule, device, signal)) scope += `\u0000${rule.id}`
  return scope
}

/** The watches of a series, to be changed. */
export function ownWatches(plant: Plant, state: SeriesState): readonly Watch[] {
  if (!state.own) {
    const copies = state.watches.map((watch) => ({ ...watch }))
    putWatches(plant, state, copies, true)
  }
  return state.watches
}

/** What looks at a series from now on. */
export function putWatches(plant: Plant, state: SeriesState, watches: readonly Watch[], own: boolean): void {
  state.watches = watches
  state.own = own
  plant.heads.calm[state.series.id] = Number(!own && watches === plant.usual)
}

/** It has something to go on with after a restart. */
export function isHolding({ latest, learned, since }: Watch): boolean {
  return latest !== null || learned !== null || !Number.isNaN(since)
}

function keptWatch(rule: Rule, series: Series, before: readonly Watch[]): Watch | null {
  const watch = before.find((each) => each.rule.id === rule.id && each.rule.detector === rule.detector)
  if (watch === undefined) return null
  if (watch.rule.other !== rule.other || watch.rule.states?.join('\n') !== rule.states?.join('\n')) watch.learned = null
  watch.rule = rule
  watch.codes = codesOf(rule, series)
  return watch
}

/** The states that a rule names, as values of this series. */
function codesOf({ states = none }: Rule, { type }: Series): readonly number[] {
  if (states.length === 0) return none
  return states.map((state) =>
    type === 'text' ? codeOf(state) : type === 'boolean' ? Number(state === 'true') : Number(state),
  )
}

function newWatch(rule: Rule, series: Series): Watch {
  const detector = detectors.get(rule.detector)!
  return {
    rule,
    detector,
    codes: codesOf(rule, series),
    since: Number.NaN,
    sinceOffset: 0,
    alert: null,
    latest: null,
    returnedAt: Number.NaN,
    flaps: 0,
    clearSince: Number.NaN,
    clearReadings: 0,
    said: null,
    ends: Infinity,
    lag: 0,
    learned: null,
  }
}

/** Judges the reading in `plant.now`. A series whose watches hold nothing any more shares theirs again. */
export function judgeAll(plant: Plant, state: SeriesState, out: Emit): void {
  for (let i = 0; i < state.watches.length; i++) judge(plant, state, i, out)
  if (state.own && !state.watches.some(isHolding)) putWatches(plant, state, restingWatches(plant, state.series), false)
}

/** For watch `i` alone. */
export function judge(plant: Plant, state: SeriesState, i: number, out: Emit): void {
  const watch = state.watches[i]!
  const { rule } = watch
  if (plant.now.codes !== watch.codes) lookFor(plant, watch)
  if (rule.other !== undefined) lookAtOther(plant, state, rule.other)
  if (watch.detector.keeps !== undefined)
    plant.now.learned = learnedBy(ownWatches(plant, state)[i]!, watch.detector.keeps)
  const verdict = watch.detector.step!(plant.row, plant.now, watch.rule.params, watch.alert !== null)
  if (watch.alert !== null) stay(plant, state, watch, verdict, out)
  else if (verdict > 0) wait(plant, state, ownWatches(plant, state)[i]!, verdict, out)
  else if (state.own) rest(watch)
}

/** Of this series alone, so no watch that others share. */
function learnedBy(watch: Watch, keeps: number): Float64Array {
  watch.learned ??= new Float64Array(keeps)
  return watch.learned
}

function lookFor({ now }: Plant, { rule, codes }: Watch): void {
  now.named = rule.states ?? none
  now.codes = codes
}

const none: readonly [] = []

function lookAtOther({ now, devices, series, heads }: Plant, state: SeriesState, signal: string): void {
  const id = devices[state.device]!.series.find((each) => series[each]!.series.signal === signal)
  now.otherName = signalLabel(signal)
  now.other = id === undefined ? Number.NaN : standingAt(heads, id)
}

function wait(plant: Plant, state: SeriesState, watch: Watch, verdict: Verdict, out: Emit): void {
  const { time, offset } = plant.now
  if (Number.isNaN(watch.since)) {
    watch.since = time
    watch.sinceOffset = offset
  }
  watch.said = verdict < 2 ? null : sayReading(plant, state, watch, verdict)
  goesOn(plant, watch)
  if (verdict < 2) return
  if (time - watch.since >= watch.rule.holdMs) open(plant, state, watch, time, out)
  setDue(plant, state)
}

/** The condition is there by the reading in hand. */
function goesOn({ now, time, row }: Plant, watch: Watch): void {
  watch.lag = time - now.time
  watch.ends = watch.detector.ends?.(row, now, watch.rule.params) ?? Infinity
}

/** The condition has held for long enough. */
export function open(plant: Plant, state: SeriesState, watch: Watch, time: Millis, out: Emit): void {
  watch.flaps = time - watch.returnedAt < flapMs ? watch.flaps + 1 : 0
  watch.alert = openAgain(plant, watch, time, out) ?? openReading(plant, state, watch, time, out)
  watch.latest = watch.alert
  watch.clearSince = Number.NaN
  watch.clearReadings = 0
  watch.said = null
}

function stay(plant: Plant, state: SeriesState, watch: Watch, verdict: Verdict, out: Emit): void {
  if (verdict > 0) {
    watch.clearSince = Number.NaN
    watch.clearReadings = 0
    goesOn(plant, watch)
    if (!plant.now.historical) goLive(plant, watch, out)
    if (verdict === 3) escalate(plant, watch, out)
  } else {
    const { time } = plant.now
    if (Number.isNaN(watch.clearSince)) watch.clearSince = time
    watch.clearReadings += 1
    watch.lag = plant.time - time
    if (watch.clearReadings < watch.detector.clearReadings) return
    if (time - watch.clearSince >= clearMsOf(watch)) clear(plant, watch, time, out)
  }
  setDue(plant, state)
}

/** What comes and goes must stay in order for longer before it counts as over. */
export function clearMsOf({ rule, flaps }: Watch): Millis {
  return flaps > flapsAllowed ? Math.max(rule.clearMs, dampedClearMs) : rule.clearMs
}

export function clear(plant: Plant, watch: Watch, time: Millis, out: Emit): void {
  const alert = plant.alerts.get(watch.alert!)!
  if (watch.rule.latch === true && alert.acknowledged === null)
    change(plant, { ...alert, latched: watch.clearSince }, 'latched', time, null, 'stays until acknowledged', out)
  else returned(plant, alert.id, watch.clearSince, time, null, out)
  watch.returnedAt = watch.clearSince
  watch.alert = null
  rest(watch)
}

/** In order, with no alert. */
export function rest(watch: Watch): void {
  watch.since = Number.NaN
  watch.said = null
}

/** The alert before this one, if it is latched still, or if the condition comes and goes; null: a new one opens. */
function openAgain(plant: Plant, watch: Watch, time: Millis, out: Emit): string | null {
  const before = watch.latest === null ? undefined : plant.alerts.get(watch.latest)
  if (before === undefined || (before.latched === null && watch.flaps <= flapsAllowed)) return null
  const reopened = before.reopened + 1
  const note = watch.flaps > flapsAllowed ? `comes and goes: ${watch.flaps + 1} times, each within an hour` : null
  const historical = before.historical && watch.said!.historical
  const held = { ...before, historical, until: null, latched: null, reopened }
  const again = { ...held, ...standing(plant, held) }
  change(plant, again, 'reopened', time, null, note, out)
  return before.id
}

/** It has begun in what a device had kept, and is still there: somebody must know, once for its incident. */
function goLive(plant: Plant, watch: Watch, out: Emit): void {
  const alert = plant.alerts.get(watch.alert!)!
  if (!alert.historical) return
  const calls = alert.suppressed === null && !isCalled(plant, alert)
  const note = 'was already active when its readings became live'
  change(plant, { ...alert, historical: false, already: true, calls }, 'revised', plant.now.time, null, note, out)
}

/** What has become far worse since it opened is critical from here on. */
function escalate(plant: Plant, watch: Watch, out: Emit): void {
  const alert = plant.alerts.get(watch.alert!)!
  if (watch.rule.priority !== 2 || alert.priority !== 2) return
  const calls = alert.suppressed === null && !alert.historical // also as a part of an incident: it is news
  change(plant, { ...alert, priority: 1, calls }, 'revised', plant.now.time, null, 'is critical now', out)
}

function openReading(plant: Plant, state: SeriesState, watch: Watch, time: Millis, out: Emit): string {
  const { series } = state
  const { explanation, ...said } = watch.said!
  return opened(plant, watch.rule, aboutSeries(series), out, {
    ...said,
    device: series.device,
    series: series.id,
    signal: series.signal,
    unit: unitOf(plant, state),
    since: watch.since,
    explanation: { ...explanation, moved: moved(plant, state, watch.since) },
    together: ofDevice(series.device, everyOf(plant.heads, series.id)),
    time,
  })
}

/** Before the reading in hand is learned from. */
function sayReading(plant: Plant, state: SeriesState, watch: Watch, verdict: Verdict): Said {
  const { title, explanation } = explainReading(plant, state, watch)
  return {
    title: `${nameOf(plant, state)} ${title}`,
    priority: verdict === 3 && watch.rule.priority === 2 ? 1 : watch.rule.priority,
    historical: plant.now.historical,
    explanation,
  }
}

/** A signal that is only called "value" says nothing: the device is then the name. */
function nameOf(plant: Plant, state: SeriesState): string {
  const isNamed = (plant.named.get(state.series.id)?.name ?? null) !== null
  return !isNamed && valueKeys.has(state.series.signal) ? plant.devices[state.device]!.label : labelOf(plant, state)
}

/** What an alert says beside its rule and its offset. */
export interface Opening
  extends Pick<Alert, 'title' | 'device' | 'series' | 'signal' | 'unit' | 'priority' | 'since' | 'historical'> {
  readonly explanation: Explanation
  /** What it may share a cause with; null: it stands alone. */
  readonly together: Together | null
  /** Of the transition. */
  readonly time: Millis
}

/** Opens an alert at the record that is being read; answers its id. */
export function opened(plant: Plant, rule: Rule, about: string, out: Emit, opening: Opening): string {
  const { time, together, ...said } = opening
  const id = alertId(rule.id, about, plant.next)
  const { head, isNews } = joinIncident(plant, { id, detector: rule.detector, ...said }, together)
  const suppressed = suppressionOf(plant, said.device)
  const alert: Omit<Alert, 'called'> = {
    id,
    rule: rule.id,
    ruleVersion: rule.version,
    detector: rule.detector,
    detectorVersion: detectors.get(rule.detector)?.version ?? 1,
    opened: plant.next,
    until: null,
    acknowledged: null,
    shelvedUntil: null,
    incident: head === id ? null : head,
    suppressed,
    already: false,
    calls: isNews && suppressed === null && !said.historical,
    latched: null,
    reopened: 0,
    ...said,
  }
  change(plant, alert, 'opened', time, null, null, out)
  return alert.id
}

export function returned(
  plant: Plant,
  id: string,
  until: Millis,
  time: Millis,
  note: string | null,
  out: Emit,
  by: string | null = null,
): void {
  const alert = plant.alerts.get(id)!
  change(plant, { ...alert, until, latched: null }, 'returned', time, by, note, out)
  forget(plant, out)
}

/** The oldest that returned; it is over, and all who hear of alerts are told so. */
function forget(plant: Plant, out: Emit): void {
  if (plant.alerts.size <= maxReturned) return
  for (const [id, alert] of plant.alerts) {
    if (alert.until === null || alert.shelvedUntil !== null) continue
    if (alert.acknowledged === null)
      change(plant, { ...alert, forgotten: true }, 'forgotten', plant.time, null, notSeen, out)
    plant.alerts.delete(id)
    return
  }
}

const notSeen = `nobody acknowledged it, and ${thousands(maxReturned)} others have returned since`

/** Puts the alert as it is now, and says so. */
export function change(
  plant: Plant,
  now: Omit<Alert, 'called'>,
  phase: AlertPhase,
  time: Millis,
  by: string | null,
  note: string | null,
  out: Emit,
): void {
  const before = plant.alerts.get(now.id)
  const begins = now.calls && (before?.calls !== true || phase === 'reopened')
  const alert: Alert = { ...now, called: begins ? plant.next : (before?.called ?? null) }
  const transition: Transition = { alert: alert.id, phase, offset: plant.next, time, by, note }
  plant.alerts.set(alert.id, alert)
  out.alert(alert, transition)
}

/** Ends what a watch has open, and lets it begin again from rest. */
export function restWatch(plant: Plant, watch: Watch, by: string | null, note: string, out: Emit): void {
  const { alert, latest } = watch
  const held = alert ?? (latest !== null && isLatched(plant, latest) ? latest : null)
  if (held !== null) returned(plant, held, plant.time, plant.time, note, out, by)
  watch.alert = watch.latest = null
  rest(watch)
}

function isLatched(plant: Plant, id: string): boolean {
  return (plant.alerts.get(id)?.latched ?? null) !== null
}
