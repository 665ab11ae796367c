import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Millis } from '../../contract/model.ts'
import { type Appending, openLog } from '../../log/log.ts'
import { openReader } from '../../log/reader.ts'
import type { Claim } from './claim.ts'
import type { BenchOptions } from './options.ts'
import { type Devices, type Digits, devices } from './plant.ts'
import { alternate, ratios } from './rounds.ts'

interface Sink {
  append(records: readonly Appending[]): void
  close(): void
}

interface Figure {
  readonly perSecond: number
  readonly cpuPerRecord: number
}

/** The journal of a segment has its size after so many commits of a thousand records, and is written over from then on. */
const warm = 160

/** The log against a bare file: the same records, made durable a thousand at a time. */
export async function appendClaims({ dir, rounds, messages, tell, progress }: BenchOptions): Promise<void> {
  progress('append')
  const commits = Math.ceil(messages / 1_000)
  for (const digits of ['plant', 'full'] as const) {
    const made = devices(3_334, 100, digits, 1)
    const sinks: Record<'log' | 'file', Sink> = {
      log: openLog(join(dir, `append-${digits}`)),
      file: bareFile(join(dir, `append-${digits}.bare`)),
    }
    for (const sink of Object.values(sinks)) measure(sink, made, Math.min(warm, 3 * commits))
    const figures = await alternate(['log', 'file'], rounds, (name) => measure(sinks[name], made, commits))
    for (const sink of Object.values(sinks)) sink.close()
    tell([...told(digits, figures), stored(dir, digits, digits === 'plant' ? 0.3 : 0.45)])
  }
}

function told(digits: Digits, { log, file }: Record<'log' | 'file', readonly Figure[]>): readonly Claim[] {
  const of = `${digits === 'plant' ? 'plant-like numbers' : 'full doubles'}`
  return [
    {
      claim: `append: log / bare file + fdatasync, ${of}`,
      values: ratios(log, file, perSecond, perSecond),
      goal: { atLeast: 0.7 },
    },
    { claim: `append: log, ${of}`, values: log.map(perSecond), goal: null, unit: 'records/s' },
    { claim: `append: bare file + fdatasync, ${of}`, values: file.map(perSecond), goal: null, unit: 'records/s' },
    { claim: `append: log, ${of}`, values: log.map((one) => one.cpuPerRecord), goal: null, unit: 'us CPU/record' },
  ]
}

const perSecond = (figure: Figure) => figure.perSecond

/** Only the commits are timed; the records of each are made right before, as they come from a socket. */
function measure(sink: Sink, made: Devices, commits: number): Figure {
  let spent = 0
  let cpu = 0
  for (let commit = 0; commit < commits; commit++) {
    const records = recordsOf(made, 1_000)
    const cpuBefore = process.cpuUsage()
    const before = performance.now()
    sink.append(records)
    spent += performance.now() - before
    const { user, system } = process.cpuUsage(cpuBefore)
    cpu += user + system
  }
  return { perSecond: (commits * 1_000) / (spent / 1_000), cpuPerRecord: cpu / (commits * 1_000) }
}

let clock: Millis = Date.UTC(2026, 10, 24)

/** At 3,334 messages a second, or another pace. */
export function recordsOf(made: Devices, n: number, everyMs = 0.3): readonly Appending[] {
  const records: Appending[] = []
  for (let i = 0; i < n; i++) {
    const device = made.pick()
    const time = Math.floor(clock)
    clock += everyMs
    const bytes = Buffer.from(made.message(device, time - 20))
    records.push({
      time,
      kind: 'message',
      source: 'bench',
      name: made.topics[device]!,
      qos: 1,
      retained: false,
      repeat: false,
      bytes,
    })
  }
  return records
}

/** The least that keeps a record whole: its time, its topic's number, its length and its payload, in one write and one fdatasync. */
function bareFile(path: string): Sink {
  const fd = openSync(path, 'w')
  const ids = new Map<string, number>()
  const idOf = (name: string): number => {
    const id = ids.get(name) ?? ids.size
    if (id === ids.size) ids.set(name, id)
    return id
  }
  return {
    append(records) {
      const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + record.bytes.length + headBytes, 0))
      let at = 0
      for (const record of records) {
        bytes.writeDoubleLE(record.time, at)
        bytes.writeUInt32LE(idOf(record.name), at + 8)
        bytes.writeUInt32LE(record.bytes.length, at + 12)
        bytes.set(record.bytes, at + headBytes)
        at += headBytes + record.bytes.length
      }
      writeSync(fd, bytes)
      fdatasyncSync(fd)
    },
    close: () => closeSync(fd),
  }
}

const headBytes = 16

/** Bytes of the log's files for each byte of payload. */
function stored(dir: string, digits: Digits, atMost: number): Claim {
  const reader = openReader(join(dir, `append-${digits}`))
  let payload = 0
  let next = 0
  for (let block = reader.read(next); block !== null; block = reader.read(next)) {
    payload += block.bytes.length
    next = block.first + block.n
  }
  const bytes = reader.bytes()
  reader.close()
  const of = digits === 'plant' ? 'plant-like numbers' : 'full doubles'
  return { claim: `log bytes / payload bytes, ${of}`, values: [bytes / payload], goal: { atMost } }
}
