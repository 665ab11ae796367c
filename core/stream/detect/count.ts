import type { Millis } from '../../contract/model.ts'
import { type Recent, type Row, count as read, recent, ringSize } from '../rows.ts'
import { type Detector, type Late, type Now, type Params, param, type Verdict } from './detector.ts'

/** Too many readings of one kind in a while. */
export const count: Detector = {
  id: 'count',
  version: 2,
  looksFor: 'many in a while',
  uses: ['states'],
  doc: 'Opens when so many readings from low to high, or of the states that the rule names, came within a window, and returns when fewer are left in it.',
  params: [
    { name: 'readings', label: 'Readings', least: 1, default: 5, most: ringSize, unit: 'readings', doc: 'How many.' },
    { name: 'windowMs', label: 'Window', least: 1, default: 600_000, unit: 'ms', doc: 'Within how long.' },
    { name: 'low', label: 'From', default: -Infinity, unit: '', doc: 'Counted from this value on.' },
    { name: 'high', label: 'Up to', default: Infinity, unit: '', doc: 'Counted up to this value.' },
  ],
  types: ['number', 'boolean', 'text'],
  clearReadings: 1,
  step: (row, now, params) => verdict(counted(row, now, params).length >= param(count, params, 'readings')),
  ends,
  counts: true,
  span,
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
  return inWindow(row, now, params).filter(({ value }) => isMeant(value, now, params))
}

function isMeant(value: number, { named, codes }: Pick<Now, 'named' | 'codes'>, params: Params): boolean {
  if (named.length > 0) return codes.includes(value)
  return value >= param(count, params, 'low') && value <= param(count, params, 'high')
}

/** When so many were in the window without a break, around a time at which they were. */
function span(late: Late, params: Params, since: Millis): { readonly since: Millis; readonly until: Millis } | null {
  const all = [...late.seen, late].filter(({ value }) => isMeant(value, late, params))
  const times = all.map(({ time }) => time).sort((a, b) => a - b)
  const readings = Math.ceil(param(count, params, 'readings'))
  let begun = Number.NaN
  let over = -Infinity
  for (let i = Math.max(0, readings - 1); i < times.length; i++) {
    const until = times[i - readings + 1]! + param(count, params, 'windowMs')
    if (!(until > times[i]!)) continue
    if (times[i]! > over && begun <= since && over > since) break
    if (times[i]! > over) begun = times[i]!
    over = Math.max(over, until)
  }
  return begun <= since && over > since ? { since: begun, until: over } : null
}

function inWindow(row: Row, now: Now, params: Params): readonly Recent[] {
  const from = now.time - param(count, params, 'windowMs')
  return recent(row, row.near[row.at + read]! + 1).filter(({ time }) => time > from)
}
