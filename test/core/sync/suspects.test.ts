import { expect, test } from 'vitest'
import { FieldError } from '../../../core/contract/errors.ts'
import { Suspects } from '../../../core/sync/suspects.ts'

const refusal = new FieldError('kafka_rejected', 'too large')

test('after a rejection batches are small and sent with care, until what was rejected is behind', () => {
  const suspects = new Suspects()
  expect([suspects.careful(100), suspects.limit(100, 5_000)]).toEqual([false, 5_000])
  suspects.rejected({ from: 100, to: 220 }, refusal)
  const sent: number[] = []
  for (let at = 100; suspects.careful(at); ) {
    const to = suspects.limit(at, 5_000)
    sent.push(to)
    suspects.passed(to, to === 200 ? 1 : 0)
    at = to
  }
  expect(sent).toEqual([150, 200, 250])
  expect(suspects.limit(250, 5_000)).toBe(5_000)
})

test('in a large batch it is first looked where something is rejected', () => {
  const suspects = new Suspects()
  suspects.rejected({ from: 0, to: 60_000 }, refusal)
  expect([suspects.careful(0), suspects.limit(0, 90_000)]).toEqual([false, 1_000])
  suspects.passed(1_000, 0)
  expect(suspects.limit(1_000, 90_000)).toBe(2_000)
  suspects.rejected({ from: 1_000, to: 2_000 }, refusal)
  expect([suspects.careful(1_000), suspects.limit(1_000, 90_000)]).toEqual([true, 1_050])
  suspects.passed(2_000, 1)
  expect([suspects.careful(2_000), suspects.limit(2_000, 90_000)]).toEqual([false, 3_000])
  expect(suspects.limit(60_000, 90_000)).toBe(90_000)
})

test('what is rejected only together goes in batches of half the size from then on', () => {
  const suspects = new Suspects()
  suspects.rejected({ from: 0, to: 40 }, refusal)
  suspects.passed(40, 0)
  expect(suspects.limit(40, 5_000)).toBe(60)
})

test('when care does not help either it stops in words, and never skips', () => {
  const suspects = new Suspects()
  suspects.rejected({ from: 7, to: 8 }, refusal)
  expect(() => suspects.rejected({ from: 7, to: 8 }, refusal)).toThrow(/nothing of the records from 7/)
})
