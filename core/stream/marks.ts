import type { Alert } from '../contract/model.ts'
import { setDeadline } from './clock.ts'
import { markAlert } from './detect/band.ts'
import { markAbsence } from './detect/silence.ts'
import { markRun } from './detect/stuck.ts'
import { markMissing } from './missing.ts'
import { type Plant, setLimit } from './plant.ts'
import { type Row, rowOf } from './rows.ts'
import { changing } from './slabs.ts'

/**
 * What a mark changes of what is learned, from here on: a useful alert was a fault, so that what it did does not become
 * usual; one that was not useful was none, so that it is usual at once. Of the newest alert of its kind only: what older
 * ones did can no longer be told from the rest. A limit of a person is not learned.
 */
export function learnMark(plant: Plant, alert: Alert, useful: boolean): void {
  const { detector, series } = alert
  if (detector === 'silence') ofDevice(plant, alert, useful)
  else if (series === null) return
  else if (detector === 'missing') ofMissing(plant, alert, series, useful)
  else if (detector === 'band') ofReadings(plant, alert, series, (row, open) => markAlert(row, useful, open))
  else if (detector === 'stuck') ofReadings(plant, alert, series, (row, open) => markRun(row, useful, open))
}

function ofReadings(plant: Plant, { id }: Alert, series: number, learn: (row: Row, open: boolean) => void): void {
  const watch = plant.series[series]?.watches.find(({ latest }) => latest === id)
  if (watch === undefined) return
  changing(plant, series)
  learn(rowOf(plant.rows, series), watch.alert === id)
}

function ofMissing(plant: Plant, alert: Alert, series: number, useful: boolean): void {
  if (!isNewest(plant, alert)) return
  changing(plant, series)
  markMissing(plant, series, useful)
}

function ofDevice(plant: Plant, alert: Alert, useful: boolean): void {
  const index = plant.deviceOf.get(alert.device)
  if (index === undefined || !isNewest(plant, alert)) return
  const device = plant.devices[index]!
  markAbsence(device.row, useful, device.silent === alert.id)
  setLimit(device)
  plant.paces.changed[index] = 1
  setDeadline(plant, index)
}

/** Alerts are kept in the order in which they opened. */
function isNewest({ alerts }: Plant, { id, detector, device, series }: Alert): boolean {
  const newest = [...alerts.values()].findLast(
    (each) => each.detector === detector && each.device === device && each.series === series,
  )
  return newest?.id === id
}
