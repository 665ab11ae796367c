import { expect, test } from 'vitest'
import { pauseAfter } from '../../../core/host/follow.ts'

test('a state is saved each 30 s, and a large one as seldom as 10 GB a day ask for', () => {
  const stateOf = (series: number) => series * 2_700
  expect(pauseAfter(stateOf(300))).toBe(30_000)
  const pause = pauseAfter(stateOf(10_000))
  const bytes = 2 * stateOf(10_000) // into the journal and into the file
  expect((bytes * 86_400_000) / pause).toBeCloseTo(10e9, -3)
})
