import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Claim, isReached, jsonLine, tableHead, tableRow } from '../bench/claim.ts'
import type { BenchOptions, Parts } from '../bench/options.ts'
import type { Command, Io } from '../command.ts'
import { parse, WrongUse, wholeNumber } from '../command.ts'
import { calledOff } from '../signals.ts'

const usage = `capture|path|sync [--rounds N] [--messages N] [--dir DIR] [--long] [--only PART] [--check] [--json]

  capture        the recorder beside a plain subscriber that only counts, and the log beside a bare file
  path           the stream path beside reading the log and JSON.parse
  sync           sending to a Kafka that it starts, beside Kafka's own producer with transactions (needs Java; Maven once)
  --rounds N     what is compared takes turns so many times (default: 5)
  --messages N   messages of one run (default: 60000)
  --dir DIR      measure on the disk of this folder (default: ${tmpdir()}); what is made there is removed
  --only PART    append, compare, slow-disk, beside, start or memory of capture; ratio, series, memory or recovery of path;
                 speed, envelope, idle or backlog of sync
  --long         what takes long too: ten minutes of memory, a log of 20 GB, a day of simulated time, a kill
                 after 15 minutes of 10,002 series
  --check        exit with 1 when a goal is not reached
  --json         one line of JSON for each claim`

const options = {
  rounds: { type: 'string' },
  messages: { type: 'string' },
  dir: { type: 'string' },
  only: { type: 'string' },
  long: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export const bench: Command = {
  name: 'bench',
  summary: 'Measure: alternated runs against the limit measured in the same run',
  usage,
  run: async (args, io) => {
    const { values, files } = parse(args, options, 'files')
    const what = files[0]
    if (files.length !== 1 || !isSubject(what)) throw new WrongUse('say capture, path or sync')
    const parts = await partsOf(what)
    const { only } = values
    if (only !== undefined && !Object.hasOwn(parts, only))
      throw new WrongUse(`--only: "${only}" is not one of ${Object.keys(parts).join(', ')}`)
    const { tell, reached } = teller(io, values.json)
    let failed = false
    /** One part that cannot be measured does not keep the others from it. */
    const attempt = async (name: string, run: Parts[string], how: BenchOptions) => {
      try {
        await run(how)
      } catch (error) {
        how.signal.throwIfAborted()
        failed = true
        io.err(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    await inDir(values.dir, async (dir) => {
      const how: BenchOptions = {
        dir,
        rounds: wholeNumber('rounds', values.rounds, 1_000) ?? 5,
        messages: wholeNumber('messages', values.messages, 100_000_000) ?? 60_000,
        long: values.long,
        signal: calledOff(),
        tell,
        progress: (text) => io.err(`… ${text}`),
      }
      for (const [name, run] of Object.entries(parts))
        if (only === undefined || only === name) await attempt(name, run, how)
    })
    return failed || (values.check && !reached()) ? 1 : 0
  },
}

/** Loaded only when they are asked for, so that no other command pays for them. */
async function partsOf(what: Subject): Promise<Parts> {
  if (what === 'sync') return (await import('../bench/sync.ts')).parts
  if (what === 'path') return (await import('../bench/path.ts')).parts
  return (await import('../bench/capture.ts')).parts
}

type Subject = 'capture' | 'path' | 'sync'

function isSubject(what: string | undefined): what is Subject {
  return what === 'capture' || what === 'path' || what === 'sync'
}

/** Each claim as soon as it is known. JSON goes out, and the table then stands beside it for whoever watches. */
function teller(io: Io, json: boolean) {
  const table = json ? io.err : io.out
  let all = true
  let begun = false
  return {
    reached: () => all,
    tell(claims: readonly Claim[]) {
      if (!begun) table(tableHead())
      begun = true
      for (const claim of claims) {
        all &&= isReached(claim)
        table(tableRow(claim))
        if (json) io.out(jsonLine(claim))
      }
    },
  }
}

/** A folder of our own on that disk, gone afterwards whatever happens. */
async function inDir(parent: string | undefined, use: (dir: string) => Promise<void>): Promise<void> {
  const place = resolve(parent ?? tmpdir())
  mkdirSync(place, { recursive: true })
  const dir = mkdtempSync(join(place, 'fieldwatch-bench-'))
  try {
    await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
