import type { Millis } from '../contract/model.ts'
import type { Appending } from '../log/log.ts'

/** Messages of one source that were dropped under one topic filter. */
export interface Drop {
  readonly source: string
  /** The filter by which a person allowed it. */
  readonly topics: string
  readonly messages: number
  readonly bytes: number
}

interface Span {
  messages: number
  bytes: number
  from: Millis
  until: Millis
}

/** What was dropped because a person allowed it: counted since the start, and owed to the log until it is written there. */
export class Dropped {
  private readonly since = new Map<string, Map<string, Span>>()
  private owed = new Map<string, Map<string, Span>>()

  count(record: Appending, topics: string): void {
    for (const counted of [this.since, this.owed]) {
      const span = spanOf(counted, record, topics)
      span.messages++
      span.bytes += record.bytes.length
      span.until = record.time
    }
  }

  /** Since the start. */
  totals(): readonly Drop[] {
    return flat(this.since)
  }

  /** A record for each source whose drops are not in the log yet. They are, once `written` is called. */
  records(time: Millis): Appending[] {
    return [...this.owed].map(([source, filters]) => ({
      time,
      kind: 'link',
      source,
      name: 'dropped',
      bytes: Buffer.from(JSON.stringify(told(filters))),
    }))
  }

  written(): void {
    if (this.owed.size > 0) this.owed = new Map()
  }
}

function spanOf(counted: Map<string, Map<string, Span>>, { source, time }: Appending, topics: string): Span {
  let filters = counted.get(source)
  if (filters === undefined) {
    filters = new Map()
    counted.set(source, filters)
  }
  let span = filters.get(topics)
  if (span === undefined) {
    span = { messages: 0, bytes: 0, from: time, until: time }
    filters.set(topics, span)
  }
  return span
}

function flat(counted: ReadonlyMap<string, ReadonlyMap<string, Span>>): Drop[] {
  return [...counted].flatMap(([source, filters]) =>
    [...filters].map(([topics, { messages, bytes }]) => ({ source, topics, messages, bytes })),
  )
}

/** `from` and `until` are arrivals of the first and the last that is missing. */
function told(filters: ReadonlyMap<string, Span>) {
  const each = [...filters].map(([topics, { messages }]) => `${messages} of "${topics}"`)
  return {
    detail: `QoS 0 messages dropped, because the disk took none: ${each.join(', ')}`,
    dropped: [...filters].map(([topics, span]) => ({ topics, ...span })),
  }
}
