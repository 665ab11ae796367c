import { expect, test } from 'vitest'
import type { Timeline } from '../../core/contract/calls.ts'
import { timeTicks, valueLabels, valueTicks } from '../../renderer/chart/ticks.ts'
import { instantOf, neighbourAlert, pastGap, shareOf, spanFor } from '../../renderer/frame/time-window.ts'
import { clockIn } from '../../renderer/words/time.ts'

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2026, 10, 24, 13, 20, 31)

test('live shows the last day, and its ends stay the same within a minute', () => {
  const span = spanFor(null, now, now - 60 * day)
  expect(span.until - span.from).toBe(day)
  expect(spanFor(null, now + 20_000, now - 60 * day)).toEqual(span)
})

test('the past is in view with room to its left', () => {
  const at = now - 6.5 * day
  const span = spanFor(at, now, now - 60 * day)
  expect(shareOf(span, at)).toBeGreaterThan(0.05)
  expect(span.until).toBeGreaterThanOrEqual(now)
})

test('a young log fills the bar', () => {
  const span = spanFor(null, now, now - 3 * hour)
  expect(span.until - span.from).toBeLessThan(3.1 * hour)
})

test('a place in the bar and its instant are one', () => {
  const span = { from: now - day, until: now }
  expect(shareOf(span, instantOf(span, 0.25))).toBeCloseTo(0.25)
  expect([instantOf(span, -1), instantOf(span, 2)]).toEqual([span.from, span.until])
})

function timeline(starts: readonly number[]): Timeline {
  const alerts = starts.map((from) => ({
    id: String(from),
    title: '',
    device: '',
    priority: 2 as const,
    from,
    until: null,
    acknowledged: false,
  }))
  const gaps = [{ from: now - 2 * hour, until: now - hour, cause: 'broker link down' as const }]
  return { time: new Float64Array(), messages: new Float64Array(), alerts, gaps, bookmarks: [] }
}

test('the neighbours of an instant are the starts of alerts, never its own', () => {
  const starts = timeline([now - 3 * hour, now - hour, now - 2 * hour])
  expect(neighbourAlert(starts, now - 2 * hour, -1)).toBe(now - 3 * hour)
  expect(neighbourAlert(starts, now - 2 * hour, 1)).toBe(now - hour)
  expect(neighbourAlert(starts, now - 4 * hour, -1)).toBeNull()
})

test('playing skips to the end of a gap', () => {
  expect(pastGap(timeline([]), now - 1.5 * hour)).toBe(now - hour)
  expect(pastGap(timeline([]), now - 0.5 * hour)).toBe(now - 0.5 * hour)
})

test('value ticks are round, inside the range, and named with the digits they need', () => {
  const ticks = valueTicks(2.9, 5.5, 4)
  expect(valueLabels(ticks)).toEqual(['3', '4', '5'])
  expect(valueLabels(valueTicks(-0.2, 0.2, 4))).toEqual(['−0.2', '−0.1', '0.0', '0.1', '0.2'])
  expect(valueLabels([2, 2.25, 2.5])).toEqual(['2.00', '2.25', '2.50'])
  expect(valueTicks(7, 7, 4)).toEqual([7])
})

test('value ticks that are large or small are named in the room that there is', () => {
  expect(valueLabels([600_000, 800_000, 1_000_000])).toEqual(['0.6M', '0.8M', '1.0M'])
  expect(valueLabels([-150_000, -100_000])).toEqual(['−150k', '−100k'])
  expect(valueLabels([1.2e29, 1.25e29])).toEqual(['1.20e29', '1.25e29'])
  expect(valueLabels(valueTicks(0, 2e-9, 2))).toEqual(['0e0', '1e−9', '2e−9'])
})

test('time ticks stand at round times of the plant', () => {
  const clock = clockIn('Asia/Kathmandu')
  const ticks = timeTicks(now - 2 * hour, now, 5, clock)
  expect(ticks.map((at) => clock.minute(at))).toEqual(['17:30', '18:00', '18:30', '19:00'])
})
