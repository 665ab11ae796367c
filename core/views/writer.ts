import type { Statement } from 'better-sqlite3'
import type {
  Alert,
  Cadence,
  Commands,
  LinkEvent,
  Maintenance,
  Mapping,
  Millis,
  Named,
  Offset,
  Rule,
  Series,
  Topic,
  Transition,
  UndecodableReason,
} from '../contract/model.ts'
import type { Birth } from '../stream/decode/context.ts'
import type { Emit } from '../stream/emit.ts'
import type { Gap } from '../stream/gaps.ts'
import type { Path, PathState } from '../stream/path.ts'
import type { Ahead } from '../stream/plant.ts'
import { pathVersion } from '../stream/state.ts'
import { AlertTables } from './alert-tables.ts'
import { Archive, type KeptLog } from './archive.ts'
import { GapTables } from './gap-tables.ts'
import { Rollups } from './rollup.ts'
import { rollupTables } from './rollup-tables.ts'
import { openSavedState, type SavedState, type StateSave } from './saved-state.ts'
import { type Db, openTables, type Wanted } from './tables.ts'
import { Traffic } from './traffic.ts'
import { Undecodable } from './undecodable.ts'

/**
 * Views as the path makes them. All tables of the file hold the records below `upto` and nothing of those after it:
 * a flush commits them and `upto` together. What the path says again about records below `upto`, after a restart from
 * its older state, is dropped whole.
 */
export interface ViewWriter extends Emit {
  readonly upto: Offset
  /** Commits everything that was said. Call it between records. */
  flush(): void
  /**
   * Begins to save the path as it stands. Flushes first: a state is never ahead of the views. Between records it is to be
   * written on, and once it is whole it stands with the next flush.
   */
  beginState(path: Pick<Path, 'save'>): StateSave
  /** The same at once; answers the bytes of the state. `next`: where the path stands, when records behind it are missing. */
  saveState(path: Pick<Path, 'save'>, next?: Offset): number
  /** Null: the path begins at the base of the log. */
  loadState(): PathState | null
  /** The mappings that its path knows ahead; null: it was not said yet. */
  ahead(): readonly Ahead[] | null
  keepAhead(ahead: readonly Ahead[]): readonly Ahead[]
  /** Between two flushes: when the views are larger than that, their oldest hour goes, if the log no longer has it. False: none could. */
  trim(maxBytes: number, kept: () => KeptLog): boolean
  /** Charts and alerts before it went so; null: none did. */
  archiveBegins(): Millis | null
  /** Flushes and closes. The file by itself then holds everything, unless somebody was reading. */
  close(): void
}

export interface ViewOptions extends Omit<Wanted, 'pathVersion'> {
  /** Hours of series that are kept in memory; 2.7 kB each. */
  readonly maxHours?: number
  /** Of the path whose views these are. */
  readonly pathVersion?: string
}

/** Opens the views, or makes them new where there are none, or they are of another version. */
export function openViews(file: string, { maxHours, ...wanted }: ViewOptions = {}): ViewWriter {
  return writeTables(openTables(file, { pathVersion, ...wanted }), maxHours)
}

export function writeTables(db: Db, maxHours = 16_384): ViewWriter {
  return new Writer(db, maxHours)
}

class Writer implements ViewWriter {
  upto: Offset
  private readonly db: Db
  private readonly rollups: Rollups
  private readonly traffic: Traffic
  private readonly bad: Undecodable
  private readonly alerts: AlertTables
  private readonly gaps: GapTables
  private readonly saved: SavedState
  private readonly archive: Archive
  private readonly run: Statements
  /** The record that is being told, and its log time. */
  private offset: Offset = -1
  private time: Millis = -Infinity
  /** The record is in the views already. */
  private skip = false
  private open = false
  /** In the order in which the path numbers them. */
  private readonly devices: Set<string>
  /** 1: has a band, or will have none. */
  private readonly settled: Uint8Array

