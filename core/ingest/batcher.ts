import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { Appending, Log } from '../log/log.ts'

/** Where acknowledgements of committed messages go. */
export interface Acknowledge {
  acknowledge(packetId: number, qos: 1 | 2): void
  flush(): void
}

/** A message on its way to the log. */
export interface Arrival {
  readonly record: Appending
  /** Null: QoS 0, nobody waits for it. */
  readonly ack: { readonly to: Acknowledge; readonly packetId: number; readonly qos: 1 | 2 } | null
  /** The broker sends nothing more until this one is acknowledged: do not wait for company. */
  readonly urgent: boolean
}

export interface BatcherOptions {
  readonly log: Log
  readonly now: () => Millis
  /** How long a commit waits for company; five times as long below 100 messages a second, to spare the disk. */
  readonly linger: Millis
  /** After each commit. */
  readonly onCommit: () => void
  /** The disk is full or fails, or takes records again (null). Until then nothing is taken. */
  readonly onBlocked: (error: FieldError | null) => void
}

const limit = { records: 1_000, bytes: 262_144 }
const retryMs = 1_000
const busyPerSecond = 100

/** Gathers messages into commits, and acknowledges them only then. */
export class Batcher {
  private readonly options: BatcherOptions
  private queue: Arrival[] = []
  private bytes = 0
  private timer: NodeJS.Timeout | null = null
  private immediate: NodeJS.Immediate | null = null
  private blocked: FieldError | null = null
  private readonly rate: Rate

  constructor(options: BatcherOptions) {
    this.options = options
    this.rate = new Rate(options.now)
  }

  /** False when the queue is full, because the disk is: ask for no more until `onBlocked(null)`. */
  add(arrival: Arrival): boolean {
    this.rate.count()
    this.queue.push(arrival)
    this.bytes += sizeOf(arrival.record)
    if (this.blocked !== null) return false
    if (this.queue.length >= limit.records || this.bytes >= limit.bytes) this.flush()
    else this.schedule(arrival.urgent)
    return this.blocked === null
  }

  /** Commits what waits and `records` behind it. Throws FieldError disk_full, and then `records` are not in the log. */
  append(records: readonly Appending[]): { first: number; n: number } {
    const waiting = this.queue.length
    const { first } = this.commit(records)
    return { first: first + waiting, n: records.length }
  }

  /** Commits what waits now. When the disk is full it stays queued and is tried again. */
  flush(): void {
    if (this.queue.length === 0) return
    try {
      this.commit([])
    } catch (error) {
      if (!waitsForDisk(error)) throw error
      this.block(error)
    }
  }

  /** The connection has gone: what waits for a full disk is dropped, because the broker sends it again. */
  forget(to: Acknowledge): void {
    if (this.blocked === null) return
    this.queue = this.queue.filter((arrival) => arrival.ack?.to !== to)
    this.bytes = this.queue.reduce((sum, arrival) => sum + sizeOf(arrival.record), 0)
  }

  /** Messages that are neither stored nor acknowledged yet. */
  get waiting(): number {
    return this.queue.length
  }

  close(): void {
    this.unschedule()
  }

  private commit(more: readonly Appending[]): { first: number; n: number } {
    this.unschedule()
    const queue = this.queue
    const written = this.options.log.append([...queue.map((arrival) => arrival.record), ...more])
    this.queue = []
    this.bytes = 0
    acknowledge(queue)
    this.unblock()
    if (written.n > 0) this.options.onCommit()
    return written
  }

  private block(error: FieldError): void {
    this.unschedule()
    this.timer = setTimeout(() => this.flush(), retryMs)
    const news = this.blocked === null
    this.blocked = error
    if (news) this.options.onBlocked(error)
  }

  private unblock(): void {
    if (this.blocked === null) return
    this.blocked = null
    this.options.onBlocked(null)
  }

  private schedule(urgent: boolean): void {
    const { linger } = this.options
    if (urgent || linger === 0) this.immediate ??= setImmediate(() => this.flush())
    else this.timer ??= setTimeout(() => this.flush(), this.rate.perSecond() >= busyPerSecond ? linger : linger * 5)
  }

  private unschedule(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    if (this.immediate !== null) clearImmediate(this.immediate)
    this.timer = null
    this.immediate = null
  }
}

function waitsForDisk(error: unknown): error is FieldError {
  return error instanceof FieldError && (error.code === 'disk_full' || error.code === 'disk_error')
}

function sizeOf(record: Appending): number {
  return record.bytes.length + record.name.length + (record.meta?.length ?? 0)
}

function acknowledge(queue: readonly Arrival[]): void {
  const touched = new Set<Acknowledge>()
  for (const { ack } of queue) {
    if (ack === null) continue
    ack.to.acknowledge(ack.packetId, ack.qos)
    touched.add(ack.to)
  }
  for (const acks of touched) acks.flush()
}

/** Messages a second, over the last whole second. */
export class Rate {
  private readonly now: () => Millis
  private begun = 0
  private counting = 0
  private last = 0

  constructor(now: () => Millis) {
    this.now = now
  }

  count(): void {
    this.turn()
    this.counting++
  }

  perSecond(): number {
    this.turn()
    return this.last
  }

  private turn(): void {
    const elapsed = this.now() - this.begun
    if (elapsed >= 0 && elapsed < 1_000) return
    this.last = elapsed >= 0 && elapsed < 2_000 ? this.counting / (elapsed / 1_000) : 0
    this.begun += elapsed
    this.counting = 0
  }
}
