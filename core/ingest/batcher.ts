import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { Appending, Log } from '../log/log.ts'
import { Dropped } from './dropped.ts'
import { Histogram } from './histogram.ts'

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
  /** The topic filter by which a person allows to drop it when the queue is full; never with an `ack`. */
  readonly dropAs?: string | null
}

export interface BatcherOptions {
  readonly log: Log
  readonly now: () => Millis
  /** How long a commit waits for company; five times as long below 100 messages a second, to spare the disk. */
  readonly linger: Millis
  /** What may wait for the disk, with the objects around it. */
  readonly maxBytes?: number
  /** After each commit. */
  readonly onCommit: () => void
  /** The disk is full or fails, or takes records again (null). Meanwhile messages wait in the queue, unacknowledged. */
  readonly onBlocked: (error: FieldError | null) => void
  /** The queue is full, so that whoever was told false must wait (true); or has room again. */
  readonly onFull: (full: boolean) => void
}

/** What waits for the disk. */
export interface Queue {
  readonly messages: number
  readonly bytes: number
}

/** What came from a source since the start. */
export interface Taken {
  readonly source: string
  readonly messages: number
  readonly bytes: number
}

const usual = { records: 1_000, bytes: 1_048_576 }
/** What the objects around a message take: the bound is one of memory. */
const around = 200
const maxQueue = 8_000_000
/** A commit that took longer has let more come together than the usual: the next one takes all of it. */
const slowMs: Millis = 20
const retryMs = 1_000
const busyPerSecond = 100

/** Gathers messages into commits, and acknowledges them only then. */
export class Batcher {
  /** From the call to the return of a commit. */
  readonly commits = new Histogram()
  /** From the arrival of a message until its acknowledgement is written. */
  readonly delays = new Histogram()
  readonly dropped = new Dropped()
  readonly maxBytes: number
  private readonly options: BatcherOptions
  private queue: Arrival[] = []
  private bytes = 0
  private timer: NodeJS.Timeout | null = null
  private immediate: NodeJS.Immediate | null = null
  private blocked: FieldError | null = null
  private full: Millis | null = null
  private lastCommitMs: Millis = 0
  private readonly taken = new Map<string, { messages: number; bytes: number }>()
  private readonly rate: Rate

  constructor(options: BatcherOptions) {
    this.options = options
    this.maxBytes = options.maxBytes ?? maxQueue
    this.rate = new Rate(options.now)
  }

  /** Takes it in any case. False when the queue is full then: bring no more until `onFull(false)`. */
  add(arrival: Arrival): boolean {
    if (arrival.record.kind === 'message') this.countTaken(arrival.record)
    this.queue.push(arrival)
    this.bytes += sizeOf(arrival)
    if (this.blocked === null) this.commitWhenDue(arrival.urgent)
    if (this.blocked !== null) this.keepBound()
    return this.full === null
  }

  /** Commits what waits and `records` behind it. Throws FieldError disk_full, and then `records` are not in the log. */
  append(records: readonly Appending[]): { first: number; n: number } {
    const { first, n } = this.commit(records)
    return { first: first + n - records.length, n: records.length }
  }

  /** Commits what waits now. When the disk is full it stays queued and is tried again. */
  flush(): void {
    if (this.queue.length === 0 && this.blocked === null) return
    try {
      this.commit([])
    } catch (error) {
      if (this.blocked !== error) throw error
    }
  }

  /** The connection has gone: what waits for a full disk is dropped, because the broker sends it again. */
  forget(to: Acknowledge): void {
    if (this.blocked === null) return
    this.keep((arrival) => arrival.ack?.to !== to)
    this.tellFull()
  }

  /** Of one source, or all. Neither stored nor acknowledged yet. */
  waiting(source?: string): Queue {
    if (source === undefined) return { messages: this.queue.length, bytes: this.bytes }
    const own = this.queue.filter(({ record }) => record.source === source)
    return { messages: own.length, bytes: own.reduce((sum, arrival) => sum + sizeOf(arrival), 0) }
  }

  /** Since when the queue is full; null while it has room. */
  get fullSince(): Millis | null {
    return this.full
  }

  /** Messages only, by source. */
  totals(): readonly Taken[] {
    return Array.from(this.taken, ([source, { messages, bytes }]) => ({ source, messages, bytes }))
  }

  /** The end. What a full disk cannot take even now is let go, so that the last words fit: brokers send theirs again, the rest is counted. */
  close(): void {
    this.flush()
    if (this.blocked !== null) {
      this.keep((arrival) => arrival.record.kind !== 'message' || this.letGo(arrival))
      this.flush()
    }
    this.unschedule()
  }

