import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Calls, Continuity, DeviceCoverage, Gap, SilentRow, SourceCoverage } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import { type LogReader, openReader } from '../log/reader.ts'
import { beginViews } from '../views/begin.ts'
import { openQueries, type Queries } from '../views/queries.ts'
import type { placesIn } from './paths.ts'

export interface ContinuityReport extends Continuity {
  /** Devices that were silent by their own pace, the longest first; of more than 100 those. */
  readonly silent: Calls['continuity.silent']['out']
  /** Every device, with its gaps and what is known of what it sent; null: not asked for. */
  readonly devices: readonly DeviceCoverage[] | null
}

interface Asked {
  /** Null: with the first record of the log. */
  readonly from: Millis | null
  /** Null: with the last. */
  readonly until: Millis | null
  readonly devices: boolean
}

type Places = Pick<ReturnType<typeof placesIn>, 'log' | 'views'>

const silentRows = 100
const devicesAtOnce = 500
/** Views that are no further behind are being written now. */
const nearHead = 5_000
const step = 200_000

/**
 * What the log tells of its continuity, by default from its first to its last record; null: it holds none. Asked of
 * the views where they hold all of it, else of new ones, for which the log is read once more.
 */
export function continuityOf(
  { log, views }: Places,
  { from, until, devices }: Asked,
  progress: (text: string) => void,
): ContinuityReport | null {
  const reader = openReader(log)
  const [head, first, last] = [reader.head(), reader.firstTime(), reader.lastTime()]
  reader.close()
  if (first === null || last === null) return null
  const span = { from: from ?? first, until: until ?? last + 1 }
  const ask = (file: string) => reportFrom(file, log, head, span, last, devices)
  return ask(views) ?? afterReading(log, progress, ask)
}

/** Null when these views cannot tell: they are not there, are of another version, or are behind. */
function reportFrom(
  file: string,
  log: string,
  head: number,
  span: { readonly from: Millis; readonly until: Millis },
  last: Millis,
  devices: boolean,
): ContinuityReport | null {
  if (!existsSync(file)) return null
  const queries = openQueries(file, log, () => last + 1)
  try {
    if (isBehind(queries, head)) return null
    const sources = queries.continuity({ at: null, ...span })
    return { ...sources, silent: silentIn(queries, span), devices: devices ? devicesIn(queries, span) : null }
  } finally {
    queries.close()
  }
}

function isBehind(queries: Queries, head: number): boolean {
  try {
    return head - queries.health({ at: null }).offset > nearHead
  } catch {
    return true // of another version: its tables are others
  }
}

function silentIn(queries: Queries, span: { readonly from: Millis; readonly until: Millis }) {
  return queries['continuity.silent']({ at: null, ...span, skip: 0, limit: silentRows })
}

function devicesIn(queries: Queries, span: { readonly from: Millis; readonly until: Millis }): DeviceCoverage[] {
  const devices: DeviceCoverage[] = []
  for (let more = true; more; ) {
    const page = queries['continuity.devices']({ at: null, ...span, skip: devices.length, limit: devicesAtOnce })
    devices.push(...page.rows)
    more = page.more
  }
  return devices
}

function afterReading(
  log: string,
  progress: (text: string) => void,
  ask: (file: string) => ContinuityReport | null,
): ContinuityReport | null {
  const scratch = mkdtempSync(join(tmpdir(), 'fieldwatch-continuity-'))
  const reader = openReader(log, { damaged: 'skip' })
  try {
    const file = join(scratch, 'views.db')
    readInto(file, reader, progress)
    return ask(file)
  } finally {
    reader.close()
    rmSync(scratch, { recursive: true, force: true })
  }
}

function readInto(file: string, reader: LogReader, progress: (text: string) => void): void {
  const { views, path } = beginViews(file, reader)
  const [begin, head] = [Math.max(path.next, reader.base()), reader.head()]
  let said = begin
  for (let at = begin; at < head; at = path.next) {
    const block = reader.read(at)
    if (block === null) break
    path.step(block, Math.max(0, at - block.first), block.n, views) // behind damage it begins later
    if (path.next - said < step) continue
    said = path.next
    views.flush()
    progress(`continuity: ${Math.floor((100 * (said - begin)) / (head - begin))} % of the log read`)
  }
  views.close()
}

/** As lines for a person. */
export function continuityLines({
  from,
  until,
  keptSince,
  sources,
  silent,
  givenUp,
}: ContinuityReport): readonly string[] {
  return [
    `Continuity from ${time(from)} to ${time(until)}${keptSince === null ? '' : `, kept since ${time(keptSince)}`}:`,
    ...(sources.length === 0 ? ['  no source was heard'] : sources.flatMap((source) => sourceLines(source))),
    ...givenUp.map((one) => `  ${time(one.time)}  ${one.words}`),
    ...silent.rows.slice(0, shown).map(silentLine),
    ...(silent.more || silent.rows.length > shown ? ['  more devices were silent; --json names up to 100'] : []),
    ...(silent.since === null
      ? []
      : [`  silences of devices that ended before ${time(silent.since)} are not counted here`]),
  ]
}

const shown = 10

function sourceLines(source: SourceCoverage): readonly string[] {
  const { gaps, more, messages, repeats, qos0, refused, dropped, leftOut, missed, tooLate } = source
  const since = source.since === null ? 'not heard' : `heard since ${time(source.since)}`
  const gapsSaid =
    gaps.length === 0 ? 'no gap' : `${gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`}, ${length(source.gapMs)}`
  return [
    `  ${source.source}: ${since}, ${gapsSaid}; ${messages} messages, ${repeats} repeats`,
    ...(more ? ['    there were more gaps before these'] : []),
    ...gaps.map(gapLine),
    ...(qos0 === 0 ? [] : [`    ${qos0} messages came with QoS 0: what was lost on the way cannot be known`]),
    ...refused.map((one) => `    ${time(one.from)} to ${end(one.until)}  "${one.topics}" refused by broker`),
    ...dropped.topics.map((one) => `    ${one.messages} messages of "${one.topics}" dropped by choice`),
    ...leftOut.topics.map((one) => `    ${one.messages} messages of "${one.topics}" left out by choice`),
    ...missed.newest.map(
      (one) => `    ${one.messages} messages missing by Sparkplug sequence, ${one.node}, before ${time(one.until)}`,
    ),
    ...(tooLate === 0
      ? []
      : [`    ${tooLate} messages were too late to change an alert, and stand on the charts only`]),
  ]
}

function gapLine({ from, until, cause, detail, late }: Gap): string {
  const lasted = `${time(from)} to ${end(until)}`
  const why = detail === null ? cause : `${cause} (${detail})`
  return `    ${lasted}  ${why}${late === 0 ? '' : `; ${late} messages came late and were filed by their own time`}`
}

function silentLine({ device, silences, silentMs }: SilentRow): string {
  return `  ${device} was silent ${silences === 1 ? 'once' : `${silences} times`}, ${length(silentMs)}`
}

function end(until: Millis | null): string {
  return until === null ? 'the end' : time(until)
}

function time(at: Millis): string {
  return new Date(at).toISOString()
}

function length(ms: Millis): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}
