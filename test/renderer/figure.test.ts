import { expect, test } from 'vitest'
import type { DestinationRow } from '../../core/contract/calls.ts'
import { figureOf } from '../../renderer/pages/sync/figure.ts'

type Standing = Parameters<typeof figureOf>[0]

const now = 1_000_000
const live: Standing = {
  state: 'live',
  doing: 'waiting for records',
  behindMs: 2_000,
  waiting: 6_000,
  perSecond: 100,
  catchUpMs: null,
  retryAt: null,
  thenMs: null,
  attempt: 0,
}
const said = (part: Partial<DestinationRow>) => {
  const { big, words } = figureOf({ ...live, ...part }, now)
  return `${big} ${words}`.replaceAll('\u2009', ' ')
}

test('what a destination does is said in every state where it tells more', () => {
  expect(said({ doing: 'renewing its checkpoint' })).toMatch(/a second; renewing its checkpoint$/)
  expect(said({ state: 'catching up', catchUpMs: 60_000, doing: 'waiting for its share of bandwidth' })).toMatch(
    /1 min to catch up; waiting for its share of bandwidth$/,
  )
  expect(said({ state: 'waiting', attempt: 2, doing: 'connecting' })).toBe('2 s behind; try 3; connecting')
  expect(said({ state: 'starting', doing: 'reading its checkpoint' })).toBe('2 s behind; reading its checkpoint')
  expect(said({ state: 'action needed', doing: 'looking at its topics' })).toMatch(/; looking at its topics$/)
  expect(said({ state: 'fenced', doing: 'fencing older senders' })).toMatch(/; fencing older senders$/)
})

test('what the figure says already is not said twice, nor how any sending goes', () => {
  for (const doing of ['sending', 'committing', 'waiting for records'] as const)
    expect(said({ doing })).toBe('2 s behind; sending 100 records a second')
  expect(said({ state: 'paused', doing: 'paused' })).toBe('Paused 2 s behind')
  expect(said({ state: 'waiting', retryAt: now + 23_000, attempt: 6, doing: 'waiting for the next try' })).toBe(
    '0:23 until try 7; 2 s behind',
  )
})

test('how long it takes to catch up is told only where that is known', () => {
  expect(said({ state: 'catching up' })).toBe('2 s behind; sending 100 records a second')
  expect(said({ state: 'catching up', catchUpMs: 780_000 })).toBe(
    '2 s behind; 100 records a second, 13 min to catch up',
  )
})

test('beside the countdown stands how long it takes then, where that is known', () => {
  const waiting = { state: 'waiting', retryAt: now + 23_000, attempt: 6, doing: 'waiting for the next try' } as const
  expect(said({ ...waiting, thenMs: 130_000 })).toBe('0:23 until try 7, then about 2 min to catch up; 2 s behind')
  expect(said({ ...waiting, thenMs: 40 })).toMatch(/then about 1 s to/)
  expect(said({ ...waiting, thenMs: 0, waiting: 0 })).toBe('0:23 until try 7; 2 s behind')
})
