import { expect, test } from 'vitest'
import { type Ending, Retry } from '../../../core/ingest/mqtt/retry.ts'
import { random } from '../../support/stream.ts'

/** The moments of every try in `span`, when each connection holds for `heldMs` and ends in one way. */
function tries(retry: Retry, span: number, heldMs: number | null, how: Ending): number[] {
  const moments = [0]
  for (let time = 0; time < span; ) {
    retry.ended(heldMs, how)
    time += (heldMs ?? 0) + retry.pause()
    moments.push(time)
  }
  return moments
}

const hour = 3_600_000

test('a broker that is away is asked a few times in the first seconds, then at most four times a minute', () => {
  const moments = tries(new Retry(random(1)), hour, null, 'reason')
  expect(moments.filter((at) => at < 10_000).length).toBeLessThanOrEqual(7)
  expect(moments.length).toBeLessThanOrEqual(4 * 60 + 7)
  expect(moments.length).toBeGreaterThan(2 * 60)
  for (let i = 8; i < moments.length; i++) expect(moments[i]! - moments[i - 1]!).toBeLessThanOrEqual(30_000)
})

test('a thousand recorders that lost one broker do not come back at the same moment', () => {
  const seeds = random(2)
  const all = Array.from({ length: 1_000 }, () => tries(new Retry(seeds), 60_000, null, 'reason'))
  const tenths = new Map<number, number>()
  for (const at of all.flat().filter((at) => at > 0))
    tenths.set(Math.floor(at / 100), (tenths.get(Math.floor(at / 100)) ?? 0) + 1)
  expect(Math.max(...tenths.values())).toBeLessThan(500)
})

test('a broker that takes a connection and drops it with a reason is not stormed either', () => {
  expect(tries(new Retry(random(3)), hour, 100, 'reason').length).toBeLessThanOrEqual(4 * 60 + 7)
})

test('after a connection that held the next pause is short again', () => {
  const retry = new Retry(random(4))
  tries(retry, hour, null, 'reason')
  retry.ended(60_000, 'reason')
  expect([retry.pause() <= 500, retry.isFirst]).toEqual([true, true])
})

test('who has our client id keeps it: told once, or after three connections that ended at once, we come back ever later', () => {
  const told = new Retry(random(5))
  told.ended(hour, 'taken')
  expect([told.isTaken, told.pause() >= 30_000]).toEqual([true, true])
  const guessed = new Retry(random(6))
  const moments = tries(guessed, 24 * hour, 50, 'silent')
  expect(guessed.isTaken).toBe(true)
  expect(moments.filter((at) => at < 60_000).length).toBeLessThanOrEqual(5)
  expect(moments.length).toBeLessThan(24 * 8 + 8)
})

test('a connection that held for a while before it ended without a word is no sign of another program', () => {
  const retry = new Retry(random(7))
  for (let i = 0; i < 10; i++) retry.ended(6_000, 'silent')
  expect(retry.isTaken).toBe(false)
})
