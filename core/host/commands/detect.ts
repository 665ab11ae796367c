import { closeSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { basename, extname, join, relative, sep } from 'node:path'
import { FieldError } from '../../contract/errors.ts'
import type { Alert, Millis } from '../../contract/model.ts'
import { fileBlocks } from '../../ingest/file-blocks.ts'
import type { Emit } from '../../stream/emit.ts'
import { silentEmit } from '../../stream/emit.ts'
import { createPath } from '../../stream/path.ts'
import type { Command, Io } from '../command.ts'
import { parse, WrongUse } from '../command.ts'
import { tuneEngine } from '../engine.ts'

const usage = `FILE|DIR... [--out FILE] [--dense FILE]

  FILE|DIR      CSV files (ts,value[,...]; epoch ms or ISO 8601), or folders of them; the series of a file is its path
                below DIR without .csv, and "#column" after it for a file of several columns. Columns deviceTs and
                arrived say when the device took a row and when it came, where that is not ts
  --out FILE    alerts as CSV: series,open,close,detector,critical,incident; times in epoch ms, empty when not; the
                incident is the series of the alert that it began with (default: the alerts as lines of JSON on
                standard output)
  --dense FILE  how unlike itself each series was, reading by reading, as CSV: series,ts,score`

export const detect: Command = {
  name: 'detect',
  summary: 'What would be an alert in plain CSV files, by the default rules',
  usage,
  run: async (args, io) => {
    const options = { out: { type: 'string' }, dense: { type: 'string' } } as const
    const { values, files } = parse(args, options, 'files')
    if (files.length === 0) throw new WrongUse('a file or a folder is missing')
    tuneEngine()
    const out = values.out === undefined ? null : csvFile(values.out, 'series,open,close,detector,critical,incident')
    const dense = values.dense === undefined ? null : csvFile(values.dense, 'series,ts,score')
    for (const input of files.flatMap(inputsIn)) {
      const found = await detectIn(input, dense, io)
      for (const each of found) if (out === null) io.out(JSON.stringify(each))
      out?.write(found.map(csvLine))
    }
    out?.close()
    dense?.close()
    return 0
  },
}

interface Input {
  readonly file: string
  readonly series: string
  /** It was named; one that only lies in a folder is left out when it holds no series. */
  readonly named: boolean
}

function inputsIn(path: string): readonly Input[] {
  const known = statSync(path, { throwIfNoEntry: false })
  if (known === undefined) throw new FieldError('not_found', `there is no file or folder "${path}"`)
  if (!known.isDirectory()) return [{ file: path, series: basename(path, extname(path)), named: true }]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .map((name) => ({ file: join(path, name), series: seriesOf(path, name), named: false }))
}

function seriesOf(dir: string, name: string): string {
  return relative(dir, join(dir, name)).slice(0, -'.csv'.length).replaceAll(sep, '/')
}

interface Found {
  readonly series: string
  readonly open: Millis
  readonly close: Millis | null
  readonly detector: string
  /** When it was first critical; null: never. */
  readonly critical: Millis | null
  /** Series of the alert that its incident began with. */
  readonly incident: string
  readonly title: string
}

/** Every file is a plant of its own, so that none is silent because another goes on. */
async function detectIn({ file, series, named }: Input, dense: CsvFile | null, io: Io): Promise<readonly Found[]> {
  const found = new Map<string, Found>()
  const names: string[] = []
  const path = createPath()
  const scores: string[] = []
  const emit: Emit = {
    ...silentEmit,
    series: ({ device, signal }) => names.push(nameOf(device, signal)),
    score: (id, time, score) => dense !== null && scores.push(`${names[id]},${time},${score}`),
    alert: (alert, { time }) => found.set(alert.id, foundOf(alert, time, found)),
  }
  try {
    for await (const block of fileBlocks(file, series)) path.step(block, 0, block.n, emit)
  } catch (error) {
    if (named || !(error instanceof FieldError)) throw error
    io.err(`left out: ${error.message}`)
  }
  dense?.write(scores)
  return [...found.values()]
}

function foundOf(alert: Alert, time: Millis, found: ReadonlyMap<string, Found>): Found {
  const before = found.get(alert.id)
  const series = nameOf(alert.device, alert.signal)
  return {
    series,
    open: before?.open ?? time,
    close: alert.until,
    detector: alert.detector,
    critical: before?.critical ?? (alert.priority === 1 ? time : null),
    incident: alert.incident === null ? series : (found.get(alert.incident)?.series ?? series),
    title: alert.title,
  }
}

function nameOf(device: string, signal: string | null): string {
  return signal === null || signal === 'value' ? device : `${device}#${signal}`
}

function csvLine({ series, open, close, detector, critical, incident }: Found): string {
  return `${series},${open},${close ?? ''},${detector},${critical ?? ''},${incident}`
}

interface CsvFile {
  write(lines: readonly string[]): void
  close(): void
}

function csvFile(path: string, header: string): CsvFile {
  const fd = openSync(path, 'w')
  writeSync(fd, `${header}\n`)
  return {
    write: (lines) => lines.length > 0 && writeSync(fd, `${lines.join('\n')}\n`),
    close: () => closeSync(fd),
  }
}
