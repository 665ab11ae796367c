import { resolve } from 'node:path'
import { FieldError } from '../../contract/errors.ts'
import { openReader } from '../../log/reader.ts'
import { verify as verifyLog } from '../../log/verify.ts'
import { type Proof, proveViews } from '../../replay/proof.ts'
import type { Command } from '../command.ts'
import { type Io, instant, parse } from '../command.ts'
import { continuityLines, continuityOf } from '../continuity-report.ts'
import { defaultDataDir, type Places, placesIn } from '../paths.ts'
import { ReadAhead } from '../read-ahead.ts'
import { seenOf } from '../seen.ts'
import { moduleBeside } from '../thread.ts'

const usage = `[--data DIR] [--replay] [--from TIME] [--to TIME] [--json]

  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --replay    read the log once more through the path, and compare all it says with the views, byte for byte
  --from TIME where the report of continuity begins (default: with the log)
  --to TIME   and where it ends (default: with the log)
  --json      the report as one line of JSON, with the gaps of every device, its repeats, QoS 0 and Sparkplug numbers`

const options = {
  data: { type: 'string' },
  replay: { type: 'boolean' },
  from: { type: 'string' },
  to: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const verify: Command = {
  name: 'verify',
  summary:
    'Read the whole log: checksums, offsets without holes, finished files as they were finished; every gap with its cause',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    const [from, to] = [instant('from', values.from), instant('to', values.to)]
    const places = placesIn(resolve(values.data ?? defaultDataDir()))
    const report = await verifyLog(places.log, seenOf(places))
    const continuity = tryContinuity(places, { from, until: to, devices: values.json === true }, io)
    const replay = values.replay === true ? replayed(places, io) : null
    if (values.json === true) io.out(JSON.stringify({ ...report, continuity, replay }))
    else {
      for (const { file, offset, message } of report.problems)
        io.out(`${file}${offset === null ? '' : ` at ${offset}`}: ${message}`)
      io.out(
        `${report.records} records in ${report.segments} files (${report.bytes} bytes), offsets ${report.base} to ${report.head}: ` +
          (report.problems.length === 0
            ? 'everything is there and reads as it was written.'
            : `${report.problems.length} problems.`),
      )
      for (const line of continuity === null ? [] : continuityLines(continuity)) io.out(line)
      if (replay !== null) io.out(replayLine(replay))
    }
    return report.problems.length + (replay?.different.length ?? 0) === 0 ? 0 : 1
  },
}

/** A log that is damaged too much to be read on has no report of continuity; what is wrong with it is said above. */
function tryContinuity(places: Places, asked: Parameters<typeof continuityOf>[1], io: Io) {
  try {
    return continuityOf(places, asked, io.err)
  } catch (error) {
    if (!(error instanceof FieldError) || error.code !== 'log_damaged') throw error
    io.err(`continuity: ${error.message}`)
    return null
  }
}

function replayed({ log, views }: Places, io: Io): Proof {
  const ahead = new ReadAhead(log, moduleBeside(import.meta.url, '../read-ahead-thread'))
  const reader = openReader(log, { damaged: 'skip', ahead })
  try {
    return proveViews(reader, views, (done, total) => io.err(`${done} of ${total} records read again`))
  } finally {
    reader.close()
  }
}

function replayLine({ upto, different }: Proof): string {
  return different.length === 0
    ? `A replay of the records before ${upto} says what the views say, byte for byte.`
    : `A replay of the records before ${upto} says something else than the views in: ${different.join(', ')}. Delete views.db to make them again.`
}
