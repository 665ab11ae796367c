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

test('where even the time of a dead letter is refused it is the clock of this machine, and nothing is set aside', () => {
  const suspects = new Suspects()
  const refused = Object.assign(new Error('the timestamp is out of range'), { type: 'INVALID_TIMESTAMP' })
  suspects.rejected(batch(7, 8), refused)
  const ahead = {
    ...batch(7, 8, 1, 1),
    sent: [{ topic: 't', key: 'k', value: '', headers: {}, time: 1_800_000_000_000 }],
  }
  expect(() => suspects.rejected(ahead, refused)).toThrow(/time of this machine, 2027-01-15T08:00:00.000Z/)
  expect(suspects.aside.size).toBe(0)
})

test('an alert that is rejected stops in words', () => {
  expect(() => new Suspects().rejected(batch(7, 8, 0), new Error('too large'))).toThrow(/belongs to record 7/)
})
