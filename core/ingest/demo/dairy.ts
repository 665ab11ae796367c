import type { Millis } from '../../contract/model.ts'

/** A measurement around a level that follows day, shift and load. */
export interface Measure {
  readonly kind: 'measure'
  readonly name: string
  readonly digits: number
  readonly base: number
  /** Of day and shift, at most. */
  readonly swing: number
  /** Over minutes and hours, at most. Negative: falls when the load of the device rises. */
  readonly wander: number
  /** Spread of the fine noise. */
  readonly grain: number
}

/** Goes up and down between two limits, a little differently each time. */
export interface Level {
  readonly kind: 'level'
  readonly name: string
  readonly digits: number
  readonly low: number
  readonly high: number
  readonly period: Millis
  /** Part of the period in which it rises. */
  readonly rising: number
  readonly grain: number
}

/** Counts since midnight UTC. */
export interface Count {
  readonly kind: 'count'
  readonly name: string
  readonly every: Millis
}

/** Words that follow each other in turn, each for its part of the period. */
export interface State {
  readonly kind: 'state'
  readonly name: string
  readonly period: Millis
  readonly words: readonly (readonly [word: string, part: number])[]
}

export type Signal = Measure | Level | Count | State

export interface Device {
  /** Its last level is what `place.ts` makes a label of: "Pump_P-204" is shown as "Pump P-204". */
  readonly topic: string
  readonly every: Millis
  /** The main one first. */
  readonly signals: readonly Signal[]
}

const minute: Millis = 60_000
const hour = 60 * minute
const fast: Millis = 2_000
const usual: Millis = 10_000
const slow: Millis = minute