  private letGo({ ack, record }: Arrival): false {
    if (ack === null) this.dropped.count(record, '#')
    return false
  }

  private countTaken({ source, bytes, time }: Appending): void {
    this.rate.count(time)
    let taken = this.taken.get(source)
    if (taken === undefined) {
      taken = { messages: 0, bytes: 0 }
      this.taken.set(source, taken)
    }
    taken.messages++
    taken.bytes += bytes.length
  }

  private commitWhenDue(urgent: boolean): void {
    const { length } = this.queue
    if (this.bytes >= this.maxBytes) this.flush()
    else if (length < usual.records && this.bytes - length * around < usual.bytes) this.schedule(urgent)
    else if (this.lastCommitMs > slowMs) this.gather()
    else this.flush()
  }

  /** Commits as soon as a whole turn of the loop has brought nothing more. */
  private gather(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.immediate ??= setImmediate(() => this.gatherOn(this.queue.length))
  }

  private gatherOn(before: number): void {
    this.immediate = setImmediate(() => {
      if (this.queue.length === before) this.flush()
      else this.gatherOn(this.queue.length)
    })
  }

  private commit(more: readonly Appending[]): { first: number; n: number } {
    const { log, now, onCommit } = this.options
    this.unschedule()
    const queue = this.queue
    const records = [...queue.map((arrival) => arrival.record), ...this.dropped.records(now()), ...more]
    const written = this.timed(() => log.append(records))
    this.queue = []
    this.bytes = 0
    this.dropped.written()
    this.acknowledge(queue)
    this.unblock()
    if (written.n > 0) onCommit()
    return written
  }

  private timed<T>(commit: () => T): T {
    const begun = performance.now()
    try {
      const written = commit()
      this.lastCommitMs = performance.now() - begun
      this.commits.count(this.lastCommitMs)
      return written
    } catch (error) {
      if (waitsForDisk(error)) this.block(error)
      throw error
    }
  }

  private acknowledge(queue: readonly Arrival[]): void {
    const touched = new Set<Acknowledge>()
    for (const { ack } of queue) {
      if (ack === null) continue
      ack.to.acknowledge(ack.packetId, ack.qos)
      touched.add(ack.to)
    }
    for (const acks of touched) acks.flush()
    this.countDelays(queue, this.options.now())
  }

  /** Many come in the same millisecond: they are counted at once. */
  private countDelays(queue: readonly Arrival[], now: Millis): void {
    let time: Millis = 0
    let times = 0
    for (const { ack, record } of queue) {
      if (ack === null) continue
      if (record.time !== time) {
        if (times > 0) this.delays.count(Math.max(0, now - time), times)
        time = record.time
        times = 0
      }
      times++
    }
    if (times > 0) this.delays.count(Math.max(0, now - time), times)
  }

  private block(error: FieldError): void {
    this.unschedule()
    this.timer = setTimeout(() => this.flush(), retryMs)
    const news = this.blocked === null
    this.blocked = error
    if (news) this.options.onBlocked(error)
  }

  private unblock(): void {
    if (this.blocked !== null) {
      this.blocked = null
      this.options.onBlocked(null)
    }
    this.tellFull()
  }

  /** At the bound the oldest go that may go: an eighth of the queue at once, so that the search costs little a message. */
  private keepBound(): void {
    if (this.bytes >= this.maxBytes) {
      let over = this.bytes - (this.maxBytes * 7) / 8
      this.keep((arrival) => {
        const { dropAs } = arrival
        if (over <= 0 || dropAs === undefined || dropAs === null || arrival.ack !== null) return true
        over -= sizeOf(arrival)
        this.dropped.count(arrival.record, dropAs)
        return false
      })
    }
    this.tellFull()
  }

  private keep(stays: (arrival: Arrival) => boolean): void {
    this.queue = this.queue.filter(stays)
    this.bytes = this.queue.reduce((sum, arrival) => sum + sizeOf(arrival), 0)
  }

  private tellFull(): void {
    const full = this.bytes >= this.maxBytes
    if (full === (this.full !== null)) return
    this.full = full ? this.options.now() : null
    this.options.onFull(full)
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

function sizeOf({ record }: Arrival): number {
  return record.bytes.length + record.name.length + (record.meta?.length ?? 0) + around
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

  count(now = this.now()): void {
    this.turn(now)
    this.counting++
  }

  perSecond(): number {
    this.turn(this.now())
    return this.last
  }

  private turn(now: Millis): void {
    const elapsed = now - this.begun
    if (elapsed >= 0 && elapsed < 1_000) return
    this.last = elapsed >= 0 && elapsed < 2_000 ? this.counting / (elapsed / 1_000) : 0
    this.begun += elapsed
    this.counting = 0
  }
}
