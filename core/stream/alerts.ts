import type { Alert, AlertPhase, Explanation, Millis, Rule, Series, Transition } from '../contract/model.ts'
import { valueKeys } from './decode/parse.ts'
import type { Detector, Verdict } from './detect/detector.ts'
import { detectors } from './detect/registry.ts'
import type { Emit } from './emit.ts'
import { explainReading } from './explain.ts'
import type { Plant } from './plant.ts'
import { rulesFor } from './rules.ts'
import { guessUnit, type SeriesState, signalLabel } from './series.ts'

/** One rule looking at one series: where its alert stands between in order and open. */
export interface Watch {
  rule: Rule
  readonly detector: Detector
  /** Event time at which the condition began; NaN: in order. */
  since: Millis
  /** Id of the open alert. */
  alert: string | null
  /** Event time since which it is back in order, while the alert is open; NaN: it is not. */
  clearSince: Millis
  clearReadings: number
}

/** Alerts that returned and are still known, so that people can acknowledge or mark them. */
const maxReturned = 1_000

/** The watches of a series under these rules; those that stay keep where they stand. */
export function watchSeries(rules: readonly Rule[], series: Series, before: readonly Watch[]): Watch[] {
  if (series.type === 'text') return []
  const fitting = rulesFor(rules, series.device, series.signal)
  return fitting
    .filter((rule) => series.type === 'number' || rule.detector === 'limits')
    .map((rule) => keptWatch(rule, before) ?? newWatch(rule))
}

function keptWatch(rule: Rule, before: readonly Watch[]): Watch | null {
  const watch = before.find((each) => each.rule.id === rule.id && each.rule.detector === rule.detector)
  if (watch === undefined) return null
  watch.rule = rule
  return watch
}

function newWatch(rule: Rule): Watch {
  const detector = detectors.get(rule.detector)!
  return { rule, detector, since: Number.NaN, alert: null, clearSince: Number.NaN, clearReadings: 0 }
}

/** Judges the reading in `plant.now` for one watch. */
export function judge(plant: Plant, state: SeriesState, watch: Watch, out: Emit): void {
  const verdict = watch.detector.step!(state.row, plant.now, watch.rule.params, watch.alert !== null)
  if (watch.alert !== null) stay(plant, watch, verdict, out)
  else if (verdict === 0) watch.since = Number.NaN
  else wait(plant, state, watch, verdict, out)
}

function wait(plant: Plant, state: SeriesState, watch: Watch, verdict: Verdict, out: Emit): void {
  const { time } = plant.now
  if (Number.isNaN(watch.since)) watch.since = time
  if (verdict < 2 || time - watch.since < watch.rule.holdMs) return
  watch.alert = openReading(plant, state, watch, verdict, out)
  watch.clearSince = Number.NaN
  watch.clearReadings = 0
}

function stay(plant: Plant, watch: Watch, verdict: Verdict, out: Emit): void {
  if (verdict > 0) {
    watch.clearSince = Number.NaN
    watch.clearReadings = 0
    return
  }
  const { time } = plant.now
  if (Number.isNaN(watch.clearSince)) watch.clearSince = time
  watch.clearReadings += 1
  if (watch.clearReadings < watch.detector.clearReadings || time - watch.clearSince < watch.rule.clearMs) return
  returned(plant, watch.alert!, watch.clearSince, time, null, out)
  watch.alert = null
  watch.since = Number.NaN
}

function openReading(plant: Plant, state: SeriesState, watch: Watch, verdict: Verdict, out: Emit): string {
  const { series } = state
  const { title, explanation } = explainReading(plant, state, watch)
  return opened(plant, watch.rule, String(series.id), out, {
    title: `${nameOf(plant, state)} ${title}`,
    device: series.device,
    series: series.id,
    signal: series.signal,
    unit: series.unit ?? guessUnit(series.signal),
    priority: verdict === 3 && watch.rule.priority === 2 ? 1 : watch.rule.priority,
    since: watch.since,
    historical: plant.now.historical,
    explanation,
    time: plant.now.time,
  })
}

/** A signal that is only called "value" says nothing: the device is then the name. */
function nameOf(plant: Plant, { series, device }: SeriesState): string {
  return valueKeys.has(series.signal) ? plant.devices[device]!.label : signalLabel(series.signal)
}

/** What an alert says beside its rule and its offset. */
export interface Opening
  extends Pick<Alert, 'title' | 'device' | 'series' | 'signal' | 'unit' | 'priority' | 'since' | 'historical'> {
  readonly explanation: Explanation
  /** Of the transition. */
  readonly time: Millis
}

/** Opens an alert at the record that is being read; answers its id. */
export function opened(plant: Plant, rule: Rule, about: string, out: Emit, opening: Opening): string {
  const { time, ...said } = opening
  const alert: Alert = {
    id: `${rule.id}:${about}:${plant.next}`,
    rule: rule.id,
    ruleVersion: rule.version,
    detector: rule.detector,
    detectorVersion: detectors.get(rule.detector)?.version ?? 1,
    opened: plant.next,
    until: null,
    acknowledged: null,
    shelvedUntil: null,
    ...said,
  }
  change(plant, alert, 'opened', time, null, null, out)
  return alert.id
}

export function returned(plant: Plant, id: string, until: Millis, time: Millis, note: string | null, out: Emit): void {
  const alert = plant.alerts.get(id)!
  change(plant, { ...alert, until }, 'returned', time, null, note, out)
  forget(plant)
}

function forget(plant: Plant): void {
  if (plant.alerts.size <= maxReturned) return
  for (const [id, alert] of plant.alerts) {
    if (alert.until === null || alert.shelvedUntil !== null) continue
    plant.alerts.delete(id)
    return
  }
}

/** Puts the alert as it is now, and says so. */
export function change(
  plant: Plant,
  alert: Alert,
  phase: AlertPhase,
  time: Millis,
  by: string | null,
  note: string | null,
  out: Emit,
): void {
  const transition: Transition = { alert: alert.id, phase, offset: plant.next, time, by, note }
  plant.alerts.set(alert.id, alert)
  out.alert(alert, transition)
}

/** Ends the alert of a rule that no longer looks at the series. */
export function endWatch(plant: Plant, watch: Watch, out: Emit): void {
  if (watch.alert !== null) returned(plant, watch.alert, plant.time, plant.time, 'its rule was changed', out)
  watch.alert = null
}