/** 48 devices of a dairy, area by area along the way of the milk. */
export const dairy: readonly Device[] = [
  ...area('Intake', [
    device('Silo_S-01', usual, silo(31, 94, turns(4.5))),
    device('Silo_S-02', usual, silo(18, 88, turns(3.5))),
    device('Silo_S-03', slow, silo(25, 91, turns(2.5))),
    device('Tank_T-110', usual, [
      measure('temperature', 1, 4.3, 0.2, 0.3, 0.12),
      level('level', 1, 22, 86, turns(5.5), 0.5, 0.15),
      measure('agitator_current', 2, 3.4, 0.06, 0.1, 0.04),
      running(),
    ]),
    device('Pump_P-101', usual, pump(3.2, 9.6, 24)),
    device('Pump_P-102', usual, pump(3.4, 10.1, 26)),
    device('Flow_meter_FM-1', usual, [
      measure('flow', 2, 24.6, 0.7, 0.9, 0.35),
      measure('temperature', 1, 4.8, 0.2, 0.25, 0.12),
      measure('conductivity', 2, 4.62, 0.05, 0.08, 0.04),
    ]),
    device('Milk_cooler_MC-1', slow, [
      measure('outlet_temp', 1, 3.6, 0.2, 0.25, 0.12),
      measure('inlet_temp', 1, 6.9, 0.4, 0.5, 0.15),
      measure('coolant_flow', 1, 18.4, 0.5, 0.8, 0.3),
      running(),
    ]),
  ]),
  ...area('Pasteurising', [
    device('Pump_P-204', fast, [
      measure('discharge_pressure', 2, 5, 0.07, 0.11, 0.055),
      measure('motor_current', 2, 14.2, 0.2, 0.35, 0.16),
      measure('flow', 2, 18.4, 0.3, 0.45, 0.2),
      measure('vibration', 2, 2.1, 0.05, 0.12, 0.07),
      measure('bearing_temp', 1, 61.5, 0.8, 1.1, 0.25),
      running(),
    ]),
    device('Plate_heater_PH-1', usual, heater(65.4)),
    device('Plate_heater_PH-2', usual, heater(72.8)),
    device('Holding_tube_HT-1', usual, holdingTube(65.1, 3.86)),
    device('Holding_tube_HT-2', usual, holdingTube(72.5, 4.21)),
    device('Homogeniser_H-11', usual, homogeniser(3.2, 181)),
    device('Homogeniser_H-12', usual, homogeniser(2.9, 176)),
    device('Balance_tank_BT-2', slow, [
      level('level', 1, 44, 72, 50 * minute, 0.5, 0.3),
      measure('temperature', 1, 5.2, 0.3, 0.3, 0.12),
      running(),
    ]),
    device('Pump_P-205', usual, pump(4.4, 12.7, 18)),
    device('Divert_valve_DV-2', usual, [
      measure('supply_pressure', 2, 6.1, 0.05, 0.1, 0.04),
      measure('position_pct', 1, 97.8, 0.2, 0.4, 0.15),
      state('state', 30 * minute, [['forward', 1]]),
    ]),
    device('Regenerator_RG-2', slow, [
      measure('outlet_temp', 1, 58.6, 0.4, 0.6, 0.2),
      measure('differential_pressure', 2, 0.62, 0.02, 0.03, 0.015),
      running(),
    ]),
  ]),
  ...area('Separation', [
    device('Separator_S-31', usual, separator(6_480)),
    device('Separator_S-32', usual, separator(6_310)),
    device('Clarifier_CL-3', usual, [
      measure('differential_pressure', 2, 0.84, 0.03, 0.05, 0.02),
      measure('flow', 2, 17.2, 0.3, 0.5, 0.2),
      measure('turbidity', 2, 1.42, 0.04, 0.1, 0.05),
      running(),
    ]),
    device('Cream_tank_CT-1', slow, [
      level('level', 1, 20, 82, turns(6.5), 0.6, 0.15),
      measure('temperature', 1, 5.9, 0.2, 0.3, 0.12),
      running(),
    ]),
    device('Pump_P-310', usual, pump(2.9, 7.4, 11)),
    device('Standardiser_ST-3', slow, [
      measure('fat_pct', 2, 3.51, 0.01, 0.03, 0.015),
      measure('cream_flow', 2, 1.34, 0.04, 0.08, 0.04),
      running(),
    ]),
  ]),
  ...area('Filling', [
    device('Filler_F-07', fast, [
      measure('cycle_time', 2, 1.92, 0.02, 0.04, 0.025),
      measure('bowl_pressure', 2, 1.35, 0.02, 0.04, 0.02),
      measure('bowl_level', 1, 58, 1, 2, 0.8),
      count('filled_today', 1_920),
      running(),
    ]),
    device('Filler_F-08', usual, [
      measure('cycle_time', 2, 2.06, 0.02, 0.05, 0.025),
      measure('bowl_pressure', 2, 1.31, 0.02, 0.04, 0.02),
      measure('bowl_level', 1, 61, 1, 2, 0.8),
      count('filled_today', 2_060),
      running(),
    ]),
    device('Capper_CA-07', usual, capper(1.71)),
    device('Capper_CA-08', usual, capper(1.68)),
    device('Conveyor_CV-3', usual, conveyor(44)),
    device('Conveyor_CV-4', usual, conveyor(47)),
    device('Conveyor_CV-5', usual, conveyor(41)),
    device('Labeller_L-07', slow, [
      measure('label_tension', 2, 12.4, 0.2, 0.5, 0.25),
      count('labels_today', 1_925),
      running(),
    ]),
    device('Checkweigher_CW-07', slow, [
      measure('mean_weight', 1, 1_031.5, 0.3, 0.8, 0.4),
      measure('weight_spread', 2, 1.12, 0.02, 0.08, 0.05),
      count('rejects_today', 210_000),
    ]),
    device('Case_packer_CP-07', slow, [
      measure('vacuum_pressure', 3, 0.412, 0.005, 0.01, 0.005),
      count('cases_today', 23_100),
      running(),
    ]),
    device('Palletiser_PL-1', slow, [
      measure('lift_current', 1, 18.6, 0.3, 0.8, 0.4),
      count('layers_today', 264_000),
      running(),
    ]),
    device('Bottle_blower_BB-07', usual, [
      measure('preform_temp', 1, 104.6, 0.4, 0.7, 0.3),
      measure('blow_pressure', 2, 31.8, 0.1, 0.25, 0.1),
      measure('air_flow', 1, 412, 6, 10, 4),
      running(),
    ]),
    device('Rinser_R-07', slow, [
      measure('water_pressure', 2, 2.6, 0.04, 0.08, 0.04),
      measure('water_flow', 2, 3.2, 0.06, 0.12, 0.06),
      running(),
    ]),
    device('Cold_store_CS-1', slow, [
      measure('temperature', 1, 3.8, 0.3, 0.35, 0.12),
      measure('humidity', 1, 82, 1.5, 2, 0.6),
      state('door', 3.1 * hour, [
        ['closed', 0.93],
        ['open', 0.07],
      ]),
    ]),
  ]),
  ...area('CIP', [
    device('CIP_skid_C-1', slow, [
      level('supply_temp', 1, 24, 78, turns(9.5), 0.4, 0.3),
      measure('supply_pressure', 2, 3.8, 0.05, 0.12, 0.06),
      state('state', turns(9.5), [
        ['rinse', 0.2],
        ['caustic', 0.3],
        ['acid', 0.2],
        ['final rinse', 0.15],
        ['idle', 0.15],
      ]),
    ]),
    device('Caustic_tank_CT-41', slow, [
      level('level', 1, 38, 84, turns(3.5), 0.4, 0.2),
      measure('temperature', 1, 76.4, 0.5, 0.8, 0.25),
      measure('conductivity', 1, 102.6, 0.6, 1.2, 0.5),
    ]),
    device('Acid_tank_AT-42', slow, [
      level('level', 1, 41, 88, turns(2.5), 0.4, 0.2),
      measure('temperature', 1, 61.8, 0.5, 0.8, 0.25),
      measure('conductivity', 1, 54.2, 0.4, 0.8, 0.3),
    ]),
    device('Return_pump_P-43', slow, pump(1.8, 5.2, 14)),
  ]),
  ...area('Utilities', [
    device('Chiller_C-02', usual, [
      measure('outlet_temp', 1, 1.4, 0.15, 0.2, 0.1),
      measure('suction_pressure', 2, 2.84, 0.04, 0.08, 0.03),
      measure('power_kw', 1, 86, 3, 4, 1.2),
      measure('oil_temp', 1, 48.5, 0.8, 1, 0.3),
      running(),
    ]),
    device('Compressor_K-05', usual, [
      measure('line_pressure', 2, 7.2, 0.06, 0.12, 0.05),
      measure('motor_current', 1, 62, 1.4, 2.4, 0.9),
      measure('oil_temp', 1, 74, 1, 1.6, 0.4),
      running(),
    ]),
    device('Boiler_B-01', slow, [
      measure('steam_pressure', 2, 8.4, 0.08, 0.16, 0.06),
      measure('steam_flow', 2, 3.1, 0.1, 0.16, 0.06),
      measure('flue_temp', 1, 186, 2, 3, 1),
      running(),
    ]),
    device('Cooling_tower_CW-1', slow, [
      measure('outlet_temp', 1, 19.6, 0.9, 0.6, 0.2),
      measure('fan_rpm', 0, 640, 22, 24, 8),
      running(),
    ]),
    device('Ice_water_pump_P-501', slow, pump(3.6, 22.4, 64)),
  ]),
]

