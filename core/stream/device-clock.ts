import type { Millis, Offset } from '../contract/model.ts'
import { opened, returned } from './alerts.ts'
import { clockFar, clockPart } from './detect/silence.ts'
import type { Emit } from './emit.ts'
import { explainClock } from './explain.ts'
import type { DeviceState, Plant } from './plant.ts'
import { ruleFor } from './rules.ts'

// The clock of a device that is wrong by always the same: its lag behind arrival stays. The lag of a buffer that drains
// shrinks, and that of messages on their way is small; neither is learned.

// Of the row of a device.
/** How far its clock is behind, as far as is known; what it says is corrected by so much. */
const behindAt = clockPart
/** The lag that is being tried, the log time since it holds, and the messages that had it. */
const lagAt = clockPart + 1
const sinceAt = clockPart + 2
const messagesAt = clockPart + 3
/** The first record that had the lag that is being tried. */
const firstAt = clockFar

/** Less is taken for the way of a message. */
const leastMs: Millis = 120_000
const enoughMessages = 10
const enoughMs: Millis = 300_000

export function clockBehind(row: Float64Array, at: number): Millis {
  return row[at + behindAt]!
}

/** As a base has it. */
export function setClock(row: Float64Array, behind: Millis): void {
  row[behindAt] = behind
}

/** Learns from a live message that says its time. True when what is known of the clock has changed. */
export function learnClock(row: Float64Array, at: number, { said, arrival, time: now, next: offset }: Plant): boolean {
  const lag = arrival - said
  if (!Number.isFinite(lag)) return false
  const tried = row[at + lagAt]!
  const messages = row[at + messagesAt]!
  if (messages === 0 || Math.abs(lag - tried) > tolerance(lag)) {
    row[at + lagAt] = lag
    row[at + sinceAt] = now
    row[at + messagesAt] = 1
    row[at + firstAt] = offset
    return false
  }
  row[at + messagesAt] = messages + 1
  if (messages + 1 < enoughMessages || now - row[at + sinceAt]! < enoughMs) return false
  return settle(row, at, Math.abs(tried) < leastMs ? 0 : tried)
}

/** The lag that is being tried: since when, from which record on, and how many messages had it. */
export function triedClock(row: Float64Array): {
  readonly since: Millis
  readonly first: Offset
  readonly messages: number
} {
  return { since: row[sinceAt]!, first: row[firstAt]!, messages: row[messagesAt]! }
}

function settle(row: Float64Array, at: number, behind: Millis): boolean {
  const known = row[at + behindAt]!
  if (behind === known || (behind !== 0 && known !== 0 && Math.abs(behind - known) <= tolerance(behind))) return false
  row[at + behindAt] = behind
  return true
}

/** Messages differ by their way; a clock that is hours off is known less exactly than one that is minutes off. */
function tolerance(lag: Millis): Millis {
  return Math.min(30_000, Math.max(5_000, Math.abs(lag) / 200))
}

/** What is known of the clock of a device has changed: said, and told to a person. */
export function clockChanged(plant: Plant, device: DeviceState, out: Emit): void {
  const behind = clockBehind(device.row, 0)
  out.clock(device.name, behind)
  if (device.clockAlert !== null) endClockAlert(plant, device, null, out)
  const rule = ruleFor(plant.rules, 'clock', device.name)
  if (behind === 0 || rule === null) return
  device.clockAlert = opened(plant, rule, device.name, out, {
    title: `Clock of ${device.label} is ${clockWords(behind)}`,
    device: device.name,
    series: null,
    signal: null,
    unit: null,
    priority: rule.priority,
    since: device.row[sinceAt]!,
    historical: false,
    explanation: explainClock(plant, device, clockWords(behind)),
    together: null,
    time: plant.time,
  })
}

export function endClockAlert(plant: Plant, device: DeviceState, why: string | null, out: Emit): void {
  returned(plant, device.clockAlert!, plant.time, plant.time, why, out)
  device.clockAlert = null
}

/** "3 h behind", "2 min ahead". */
function clockWords(behind: Millis): string {
  const minutes = Math.round(Math.abs(behind) / 60_000)
  const size = minutes < 120 ? `${minutes} min` : minutes < 4_320 ? `${round(minutes / 60)} h` : daysOf(minutes)
  return `${size} ${behind > 0 ? 'behind' : 'ahead'}`
}

function daysOf(minutes: number): string {
  const days = minutes / 1_440
  return days < 730 ? `${Math.round(days)} days` : `${Math.round(days / 365.25)} years`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
