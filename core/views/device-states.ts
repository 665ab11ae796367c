import type { DeviceState } from '../contract/calls.ts'
import type { Alert, Offset, Priority } from '../contract/model.ts'
import { type DeviceEntry, nameAt } from './catalogue.ts'
import type { Instant } from './instant.ts'
import { isAside } from './open-alerts.ts'

/** What the alerts that hold now say about a device. */
export interface Standing {
  readonly state: DeviceState
  readonly priority: Priority | null
  readonly acknowledged: boolean
  /** The series that its worst alert is about. */
  readonly series: number | null
}

/** Of the devices that have an alert whose condition holds. */
export function standings(alerts: readonly Alert[], instant: Instant): Map<string, Standing> {
  const byDevice = new Map<string, Alert[]>()
  for (const alert of alerts) {
    if (alert.until !== null) continue
    const list = byDevice.get(alert.device)
    if (list === undefined) byDevice.set(alert.device, [alert])
    else list.push(alert)
  }
  return new Map([...byDevice].map(([device, list]) => [device, standing(list, instant)]))
}

function standing(alerts: readonly Alert[], instant: Instant): Standing {
  const held = alerts.filter((alert) => !isAside(alert, instant.time))
  const worst = [...(held.length > 0 ? held : alerts)].sort(compareAlerts)[0]!
  return {
    state: held.length === 0 ? 'shelved' : held.some(isSilence) ? 'silent' : 'alert',
    priority: worst.priority,
    acknowledged: worst.acknowledged !== null,
    series: worst.series,
  }
}

function isSilence(alert: Alert): boolean {
  return alert.detector === 'silence'
}

/** Worst first: not acknowledged, then by priority, then the newest. */
function compareAlerts(a: Alert, b: Alert): number {
  return (
    Number(a.acknowledged !== null) - Number(b.acknowledged !== null) || a.priority - b.priority || b.since - a.since
  )
}

const normal: Standing = { state: 'normal', priority: null, acknowledged: false, series: null }
const learning: Standing = { ...normal, state: 'learning' }

export function standingOf(device: DeviceEntry, found: ReadonlyMap<string, Standing>, instant: Instant): Standing {
  return found.get(device.device) ?? (isLearning(device, instant) ? learning : normal)
}

/** It is known, and not only by readings that count as those of other devices. */
export function isThere({ first, series }: DeviceEntry, offset: Offset): boolean {
  return first < offset && series.some((each) => each.first < offset && nameAt(each, offset).said.into === null)
}

/** It has numbers, and none of them has a band yet or is known to get none. */
function isLearning({ series }: DeviceEntry, { offset }: Instant): boolean {
  let numbers = 0
  for (const one of series) {
    if (one.type !== 'number' || one.first >= offset) continue
    if (one.settled !== null && one.settled < offset) return false
    numbers += 1
  }
  return numbers > 0
}
