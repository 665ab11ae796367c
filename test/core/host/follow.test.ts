import { expect, test } from 'vitest'
import { pauseAfter } from '../../../core/host/follow.ts'

test('a state is saved each 30 s, and a large one as seldom as 10 GB a day ask for', () => {
  const state = (series: number) => {
    const rows = Array.from({ length: series }, (_, id) => ({ series: id, row: new Float64Array(300) }))
    return { version: '', next: 0, core: 'x'.repeat(300 * series), rows }
  }
  expect(pauseAfter(state(300))).toBe(30_000)
  const pause = pauseAfter(state(10_000))
  const bytes = 2 * 10_000 * (300 + 2_400) // into the journal and into the file
  expect((bytes * 86_400_000) / pause).toBeCloseTo(10e9, -3)
})
