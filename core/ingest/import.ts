import type { Millis } from '../contract/model.ts'
import type { Appending, Log } from '../log/log.ts'
import { mergeRows, type NamedRow, topicsOf } from './files.ts'

export interface ImportOptions {
  readonly log: Log
  readonly files: readonly string[]
  /** Topics are the names of the files without extension, below this. */
  readonly prefix: string | null
  readonly now: () => Millis
  readonly signal?: AbortSignal
  readonly onProgress?: (imported: number) => void
}

const batchRecords = 1_000
const quietMs = 10_000

/**
 * Rows of files into a log, by time. Where the log does not reach beyond the first of them, their times are the arrival
 * times, with a tick in each gap of more than 10 s, as live capture has it; else arrival is now and their time is the
 * device's. Throws FieldError bad_input and disk_full; what was committed before stays.
 */
export async function importFiles(options: ImportOptions): Promise<{ readonly imported: number }> {
  const { log, files, prefix, signal } = options
  const into = new Importing(options)
  for await (const row of mergeRows(topicsOf(files, prefix), signal)) into.add(row, log)
  into.flush(log)
  return { imported: into.imported }
}

class Importing {
  imported = 0
  private readonly options: ImportOptions
  private batch: Appending[] = []
  /** Whether times of the files are arrival times; null before the first row. */
  private asArrival: boolean | null = null
  private last: Millis

  constructor(options: ImportOptions) {
    this.options = options
    this.last = options.log.lastTime
  }

  add(row: NamedRow, log: Log): void {
    this.asArrival ??= row.time >= log.lastTime
    const time = this.asArrival ? row.time : this.options.now()
    if (time - this.last > quietMs && this.last > 0) this.batch.push(tick(this.last + quietMs))
    this.last = Math.max(this.last, time)
    this.batch.push(message(row, time))
    this.imported++
    if (this.batch.length >= batchRecords) this.flush(log)
  }

  flush(log: Log): void {
    log.append(this.batch)
    this.batch = []
    this.options.onProgress?.(this.imported)
  }
}

const empty = new Uint8Array()

function tick(time: Millis): Appending {
  return { time, kind: 'tick', source: '', name: '', bytes: empty }
}

function message(row: NamedRow, time: Millis): Appending {
  const bytes = Buffer.from(JSON.stringify({ ts: row.time, ...row.values }))
  return { time, kind: 'message', source: 'import', name: row.topic, qos: 1, bytes }
}
