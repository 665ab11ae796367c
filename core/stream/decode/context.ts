import type { Mapping, Millis, Offset, ZoneChanges } from '../../contract/model.ts'

/** A metric as the birth of its edge node or device declares it; later messages may name it by its alias alone. */
export interface BirthMetric {
  readonly name: string
  readonly alias: number | null
  /** Sparkplug data type. */
  readonly type: number
  readonly unit: string | null
}

export interface Birth {
  /** Of the record; -1 until it is known. */
  readonly offset: Offset
  /** Number of the session, in the birth of an edge node; -1: none. */
  readonly session: number
  readonly metrics: readonly BirthMetric[]
}

/** What decoding depends on beside the message itself. All of it comes from the log. */
export interface Context {
  /** The newest birth under a key, before the record that is decoded. */
  birth(key: string): Birth | null
  /** Of the plant, for times that name no zone. */
  zone(): ZoneChanges
  /** How people say that messages are to be read: the same list until one changes. */
  mappings(): readonly Mapping[]
}

const noMappings: readonly Mapping[] = []
export const noContext: Context = { birth: () => null, zone: () => [], mappings: () => noMappings }

/** A birth with the same metrics keeps the list of the one before, so that what was made of it stays. */
export function sameMetrics(a: readonly BirthMetric[], b: readonly BirthMetric[]): boolean {
  return a.length === b.length && a.every((metric, i) => isSame(metric, b[i]!))
}

function isSame(a: BirthMetric, b: BirthMetric): boolean {
  return a.name === b.name && a.alias === b.alias && a.type === b.type && a.unit === b.unit
}

/** A birth as views keep it: of two that declare the same, only the first has a list. */
export interface BirthRow {
  readonly offset: Offset
  readonly session: number
  /** Where its list stands, and the list as JSON. */
  readonly listed: Offset
  readonly metrics: string
}

/** Where what decoding depends on is read from, as of a record: the views. */
export interface KnownRows {
  readonly birth: (key: string, before: Offset) => BirthRow | undefined
  /** JSON of the changes of the zone. */
  readonly zone: (before: Offset) => string | null | undefined
  readonly behind: (device: string, before: Offset) => Millis | undefined
  readonly window: (at: Offset) => Window
  /** JSON of the mappings, in the order in which they were put. */
  readonly mappings: (before: Offset) => readonly string[]
}

/** What holds from a record on, up to and with `until`, so that not every record asks for it. */
export interface Window {
  /** Where the newest change of a mapping stands, and of a clock; null: there is none. */
  readonly mapped: Offset | null
  readonly clocked: Offset | null
  readonly until: Offset
}

/** What held before any record, from rows that are read when they are asked for. */
export class ContextAsOf implements Context {
  /** The record that is decoded. */
  offset: Offset = 0
  private readonly rows: KnownRows
  private readonly lists = new Map<string, readonly BirthMetric[]>()
  private mapped: Offset = nothingYet
  private window: Window = nowhere
  private windowFrom: Offset = 0
  private list: readonly Mapping[] = noMappings

  constructor(rows: KnownRows) {
    this.rows = rows
  }

  birth(key: string): Birth | null {
    const row = this.rows.birth(key, this.offset)
    return row === undefined ? null : { offset: row.offset, session: row.session, metrics: this.metrics(key, row) }
  }

  zone(): ZoneChanges {
    return JSON.parse(this.rows.zone(this.offset) ?? '[]') as ZoneChanges // written by the views, from the same type
  }

  mappings(): readonly Mapping[] {
    const changed = this.here().mapped
    if (changed === null) return noMappings
    if (changed !== this.mapped) {
      this.list = this.rows.mappings(this.offset).map((doc) => JSON.parse(doc) as Mapping) // as above
      this.mapped = changed
    }
    return this.list
  }

  /** How far the clock of a device was behind, as far as was known. */
  behind(device: string): Millis {
    return this.here().clocked === null ? 0 : (this.rows.behind(device, this.offset) ?? 0)
  }

  /** Call it when the rows may be others than before. */
  forget(): void {
    this.window = nowhere
    this.mapped = nothingYet
    this.lists.clear()
  }

  private here(): Window {
    if (this.offset < this.windowFrom || this.offset > this.window.until) {
      this.window = this.rows.window(this.offset)
      this.windowFrom = this.offset
    }
    return this.window
  }

  private metrics(key: string, { listed, metrics }: BirthRow): readonly BirthMetric[] {
    const place = `${listed} ${key}`
    let list = this.lists.get(place)
    if (list !== undefined) return list
    if (this.lists.size >= maxLists) this.lists.clear()
    list = JSON.parse(metrics) as readonly BirthMetric[] // as above
    this.lists.set(place, list)
    return list
  }
}

const maxLists = 1_000
/** One that is known ahead of the first record stands at -1. */
const nothingYet: Offset = -2
const nowhere: Window = { mapped: null, clocked: null, until: -1 }

/** Reads a BirthRow of the views; its parameters are key, offset, key, offset. */
export const birthSql = `
  select b.offset, b.session, d.offset as listed, d.metrics
  from (select offset, session from birth where key = ? and offset < ? order by offset desc limit 1) b,
       (select offset, metrics from birth where key = ? and offset < ? and metrics is not null
        order by offset desc limit 1) d`
export const zoneSql = 'select changes from zone where offset < ? order by offset desc limit 1'
/** Reads a Window; its parameter is the offset, four times. What is not yet in the views is not known to change nothing. */
export const windowSql = `
  select (select max(offset) from mapping where offset < ?) as mapped,
         (select max(offset) from clock where offset < ?) as clocked,
         min(ifnull((select min(offset) from mapping where offset >= ?), 9007199254740991),
             ifnull((select min(offset) from clock where offset >= ?), 9007199254740991),
             (select value from meta where name = 'upto')) as until`
export const mappingsSql = `
  select doc from (select id, doc, max(offset) as put from mapping where offset < ? group by id)
  where doc is not null order by put`
export const behindSql = 'select behind from clock where device = ? and offset < ? order by offset desc limit 1'
