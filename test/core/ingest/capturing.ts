import { sourceOf } from '../../../core/config/settings.ts'
import type { SourceConfig, SourceRow } from '../../../core/contract/calls.ts'
import type { LogRecord } from '../../../core/contract/model.ts'
import { type Capture, startCapture } from '../../../core/ingest/capture.ts'
import { type Log, type LogOptions, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { atEnd } from '../../support/at-end.ts'
import { Disk } from '../../support/capture/disk.ts'
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { readAll } from '../log/records.ts'

export function source(url: string, more: Partial<SourceConfig> = {}): SourceConfig {
  return sourceOf('plant', url, more)
}

/** Ends with the test. */
export function capturing(dir = tempDir(), options: CapturingOptions = {}): Capturing {
  const one = new Capturing(dir, options)
  atEnd(() => one.stop())
  return one
}

/** A real broker, which ends with the test. */
export async function mosquitto(conf = '', files: Readonly<Record<string, string>> = {}): Promise<Mosquitto> {
  const broker = await startMosquitto({ conf, files })
  atEnd(() => broker.stop())
  return broker
}

interface CapturingOptions extends LogOptions {
  readonly maxQueueBytes?: number
  /** Of the clock. */
  readonly ahead?: number
}

/** A capture whose commits and changes of state can be waited for. */
export class Capturing {
  readonly dir: string
  readonly capture: Capture
  rows: readonly SourceRow[] = []
  now: () => number
  readonly disk: Disk
  private readonly log: Log
  private stopped = false
  private waiting: (() => void)[] = []

  constructor(dir: string, options: CapturingOptions = {}) {
    const { maxQueueBytes = 8_000_000, ahead = 0, ...logOptions } = options
    this.now = () => Date.now() + ahead
    this.dir = dir
    this.log = openLog(dir, logOptions)
    this.disk = new Disk(this.log)
    this.capture = startCapture({
      log: this.disk,
      maxQueueBytes,
      now: () => this.now(),
      linger: 20,
      onHead: () => this.changed(),
      onStatus: (rows) => {
        this.rows = rows
        this.changed()
      },
    })
  }

  /** When it holds, looked at after each commit and each change of state. */
  async until(holds: (one: Capturing) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.next(resolve))
  }

  /** Called at the next commit or change of state. */
  next(then: () => void): void {
    this.waiting.push(then)
  }

  async row(holds: (row: SourceRow) => boolean): Promise<SourceRow> {
    await this.until(({ rows }) => rows.some(holds))
    return this.rows.find(holds)!
  }

  records(): LogRecord[] {
    const reader = openReader(this.dir)
    try {
      return readAll(reader, 0)
    } finally {
      reader.close()
    }
  }

  messages(): LogRecord[] {
    return this.records().filter((record) => record.kind === 'message')
  }

  links(): string[] {
    return this.records()
      .filter((record) => record.kind === 'link')
      .map((record) => `${record.topic.source}${record.topic.source === '' ? '' : ' '}${record.topic.name}`)
  }

  /** Why links went down, as their records say. */
  causes(): unknown[] {
    return this.records()
      .filter((record) => record.topic.name === 'down')
      .map((record) => (JSON.parse(Buffer.from(record.bytes).toString()) as { cause: unknown }).cause)
  }

  /** The disk that `maxSegmentBytes` made full has room again. */
  makeRoom(): void {
    const { options } = this.log as unknown as { options: { maxSegmentBytes: number } } // no other way to a real full disk
    options.maxSegmentBytes = Number.POSITIVE_INFINITY
  }

  /** May be called again. */
  async stop(): Promise<void> {
    if (this.stopped) return
    this.stopped = true
    await this.capture.stop()
    this.log.close()
  }

  private changed(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}
