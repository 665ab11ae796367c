import type { Alert, Millis, Priority } from '../contract/model.ts'
import { above } from './offline.ts'
import type { Plant } from './plant.ts'

/** Alerts that began so close to each other that one cause is likely: one call for a person, not one for each. */
export interface Incident {
  /** Id of the alert that it began with. */
  readonly head: string
  /** Event times at which the first and the last of its alerts began, in whatever order they opened. */
  readonly first: Millis
  readonly last: Millis
  /** The most urgent of its alerts. */
  readonly priority: Priority
}

/** What may belong together, and how far apart two may begin. */
export interface Together {
  /** Of one device, or of one source. */
  readonly key: string
  readonly withinMs: Millis
  /** The topic above the device; null: of devices beside it nothing is thought. */
  readonly branch: string | null
}

const leastWithin: Millis = 600_000
const gapsWithin = 10
/** So that a device which is never quiet does not hide a new fault behind an old one. */
const longest = 12

/** Alerts about one device belong together within 10 minutes, or 10 usual gaps where that is longer. */
export function ofDevice(device: string, every: Millis): Together {
  const withinMs = every > 0 ? Math.max(leastWithin, gapsWithin * every) : leastWithin
  return { key: `device:${device}`, withinMs, branch: above(device) || null }
}

/** Devices of one source that fall silent within two of their gaps have lost something that they share. */
export function ofSource(source: string, every: Millis): Together {
  return { key: `source:${source}`, withinMs: every > 0 ? 2 * every : 0, branch: null }
}

/** The incident that a new alert is part of from now on; of one that stands alone it is the head. */
export function joinIncident(
  plant: Plant,
  { id, detector, since, priority }: Pick<Alert, 'id' | 'detector' | 'since' | 'priority'>,
  together: Together | null,
): { readonly head: string; readonly isNews: boolean } {
  if (together === null) return { head: id, isNews: true }
  const { key, withinMs } = together
  const before = plant.incidents.get(key)
  const own = before !== undefined && isPart(plant, before, detector, since, withinMs) ? key : null
  const shared = own ?? sharedIn(plant, together, since)
  const known = shared === null ? null : plant.incidents.get(shared)!
  const now: Incident = {
    head: known?.head ?? id,
    first: Math.min(known?.first ?? since, since),
    last: Math.max(known?.last ?? since, since),
    priority: Math.min(known?.priority ?? priority, priority) as Priority, // the smaller of two priorities
  }
  plant.incidents.set(key, now)
  if (shared === null) addAlone(plant, together)
  else plant.incidents.set(shared, now)
  return { head: now.head, isNews: known === null || priority < known.priority }
}

/** So many of the newest incidents below a topic that began one of their own are known. */
const mostAlone = 8

function addAlone({ alone }: Plant, { key, branch }: Together): void {
  if (branch === null) return
  const others = (alone.get(branch) ?? []).filter((other) => other !== key)
  alone.set(branch, [...others, key].slice(-mostAlone))
}

/**
 * Two devices below one topic may both be in trouble by chance. A third that begins within the same ten minutes has lost
 * something that they share: it is part of the first's. Key of that incident; null: there is none.
 */
function sharedIn(plant: Plant, { key, branch }: Together, since: Millis): string | null {
  if (branch === null) return null
  const first = (other: string): Millis => plant.incidents.get(other)!.first
  const near = (plant.alone.get(branch) ?? []).filter((other) => other !== key && isOpenCall(plant, other, since))
  near.sort((a, b) => first(a) - first(b))
  return near.length < 2 ? null : near[0]!
}

/** It called somebody, is not over and seen, and began within the time. */
function isOpenCall({ incidents, alerts }: Plant, key: string, since: Millis): boolean {
  const { head, first } = incidents.get(key)!
  const alert = alerts.get(head)
  if (alert === undefined || alert.called === null || (alert.until !== null && alert.acknowledged !== null))
    return false
  return Math.abs(since - first) <= leastWithin
}

/** One whose head is over and seen is over: what comes now is news. */
function isPart(
  plant: Plant,
  { head, first, last }: Incident,
  detector: string,
  since: Millis,
  within: Millis,
): boolean {
  const alert = plant.alerts.get(head)
  if (alert === undefined || (alert.until !== null && alert.acknowledged !== null)) return false
  const span = Math.max(last, since) - Math.min(first, since)
  if (since < first - within || span > longest * within) return false
  return since <= last + within || (detector === upset && isUpset(plant, head))
}

/** The detector of devices that are unlike themselves. While one is, what else of it becomes so is part of it. */
const upset = 'band'

function isUpset(plant: Plant, head: string): boolean {
  for (const alert of plant.alerts.values())
    if (alert.until === null && alert.detector === upset && headOf(alert) === head) return true
  return false
}

/** Whether another alert of its incident that holds calls somebody. */
export function isCalled(plant: Plant, alert: Alert): boolean {
  for (const other of plant.alerts.values())
    if (other.until === null && other.calls && headOf(other) === headOf(alert)) return true
  return false
}

/** Every known alert of the incidents that these alerts belong to. */
export function wholeIncidents(plant: Plant, alerts: readonly Alert[]): readonly Alert[] {
  const heads = new Set(alerts.map(headOf))
  return heads.size === 0 ? [] : [...plant.alerts.values()].filter((alert) => heads.has(headOf(alert)))
}

function headOf({ id, incident }: Alert): string {
  return incident ?? id
}
