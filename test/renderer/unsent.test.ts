import { expect, test } from 'vitest'
import { unsentWords } from '../../renderer/words/unsent.ts'

const of = (bytes: number) => unsentWords({ unsent: { destination: 'central', bytes }, limitBytes: 1_000 })

test('what a destination lacks is said from four fifths of the room on, and more urgently from nine tenths on', () => {
  expect([of(799), unsentWords({ unsent: null, limitBytes: 1_000 })]).toEqual([null, null])
  expect(of(800)).toBe('What central lacks fills 80 % of the room for the log.')
  expect(of(899)).toMatch(/89 %/)
  expect(of(900)).toMatch(/90 % .* Soon the log grows past its bound, until the disk is full\./)
})
