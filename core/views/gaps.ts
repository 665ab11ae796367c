import type { Statement } from 'better-sqlite3'
import type { GapCause, LinkEvent, Millis, Offset } from '../contract/model.ts'
import type { Records } from './records.ts'
import type { Db } from './tables.ts'

export interface Gap {
  readonly from: Millis
  /** Null: it goes on. */
  readonly until: Millis | null
  readonly cause: GapCause
  readonly detail: string | null
}

/** What is known about the times in which records could not come. */
export interface Gaps {
  /** Of the whole installation. */
  readonly all: readonly Gap[]
  readonly bySource: ReadonlyMap<string, readonly Gap[]>
}

interface LinkRow {
  readonly offset: Offset
  readonly time: Millis
  readonly source: string
  readonly event: LinkEvent
  readonly detail: string | null
}

/** Older link records than these no longer count. */
const maxLinks = 20_000
/** A link that goes down this shortly before a stop went down because of it. */
const stopping: Millis = 10_000

/** Reads gaps out of the link records: each has its cause. */
export class GapHistory {
  private readonly records: Records
  private readonly links: Statement<[number, number], LinkRow>
  private folded: { readonly offset: Offset; readonly count: number; readonly gaps: Gaps } | null = null
  private readonly count: Statement<[number], { n: number }>

  constructor(db: Db, records: Records) {
    this.records = records
    this.links = db.prepare(
      'select * from (select * from link where offset < ? order by offset desc limit ?) order by offset',
    )
    this.count = db.prepare('select count(*) as n from link where offset < ?')
  }

  at(offset: Offset): Gaps {
    const count = this.count.get(offset)!.n
    if (this.folded !== null && this.folded.count === count) return this.folded.gaps
    const fold = new Fold(this.records)
    for (const row of this.links.iterate(offset, maxLinks)) fold.take(row)
    this.folded = { offset, count, gaps: fold.gaps() }
    return this.folded.gaps
  }
}

interface OpenGap {
  from: Millis
  cause: GapCause
  detail: string | null
}

class Fold {
  private readonly records: Records
  private readonly all: Gap[] = []
  private readonly sources = new Map<string, { open: OpenGap | null; gaps: Gap[] }>()
  private away: OpenGap | null = null
  private running = false

  constructor(records: Records) {
    this.records = records
  }

  take(row: LinkRow): void {
    if (row.source === '') this.takeInstallation(row)
    else this.takeSource(row)
  }

  gaps(): Gaps {
    const all = this.away === null ? this.all : [...this.all, { ...this.away, until: null }]
    const bySource = [...this.sources].map(([source, { open, gaps }]): [string, readonly Gap[]] => [
      source,
      open === null ? gaps : [...gaps, { ...open, until: null }],
    ])
    return { all, bySource: new Map(bySource) }
  }

  private takeInstallation(row: LinkRow): void {
    switch (row.event) {
      case 'started':
        this.started(row)
        return
      case 'stopped':
        this.stopped(row)
        return
      case 'asleep':
        this.away = { from: this.records.timeAt(row.offset) ?? row.time, cause: 'asleep', detail: row.detail } // dated back
        return
      case 'awake':
        this.back(row.time)
        return
      case 'up':
      case 'down':
        return
    }
  }

  /** A start without a stop before it is a crash: nothing was recorded since the record before. */
  private started(row: LinkRow): void {
    const crashed = this.running ? this.records.timeAt(row.offset - 1) : null
    if (crashed !== null) this.away = { from: crashed, cause: 'not running', detail: 'it ended without a stop' }
    for (const state of this.sources.values()) this.waitForLink(state)
    this.back(row.time)
    this.running = true
  }

  /** A link that was up is away until it is up again, not only until the program runs. */
  private waitForLink(state: { open: OpenGap | null }): void {
    if (this.away === null) return
    state.open = state.open === null || state.open.from >= this.away.from - stopping ? { ...this.away } : state.open
  }

  private stopped(row: LinkRow): void {
    this.away = { from: row.time, cause: 'not running', detail: row.detail }
    this.running = false
  }

  private back(time: Millis): void {
    if (this.away !== null) this.all.push({ ...this.away, until: time })
    this.away = null
  }

  private takeSource({ source, event, time, detail }: LinkRow): void {
    const state = this.sourceOf(source)
    if (event === 'down') this.down(state, time, detail)
    else if (event === 'up' || event === 'awake') close(state, time)
  }

  private down(state: { open: OpenGap | null; gaps: Gap[] }, time: Millis, detail: string | null): void {
    if (state.open !== null && state.open.cause === 'not running') close(state, time)
    state.open ??= { from: time, cause: detail?.includes('disk_full') ? 'disk full' : 'broker link down', detail }
  }

  private sourceOf(source: string): { open: OpenGap | null; gaps: Gap[] } {
    let state = this.sources.get(source)
    if (state === undefined) {
      state = { open: null, gaps: [] }
      this.sources.set(source, state)
    }
    return state
  }
}

function close(state: { open: OpenGap | null; gaps: Gap[] }, until: Millis): void {
  if (state.open !== null) state.gaps.push({ ...state.open, until })
  state.open = null
}

/** The gaps of a source: its own, and those of the installation that its own do not already tell. */
export function gapsOf({ all, bySource }: Gaps, source: string): readonly Gap[] {
  const own = bySource.get(source) ?? []
  const others = all.filter((gap) => !own.some(({ from }) => Math.abs(from - gap.from) <= stopping))
  return [...others, ...own].sort((a, b) => a.from - b.from)
}

/** End of the newest gap; null while one goes on; `since` when there was none. */
export function gapFreeSince({ all, bySource }: Gaps, since: Millis | null): Millis | null {
  let newest = since
  for (const { until } of [...all, ...[...bySource.values()].flat()]) {
    if (until === null) return null
    if (newest === null || until > newest) newest = until
  }
  return newest
}
