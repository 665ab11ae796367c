import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'

/** A piece of the log: records from `from` up to, but without, `to`. */
export interface Span {
  readonly from: Offset
  readonly to: Offset
}

/** The records that came from `from` up to and with `until`, by log time; null: from its base, up to its head. */
export function spanOf(log: LogReader, from: Millis | null, until: Millis | null): Span {
  if (from !== null && until !== null && until < from)
    throw new FieldError('bad_input', `until ${until} is before from ${from}; a span goes forward in time`, {
      path: 'until',
    })
  return {
    from: from === null ? log.base() : log.offsetAt(from),
    to: until === null ? log.head() : log.offsetAt(until + 1),
  }
}
