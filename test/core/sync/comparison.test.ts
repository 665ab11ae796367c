import { expect, test } from 'vitest'
import { Comparison, type Found } from '../../../core/sync/comparison.ts'
import { seeded } from '../../support/seeded.ts'

const found = (offset: number, index: number, mark: Found['mark'] = null, line = 'a'): Found => ({
  offset,
  index,
  mark,
  line,
})

/** Three records at offset 10, none at 11, one with index 2 at 12, none at 13. */
function told(): Comparison {
  const comparison = new Comparison({ from: 10, to: 14 })
  for (const index of [0, 1, 2]) comparison.tell(10, index)
  comparison.tell(12, 2)
  comparison.begin()
  return comparison
}

test('what is there once is neither missing nor twice', () => {
  const comparison = told()
  for (const [offset, index] of [
    [10, 0],
    [10, 1],
    [10, 2],
    [12, 2],
  ] as const)
    comparison.found(found(offset, index))
  expect(comparison.result()).toMatchObject({ expected: 4, arrived: 4, twice: 0, unknown: 0, outOfOrder: 0 })
})

test('a copy without a mark is twice and named, one with a mark is counted apart', () => {
  const comparison = told()
  comparison.found(found(10, 1))
  comparison.found(found(10, 1))
  comparison.found(found(10, 1, 'again'))
  comparison.found(found(10, 1, 'maybe twice'))
  comparison.found(found(12, 2, 'maybe twice'))
  expect(comparison.result()).toMatchObject({ arrived: 2, twice: 1, sentAgain: 1, maybeTwice: 2, reallyTwice: 1 })
  expect(comparison.differences).toEqual([{ offset: 10, index: 1, what: 'twice' }])
})

test('what the log does not hold is unknown: no such index, one that is left out, or a record with nothing to send', () => {
  const comparison = told()
  for (const [offset, index] of [
    [10, 3],
    [12, 0],
    [11, 0],
    [13, 0],
  ] as const)
    comparison.found(found(offset, index))
  expect(comparison.result()).toMatchObject({ arrived: 0, unknown: 4 })
})

test('a device that goes back is out of order, another device in between is not', () => {
  const comparison = told()
  comparison.found(found(12, 2))
  comparison.found(found(10, 0, null, 'b'))
  comparison.found(found(10, 1))
  expect(comparison.result()).toMatchObject({ outOfOrder: 1 })
})

test.each([1, 2, 3, 4, 5])('counts as a plain list does, whatever is found: seed %i', (seed) => {
  const random = seeded(seed)
  const wanted = new Set<string>()
  const comparison = new Comparison({ from: 1_000, to: 9_000 })
  for (let offset = 1_000; offset < 9_000; offset += 1 + Math.floor(random() * 3))
    for (let index = 0; index < 40; index++)
      if (random() < 0.1) {
        wanted.add(`${offset}:${index}`)
        comparison.tell(offset, index)
      }
  comparison.begin()
  const seen = new Map<string, number>()
  for (let i = 0; i < 40_000; i++) {
    const [offset, index] = [1_000 + Math.floor(random() * 8_000), Math.floor(random() * 42)]
    seen.set(`${offset}:${index}`, (seen.get(`${offset}:${index}`) ?? 0) + 1)
    comparison.found(found(offset, index, null, String(i)))
  }
  const known = [...seen].filter(([id]) => wanted.has(id))
  expect(comparison.result()).toMatchObject({
    expected: wanted.size,
    arrived: known.length,
    twice: known.reduce((sum, [, times]) => sum + times - 1, 0),
    unknown: [...seen].filter(([id]) => !wanted.has(id)).reduce((sum, [, times]) => sum + times, 0),
  })
})
