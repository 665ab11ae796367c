import type { Millis } from '../../contract/model.ts'
import type { Measure } from './dairy.ts'
import { dairy } from './dairy.ts'
import { chance } from './noise.ts'
import { reachOf } from './plant.ts'

export const faultKinds = ['spike', 'shift', 'drift', 'stuck', 'silence'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Something that goes wrong with one device, and ends. */
export interface Fault {
  readonly kind: FaultKind
  /** Index into `dairy`. */
  readonly device: number
  /** Index of the signal that shows it; -1 for silence. */
  readonly signal: number
  readonly from: Millis
  readonly until: Millis
  /** What it adds to the signals of the device. */
  readonly effects: readonly Effect[]
}

interface Effect {
  readonly signal: number
  readonly by: number
  readonly from: Millis
  readonly until: Millis
  /** From its beginning to its full size. */
  readonly ramp: Millis
}

export interface DemoStart {
  readonly seed: number
  /** When live begins, and history ends. */
  readonly startedAt: Millis
}

const second: Millis = 1_000
const minute = 60 * second
const hour = 60 * minute
export const historySpan: Millis = 72 * hour

/** The fault that a device has at this time, or null. A device has one at a time. */
export function faultAt(start: DemoStart, past: readonly Fault[], device: number, time: Millis): Fault | null {
  const known = time < start.startedAt ? past : liveFaultsNear(start, time)
  return known.find((fault) => fault.device === device && time >= fault.from && time < fault.until) ?? null
}

/** How far the fault moves a signal at this time. */
export function effectAt(fault: Fault, signal: number, time: Millis): number {
  let sum = 0
  for (const effect of fault.effects)
    if (effect.signal === signal && time > effect.from && time < effect.until) sum += effect.by * grownAt(effect, time)
  return sum
}

/** What comes slowly is repaired faster. */
function grownAt({ from, until, ramp }: Effect, time: Millis): number {
  return Math.min(1, (time - from) / ramp, (until - time) / Math.min(ramp, 20 * second))
}

const pastFaults = 8
/** Before, little is learned that a fault could stand out from. */
const quietStart = 20 * hour

/** The faults of the three days before live, oldest first. Each ends before live begins. */
export function historyFaults(start: DemoStart): readonly Fault[] {
  const room = (historySpan - quietStart) / pastFaults
  return Array.from({ length: pastFaults }, (_, n) => {
    const from = start.startedAt - historySpan + quietStart + n * room
    return inTurn(start.seed, n, from + chance(start.seed, 60_001, n) * (room - 50 * minute))
  })
}

/** Live fault n, from 0; they go on for ever, each 10 to 20 minutes after the one before. */
export function liveFault(start: DemoStart, n: number): Fault {
  const scene = opening[n]
  if (scene !== undefined) return scene(start.startedAt)
  const from = start.startedAt + lastScene + (n - opening.length + 1) * liveEvery
  return inTurn(start.seed, n + pastFaults, from + chance(start.seed, 60_002, n) * 5 * minute)
}

/** What a person sees first, the same for every seed. */
const opening: readonly ((live: Millis) => Fault)[] = [
  (live) => cavitation(live + 45 * second),
  (live) => silenceOf('Tank_T-110', 9)(live + 4 * minute),
  (live) => shiftOf('Homogeniser_H-11', 'vibration', 1.5, 25)(live + 8 * minute),
]
const lastScene = 8 * minute
const liveEvery = 15 * minute

function liveFaultsNear(start: DemoStart, time: Millis): readonly Fault[] {
  const newest = Math.floor((time - start.startedAt - lastScene) / liveEvery) + opening.length - 1
  const oldest = Math.max(0, Math.min(newest - 2, opening.length)) // none lasts longer than half an hour
  const near = Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, i) => liveFault(start, oldest + i))
  return newest - opening.length > 2 ? near : [...opening.map((scene) => scene(start.startedAt)), ...near]
}

/** The pump draws air: it takes less current at first, and seconds later the pressure falls. */
function cavitation(from: Millis): Fault {
  const fall = bent('shift', 'Pump_P-204', 'discharge_pressure', 1, from, 15 * minute, 8 * second)
  const also = (name: string, size: number, lasts: Millis) =>
    effect('Pump_P-204', name, size, from, from + lasts, 6 * second)
  return {
    ...fall,
    effects: [
      { ...fall.effects[0]!, by: -1.9, from: from + 12 * second },
      also('motor_current', -0.35, 15 * minute),
      also('motor_current', -0.22, 40 * second),
      also('flow', -0.45, 15 * minute),
      also('vibration', 0.4, 15 * minute),
    ],
  }
}

