import { count, type Recent, type Row, recent } from '../rows.ts'
import { figure } from './channel.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'

const minute = 60_000

/** A value that changes faster than a person allows. */
export const rate: Detector = {
  id: 'rate',
  version: 1,
  looksFor: 'a fast rise or fall',
  doc: 'Opens when a value changes faster than its limit.',
  params: [
    { name: 'rise', label: 'Rise', least: 0, default: Infinity, unit: 'a minute', doc: 'Alert when it rises by more.' },
    { name: 'fall', label: 'Fall', least: 0, default: Infinity, unit: 'a minute', doc: 'Alert when it falls by more.' },
    {
      name: 'overMs',
      label: 'Over',
      least: 0,
      default: 0,
      unit: 'ms',
      doc: 'Over how long; 0: from one reading to the next. At most 32 readings.',
    },
  ],
  clearReadings: 1,
  step,
  words,
  late: (late, params) => isTooFast(perMinute(late, firstOf(late.seen, late, params)), params),
}

function step(row: Row, now: Now, params: Params): Verdict {
  return isTooFast(slope(row, now, params).slope, params) ? 2 : 0
}

/** NaN is not. */
function isTooFast(slope: number, params: Params): boolean {
  return slope > param(rate, params, 'rise') || -slope > param(rate, params, 'fall')
}

/** NaN: no reading before this one. `readings` are those from the first that it is reckoned from. */
function slope(row: Row, now: Now, params: Params): { readonly slope: number; readonly readings: number } {
  const seen = recent(row, row.near[row.at + count]! + 1)
  const first = firstOf(seen, now, params)
  const readings = first === undefined ? 1 : seen.length - seen.indexOf(first)
  return { slope: perMinute(now, first), readings }
}

type Point = Pick<Recent, 'time' | 'value'>

/** The reading from which it is reckoned. */
function firstOf(seen: readonly Recent[], { time }: Point, params: Params): Recent | undefined {
  const from = time - Math.max(0, param(rate, params, 'overMs'))
  const past = seen.filter((one) => one.time < time)
  return past.find((one) => one.time >= from) ?? past.at(-1)
}

function perMinute({ time, value }: Point, first: Point | undefined): number {
  return first === undefined ? Number.NaN : ((value - first.value) / (time - first.time)) * minute
}

function words(row: Row, now: Now, params: Params): Words {
  const { slope: found, readings } = slope(row, now, params)
  const rises = found > 0
  const limit = param(rate, params, rises ? 'rise' : 'fall')
  return {
    title: rises ? 'rises too fast' : 'falls too fast',
    expected: null,
    why: `${figure(Math.abs(found))} a minute; a person allows ${figure(limit)}`,
    rarity: null,
    readings,
  }
}
