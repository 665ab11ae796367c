// Scores the default detectors on labelled series: npm run bench:detect -- [DIR]. One line per measure; see its README.
import { fileURLToPath } from 'node:url'
import { cpuPerReading } from './cpu-per-reading.ts'
import {
  changedFolder,
  detectIn,
  type Fault,
  type Found,
  type Labelled,
  type Labels,
  labelled,
  labelsIn,
  madePlant,
  type Score,
  type Scripts,
  scriptsOf,
} from './detection-data.ts'

const seeds = [101, 102, 103, 104, 105, 106, 107, 108]
const togetherMs = 30_000
/** The detector that says of such a fault what it is. */
const says: Readonly<Record<string, string>> = { clock: 'clock', late: 'silence' }
const week = 7 * 86_400_000

await main(process.argv[2] ?? fileURLToPath(new URL('../fixtures/nab/', import.meta.url)))

async function main(dir: string): Promise<void> {
  const scripts = await scriptsOf(dir)
  const labels = labelsIn(dir)
  const all = labelled(dir, labels, detectIn(dir))
  const of = (folder: string) => all.filter(({ name, set }) => name.startsWith(`${folder}/`) || set === folder)
  line('measure', 'value', 'must', 'aim')
  benchmark(scripts, of('nab'))
  if (of('normal').length > 0) normal(scripts, of('normal'))
  plants(scripts)
  if (of('skab').length > 0) machine(scripts, of('skab'))
  line('CPU per reading, 1,000 series in turn', `${cpuPerReading().toFixed(2)} us`, '1.5', '0.7')
  invariant(
    dir,
    Object.fromEntries(Object.entries(labels).filter(([name, { set }]) => set === 'nab' || name.startsWith('normal/'))),
  )
}

function benchmark(scripts: Scripts, series: readonly Labelled[]): void {
  const score = scoreOf(scripts, series, openings)
  const upper = scoreOf(scripts, series, criticals)
  line(`NAB standard, ${series.length} series`, fixed(score.nab.standard, 1), '70', '76')
  line('NAB low FP', fixed(score.nab.lowFP, 1), '66', '74')
  line('  false alarms per series-day', perDay(score), '0.040', '0.024')
  line(`  found of ${score.events}`, score.found, '49', '55')
  line('  critical: precision', fixed(upper.precision, 2), '0.92', '0.95')
  line('  critical: found', upper.found, '36', '42')
}

function normal(scripts: Scripts, series: readonly Labelled[]): void {
  const score = scoreOf(scripts, series, (found) => openings(found.filter(({ detector }) => detector !== 'silence')))
  line('normal, false per series-day, silence apart', perDay(score), '0.015', '0.006')
  line('  critical', perDay(scoreOf(scripts, series, criticals)))
}

/** Every sensor on its own; those that open within half a minute of each other are one alert of the device. */
function machine(scripts: Scripts, series: readonly Labelled[]): void {
  const score = scoreOf(scripts, series, (found) => joined(openings(found)))
  line(`SKAB, device alerts: found of ${score.events}`, score.found, '15', '16')
  line('  false', score.falseAlarms, '6', '2')
}

function plants(scripts: Scripts): void {
  const made = seeds.map((seed) => ({ seed, ...madePlant(scripts, seed) }))
  const sensors = made.flatMap((each) => each.sensors).map(withoutTold)
  const score = scoreOf(scripts, sensors, openings)
  line(
    `plants of ${seeds.length} seeds: found of ${score.events}`,
    fixed(score.found / score.events, 3),
    '0.90',
    '0.95',
  )
  line('  false per series-day', perDay(score), '0.010', '0.005')
  line('  critical, false per series-day', perDay(scoreOf(scripts, sensors, criticals)))
  for (const [kind, faults] of byKind(sensors)) line(`  ${kind}`, `${faults.filter(isMet).length} of ${faults.length}`)
  const folded = made.filter(({ unit, sensors }) => isOneIncident(unit, sensors))
  line('  cascade is one incident, headed by the pressure', `${folded.length} of ${made.length}`, 'all')
}

