import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Label, Labels } from './detection-data.ts'
import { picture } from './picture.ts'
import { blocksOf, type Seen, type Told, type Trace, trace } from './trace.ts'

// The worst misses and the worst false alarms of the data, a picture and a line of facts each, in a folder.

const many = 10
const hour = 3_600_000
const togetherMs = 30_000

/** Something that was missed, or said wrongly. */
interface Case {
  readonly series: string
  readonly from: number
  readonly to: number
  readonly seen: Seen
  readonly label: Label
  readonly told: readonly Told[]
  /** The highest score. */
  readonly peak: number
  readonly title: string
}

export async function drawWorst(dir: string, labels: Labels, out: string): Promise<void> {
  const misses: Case[] = []
  const wrong: Case[] = []
  for (const [series, label] of Object.entries(labels)) {
    const traced = trace(await blocksOf(join(dir, `${series}.csv`), series))
    misses.push(...missesOf(series, label, traced))
    wrong.push(...wrongOf(series, label, traced))
  }
  misses.sort((a, b) => a.peak - b.peak)
  wrong.sort((a, b) => b.peak - a.peak)
  mkdirSync(out, { recursive: true })
  const rows = [...misses.slice(0, many).map(draw(out, 'miss')), ...wrong.slice(0, many).map(draw(out, 'false'))]
  writeFileSync(join(out, 'facts.md'), `${rows.join('\n')}\n`)
}

function draw(out: string, kind: string) {
  return (each: Case, i: number): string => {
    const file = `${kind}-${i + 1}.svg`
    const about = `${each.series} ${each.seen.signal}: ${each.title}`
    writeFileSync(join(out, file), picture(about, each.seen, each.label.windows, each.told, [each.from, each.to]))
    return `- ${file}: \`${each.series}\` ${each.seen.signal}, ${new Date(each.from).toISOString()}: ${each.title}`
  }
}

/** An event is missed when no alert opens in its window. */
function missesOf(series: string, label: Label, { told, seen }: Trace): readonly Case[] {
  const start = seen[0]?.time[label.probation] ?? Number.POSITIVE_INFINITY
  return label.windows
    .filter(([from, to]) => to >= start && !told.some(({ open }) => open >= from && open <= to))
    .map(([from, to]) => {
      const highest = seen.map((each) => ({ each, peak: peakOf(each, from, to) }))
      const { each, peak } = highest.reduce((a, b) => (b.peak > a.peak ? b : a))
      return { series, from, to, seen: each, label, told, peak, title: `said nothing; at most ${peak.toFixed(1)} of 3` }
    })
}

/** Of alerts that open together the first; a silence is a gap of the data, and no label says whether it is one. */
function wrongOf(series: string, label: Label, { told, seen }: Trace): readonly Case[] {
  const start = seen[0]?.time[label.probation] ?? Number.POSITIVE_INFINITY
  const events = [...label.windows, ...(label.faults ?? []).map(({ start, end }) => [start, end] as const)]
  let before = Number.NEGATIVE_INFINITY
  return told.flatMap(({ alert, open, close }) => {
    const isFirst = open > before + togetherMs
    before = open
    const own = seen.find(({ signal }) => signal === alert.signal)
    if (!isFirst || open < start || own === undefined || alert.detector !== 'band') return []
    if (events.some(([from, to]) => open >= from && open <= to)) return []
    const to = Math.min(close, open + 12 * hour)
    const peak = peakOf(own, open, to)
    const title = `${alert.title}, at most ${peak.toFixed(1)}; ${alert.explanation.why}`
    return [{ series, from: open, to, seen: own, label, told, peak, title }]
  })
}

function peakOf({ time, score }: Seen, from: number, to: number): number {
  let peak = 0
  for (let i = 0; i < time.length; i++) if (time[i]! >= from && time[i]! <= to) peak = Math.max(peak, score[i]!)
  return peak
}
