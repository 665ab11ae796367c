import { expect, test } from 'vitest'
import { Speed } from '../../../core/sync/speed.ts'

test('the time for what waits is that of the newest transactions, and not known before the first', () => {
  const speed = new Speed()
  expect(speed.timeFor(1_000)).toBeNull()
  speed.took(20, 40)
  expect(speed.timeFor(1_000)).toBe(2_000)
  speed.took(10_000, 500)
  expect(speed.timeFor(170_000)).toBe(8_500)
  speed.took(10_000, 1_000) // a slower line
  expect(speed.timeFor(170_000)).toBe(17_000)
})

test('a small transaction, of which most is waiting, does not make a fast line slow', () => {
  const speed = new Speed()
  speed.took(10_000, 500)
  speed.took(20, 40)
  expect(speed.timeFor(170_000)).toBe(8_500)
})
