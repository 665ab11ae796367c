import type { Millis, ZoneChanges } from '../contract/model.ts'

const hour = 3_600_000
const from = Date.UTC(2000, 0, 1)
const until = Date.UTC(2045, 0, 1)
const step = 7 * 24 * hour

/** When the clocks of a zone are put to another time, from 2000 to 2045, as this machine knows it. */
export function zoneChanges(name: string): ZoneChanges {
  const offset = offsetIn(name)
  const changes: [Millis, Millis][] = [[from, offset(from)]]
  for (let at = from; at < until; at += step)
    if (offset(at + step) !== offset(at)) {
      const when = changeBetween(at, at + step, offset)
      changes.push([when, offset(when)])
    }
  return changes
}

/** To the minute. */
function changeBetween(before: Millis, after: Millis, offset: (utc: Millis) => Millis): Millis {
  let low = before
  let high = after
  while (high - low > 60_000) {
    const middle = Math.floor((low + high) / 120_000) * 60_000
    if (offset(middle) === offset(before)) low = middle
    else high = middle
  }
  return high
}

function offsetIn(timeZone: string): (utc: Millis) => Millis {
  const { format } = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  return (utc) => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format(utc))!
    if (sign === undefined) return 0
    return (sign === '-' ? -1 : 1) * (Number(hours) * hour + Number(minutes) * 60_000)
  }
}
