import type { Block } from '../contract/block.ts'
import type { Alert, Commands, Millis, Offset } from '../contract/model.ts'
import type { Base } from '../log/base.ts'
import type { Known, PathKnown } from '../stream/known.ts'
import { createPath, type Path, restorePath, resumePath } from '../stream/path.ts'
import type { Ahead } from '../stream/plant.ts'
import { pathVersion } from '../stream/state.ts'
import { type Db, stillOpen, tablesInMemory, versionOf } from './tables.ts'
import { type ViewWriter, writeTables } from './writer.ts'

/** Whether this version goes on from a base exactly, with all that was learned. */
export function isExact(base: Base): boolean {
  return base.version === version
}

/** The path that goes on where views and base stand: exactly, or from what was known, or from nothing. */
export function pathFrom(views: ViewWriter, base: Base | null, ahead: readonly Ahead[] = []): Path {
  const state = views.loadState()
  if (state !== null) return restorePath(state, { ahead })
  return base === null ? createPath({ ahead }) : resumePath(knownOf(base), views, { ahead })
}

/** The path over the records behind a base, in memory, to make the next one. The same call as live, so with the same end. */
export class NextBase {
  private readonly db: Db
  private readonly views: ViewWriter
  private readonly path: Path
  private unflushed = 0

  constructor(base: Base | null, ahead: readonly Ahead[]) {
    this.db = tablesInMemory(base !== null && isExact(base) ? base.tables : null, { pathVersion })
    this.views = writeTables(this.db, 4_096)
    this.path = pathFrom(this.views, base, ahead)
  }

  step(block: Block, from: number, to: number): void {
    this.path.step(block, from, to, this.views)
    this.unflushed += to - from
    if (this.unflushed >= flushRecords) this.flush()
  }

  /** Ends it. `next` is the record behind the last one that was read, also where the last could not be read. */
  finish(next: Offset): Base {
    const known = this.path.known()
    this.views.saveState(this.path, next)
    cutAlerts(this.db, known.alerts)
    cut(this.db)
    this.db.prepare("update meta set value = ? where name = 'upto'").run(next)
    this.db.exec('vacuum')
    const doc: Known = { ...knownWith(this.db, known), next }
    const base = { next, version, known: Buffer.from(JSON.stringify(doc)), tables: this.db.serialize() }
    this.db.close()
    return base
  }

  private flush(): void {
    this.views.flush()
    cut(this.db)
    this.unflushed = 0
  }
}

export const version = versionOf({ pathVersion })
const flushRecords = 200_000

/**
 * Which rows of each table go on: those that only the past needs are left out. Null: all, because people wrote them, or
 * they name things. Readings that are still to come find the rest as they would have found it.
 */
export const kept: { readonly [table: string]: string | null } = {
  meta: null,
  device: null,
  series: null,
  named: 'offset = (select max(offset) from named as new where new.series = named.series)',
  now: null,
  rollup: `key in (select (select max(key) from rollup where key >= series.id << 21 and key < (series.id + 1) << 21)
    from series)`,
  late: 'false',
  state_change: `(time, offset) = (select time, offset from state_change as new
    where new.series = state_change.series order by time desc, offset desc limit 1)`,
  cadence: 'offset = (select max(offset) from cadence as new where new.series = cadence.series)',
  alert: null, // see cutAlerts
  transition: null,
  minute: 'minute >= (select max(minute) / 60 * 60 from minute)', // its hour is summed at its end
  traffic_hour: 'false',
  device_minute: 'minute >= (select max(minute) / 60 * 60 from device_minute)',
  device_hour: 'false',
  source: null,
  comes_by: null,
  gap: `closed >= ${stillOpen}`,
  missed: 'false',
  not_stored: 'false',
  gap_late: 'chunk = (select max(chunk) from gap_late)',
  link: 'offset in (select max(offset) from link group by source, event)',
  undecodable: 'seq = (select max(seq) from undecodable)',
  undecodable_total: `minute = (select max(minute) from undecodable_total as new
    where new.reason = undecodable_total.reason)`,
  birth: `offset in (select max(offset) from birth as new where new.key = birth.key
    union all select max(offset) from birth as new where new.key = birth.key and metrics is not null)`,
  clock: 'offset = (select max(offset) from clock as new where new.device = clock.device)',
  mapping: null,
  rule: null,
  note: null,
  bookmark: null,
  maintenance: null,
  service: null,
  zone: 'offset = (select max(offset) from zone)',
  state: null,
  state_page: `number <= (select number from state)
    and number = (select max(number) from state_page as new where new.key in (state_page.key / 2 * 2, state_page.key / 2 * 2 + 1)
      and new.number <= (select number from state))`,
}

function cut(db: Db): void {
  for (const [table, which] of Object.entries(kept))
    if (which !== null) db.exec(`delete from "${table}" where (${which}) is not true`)
}

/** Alerts that are done with go, with their journals. */
function cutAlerts(db: Db, open: readonly string[]): void {
  const ids = JSON.stringify(open)
  db.prepare(`delete from alert where closed < ${stillOpen} and id not in (select value from json_each(?))`).run(ids)
  db.exec('delete from transition where alert not in (select id from alert)')
}

function knownWith(db: Db, known: PathKnown): Known {
  const { series, alerts: _, ...path } = known
  const topics = db.prepare<[], string>('select topic from series order by id').pluck().all()
  const changes = db.prepare<[], TransitionRow>('select * from transition order by seq').all()
  return {
    ...path,
    series: series.map(({ source, ...named }, id) => ({ ...named, topic: { source, name: topics[id]! } })),
    changes: changes.map(({ alert, phase, offset, time, by, note, doc }) => ({
      alert: JSON.parse(doc) as Alert, // written by the writer
      transition: { alert, phase, offset, time, by, note },
    })),
    notes: db.prepare<[], NoteRow>('select * from note order by offset').all(),
    bookmarks: db.prepare<[], BookmarkRow>('select * from bookmark order by offset').all(),
    outOfService: db
      .prepare<[], ServiceRow>(outOfService)
      .all()
      .map((row) => ({ ...row, out: true })),
  }
}

type TransitionRow = Known['changes'][number]['transition'] & { readonly doc: string }
type NoteRow = Commands['note'] & { readonly offset: Offset; readonly time: Millis }
type ServiceRow = Omit<Commands['service'], 'out'>
const outOfService = `select device, note, "by" from service as one where gone = 1
  and offset = (select max(offset) from service where device = one.device) order by device`

type BookmarkRow = Commands['bookmark'] & { readonly offset: Offset }

function knownOf(base: Base): Known {
  return JSON.parse(new TextDecoder().decode(base.known)) as Known // its checksum was compared
}
