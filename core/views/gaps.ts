import type { Statement } from 'better-sqlite3'
import type { Gap, SourceCoverage } from '../contract/calls.ts'
import type { GapCause, Millis, Offset } from '../contract/model.ts'
import { beyondAll, type Gap as PathGap, topicName } from '../stream/gaps.ts'
import { lateChunk, lateOffsets } from './gap-tables.ts'
import type { Instant } from './instant.ts'
import { type Db, stillOpen } from './tables.ts'

export interface Span {
  readonly from: Millis
  readonly until: Millis
}

interface GapRow {
  readonly name: string
  readonly number: number
  readonly from: Millis
  readonly until: Millis
  readonly cause: GapCause
  readonly detail: string | null
  readonly closed: Offset
}

interface LateRow {
  readonly chunk: number
  readonly total: number
  readonly offsets: Uint8Array
}

interface Found {
  /** In order of time. */
  readonly gaps: readonly Gap[]
  readonly more: boolean
}

const mostDrawn = 500
const mostRefused = 100

/** Gaps as they were known at an instant: one that ended later was open then. */
export class GapHistory {
  private readonly list: Statement<[string, string, number, number, number], GapRow>
  private readonly between: Statement<[number, number, number, number], GapRow>
  private readonly refusedIn: Statement<[string, string, number, number, number], GapRow>
  private readonly newest: Statement<[number], GapRow>
  private readonly lateBy: Statement<[string, string, number, number], LateRow>

  constructor(db: Db) {
    this.list = db.prepare(
      `select * from gap where about = ? and name = ? and "from" < ? and opened < ? order by "from" desc limit ?`,
    )
    this.between = db.prepare(
      `select * from gap where about = 'source' and until > ? and "from" < ? and opened < ? and cause <> 'removed'
       order by until desc limit ?`,
    )
    this.refusedIn = db.prepare(
      `select * from gap where about = 'topic' and name > ? and name < ? and until > ? and "from" < ? and opened < ?
       order by name desc, number desc limit ${mostRefused}`,
    )
    this.newest = db.prepare(
      `select * from gap where about = 'source' and opened < ? and cause not in ('source silent', 'removed')
       and until > "from" order by until desc limit 1`,
    )
    this.lateBy = db.prepare(
      `select chunk, total, offsets from gap_late where about = ? and name = ? and gap = ? and chunk <= ?
       order by chunk desc limit 1`,
    )
  }

  /** Those of one source or device that touch the span; of more than `limit` the newest. */
  of(instant: Instant, about: PathGap['about'], name: string, span: Span, limit: number): Found {
    const gaps: Gap[] = []
    for (const row of this.list.iterate(about, name, span.until, instant.offset, limit + 1)) {
      const until = untilOf(row, instant)
      if (until !== null && until <= span.from) break // they never overlap, so all others ended before
      if (until !== row.from) gaps.push({ ...gapOf(row, until), late: this.late(instant, about, row) })
    }
    const more = gaps.length > limit
    return { gaps: (more ? gaps.slice(0, limit) : gaps).reverse(), more }
  }

  /** Of a source, and instead of them the times of which its broker kept nothing. */
  ofSource(instant: Instant, name: string, span: Span, limit: number): Found {
    const { gaps, more } = this.of(instant, 'source', name, span, limit)
    const lost = this.of(instant, 'session', name, span, limit)
    return { gaps: laid(withCauses(lost.gaps, gaps), gaps), more: more || lost.more }
  }

  /** Gaps of all sources in the order of their time, one for those that share it; of too many the newest. */
  drawn(instant: Instant, span: Span): readonly Omit<Gap, 'detail' | 'late'>[] {
    const found = new Map<string, Omit<Gap, 'detail' | 'late'>>()
    for (const row of this.between.iterate(span.from, span.until, instant.offset, 4 * mostDrawn)) {
      const { from, cause } = row
      const gap = { from, until: untilOf(row, instant), cause }
      if (gap.until !== from) found.set(`${from}/${gap.until}/${cause}`, gap)
      if (found.size >= mostDrawn) break
    }
    return [...found.values()].sort((a, b) => a.from - b.from)
  }

