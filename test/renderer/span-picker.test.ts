import { expect, test } from 'vitest'
import { spanIn } from '../../renderer/parts/span-picker.tsx'
import { clockIn } from '../../renderer/words/time.ts'

const clock = clockIn('Europe/Berlin')

test('a span is read in the zone of the plant', () => {
  expect(spanIn('2026-11-24 14:00:00', '2026-11-24 15:30', clock)).toEqual({
    from: Date.parse('2026-11-24T13:00:00Z'),
    until: Date.parse('2026-11-24T14:30:00Z'),
  })
})

test.each([
  ['soon', '2026-11-24 15:00', '"soon" is not a time; write 2026-11-24 14:06:12'],
  ['2026-11-24 15:00', '', '"" is not a time; write 2026-11-24 14:06:12'],
  ['2026-11-24 15:00', '2026-11-24 15:00', '2026-11-24 15:00 is not after 2026-11-24 15:00'],
])('what is none is said: "%s" to "%s"', (from, until, wrong) => {
  expect(spanIn(from, until, clock)).toBe(wrong)
})
