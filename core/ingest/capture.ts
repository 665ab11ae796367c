import { brokerSource } from '../config/settings.ts'
import type { BrokerConfig, FileConfig, Recorder, SourceConfig, SourceRow } from '../contract/calls.ts'
import type { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import type { Appending, Log } from '../log/log.ts'
import { Batcher, type Taken } from './batcher.ts'
import { BrokerSource } from './broker/source.ts'
import { clientIdFor } from './client-id.ts'
import type { Drop } from './dropped.ts'
import { FileSource } from './file/source.ts'
import type { Counts } from './histogram.ts'
import { Sessions } from './mqtt/sessions.ts'
import { type Ended, linkRecord, MqttSource } from './mqtt/source.ts'

export interface CaptureOptions {
  readonly log: Log
  readonly now: () => Millis
  /** How long a commit waits for company; five times as long below 100 messages a second. */
  readonly linger: Millis
  /** What may wait in memory for the disk; then nothing more is read. */
  readonly maxQueueBytes?: number
  /** The log grew; readers see it already. */
  readonly onHead: (head: Offset, time: Millis) => void
  /** The rows changed: at most once a second, except for a change of state. */
  readonly onStatus: (rows: readonly SourceRow[]) => void
}

/** All that is appended to a log while it is live. */
export interface Capture {
  /** Begins to capture; a source of that name must not be there yet. */
  addSource(source: SourceConfig, password: string | null, passphrase?: string | null): void
  /** Runs the broker inside: a source called `built-in`, which must not be there yet. */
  addBroker(broker: BrokerConfig, password: string | null): void
  /** Follows a log file; a source of that name must not be there yet. */
  addFile(file: FileConfig): void
  /**
   * Ends a source. One that is `removed` ends for good: its broker need keep nothing for us. With `settings changed` it is
   * to be added again, and goes on where it was. Resolves when what it had sent is stored.
   */
  endSource(name: string, why: 'removed' | 'settings changed'): Promise<void>
  /** One commit, behind everything that came before it. Throws FieldError disk_full, and then nothing was appended. */
  append(records: readonly Appending[]): { readonly first: Offset; readonly n: number }
  /** A message of a topic holds a Sparkplug alias whose birth is not known. */
  lacksBirth(source: string, topic: string): void
  status(): readonly SourceRow[]
  measures(): Measures
  /** Stores and acknowledges what was taken, says goodbye to the brokers, and writes that capture stopped. */
  stop(): Promise<void>
}

/** How capture keeps up: counted since it began, where it is not of now. */
export interface Measures {
  readonly time: Millis
  readonly taken: readonly Taken[]
  readonly dropped: readonly Drop[]
  readonly commits: Counts
  readonly delays: Counts
  readonly queue: Recorder['queue']
  /** Bytes that the log handed to the disk. */
  readonly written: number
}

/** Begins with a record that says so. There must be one capture a log. */
export function startCapture(options: CaptureOptions): Capture {
  return new RunningCapture(options)
}

/** Where messages come from. */
interface Source {
  /** What waits for the disk is known to the batcher. */
  row(): Omit<SourceRow, 'queue' | 'dropped'>
  /** The disk takes nothing, or takes again (null). */
  hold(error: FieldError | null): void
  /** There is room for what it was told to wait with. */
  resume(): void
  /** The machine has slept. */
  check(): void
  /** Takes no more; what was taken is committed before `close`. */
  pause(): void
  /** Each second. */
  everySecond?(): void
  /** Its broker leads to who can say what a Sparkplug alias means. */
  lacksBirth?(topic: string): void
  close(why: Ended): Promise<void>
}

const beatMs = 1_000
const quietMs = 10_000
const asleepMs = 60_000

class RunningCapture implements Capture {
  private readonly options: CaptureOptions
  private readonly batcher: Batcher
  private readonly sources = new Map<string, Source>()
  private readonly sessions: Sessions
  private readonly beat: NodeJS.Timeout
  private full: FieldError | null = null
  private lastBeat: Millis
  private lastAppend: Millis
  private told = ''
  private sleepSaid = false

  constructor(options: CaptureOptions) {
    this.options = options
    const { log, now, linger } = options
    this.batcher = new Batcher({
      log,
      now,
      linger,
      onCommit: this.committed.bind(this),
      onBlocked: this.blocked.bind(this),
      onFull: this.filled.bind(this),
      ...(options.maxQueueBytes === undefined ? {} : { maxBytes: options.maxQueueBytes }),
    })
    this.sessions = new Sessions(log.dir)
    this.lastBeat = now()
    this.lastAppend = now()
    this.note('started', null)
    this.batcher.flush()
    this.beat = setInterval(() => this.everySecond(), beatMs)
  }

  addSource(source: SourceConfig, password: string | null, passphrase: string | null = null): void {
    const { log, now } = this.options
    const { batcher, sessions } = this
    const clientId = source.clientId ?? clientIdFor(log.dir, source.name)
    const onChange = () => this.tellStatus()
    const secrets = { password, passphrase }
    const started = new MqttSource({ source, secrets, clientId, sessions, batcher, now, onChange })
    this.begin(source.name, started)
  }

  addBroker(config: BrokerConfig, password: string | null): void {
    const { now } = this.options
    const onChange = () => this.tellStatus()
    this.begin(brokerSource, new BrokerSource({ config, password, batcher: this.batcher, now, onChange }))
  }

  addFile(config: FileConfig): void {
    const { log, now } = this.options
    const onChange = () => this.tellStatus()
    this.begin(config.name, new FileSource({ config, log, batcher: this.batcher, now, onChange }))
  }

  /** One that begins while the disk is full waits as the others do. */
  private begin(name: string, source: Source): void {
    this.sources.set(name, source)
    if (this.full !== null) source.hold(this.full)
    this.tellStatus()
  }

  async endSource(name: string, why: 'removed' | 'settings changed'): Promise<void> {
    const source = this.sources.get(name)
    if (source === undefined) return
    source.pause()
    this.batcher.flush()
    await source.close(why)
    this.sources.delete(name)
    this.tellStatus()
  }

  lacksBirth(source: string, topic: string): void {
    this.sources.get(source)?.lacksBirth?.(topic)
  }

  append(records: readonly Appending[]): { first: Offset; n: number } {
    for (const { kind, name } of records) if (kind === 'link') this.heardOfSleep(name)
    return this.batcher.append(records)
  }

  status(): readonly SourceRow[] {
    const dropped = this.batcher.dropped.totals()
    const rows = Array.from(this.sources.values(), (source): SourceRow => {
      const row = source.row()
      return {
        ...row,
        queue: { ...this.batcher.waiting(row.name), pausedSince: this.batcher.fullSince },
        dropped: dropped.filter((one) => one.source === row.name).map(({ topics, messages }) => ({ topics, messages })),
      }
    })
    return this.full === null ? rows : rows.map((row) => stoppedByDisk(row, this.full!))
  }

  measures(): Measures {
    const { batcher } = this
    return {
      time: this.options.now(),
      taken: batcher.totals(),
      dropped: batcher.dropped.totals(),
      commits: batcher.commits.copy(),
      delays: batcher.delays.copy(),
      queue: { ...batcher.waiting(), maxBytes: batcher.maxBytes, pausedSince: batcher.fullSince },
      written: this.options.log.bytesWritten(),
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.beat)
    const sources = [...this.sources.values()]
    for (const source of sources) source.pause()
    this.batcher.flush()
    await Promise.all(sources.map((source) => source.close('not running')))
    this.note('stopped', null)
    this.batcher.close()
  }

  private committed(): void {
    const { log, now, onHead } = this.options
    this.lastAppend = now()
    onHead(log.head, log.lastTime)
  }

  private blocked(error: FieldError | null): void {
    this.full = error
    for (const source of this.sources.values()) source.hold(error)
    this.tellStatus()
  }

  /** At the bound every source waits with its next message: with QoS 1 it then waits at the broker. */
  private filled(full: boolean): void {
    if (!full) for (const source of this.sources.values()) source.resume()
    this.tellStatus()
  }

  private everySecond(): void {
    const time = this.options.now()
    if (time - this.lastBeat > asleepMs && !this.sleepSaid) this.noteSleep(this.lastBeat, time)
    else if (time - this.lastAppend >= quietMs) this.tick(time)
    this.lastBeat = time
    for (const source of this.sources.values()) source.everySecond?.()
    this.tellStatus()
  }

  /** Says that time went on although nothing came, so that silence is noticed. */
  private tick(time: Millis): void {
    if (this.full !== null) return
    this.batcher.add({ record: { time, kind: 'tick', source: '', name: '', bytes: empty }, ack: null, urgent: true })
  }

  /** The shell hears of a sleep from the system; what it says is not said again from the gap in our beats. */
  private heardOfSleep(event: string): void {
    if (event === 'asleep') this.sleepSaid = true
    if (event !== 'awake') return
    this.sleepSaid = false
    this.lastBeat = this.options.now()
    this.checkLinks()
  }

  /** The machine slept, or the program was held: a gap with a cause. */
  private noteSleep(from: Millis, until: Millis): void {
    const detail = 'the machine slept, or the program was held'
    this.batcher.add({ record: linkRecord(from, '', 'asleep', detail), ack: null, urgent: true })
    this.batcher.add({ record: linkRecord(until, '', 'awake', null), ack: null, urgent: true })
    this.checkLinks()
  }

  private checkLinks(): void {
    for (const source of this.sources.values()) source.check()
  }

  private note(event: 'started' | 'stopped', detail: string | null): void {
    this.batcher.add({ record: linkRecord(this.options.now(), '', event, detail), ack: null, urgent: true })
  }

  private tellStatus(): void {
    const rows = this.status()
    const text = JSON.stringify(rows)
    if (text === this.told) return
    this.told = text
    this.options.onStatus(rows)
  }
}

const empty = new Uint8Array()

function stoppedByDisk(row: SourceRow, { code, message, hint }: FieldError): SourceRow {
  return { ...row, state: 'action needed', perSecond: 0, error: { code, message, hint } }
}
