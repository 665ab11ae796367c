import { join } from 'node:path'
import type { FileConfig, SourceRow } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import { encodeMeta } from '../../contract/meta.ts'
import type { Millis } from '../../contract/model.ts'
import type { Appending, Log } from '../../log/log.ts'
import { type Batcher, Rate } from '../batcher.ts'
import { type Ended, endedWords, linkRecord } from '../mqtt/source.ts'
import { keepPlace, lastPlace, placeOf } from './place.ts'
import { openTail, type Place, type Tail, type TailLine } from './tail.ts'

export interface FileSourceOptions {
  readonly config: FileConfig
  readonly log: Log
  readonly batcher: Batcher
  readonly now: () => Millis
  /** The row changed. */
  readonly onChange: () => void
}

const pollMs = 500
const keepEvery: Millis = 5_000
/** Of a poll, so that a long file holds nobody up. */
const maxCommits = 10
const maxLines = 1_000
const told = { version: null, refusedTopics: [], leftOut: { excluded: 0, retainedAgain: 0 }, note: null } as const

/**
 * A log file that is followed as it grows, through rotation and truncation. Each line is a message, and the last line of
 * a commit carries where it ends, so that a line is in the log exactly when its place is: a restart loses none and
 * doubles none.
 */
export class FileSource {
  private readonly options: FileSourceOptions
  private readonly rate: Rate
  private readonly hints: string
  private readonly timer: NodeJS.Timeout
  private readonly tail: Tail
  /** Of the newest line in the log. */
  private place: Place | null
  private state: SourceRow['state'] = 'connecting'
  private error: FieldError | null = null
  private full = false
  private ended = false
  private keptAt: Millis = 0

  constructor(options: FileSourceOptions) {
    const { config, log, now } = options
    this.options = options
    this.rate = new Rate(now)
    this.hints = join(log.dir, '..', 'files.json')
    this.place = lastPlace(log, config.name, this.hints)
    this.tail = openTail(config.path, this.place)
    this.timer = setInterval(() => this.poll(), pollMs)
    this.poll()
  }

  row(): Omit<SourceRow, 'queue' | 'dropped'> {
    const { name, path } = this.options.config
    const error = this.error === null ? null : { ...this.error, message: this.error.message }
    return { ...told, name, url: path, state: this.state, perSecond: this.rate.perSecond(), error }
  }

  /** Lines wait in their file. */
  hold(error: FieldError | null): void {
    this.full = error !== null
  }

  resume(): void {
    this.poll()
  }

  check(): void {
    this.poll()
  }

  pause(): void {
    this.ended = true
    clearInterval(this.timer)
  }

  /** Its place stays: added again it goes on there. */
  async close(why: Ended): Promise<void> {
    if (why !== 'not running') this.tell('down', endedWords[why], why)
    this.tail.close()
    keepPlace(this.hints, this.options.config.name, this.options.log.head, this.place)
  }

  private poll(): void {
    if (this.full || this.ended) return
    try {
      for (let commits = 0; commits < maxCommits && this.take(); commits++);
      this.turn('up', null)
    } catch (error) {
      this.turn('down', explained(error, this.options.config.path))
    }
    this.keep()
  }

  /** One commit of lines. False: there are no more. */
  private take(): boolean {
    const { lines, more } = this.tail.read(maxLines)
    if (lines.length === 0) return more
    try {
      this.options.batcher.append(lines.map((line, i) => this.record(line, i === lines.length - 1)))
    } catch (error) {
      this.tail.back() // the same lines again when there is room
      throw error
    }
    const { file, at, begins } = lines.at(-1)!
    this.place = { file, at, begins }
    for (let i = 0; i < lines.length; i++) this.rate.count()
    return more
  }

  private record(line: TailLine, last: boolean): Appending {
    const { config, now } = this.options
    const record = { time: now(), kind: 'message', source: config.name, name: config.topic, qos: 1 } as const
    return { ...record, bytes: line.bytes, ...(last ? { meta: encodeMeta(placeOf(line)) } : {}) }
  }

  private turn(state: SourceRow['state'], error: FieldError | null): void {
    if (state === this.state && error?.message === this.error?.message) return
    const linked = (state === 'up') !== (this.state === 'up')
    this.state = state
    this.error = error
    if (linked && !this.full) this.tell(state === 'up' ? 'up' : 'down', error?.message ?? null, null)
    this.options.onChange()
  }

  /** Whatever was written meanwhile is still in the file. */
  private tell(event: 'up' | 'down', detail: string | null, cause: Ended | null): void {
    const { batcher, config, now } = this.options
    const record = linkRecord(now(), config.name, event, detail, cause, { held: event === 'up' })
    batcher.add({ record, ack: null, urgent: true })
  }

  /** A hint where to look for the newest place; the place itself is in the log. */
  private keep(): void {
    const now = this.options.now()
    if (now - this.keptAt < keepEvery) return
    this.keptAt = now
    keepPlace(this.hints, this.options.config.name, this.options.log.head, this.place)
  }
}

function explained(error: unknown, path: string): FieldError {
  if (error instanceof FieldError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT')
    return new FieldError('not_found', `${path} is not there`, {
      hint: 'it is followed as soon as it is written',
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM')
    return new FieldError('forbidden', `${path} may not be read by this user`, {
      hint: 'give this user the right to read it',
      cause: error,
    })
  throw error
}
