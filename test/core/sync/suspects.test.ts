import { expect, test } from 'vitest'
import type { Batch } from '../../../core/sync/batch.ts'
import { Suspects } from '../../../core/sync/suspects.ts'

const batch = (from: number, to: number, messages = to - from, letters = 0): Batch => ({
  from,
  to,
  messages,
  records: messages,
  sent: [],
  bytes: 0,
  maybeTwice: 0,
  letters: Array.from({ length: letters }, (_, index) => ({ offset: from, index, reason: 'x' })),
  full: false,
})

test('the rejected record is found by halves, and only it is set aside', () => {
  const suspects = new Suspects()
  const sent: number[] = []
  for (let at = 0; at < 1_000; ) {
    const to = suspects.limit(at, 1_000)
    if (at <= 637 && 637 < to && !suspects.aside.has(637)) {
      suspects.rejected(batch(at, to), new Error('too large'))
      continue
    }
    suspects.passed(to)
    sent.push(to - at)
    at = to
  }
  expect(sent.length).toBeLessThan(30)
  expect(suspects.aside.size).toBe(0)
  expect(suspects.limit(1_000, 5_000)).toBe(5_000)
})

test('when the dead letter is rejected too it stops in words, and never skips', () => {
  const suspects = new Suspects()
  suspects.rejected(batch(7, 8), new Error('too large'))
  expect([...suspects.aside.keys()]).toEqual([7])
  expect(() => suspects.rejected(batch(7, 8, 1, 1), new Error('too large'))).toThrow(/record 7/)
})

test('an alert that is rejected stops in words', () => {
  expect(() => new Suspects().rejected(batch(7, 8, 0), new Error('too large'))).toThrow(/belongs to record 7/)
})