function area(name: string, devices: readonly Device[]): readonly Device[] {
  return devices.map((each) => ({ ...each, topic: `dairy/${name}/${each.topic}` }))
}

/** A period that comes at other hours the next day, so that no hour of the day has its own usual level. */
function turns(aDay: number): Millis {
  return (24 * hour) / aDay
}

function device(topic: string, every: Millis, signals: readonly Signal[]): Device {
  return { topic, every, signals }
}

function measure(name: string, digits: number, base: number, swing: number, wander: number, grain: number): Measure {
  return { kind: 'measure', name, digits, base, swing, wander, grain }
}

function level(
  name: string,
  digits: number,
  low: number,
  high: number,
  period: Millis,
  rising: number,
  grain: number,
): Level {
  return { kind: 'level', name, digits, low, high, period, rising, grain }
}

function count(name: string, every: Millis): Count {
  return { kind: 'count', name, every }
}

function state(name: string, period: Millis, words: State['words']): State {
  return { kind: 'state', name, period, words }
}

function running(): State {
  return state('state', hour, [['running', 1]])
}

function silo(low: number, high: number, period: Millis): readonly Signal[] {
  return [
    level('level', 1, low, high, period, 0.45, 0.15),
    measure('temperature', 1, 4.6, 0.2, 0.3, 0.12),
    state('state', period, [
      ['filling', 0.45],
      ['emptying', 0.55],
    ]),
  ]
}

