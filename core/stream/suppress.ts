import type { Alert, Commands, Maintenance, Millis, Suppression } from '../contract/model.ts'
import { change } from './alerts.ts'
import type { Emit } from './emit.ts'
import type { Plant } from './plant.ts'

/** A maintenance that has not ended. It begins and ends by deadline, so that whatever fires between is judged by it. */
export interface Window {
  readonly maintenance: Maintenance
  begun: boolean
}

/** Why alerts about a device call nobody now; null: they do. */
export function suppressionOf(plant: Plant, device: string): Suppression | null {
  if (plant.outOfService.has(device)) return 'out of service'
  for (const { begun, maintenance } of plant.windows.values())
    if (begun && isAbout(maintenance, device)) return 'maintenance'
  return null
}

function isAbout({ devices }: Maintenance, device: string): boolean {
  return devices.includes('*') || devices.includes(device)
}

export function putMaintenance(plant: Plant, maintenance: Commands['maintenance.put'], out: Emit): void {
  const { id, devices, from, until, by, note } = maintenance
  if (typeof id !== 'string' || !Array.isArray(devices) || !(until > plant.time && until > from)) return
  plant.windows.set(id, { maintenance, begun: from <= plant.time })
  out.maintenance(maintenance, null)
  settleAll(plant, plant.time, by, note, out)
}

export function endMaintenance(plant: Plant, { id, by }: Commands['maintenance.end'], out: Emit): void {
  const window = plant.windows.get(id)
  if (window === undefined) return
  plant.windows.delete(id)
  out.maintenance(window.maintenance, plant.time)
  settleAll(plant, plant.time, by, null, out)
}

export function setService(plant: Plant, service: Commands['service'], out: Emit): void {
  const { device, note, by } = service
  if (typeof device !== 'string' || plant.outOfService.has(device) === service.out) return
  if (service.out) plant.outOfService.add(device)
  else plant.outOfService.delete(device)
  out.service(service)
  settleAll(plant, plant.time, by, note, out)
}

/** Log time of the next begin or end of a maintenance; Infinity: none. */
export function nextWindow(plant: Plant): Millis {
  let next = Infinity
  for (const window of plant.windows.values()) next = Math.min(next, dueOf(window))
  return next
}

/** Begins or ends what is due at `time`. */
export function turnWindows(plant: Plant, time: Millis, out: Emit): void {
  let turned = false
  for (const [id, window] of [...plant.windows]) {
    if (dueOf(window) !== time) continue
    if (window.begun) plant.windows.delete(id)
    else window.begun = true
    turned = true
  }
  if (turned) settleAll(plant, time, null, null, out)
}

function dueOf({ begun, maintenance }: Window): Millis {
  return begun ? maintenance.until : maintenance.from
}

/** Every alert that holds is looked at again: one that a person put aside calls nobody, one that is back does. */
function settleAll(plant: Plant, time: Millis, by: string | null, note: string | null, out: Emit): void {
  for (const alert of [...plant.alerts.values()]) if (alert.until === null) settle(plant, alert, time, by, note, out)
}

function settle(plant: Plant, alert: Alert, time: Millis, by: string | null, note: string | null, out: Emit): void {
  const suppressed = suppressionOf(plant, alert.device)
  if (suppressed === alert.suppressed) return
  const phase = suppressed === null ? 'unsuppressed' : 'suppressed'
  change(plant, { ...alert, ...standing(plant, alert) }, phase, time, by, note, out)
}

/** Whether an alert that holds is put aside, and calls somebody, as things are now. */
export function standing(plant: Plant, alert: Alert): Pick<Alert, 'suppressed' | 'calls'> {
  const suppressed = suppressionOf(plant, alert.device)
  return { suppressed, calls: suppressed === null && alert.incident === null && !alert.historical }
}
