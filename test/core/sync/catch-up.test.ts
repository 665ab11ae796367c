import { expect, test } from 'vitest'
import { CatchUp } from '../../../core/sync/catch-up.ts'

test('the time to catch up is what waits by what it gains a second, and comes after half a minute', () => {
  const { catchUp, waiting } = drain({ from: 100_000, perSecond: -100, seconds: 29 })
  expect(catchUp.left(29_000, waiting)).toBeNull()
  expect(catchUp.left(30_000, 97_000)).toBe(970_000)
})

test('what comes meanwhile counts against it: a backlog that stays or grows has no end', () => {
  for (const perSecond of [0, 50]) {
    const { catchUp, waiting } = drain({ from: 100_000, perSecond, seconds: 120 })
    expect(catchUp.left(120_000, waiting)).toBeNull()
  }
})

test('only the last minute counts, also where nothing was passed in it', () => {
  const { catchUp, waiting } = drain({ from: 100_000, perSecond: -1_000, seconds: 60 })
  for (let second = 61; second <= 180; second++) catchUp.see(second * 1_000, waiting - 10 * (second - 60))
  expect(catchUp.left(180_000, 38_800)).toBe(3_880_000)
})

test('it begins anew after it stopped', () => {
  const { catchUp, waiting } = drain({ from: 100_000, perSecond: -100, seconds: 60 })
  catchUp.forget()
  catchUp.see(61_000, waiting)
  expect(catchUp.left(90_000, waiting - 2_900)).toBeNull()
  expect(catchUp.left(91_000, waiting - 3_000)).toBe(910_000)
})

function drain({ from, perSecond, seconds }: { from: number; perSecond: number; seconds: number }) {
  const catchUp = new CatchUp()
  for (let second = 0; second <= seconds; second++) catchUp.see(second * 1_000, from + perSecond * second)
  return { catchUp, waiting: from + perSecond * seconds }
}