  constructor(db: Db, maxHours: number) {
    this.db = db
    this.rollups = new Rollups(rollupTables(db), maxHours)
    this.traffic = new Traffic(db)
    this.bad = new Undecodable(db)
    this.alerts = new AlertTables(db)
    this.gaps = new GapTables(db)
    this.saved = openSavedState(db)
    this.archive = new Archive(db)
    this.run = statements(db)
    this.upto = Number(this.run.getUpto.get()!.value)
    this.settled = loadSettled(db)
    this.devices = new Set(db.prepare<[], string>('select name from device').pluck().all())
  }

  at(offset: Offset, time: Millis): void {
    this.offset = offset
    this.time = time
    this.skip = offset < this.upto
    if (this.skip) return
    this.begin()
    this.traffic.time(time)
    this.rollups.at(offset, time)
  }

  message(source: string, qos: number, repeat: boolean, readings: number): void {
    if (!this.skip) this.traffic.message(source, this.offset, qos, repeat, readings)
  }

  ofDevice(device: number, qos: number, repeat: boolean): void {
    if (!this.skip) this.traffic.byDevice.message(device, this.offset, qos, repeat)
  }

  undecodable(topic: Topic, reason: UndecodableReason): void {
    if (this.skip) return
    this.traffic.undecodable(topic.source, this.offset)
    this.bad.add(this.offset, this.time, topic, reason)
  }

  series({ id, device, signal, unit, type, first, since }: Series, label: string, area: string, topic: string): void {
    if (this.skip) return
    if (!this.devices.has(device)) this.run.device.run(device, label, area, topic, first, this.devices.size)
    this.devices.add(device)
    this.run.series.run(id, device, signal, unit, type, first, since, topic)
  }

  named(series: number, { name, unit, guess, into }: Named): void {
    if (!this.skip) this.run.named.run(series, this.offset, name, unit, guess, into)
  }

  reading(series: number, time: Millis, value: number, low: number, high: number, late: boolean): void {
    if (this.skip) return
    if (late) {
      this.rollups.addLate(series, time, value)
      return
    }
    this.rollups.add(series, time, value, low, high)
    if (this.settled[series] !== 1 && this.isSettled(series, low)) this.settle(series)
  }

  readings(first: number, values: Float64Array, n: number, time: Millis): void {
    if (this.skip) return
    this.rollups.addEach(first, values, n, time)
    for (let series = first; series < first + n; series++)
      if (this.settled[series] !== 1 && this.isSettled(series, Number.NaN)) this.settle(series)
  }

  fetch(first: number, n: number): void {
    this.rollups.fetch(first, n)
  }

  state(series: number, time: Millis, text: string): void {
    if (!this.skip) this.run.state.run(series, time, this.offset, text, this.time)
  }

  cadence(series: number, everyMs: Millis, silentAfterMs: Millis, kind: Cadence | null): void {
    if (!this.skip) this.run.cadence.run(series, this.offset, everyMs, silentAfterMs, kind)
  }

  alert(alert: Alert, transition: Transition): void {
    if (!this.skip) this.alerts.add(alert, transition, this.time)
  }

  rule(rule: Rule, deleted: boolean): void {
    if (!this.skip) this.run.rule.run(rule.id, this.offset, deleted ? 1 : 0, JSON.stringify(rule))
  }

  note({ device, text, by }: Commands['note'], offset: Offset, time: Millis): void {
    if (!this.skip) this.run.note.run(offset, time, device, by, text)
  }

  bookmark({ at, text, by }: Commands['bookmark'], offset: Offset): void {
    if (!this.skip) this.run.bookmark.run(offset, at, text, by)
  }

  maintenance(maintenance: Maintenance, ended: Millis | null): void {
    if (!this.skip) this.run.maintenance.run(maintenance.id, this.offset, JSON.stringify(maintenance), ended)
  }

