import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Fault {
  readonly kind: string
  readonly start: number
  readonly end: number
  readonly cascade?: string
}

export interface Label {
  readonly set: string
  readonly windows: readonly (readonly [number, number])[]
  readonly probation: number
  readonly faults?: readonly Fault[]
}

export type Labels = Readonly<Record<string, Label>>

/** A line of `fieldwatch detect --out`. */
export interface Found {
  readonly series: string
  readonly open: number
  readonly close: number
  readonly detector: string
  /** NaN: never. */
  readonly critical: number
  readonly incident: string
}

export interface Labelled extends Label {
  readonly name: string
  readonly ts: readonly number[]
  readonly found: readonly Found[]
  /** With what the scorer is not to see. */
  readonly heard?: readonly Found[]
}

export interface Score {
  readonly series: number
  readonly events: number
  readonly found: number
  readonly falseAlarms: number
  readonly days: number
  readonly precision: number | null
  readonly nab: { readonly standard: number | null; readonly lowFP: number | null }
}

type Row = readonly [number, number, number | '', number | '']

/** What the two scripts beside the data export. */
export interface Scripts {
  readonly score: (series: readonly object[]) => Score
  readonly plant: (options: { readonly seed: number }) => {
    readonly labels: Labels
    readonly rows: Readonly<Record<string, readonly Row[]>>
  }
}

const own = new URL('../fixtures/detection/', import.meta.url)
const cli = new URL('../../dist/core/host/cli.js', import.meta.url)

export async function scriptsOf(dir: string): Promise<Scripts> {
  const load = async (name: string) => {
    const file = join(dir, name)
    return (await import(existsSync(file) ? pathToFileURL(file).href : new URL(name, own).href)) as Record<
      string,
      unknown
    >
  }
  const scoreAll = (await load('score.mjs')).scoreAll as (
    series: readonly object[],
    options: object,
  ) => { total: Score }
  const plant = (await load('plant.mjs')).plant as Scripts['plant']
  return { score: (series) => scoreAll(series, {}).total, plant: ({ seed }) => plant({ seed }) }
}

export function labelsIn(dir: string): Labels {
  return (JSON.parse(readFileSync(join(dir, 'labels.json'), 'utf8')) as { series: Labels }).series
}

/** The alerts of every CSV below `dir`, by the program itself. */
export function detectIn(dir: string): readonly Found[] {
  return withFolder((scratch) => {
    const out = join(scratch, 'alerts.csv')
    execFileSync(process.execPath, [cli.pathname, 'detect', dir, '--out', out], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    return readFileSync(out, 'utf8').trim().split('\n').slice(1).map(foundOf)
  })
}

function foundOf(line: string): Found {
  const [series, open, close, detector, critical, incident] = line.split(',')
  return {
    series: series!,
    open: Number(open),
    close: close === '' ? Number.POSITIVE_INFINITY : Number(close),
    detector: detector!,
    critical: critical === '' ? Number.NaN : Number(critical),
    incident: incident!,
  }
}

/** Each labelled series with its times and its alerts; those of the columns of a file belong to the file. */
export function labelled(dir: string, labels: Labels, found: readonly Found[]): readonly Labelled[] {
  const of = Map.groupBy(found, ({ series }) => series.split('#')[0]!)
  return Object.entries(labels).map(([name, label]) => ({
    name,
    ...label,
    ts: timesIn(join(dir, `${name}.csv`)),
    found: of.get(name) ?? [],
  }))
}

function timesIn(file: string): readonly number[] {
  return rowsIn(file).map((line) => Number(line.slice(0, line.indexOf(','))))
}

function rowsIn(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trim().split('\n').slice(1)
}

/** A made plant: its sensors, with alerts found; and those of unit 1 as signals of one device, where its cascade shows. */
export function madePlant(
  { plant }: Scripts,
  seed: number,
): { readonly sensors: readonly Labelled[]; readonly unit: readonly Found[] } {
  const { labels, rows } = plant({ seed })
  return withFolder((dir) => {
    for (const [name, list] of Object.entries(rows))
      writeFileSync(
        join(dir, `${name}.csv`),
        `ts,value,deviceTs,arrived\n${list.map((row) => row.join(',')).join('\n')}\n`,
      )
    mkdirSync(join(dir, 'unit1'))
    writeFileSync(join(dir, 'unit1', 'all.csv'), unitFile(rows))
    const found = detectIn(dir)
    return { sensors: labelled(dir, labels, found), unit: found.filter(({ series }) => series.startsWith('unit1/all')) }
  })
}

const periodMs = 300_000

function unitFile(rows: Readonly<Record<string, readonly Row[]>>): string {
  const sensors = Object.keys(rows).filter((name) => name.startsWith('unit1_'))
  const at = new Map<number, string[]>()
  for (const [column, name] of sensors.entries())
    for (const [ts, value] of rows[name]!) {
      const slot = Math.floor(ts / periodMs) * periodMs
      if (!at.has(slot))
        at.set(
          slot,
          sensors.map(() => ''),
        )
      at.get(slot)![column] = String(value)
    }
  const lines = [...at].sort(([a], [b]) => a - b).map(([ts, values]) => `${ts},${values.join(',')}`)
  return `ts,${sensors.map((name) => name.slice('unit1_'.length)).join(',')}\n${lines.join('\n')}\n`
}

/** A copy of the data in which every value or every time is another. */
export function changedFolder<T>(
  dir: string,
  labels: Labels,
  change: (time: number, value: number) => readonly [number, number],
  use: (dir: string) => T,
): T {
  return withFolder((copy) => {
    for (const name of Object.keys(labels)) {
      const lines = rowsIn(join(dir, `${name}.csv`)).map((line) =>
        change(...(line.split(',').map(Number) as [number, number])).join(','),
      )
      mkdirSync(join(copy, name, '..'), { recursive: true })
      writeFileSync(join(copy, `${name}.csv`), `ts,value\n${lines.join('\n')}\n`)
    }
    return use(copy)
  })
}

function withFolder<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-detect-'))
  try {
    return use(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
