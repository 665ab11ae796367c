import type { Millis } from '../../../core/contract/model.ts'
import type { Clock } from '../../words/time.ts'

const hourMs: Millis = 3_600_000
const minuteMs: Millis = 60_000

/** When a shelf may end, beside a date of one's own. `shifts`: times of day at which they change, as 06:00. */
export function shelves(
  now: Millis,
  clock: Clock,
  shifts: readonly string[],
): readonly { readonly label: string; readonly until: Millis }[] {
  return [
    { label: '1 h', until: now + hourMs },
    { label: 'End of shift', until: shiftEnd(now, clock, shifts) },
    { label: '24 h', until: now + 24 * hourMs },
  ]
}

/** By the clock on the wall, so that it is right too on a day on which that is set. */
function shiftEnd(now: Millis, clock: Clock, shifts: readonly string[]): Millis {
  const today = clock.field(now).slice(0, 10)
  const tomorrow = clock.field(clock.midnight(now) + 30 * hourMs).slice(0, 10)
  const ends = [today, tomorrow].flatMap((day) => shifts.map((time) => clock.parse(`${day} ${time}:00`) ?? now))
  return Math.min(...ends.filter((end) => end > now))
}

/** What a field for a date holds, in the zone of the plant. */
export function dateField(at: Millis, clock: Clock): string {
  return clock
    .field(Math.ceil(at / minuteMs) * minuteMs)
    .slice(0, 16)
    .replace(' ', 'T')
}

/** Null: it names no time that is still to come. */
export function dateIn(field: string, now: Millis, clock: Clock): Millis | null {
  const at = clock.parse(field.length === 16 ? `${field}:00` : field)
  return at !== null && at > now ? at : null
}
