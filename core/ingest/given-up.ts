import type { Millis } from '../contract/model.ts'
import type { Appending } from '../log/log.ts'
import type { Lost } from '../log/retention.ts'

/** That a destination never gets these records, as the log keeps it. */
export function givenUpRecord(time: Millis, lost: Lost): Appending {
  const { destination, from, to } = lost
  const detail = `given up before it was sent to ${destination}: offsets ${from} to ${to - 1}, ${to - from} records`
  return { time, kind: 'link', source: '', name: 'given up', bytes: Buffer.from(JSON.stringify({ detail, ...lost })) }
}
