import { expect, test } from 'vitest'
import { Budget } from '../../../core/sync/budget.ts'
import { seeded } from '../../support/seeded.ts'

test.each([1, 2, 3])(
  'over time it lets through what a second may hold, and no more than one batch ahead (seed %i)',
  (seed) => {
    const random = seeded(seed)
    const budget = new Budget(10_000, 0)
    let now = 0
    let sent = 0
    while (now < 3_600_000) {
      now += budget.wait(now)
      const bytes = 1 + Math.floor(random() * 30_000)
      budget.spend(bytes, now)
      sent += bytes
      expect(sent).toBeLessThanOrEqual(now * 10 + 30_000)
      now += random() * 20 // the work itself
    }
    expect(sent).toBeGreaterThan(now * 10 - 10_000)
  },
)

test('a change counts from then on, what is owed stays owed, and no bound owes nothing', () => {
  const budget = new Budget(1_000, 0)
  budget.spend(10_000, 0)
  expect(budget.wait(0)).toBe(10_000)
  budget.change(5_000, 5_000) // half is paid
  expect(budget.wait(5_000)).toBe(1_000)
  budget.change(null, 5_000)
  budget.spend(1e9, 5_000)
  expect(budget.wait(5_000)).toBe(0)
  budget.change(1_000, 6_000)
  expect(budget.wait(6_000)).toBe(0)
})

test('unused time counts for one second', () => {
  const budget = new Budget(1_000, 0)
  expect(budget.wait(3_600_000)).toBe(0)
  budget.spend(3_000, 3_600_000)
  expect(budget.wait(3_600_000)).toBe(2_000)
})