type Cause = (from: Millis) => Fault

/** What can happen, kind by kind; each kind takes the next of its own when its turn comes. */
const causes: Readonly<Record<FaultKind, readonly Cause[]>> = {
  spike: [
    spikeOf('Capper_CA-07', 'torque', 3.2),
    spikeOf('Conveyor_CV-3', 'motor_current', 3.6),
    spikeOf('Pump_P-102', 'flow', -3.4),
    spikeOf('Divert_valve_DV-2', 'supply_pressure', -3.2),
    spikeOf('Clarifier_CL-3', 'turbidity', 3.4),
    spikeOf('Conveyor_CV-5', 'motor_current', 3.4),
  ],
  shift: [
    shiftOf('Homogeniser_H-12', 'vibration', 3, 18),
    shiftOf('Compressor_K-05', 'line_pressure', -3.2, 12),
    shiftOf('Separator_S-31', 'bowl_speed', -3.2, 14),
    shiftOf('Filler_F-08', 'cycle_time', 3, 12),
    shiftOf('Pump_P-310', 'discharge_pressure', -3.2, 16),
    shiftOf('Holding_tube_HT-1', 'back_pressure', -3, 13),
  ],
  drift: [
    driftOf('Chiller_C-02', 'outlet_temp', 3.2),
    driftOf('Clarifier_CL-3', 'differential_pressure', 3),
    driftOf('Pump_P-205', 'bearing_temp', 3.2),
    driftOf('Plate_heater_PH-2', 'outlet_temp', -3),
    driftOf('Homogeniser_H-12', 'oil_temp', 3.2),
    driftOf('Conveyor_CV-4', 'gearbox_temp', 3),
  ],
  stuck: [
    stuckOf('Holding_tube_HT-2', 'flow'),
    stuckOf('Flow_meter_FM-1', 'flow'),
    stuckOf('Bottle_blower_BB-07', 'blow_pressure'),
    stuckOf('Filler_F-07', 'bowl_pressure'),
    stuckOf('Capper_CA-08', 'torque'),
  ],
  silence: [
    silenceOf('Conveyor_CV-4', 7),
    silenceOf('Separator_S-32', 6),
    silenceOf('Filler_F-08', 5),
    silenceOf('Pump_P-101', 8),
    silenceOf('Plate_heater_PH-1', 6),
  ],
}

function spikeOf(device: string, name: string, size: number): Cause {
  return (from) => bent('spike', device, name, size, from, minute, second)
}

function shiftOf(device: string, name: string, size: number, minutes: number): Cause {
  return (from) => bent('shift', device, name, size, from, minutes * minute, 10 * second)
}

function driftOf(device: string, name: string, size: number): Cause {
  return (from) => bent('drift', device, name, size, from, 26 * minute, 20 * minute)
}

function stuckOf(device: string, name: string): Cause {
  const index = deviceNamed(device)
  const signal = signalNamed(index, name)
  return (from) => ({ kind: 'stuck', device: index, signal, from, until: from + 12 * minute, effects: [] })
}

function silenceOf(device: string, minutes: number): Cause {
  const index = deviceNamed(device)
  return (from) => ({
    kind: 'silence',
    device: index,
    signal: -1,
    from,
    until: from + minutes * minute,
    effects: [],
  })
}

function inTurn(seed: number, n: number, from: Millis): Fault {
  const kind = faultKinds[(n + 1) % faultKinds.length]!
  const own = causes[kind]
  const turn = Math.floor(n / faultKinds.length) + Math.floor(chance(seed, 60_003, 0) * own.length)
  return own[turn % own.length]!(Math.round(from / second) * second)
}

/** A signal that leaves its usual place by `size` times the furthest that it goes by itself. */
function bent(
  kind: FaultKind,
  device: string,
  name: string,
  size: number,
  from: Millis,
  lasts: Millis,
  ramp: Millis,
): Fault {
  const only = effect(device, name, size, from, from + lasts, ramp)
  return { kind, device: deviceNamed(device), signal: only.signal, from, until: from + lasts, effects: [only] }
}

function effect(device: string, name: string, size: number, from: Millis, until: Millis, ramp: Millis): Effect {
  const index = deviceNamed(device)
  const signal = signalNamed(index, name)
  return { signal, by: size * reachOf(dairy[index]!.signals[signal] as Measure), from, until, ramp } // faults bend measures only
}

function deviceNamed(name: string): number {
  return dairy.findIndex(({ topic }) => topic.endsWith(`/${name}`))
}

function signalNamed(device: number, name: string): number {
  return dairy[device]!.signals.findIndex((signal) => signal.name === name)
}
