import { describe, expect, test } from 'vitest'
import { dateField, dateIn, shelves } from '../../renderer/pages/alerts/shelves.ts'
import { clockIn } from '../../renderer/words/time.ts'

const clock = clockIn('Europe/Vienna')
const at = (field: string) => clock.parse(`${field}:00`)!
const shiftEnd = (now: string, shifts: readonly string[]) =>
  clock.field(shelves(at(now), clock, shifts)[1]!.until).slice(0, 16)

describe('a shift ends', () => {
  const shifts = ['06:00', '14:00', '22:00']

  test('at the next change, today or tomorrow, in whatever order they are given', () => {
    expect(shiftEnd('2026-01-05 05:59', shifts)).toBe('2026-01-05 06:00')
    expect(shiftEnd('2026-01-05 06:00', shifts)).toBe('2026-01-05 14:00')
    expect(shiftEnd('2026-01-05 23:00', shifts)).toBe('2026-01-06 06:00')
    expect(shiftEnd('2026-01-05 12:00', ['19:30', '07:30'])).toBe('2026-01-05 19:30')
  })

  test('by the clock on the wall on the days on which that is set', () => {
    expect(shiftEnd('2026-03-29 01:00', shifts)).toBe('2026-03-29 06:00')
    expect(shiftEnd('2026-10-24 23:00', shifts)).toBe('2026-10-25 06:00')
  })
})

test('a date is one of the plant, and must be still to come', () => {
  const now = at('2026-01-05 12:00')
  expect(dateIn(dateField(now, clock), now - 1, clock)).toBe(now)
  expect(dateIn('2026-01-05T11:59', now, clock)).toBeNull()
  expect(dateIn('', now, clock)).toBeNull()
})
