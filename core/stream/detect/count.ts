import type { Millis } from '../../contract/model.ts'
import { type Recent, type Row, count as read, recent, ringSize } from '../rows.ts'
import { type Detector, type Now, type Params, param, type Verdict } from './detector.ts'

/** Too many readings of one kind in a while. */
export const count: Detector = {
  id: 'count',
  version: 2,
  doc: 'Opens when so many readings from low to high, or of the states that the rule names, came within a window, and returns when fewer are left in it.',
  params: [
    { name: 'readings', default: 5, unit: 'readings', doc: `How many; at most ${ringSize}.` },
    { name: 'windowMs', default: 600_000, unit: 'ms', doc: 'Within how long.' },
    { name: 'low', default: -Infinity, unit: '', doc: 'Counted from this value on.' },
    { name: 'high', default: Infinity, unit: '', doc: 'Counted up to this value.' },
  ],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step: (row, now, params) => verdict(counted(row, now, params).length >= param(count, params, 'readings')),
  ends,
  words: (row, now, params) => ({
    title: `came ${counted(row, now, params).length} times in ${Math.round(param(count, params, 'windowMs') / 1_000)} s`,
    expected: null,
    why: `a person allows fewer than ${param(count, params, 'readings')}`,
    rarity: null,
    readings: inWindow(row, now, params).length,
  }),
}

function verdict(isEnough: boolean): Verdict {
  return isEnough ? 2 : 0
}

/** When the first of the newest that are enough leaves the window. */
function ends(row: Row, now: Now, params: Params): Millis {
  const times = counted(row, now, params).map(({ time }) => time)
  const first = times.sort((a, b) => b - a)[Math.ceil(param(count, params, 'readings')) - 1]
  return first === undefined ? Infinity : first + param(count, params, 'windowMs')
}

function counted(row: Row, now: Now, params: Params): readonly Recent[] {
  const low = param(count, params, 'low')
  const high = param(count, params, 'high')
  return inWindow(row, now, params).filter(({ value }) =>
    now.named.length > 0 ? now.codes.includes(value) : value >= low && value <= high,
  )
}

function inWindow(row: Row, now: Now, params: Params): readonly Recent[] {
  const from = now.time - param(count, params, 'windowMs')
  return recent(row, row.near[row.at + read]! + 1).filter(({ time }) => time > from)
}
