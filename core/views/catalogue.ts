import type { Statement } from 'better-sqlite3'
import type { Said } from '../contract/calls.ts'
import type { Millis, Named, Offset, SeriesType } from '../contract/model.ts'
import { guessFor, knownUnit } from '../stream/naming.ts'
import type { Db } from './tables.ts'

export interface SeriesEntry {
  readonly id: number
  readonly device: string
  readonly signal: string
  readonly unit: string | null
  readonly type: SeriesType
  readonly first: Offset
  readonly topic: string
  /** Offset from which it was no longer learning. */
  settled: Offset | null
  /** Log time at which it was first seen. */
  readonly since: Millis
  /** What it was called from which record on, in log order. */
  names: readonly (Named & { readonly offset: Offset })[]
}

/** What a series is called as of an offset. */
export interface SeriesName {
  readonly said: Said
  readonly unit: string | null
  readonly unitGuessed: boolean
}

export function nameAt(series: SeriesEntry, offset: Offset): SeriesName {
  const named = namedAt(series, offset)
  const known = knownUnit(series, named)
  const unit = known ?? named?.guess ?? guessFor(series)
  const said = { name: named?.name ?? null, unit: named?.unit ?? null, into: named?.into ?? null }
  return { said, unit, unitGuessed: known === null && unit !== null }
}

function namedAt({ names }: SeriesEntry, offset: Offset): Named | undefined {
  return names.length === 0 ? undefined : names.findLast((named) => named.offset < offset)
}

export interface DeviceEntry {
  readonly device: string
  readonly label: string
  readonly area: string
  readonly topic: string
  readonly first: Offset
  /** Lower case, for the filter. */
  readonly words: string
  readonly series: SeriesEntry[]
}

interface DeviceRow {
  readonly name: string
  readonly label: string
  readonly area: string
  readonly topic: string
  readonly first: Offset
}

interface NamedRow extends Named {
  readonly series: number
  readonly offset: Offset
}

/** Devices and series with their names, kept in memory: they are only ever added to. */
export class Catalogue {
  readonly series: SeriesEntry[] = []
  readonly devices = new Map<string, DeviceEntry>()
  private readonly newDevices: Statement<[number], DeviceRow>
  private readonly newSeries: Statement<[number], SeriesEntry>
  private readonly newSettled: Statement<[number], { id: number; settled: number }>
  private readonly newNames: Statement<[number], NamedRow>
  private readonly bySignal = new Map<string, number>()
  /** Of a series those that ever were part of it. */
  private readonly merged = new Map<number, Set<number>>()
  private upto: Offset = 0
  private sorted: readonly DeviceEntry[] = []

  constructor(db: Db) {
    this.newDevices = db.prepare(
      'select distinct device.* from series join device on name = device where series.id >= ?',
    )
    this.newSeries = db.prepare('select * from series where id >= ? order by id')
    this.newNames = db.prepare('select * from named where offset >= ? order by offset')
    this.newSettled = db.prepare('select id, settled from series where settled >= ?')
  }

  /** Call it inside the transaction in which the answer is made. */
  refresh(upto: Offset): void {
    if (upto === this.upto) return
    const known = this.series.length
    const found = this.newSeries.all(known)
    if (found.length > 0) this.addDevices(this.newDevices.all(known))
    for (const series of found) this.add(series)
    for (const { id, settled } of this.newSettled.iterate(this.upto)) this.series[id]!.settled = settled
    for (const { series, ...named } of this.newNames.all(this.upto)) this.addName(this.series[series]!, named)
    this.upto = upto
  }

  /** Into which series readings of this one are read, in a record. */
  readInto(series: number, offset: Offset): number {
    const entry = this.series[series]!
    return entry.names.length === 0 ? series : (namedAt(entry, offset)?.into ?? series)
  }

  /** Those that are part of a series at an offset, itself first. */
  partsOf({ id }: SeriesEntry, offset: Offset): readonly SeriesEntry[] {
    const merged = [...(this.merged.get(id) ?? [])].sort((a, b) => a - b)
    const parts = merged.filter((each) => this.readInto(each, offset) === id)
    return [this.series[id]!, ...parts.map((each) => this.series[each]!)]
  }

  /** By which its readings come, and those that count as its own. */
  topicsOf({ series }: DeviceEntry, offset: Offset): readonly string[] {
    return series.flatMap((each) => [each, ...this.partsOf(each, offset)].map(({ topic }) => topic))
  }

  /** -1: not known. */
  find(device: string, signal: string, type: SeriesType): number {
    return this.bySignal.get(keyOf(device, signal, type)) ?? -1
  }

  /** All devices by area and name, as people order names that hold numbers. */
  byArea(): readonly DeviceEntry[] {
    if (this.sorted.length !== this.devices.size) this.sorted = [...this.devices.values()].sort(compareDevices)
    return this.sorted
  }

  private addDevices(rows: readonly DeviceRow[]): void {
    for (const { name, label, area, topic, first } of rows) {
      if (this.devices.has(name)) continue
      const words = `${label}\n${name}\n${area}`.toLowerCase()
      this.devices.set(name, { device: name, label, area, topic, first, words, series: [] })
    }
  }

  private addName(entry: SeriesEntry, named: Omit<NamedRow, 'series'>): void {
    entry.names = [...entry.names, named]
    if (named.into === null) return
    const merged = this.merged.get(named.into) ?? new Set()
    this.merged.set(named.into, merged.add(entry.id))
  }

  private add(row: SeriesEntry): void {
    const series = { ...row, names: [] }
    this.series[series.id] = series
    this.bySignal.set(keyOf(series.device, series.signal, series.type), series.id)
    this.devices.get(series.device)!.series.push(series)
  }
}

function keyOf(device: string, signal: string, type: SeriesType): string {
  return `${device}\u0000${signal}\u0000${type}`
}

const { compare } = new Intl.Collator('en', { numeric: true })

function compareDevices(a: DeviceEntry, b: DeviceEntry): number {
  return compare(a.area, b.area) || compare(a.label, b.label) || compare(a.device, b.device)
}
