import type { Alert, Offset, SeenAlert, Series } from '../contract/model.ts'
import type { Plant } from './plant.ts'

// An alert is called by its rule, by what it is about and by the record that opened it: all three are in the log.

export function alertId(rule: string, about: string, opened: Offset): string {
  return `${rule}:${about}:${opened}`
}

/** Not by its number, which depends on what else was read before it. */
export function aboutSeries({ device, signal, type }: Series): string {
  return type === 'number' ? `${device}/${signal}` : `${device}/${signal} (${type})`
}

/** The alert that a person meant; null: the log as it is read now has none like it. */
export function knownAlert(plant: Plant, id: string, seen: readonly SeenAlert[] | undefined): Alert | null {
  const alert = plant.alerts.get(id) ?? plant.alerts.get(renumbered(plant, id))
  if (alert !== undefined) return alert
  const then = seen?.find((one) => one.id === id)
  return then === undefined ? null : sameAt(plant, then)
}

/** Older logs call alerts by the number of their series. */
function renumbered(plant: Plant, id: string): string {
  const [, rule, series, opened] = /^(.+):(\d+):(\d+)$/.exec(id) ?? []
  const state = plant.series[Number(series)]
  return state === undefined ? id : alertId(rule!, aboutSeries(state.series), Number(opened))
}

/** Of those about the same at the same time, the one that began nearest to it. */
function sameAt(plant: Plant, then: SeenAlert): Alert | null {
  let best: Alert | null = null
  for (const alert of plant.alerts.values()) {
    if (alert.rule !== then.rule || alert.device !== then.device || alert.signal !== then.signal) continue
    if (alert.since > (then.until ?? Infinity) || then.since > (alert.until ?? Infinity)) continue
    if (best === null || Math.abs(alert.since - then.since) < Math.abs(best.since - then.since)) best = alert
  }
  return best
}
