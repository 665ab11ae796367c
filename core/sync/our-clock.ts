import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { typesOf } from './cluster.ts'

/** A cluster takes times that are up to an hour ahead, unless it was told otherwise. */
const usualAheadMs: Millis = 3_600_000

/**
 * What to say when the cluster refused the times of a batch and no record of it is older than an hour by this machine's
 * clock: then the clock is wrong and no record is at fault. Null: a record may be.
 */
export function refusesOurClock(error: unknown, { oldest }: Pick<Batch, 'oldest'>, now: Millis): FieldError | null {
  if (!typesOf(error).includes('INVALID_TIMESTAMP')) return null
  if (oldest < now - usualAheadMs) return null
  return ourClock(now, error)
}

/** Where the time of this machine is refused, no record is at fault and none is set aside. */
export function ourClock(time: Millis, cause: unknown): FieldError {
  return new FieldError(
    'kafka_clock',
    `the cluster refuses the time of this machine, ${new Date(time).toISOString()}`,
    {
      hint: 'Its clock is probably more than an hour ahead of the cluster. Correct it; sync goes on by itself.',
      cause,
    },
  )
}