function pump(bar: number, ampere: number, flow: number): readonly Signal[] {
  return [
    measure('discharge_pressure', 2, bar, bar * 0.014, bar * 0.022, bar * 0.011),
    measure('motor_current', 2, ampere, ampere * 0.014, ampere * 0.024, ampere * 0.011),
    measure('flow', 2, flow, flow * 0.016, flow * 0.024, flow * 0.011),
    measure('vibration', 2, 2.3, 0.05, 0.12, 0.07),
    measure('bearing_temp', 1, 58.5, 0.8, 1.1, 0.25),
    running(),
  ]
}

function heater(celsius: number): readonly Signal[] {
  return [
    measure('outlet_temp', 1, celsius, 0.15, 0.3, 0.12),
    measure('inlet_temp', 1, celsius - 14.2, 0.4, 0.6, 0.2),
    measure('steam_pressure', 2, 2.2, 0.03, 0.06, 0.03),
    measure('valve_pct', 1, 46, 1.2, 2, 0.8),
    running(),
  ]
}

function holdingTube(celsius: number, flow: number): readonly Signal[] {
  return [
    measure('flow', 2, flow, flow * 0.012, flow * 0.02, flow * 0.01),
    measure('outlet_temp', 1, celsius, 0.12, 0.25, 0.12),
    measure('back_pressure', 2, 1.9, 0.02, 0.05, 0.025),
    running(),
  ]
}

function homogeniser(vibration: number, bar: number): readonly Signal[] {
  return [
    measure('vibration', 2, vibration, 0.1, 0.25, 0.14),
    measure('stage_pressure', 1, bar, 1, 2, 0.8),
    measure('motor_current', 1, 96, 1.2, 2.2, 0.8),
    measure('oil_temp', 1, 54.5, 0.8, 1.2, 0.3),
    running(),
  ]
}

function separator(rpm: number): readonly Signal[] {
  return [
    measure('bowl_speed', 0, rpm, 6, 12, 5),
    measure('vibration', 2, 1.6, 0.05, 0.12, 0.06),
    measure('motor_current', 1, 38, 0.6, 1, 0.4),
    measure('outlet_pressure', 2, 4.6, 0.05, 0.1, 0.04),
    running(),
  ]
}

function capper(torque: number): readonly Signal[] {
  return [
    measure('torque', 2, torque, 0.02, 0.05, 0.03),
    measure('head_speed', 0, 184, 2, 4, 1.6),
    count('capped_today', 1_920),
    running(),
  ]
}

function conveyor(rpm: number): readonly Signal[] {
  return [
    measure('drive_rpm', 1, rpm, 0.4, 0.9, 0.4),
    measure('motor_current', 2, 4.1, 0.08, 0.15, 0.07),
    measure('gearbox_temp', 1, 43, 0.8, 1.1, 0.3),
    running(),
  ]
}