/** A wrong clock and a late delivery are no events to the scorer; what was rightly said of them is then not false. */
function withoutTold(sensor: Labelled): Labelled {
  const { faults = [], found } = sensor
  const told = (each: Found) =>
    faults.some(({ kind, start, end }) => says[kind] === each.detector && each.open >= start && each.open <= end)
  return { ...sensor, heard: found, found: found.filter((each) => !told(each)) }
}

interface Suffered extends Fault {
  readonly found: readonly Found[]
}

function byKind(sensors: readonly Labelled[]): readonly (readonly [string, readonly Suffered[]])[] {
  const faults = sensors.flatMap(({ faults = [], heard = [] }) => faults.map((fault) => ({ ...fault, found: heard })))
  return [...Map.groupBy(faults, ({ kind }) => kind)].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Found, and for what is no fault of a value: said as what it is, and nothing said of the value. */
function isMet({ kind, start, end, found }: Suffered): boolean {
  const during = found.filter(({ open }) => open >= start && open <= end)
  const ofValue = during.filter(({ detector }) => detector === 'band' || detector === 'stuck')
  if (kind === 'clock') return ofValue.length === 0 && during.some(({ detector }) => detector === 'clock')
  return kind === 'late' ? ofValue.length === 0 : during.length > 0
}

function isOneIncident(unit: readonly Found[], sensors: readonly Labelled[]): boolean {
  const parts = sensors.flatMap(({ faults = [] }) => faults.filter(({ cascade }) => cascade !== undefined))
  const from = Math.min(...parts.map(({ start }) => start))
  const until = Math.max(...parts.map(({ end }) => end))
  const during = unit.filter(({ open }) => open >= from && open <= until)
  return during.length > 1 && during.every(({ incident }) => incident.endsWith('#pressure'))
}

/** The same alerts in another unit, and a week later. */
function invariant(dir: string, labels: Labels): void {
  const said = (found: readonly Found[], shift: number) =>
    found.filter(({ series }) => labels[series] !== undefined).map(({ series, open }) => `${series} ${open - shift}`)
  const as = changedFolder(
    dir,
    labels,
    (time, value) => [time, value],
    (copy) => said(detectIn(copy), 0),
  )
  const scaled = changedFolder(
    dir,
    labels,
    (time, value) => [time, 1.7 * value + 3],
    (copy) => said(detectIn(copy), 0),
  )
  const later = changedFolder(
    dir,
    labels,
    (time, value) => [time + week, value],
    (copy) => said(detectIn(copy), week),
  )
  line('alerts that differ after x -> 1.7x + 3', `${differing(as, scaled)} of ${as.length}`, '0')
  line('  after a week', `${differing(as, later)} of ${as.length}`, '0')
}

function differing(a: readonly string[], b: readonly string[]): number {
  const without = (of: readonly string[], others: ReadonlySet<string>) => of.filter((each) => !others.has(each)).length
  return without(a, new Set(b)) + without(b, new Set(a))
}

interface Span {
  readonly open: number
  readonly close: number
}

function openings(found: readonly Found[]): readonly Span[] {
  return found
}

function criticals(found: readonly Found[]): readonly Span[] {
  return found.flatMap(({ critical, close }) => (Number.isNaN(critical) ? [] : [{ open: critical, close }]))
}

function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  let newest = Number.NEGATIVE_INFINITY
  for (const span of spans.toSorted((a, b) => a.open - b.open)) {
    const last = result.at(-1)
    if (last === undefined || span.open > newest + togetherMs) result.push(span)
    else result[result.length - 1] = { open: last.open, close: Math.max(last.close, span.close) }
    newest = span.open
  }
  return result
}

function scoreOf(
  scripts: Scripts,
  series: readonly Labelled[],
  alerts: (found: readonly Found[]) => readonly Span[],
): Score {
  return scripts.score(
    series.map(({ name, ts, windows, probation, found }) => ({
      name,
      ts,
      windows,
      probation,
      alerts: alerts(found).map(({ open, close }) => ({ open, close: Math.min(close, ts.at(-1)!) })),
    })),
  )
}

function perDay({ falseAlarms, days }: Score): string {
  return (falseAlarms / days).toFixed(4)
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '-' : value.toFixed(digits)
}

function line(measure: string, value: string | number, must = '', aim = ''): void {
  process.stdout.write(`${measure.padEnd(52)}${String(value).padStart(12)}${must.padStart(9)}${aim.padStart(9)}\n`)
}
