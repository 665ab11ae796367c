import { expect, test } from 'vitest'
import { bytes, count, many, percent, range, roughly, shownUnit, value, withUnit } from '../../renderer/words/number.ts'
import { signalName } from '../../renderer/words/signal.ts'
import { age, ago, clockIn, countdown, pace } from '../../renderer/words/time.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

test('counts have separators and a true minus', () => {
  expect(count(412_883_201)).toBe('412,883,201')
  expect(count(-1_204)).toBe('−1,204')
})

test('a measured value has the digits that a person reads', () => {
  expect([3.1234, 71.44, 6480.3, 0.00123, 0, -1.8].map(value)).toEqual([
    '3.12',
    '71.4',
    '6,480',
    '0.0012',
    '0',
    '−1.80',
  ])
})

test('a value too large or too small to be written out is not written as nothing', () => {
  expect([1e308, -1.234e29, 5e-324, 2e-7].map(value)).toEqual(['1.00e308', '−1.23e29', '4.94e−324', '2.00e−7'])
})

test('a value that rounds to nothing has no minus', () => {
  expect(range(-0.001, 5)).toBe('0.00 to 5.00')
})

test('words and switches stand as they are, and nothing is said in words', () => {
  expect([value('running'), value(true), value(null), value(Number.NaN)]).toEqual([
    'running',
    'on',
    'no value',
    'not a number',
  ])
})

test('a thin space stands before a unit', () => {
  expect(withUnit(3.12, 'bar')).toBe('3.12\u2009bar')
  expect(withUnit(null, 'bar')).toBe('no value')
  expect(percent(0.649)).toBe('64\u2009%')
})

test('a unit that is a guess has a question mark', () => {
  expect(shownUnit({ unit: 'bar', unitGuessed: true })).toBe('bar ?')
  expect(shownUnit({ unit: 'bar', unitGuessed: false })).toBe('bar')
  expect(shownUnit({ unit: null, unitGuessed: false })).toBeNull()
})

test('both ends of a range have the same decimals', () => {
  expect(range(4.5, 12)).toBe('4.5 to 12.0')
  expect(range(-Number.MAX_VALUE, 50)).toBe('at most 50.0')
  expect(range(4.5, Number.MAX_VALUE)).toBe('at least 4.50')
})

test('large counts can be said roughly, bytes always', () => {
  expect([roughly(1_204), roughly(412_883_201)]).toEqual(['1,204', '412.9\u2009M'])
  expect([bytes(0), bytes(84_123), bytes(41.2e9)]).toEqual(['0\u2009B', '84.1\u2009kB', '41.2\u2009GB'])
})

test('one thing is one thing', () => {
  expect([many(1, 'device'), many(48, 'device')]).toEqual(['1 device', '48 devices'])
})

test('an age has two units at most', () => {
  const ages = [0, 45_000, 14 * minute, 2 * hour + 6 * minute, 5 * day + 4 * hour, 3 * day].map(age)
  expect(ages.map((text) => text.replaceAll('\u2009', ' '))).toEqual([
    '0 s',
    '45 s',
    '14 min',
    '2 h 06 min',
    '5 d 4 h',
    '3 d',
  ])
})

test('a pace keeps its fraction only below a second', () => {
  expect([400, 5_000, 41_400, 2 * minute].map(pace)).toEqual(['0.4\u2009s', '5\u2009s', '41\u2009s', '2\u2009min'])
})

test('a countdown never goes below nothing', () => {
  expect([countdown(23_000), countdown(83_500), countdown(-5)]).toEqual(['0:23', '1:24', '0:00'])
})

test('how far back is said in days from a day on', () => {
  expect([ago(40 * minute), ago(day), ago(6 * day), ago(40 * day)]).toEqual([
    '40\u2009min ago',
    'a day ago',
    'six days ago',
    '40 days ago',
  ])
})

test('times are those of the plant, and UTC is for the tooltip', () => {
  const clock = clockIn('Europe/Berlin')
  const at = Date.UTC(2026, 8, 14, 22, 6, 12)
  expect(clock.full(at)).toBe('Tue 15 Sep 00:06:12')
  expect(clock.utc(at)).toBe('2026-09-14 22:06:12 UTC')
})

test.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'])(
  'a typed time in %s is read back as the same instant',
  (zone) => {
    const clock = clockIn(zone)
    for (const at of [Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 6, 1, 23, 59, 59), Date.UTC(2026, 11, 31, 12)])
      expect(clock.parse(clock.field(at))).toBe(at)
    expect(clock.parse('next week')).toBeNull()
  },
)

test('the day begins at midnight, also on the day that summer time begins', () => {
  const clock = clockIn('Europe/Berlin')
  const noon = Date.UTC(2026, 2, 29, 10)
  expect(clock.field(clock.midnight(noon))).toBe('2026-03-29 00:00:00')
})

test('a signal is named as a heading says it', () => {
  expect(['bowl_speed', 'motor.currentL1', 'level', '_'].map(signalName)).toEqual([
    'Bowl speed',
    'Motor current L1',
    'Level',
    '_',
  ])
})