  service({ device, out, note, by }: Commands['service']): void {
    if (!this.skip) this.run.service.run(device, this.offset, out ? 1 : 0, note, by)
  }

  zone({ name, changes }: Commands['zone']): void {
    if (!this.skip) this.run.zone.run(this.offset, name, JSON.stringify(changes ?? []))
  }

  mapping(id: string, mapping: Mapping | null, ahead: boolean): void {
    const offset = ahead ? this.offset - 1 : this.offset // it counts for records behind it
    if (!this.skip) this.run.mapping.run(id, offset, mapping === null ? null : JSON.stringify(mapping))
  }

  clock(device: string, behindMs: Millis): void {
    if (!this.skip) this.run.clock.run(device, this.offset, behindMs)
  }

  birth(key: string, { offset, session, metrics }: Birth, same: boolean): void {
    if (!this.skip) this.run.birth.run(key, offset, session, same ? null : JSON.stringify(metrics))
  }

  link(source: string, event: LinkEvent, detail: string | null): void {
    if (!this.skip) this.run.link.run(this.offset, this.time, source, event, detail)
  }

  source(name: string): void {
    if (!this.skip) this.run.source.run(name, this.offset, this.time)
  }

  comesBy(device: string, source: string): void {
    if (!this.skip) this.run.comesBy.run(device, source, this.offset, this.time)
  }

  gap(gap: Gap): void {
    if (!this.skip) this.gaps.put(gap, this.offset)
  }

  late(about: Gap['about'], name: string, gap: number, total: number): void {
    if (!this.skip) this.gaps.late(about, name, gap, this.offset, total)
  }

  notStored(source: string, why: 'dropped' | 'left out', topics: string, messages: number): void {
    if (!this.skip) this.run.notStored.run(source, why, this.time, this.offset, topics, messages)
  }

  missed(source: string, node: string, messages: number, since: Millis): void {
    if (!this.skip) this.run.missed.run(this.offset, source, node, since, this.time, messages)
  }

  flush(): void {
    if (!this.open) return
    this.gaps.flush()
    this.rollups.flush()
    this.traffic.flush()
    this.upto = Math.max(this.upto, this.offset + 1) // the state is saved also while it is told what it has
    this.run.putUpto.run(this.upto)
    this.run.commit.run()
    this.open = false
  }

  trim(maxBytes: number, kept: () => KeptLog): boolean {
    this.flush()
    return this.archive.trim(maxBytes, kept)
  }

  archiveBegins(): Millis | null {
    return this.archive.begins()
  }

  beginState(path: Pick<Path, 'save'>, next?: Offset): StateSave {
    this.flush()
    return this.saved.begin(path, () => this.begin(), next)
  }

  saveState(path: Pick<Path, 'save'>, next?: Offset): number {
    const save = this.beginState(path, next)
    while (save.write(Infinity));
    this.flush()
    return save.bytes
  }

  loadState(): PathState | null {
    return this.saved.load()
  }

  ahead(): readonly Ahead[] | null {
    const kept = this.db.prepare<[], string>("select value from meta where name = 'ahead'").pluck().get()
    return kept === undefined ? null : (JSON.parse(kept) as readonly Ahead[]) // written by keepAhead
  }

  keepAhead(ahead: readonly Ahead[]): readonly Ahead[] {
    this.db.prepare("insert or replace into meta(name, value) values ('ahead', ?)").run(JSON.stringify(ahead))
    return ahead
  }

  close(): void {
    this.flush()
    this.db.pragma('wal_checkpoint(passive)')
    this.db.close()
  }

  private begin(): void {
    if (!this.open) this.run.begin.run()
    this.open = true
  }

  private isSettled(series: number, low: number): boolean {
    return !Number.isNaN(low) || this.rollups.count(series) >= bandless
  }

  private settle(series: number): void {
    this.settled[series] = 1
    this.run.settle.run(this.offset, series)
  }
}

