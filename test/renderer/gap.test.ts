import { describe, expect, test } from 'vitest'
import type { Gap, SourceCoverage } from '../../core/contract/calls.ts'
import { gapWords, lateWords, sharedGaps } from '../../renderer/words/gap.ts'
import { clockIn } from '../../renderer/words/time.ts'

const clock = clockIn('UTC')
const at = (text: string) => Date.parse(`2026-11-${text}Z`)
const gap = (from: string, until: string | null, more: Partial<Gap> = {}): Gap => ({
  from: at(from),
  until: until === null ? null : at(until),
  cause: 'broker link down',
  detail: null,
  late: 0,
  ...more,
})

describe('a gap in words', () => {
  test.each([
    ['19T10:02:00', '19T10:07:30', 'Thu 19 Nov 10:02–10:07, broker link down'],
    ['19T10:02:03', '19T10:02:09', 'Thu 19 Nov 10:02 for 6\u2009s, broker link down'],
    ['19T10:02:00', '20T10:02:00', 'Thu 19 Nov 10:02 for 1\u2009d, broker link down'],
    ['19T10:02:00', null, 'Thu 19 Nov 10:02–now, broker link down'],
  ])('from %s to %s', (from, until, words) => {
    expect(gapWords(gap(from, until), clock)).toBe(words)
  })

  test('says what came late of it, or nothing', () => {
    expect(lateWords([gap('19T10:02:00', null, { late: 24_000 }), gap('19T11:00:00', null, { late: 610 })])).toBe(
      '24,610 messages came late and were filed by their own time.',
    )
    expect(lateWords([gap('19T10:02:00', null)])).toBe('')
  })
})

test('sources that stop together have one gap, and one that was removed has none', () => {
  const of = (source: string, gaps: readonly Gap[]) => ({ source, gaps }) as unknown as SourceCoverage // no more is looked at
  const shared = sharedGaps([
    of('a', [gap('19T10:02:00', '19T10:07:00', { late: 4 }), gap('20T10:00:00', null, { cause: 'crashed' })]),
    of('b', [gap('19T10:02:02', '19T10:07:01', { late: 3 }), gap('19T10:02:02', '19T12:07:01')]),
    of('c', [gap('19T10:02:02', null, { cause: 'removed' })]),
  ])
  expect(shared.map(({ cause, late, sources }) => [cause, late, sources.join()])).toEqual([
    ['crashed', 0, 'a'],
    ['broker link down', 7, 'b,a'],
    ['broker link down', 0, 'b'],
  ])
})
