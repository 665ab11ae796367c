import { count, type Row, recent } from '../rows.ts'
import { figure } from './channel.ts'
import { type Detector, type Now, type Params, param, type Verdict, type Words } from './detector.ts'

const minute = 60_000

/** A value that changes faster than a person allows. */
export const rate: Detector = {
  id: 'rate',
  version: 1,
  doc: 'Opens when a value changes faster than its limit.',
  params: [
    { name: 'rise', default: Infinity, unit: 'a minute', doc: 'Alert when it rises by more.' },
    { name: 'fall', default: Infinity, unit: 'a minute', doc: 'Alert when it falls by more.' },
    {
      name: 'overMs',
      default: 0,
      unit: 'ms',
      doc: 'Over how long; 0: from one reading to the next. At most 32 readings.',
    },
  ],
  clearReadings: 1,
  step,
  words,
}

function step(row: Row, now: Now, params: Params): Verdict {
  const { perMinute } = slope(row, now, params)
  const tooFast = perMinute > param(rate, params, 'rise') || -perMinute > param(rate, params, 'fall')
  return tooFast ? 2 : 0 // NaN is not too fast
}

/** NaN: no reading before this one. `readings` are those from the first that it is reckoned from. */
function slope(row: Row, now: Now, params: Params): { readonly perMinute: number; readonly readings: number } {
  const from = now.time - Math.max(0, param(rate, params, 'overMs'))
  const seen = recent(row, row.near[row.at + count]! + 1)
  const past = seen.filter(({ time }) => time < now.time)
  const first = past.find(({ time }) => time >= from) ?? past.at(-1)
  if (first === undefined) return { perMinute: Number.NaN, readings: 1 }
  const perMinute = ((now.value - first.value) / (now.time - first.time)) * minute
  return { perMinute, readings: seen.length - seen.indexOf(first) }
}

function words(row: Row, now: Now, params: Params): Words {
  const { perMinute, readings } = slope(row, now, params)
  const rises = perMinute > 0
  const limit = param(rate, params, rises ? 'rise' : 'fall')
  return {
    title: rises ? 'rises too fast' : 'falls too fast',
    expected: null,
    why: `${figure(Math.abs(perMinute))} a minute; a person allows ${figure(limit)}`,
    rarity: null,
    readings,
  }
}
