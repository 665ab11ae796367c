import type { Millis, Offset } from '../contract/model.ts'
import type { Instant } from './instant.ts'
import type { Records } from './records.ts'

export interface Raw {
  readonly time: Millis
  readonly offset: Offset
  readonly value: number
  readonly arrived: Millis
}

/** What came in the last minute before an instant, read from the records themselves. */
export interface Recent {
  /** Records from here on were read. */
  readonly since: Offset
  /** In log order. */
  of(series: number): readonly Raw[]
}

const span: Millis = 60_000
/** At a flood of messages less than a minute is read, and what is older shows as of the minute before. */
const maxRecords = 20_000
const kept = 4
const nothing: readonly Raw[] = []

/** The same few instants are asked for by every part of a page. */
export class RecentReadings {
  private readonly records: Records
  private readonly cache = new Map<Offset, Recent>()

  constructor(records: Records) {
    this.records = records
  }

  at(instant: Instant): Recent {
    const known = this.cache.get(instant.offset)
    if (known !== undefined) return known
    if (this.cache.size >= kept) this.cache.delete(this.cache.keys().next().value!)
    const read = this.read(instant)
    this.cache.set(instant.offset, read)
    return read
  }

  /** Readings of a series from a record on; those that cannot be read quickly are left out. */
  since(instant: Instant, series: number, from: Offset): readonly Raw[] {
    const recent = this.at(instant)
    if (recent.since <= from) return recent.of(series).filter(({ offset }) => offset >= from)
    return this.readOne(series, Math.max(from, instant.offset - maxRecords), instant.offset)
  }

  private readOne(series: number, from: Offset, to: Offset): readonly Raw[] {
    const found: Raw[] = []
    this.records.scan(from, to, this.records.topicsOf(series, to), (id, offset, time, value, arrived) => {
      if (id === series) found.push({ time, offset, value, arrived })
    })
    return found
  }

  private read({ time, offset }: Instant): Recent {
    const since = Math.max(this.records.log.offsetAt(time - span), offset - maxRecords)
    const bySeries = new Map<number, Raw[]>()
    this.records.scan(since, offset, null, (series, at, eventTime, value, arrived) => {
      const list = bySeries.get(series)
      const raw = { time: eventTime, offset: at, value, arrived }
      if (list === undefined) bySeries.set(series, [raw])
      else list.push(raw)
    })
    return { since, of: (series) => bySeries.get(series) ?? nothing }
  }
}
