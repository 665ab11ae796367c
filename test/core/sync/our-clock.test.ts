import { expect, test } from 'vitest'
import { refusesOurClock } from '../../../core/sync/our-clock.ts'

const now = 1_800_000_000_000
const refused = new Error('send', { cause: Object.assign(new Error('out of range'), { type: 'INVALID_TIMESTAMP' }) })
const batch = (...times: number[]) => ({ oldest: Math.min(...times) })

test('a cluster that refuses the time of fresh records refuses our clock', () => {
  const told = refusesOurClock(refused, batch(now - 60_000, now), now)
  expect(told).toMatchObject({ code: 'kafka_clock', message: expect.stringContaining('2027-01-15T08:00:00.000Z') })
})

test('a record that is old may itself be what is refused, and so may one that is refused for something else', () => {
  expect(refusesOurClock(refused, batch(now - 86_400_000, now), now)).toBeNull()
  expect(refusesOurClock(new Error('too large'), batch(now), now)).toBeNull()
})