/** A series without a band after so many readings is a counter or a constant, and no longer learning. */
const bandless = 500
const mostSeries = 1_000_000

interface Statements {
  readonly begin: Statement<[]>
  readonly commit: Statement<[]>
  readonly getUpto: Statement<[], { value: number }>
  readonly putUpto: Statement<[number]>
  readonly device: Statement<[string, string, string, string, number, number]>
  readonly series: Statement<[number, string, string, string | null, string, number, number, string]>
  readonly named: Statement<[number, number, string | null, string | null, string | null, number | null]>
  readonly settle: Statement<[number, number]>
  readonly state: Statement<[number, number, number, string, number]>
  readonly cadence: Statement<[number, number, number, number, string | null]>
  readonly rule: Statement<[string, number, number, string]>
  readonly note: Statement<[number, number, string, string, string]>
  readonly bookmark: Statement<[number, number, string, string]>
  readonly birth: Statement<[string, number, number, string | null]>
  readonly maintenance: Statement<[string, number, string, number | null]>
  readonly service: Statement<[string, number, number, string | null, string]>
  readonly mapping: Statement<[string, number, string | null]>
  readonly clock: Statement<[string, number, number]>
  readonly zone: Statement<[number, string, string]>
  readonly link: Statement<[number, number, string, string, string | null]>
  readonly source: Statement<[string, number, number]>
  readonly comesBy: Statement<[string, string, number, number]>
  readonly notStored: Statement<[string, string, number, number, string, number]>
  readonly missed: Statement<[number, string, string, number, number, number]>
}

function statements(db: Db): Statements {
  return {
    begin: db.prepare('begin immediate'),
    commit: db.prepare('commit'),
    getUpto: db.prepare("select value from meta where name = 'upto'"),
    putUpto: db.prepare("update meta set value = ? where name = 'upto'"),
    device: db.prepare('insert into device(name, label, area, topic, first, number) values (?, ?, ?, ?, ?, ?)'),
    series: db.prepare(
      'insert or ignore into series(id, device, signal, unit, type, first, since, topic) values (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    named: db.prepare('insert or replace into named values (?, ?, ?, ?, ?, ?)'),
    settle: db.prepare('update series set settled = ? where id = ?'),
    state: db.prepare('insert or replace into state_change values (?, ?, ?, ?, ?)'),
    cadence: db.prepare('insert or replace into cadence values (?, ?, ?, ?, ?)'),
    rule: db.prepare('insert or replace into rule(id, offset, deleted, doc) values (?, ?, ?, ?)'),
    note: db.prepare('insert or replace into note values (?, ?, ?, ?, ?)'),
    bookmark: db.prepare('insert or replace into bookmark values (?, ?, ?, ?)'),
    mapping: db.prepare('insert or replace into mapping values (?, ?, ?)'),
    clock: db.prepare('insert or replace into clock values (?, ?, ?)'),
    birth: db.prepare('insert or replace into birth values (?, ?, ?, ?)'),
    maintenance: db.prepare('insert or replace into maintenance values (?, ?, ?, ?)'),
    service: db.prepare('insert or replace into service values (?, ?, ?, ?, ?)'),
    zone: db.prepare('insert or replace into zone values (?, ?, ?)'),
    link: db.prepare('insert or replace into link values (?, ?, ?, ?, ?)'),
    source: db.prepare('insert or ignore into source values (?, ?, ?)'),
    notStored: db.prepare('insert or replace into not_stored values (?, ?, ?, ?, ?, ?)'),
    missed: db.prepare('insert or replace into missed values (?, ?, ?, ?, ?, ?)'),
    comesBy: db.prepare('insert or ignore into comes_by values (?, ?, ?, ?)'),
  }
}

function loadSettled(db: Db): Uint8Array {
  const settled = new Uint8Array(mostSeries)
  const rows = db.prepare<[], { id: number }>('select id from series where settled is not null')
  for (const { id } of rows.iterate()) settled[id] = 1
  return settled
}