  /** When topic filters of a source were refused, in order of their names. */
  refused(instant: Instant, source: string, span: Span): SourceCoverage['refused'] {
    const [first, last] = [topicName(source, ''), topicName(source, '\u{10ffff}')]
    const rows = this.refusedIn.all(first, last, span.from, span.until, instant.offset)
    return rows
      .reverse()
      .map((row) => ({ topics: row.name.slice(first.length), from: row.from, until: untilOf(row, instant) }))
      .filter(({ from, until }) => from !== until)
  }

  /** End of the newest gap in which something may have been lost; null while one goes on; `since` when there was none. */
  freeSince(instant: Instant, since: Millis | null): Millis | null {
    const row = this.newest.get(instant.offset)
    if (row === undefined) return since
    const until = untilOf(row, instant)
    return until === null || since === null ? until : Math.max(until, since)
  }

  /** Messages of a source, among the records from one to another, that were older than what their signals remember. */
  tooLate(source: string, from: Offset, to: Offset): number {
    const before = (offset: Offset) => this.late({ offset }, 'source', { name: source, number: beyondAll })
    return before(to) - before(from)
  }

  private late(
    { offset }: Pick<Instant, 'offset'>,
    about: PathGap['about'],
    { name, number }: Pick<GapRow, 'name' | 'number'>,
  ): number {
    const chunk = Math.floor(offset / lateChunk)
    const row = this.lateBy.get(about, name, number, chunk)
    if (row === undefined || row.chunk < chunk) return row?.total ?? 0
    const later = lateOffsets(row.offsets).filter((within) => within >= offset % lateChunk)
    return row.total - later.length
  }
}

function untilOf({ until, closed }: GapRow, { offset }: Instant): Millis | null {
  return closed >= offset || until === stillOpen ? null : until
}

function gapOf({ from, cause, detail }: GapRow, until: Millis | null): Omit<Gap, 'late'> {
  return { from, until, cause, detail }
}

/** What a broker kept nothing of, with what kept us away from it and what came late all the same. */
function withCauses(lost: readonly Gap[], gaps: readonly Gap[]): readonly Gap[] {
  return lost.map((gap) => {
    const hidden = gaps.filter((other) => without(other, [gap]).length === 0)
    const causes = new Set(hidden.map(({ cause }) => cause))
    const late = hidden.reduce((sum, other) => sum + other.late, 0)
    return {
      ...gap,
      detail: [gap.detail, ...(causes.size === 0 ? [] : [`meanwhile ${[...causes].join(', ')}`])].join('; '),
      late,
    }
  })
}

/** Gaps with others below them: where both are, the upper one is what is said. Both in order of time. */
export function laid(above: readonly Gap[], below: readonly Gap[]): readonly Gap[] {
  return [...above, ...below.flatMap((gap) => without(gap, above))].sort((a, b) => a.from - b.from)
}

/** What is left of a gap between others; what came late of it is counted to its first piece. */
function without(gap: Gap, others: readonly Gap[]): readonly Gap[] {
  const end = gap.until ?? Infinity
  const pieces: Gap[] = []
  let from = gap.from
  for (const other of others) {
    if ((other.until ?? Infinity) <= from || other.from >= end) continue
    if (other.from > from) pieces.push({ ...gap, from, until: other.from })
    from = other.until ?? Infinity
  }
  if (from < end) pieces.push({ ...gap, from })
  return pieces.map((piece, i) => (i === 0 ? piece : { ...piece, late: 0 }))
}

/** Times in which neither of two was heard, by the cause of the first that is still expected. Each in order of time. */
export function shared(first: readonly Gap[], second: readonly Gap[]): readonly Gap[] {
  return first.flatMap((gap) =>
    second.flatMap((other) => {
      const from = Math.max(gap.from, other.from)
      const until = Math.min(gap.until ?? Infinity, other.until ?? Infinity)
      if (from >= until) return []
      return [{ ...(gap.cause === 'removed' ? other : gap), from, until: until === Infinity ? null : until }]
    }),
  )
}
