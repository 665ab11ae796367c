import type { Statement } from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'
import { hourOf } from './bucket.ts'
import { addCounts, eachCount, packCounts } from './device-counts.ts'
import type { Db } from './tables.ts'

/**
 * Counts what came, by device and minute of log time, and by hour for long spans: all devices of a minute are one row,
 * because each of ten thousand has a few bytes in it. Only the newest minute is open, as in `Traffic`.
 */
export class DeviceTraffic {
  private readonly put: Statement<[number, Offset, Uint8Array]>
  private readonly putHour: Statement<[number, Uint8Array]>
  private readonly minutes: Statement<[number, number], { counts: Uint8Array }>
  private minute: number
  private first: Offset
  /** Messages, repeats and QoS 0 of each device in the minute. */
  private counts = new Uint32Array(3 * 64)
  /** The message that was counted last: it may hold readings of several devices, by turns. */
  private last = new Float64Array(64).fill(-1)
  /** In the order in which they were first heard in the minute. */
  private devices: number[] = []
  private changed = false

  /** `minute` is the one that is open. */
  constructor(db: Db, minute: number) {
    this.put = db.prepare('insert or replace into device_minute values (?, ?, ?)')
    this.putHour = db.prepare('insert or replace into device_hour values (?, ?)')
    this.minutes = db.prepare('select counts from device_minute where minute >= ? and minute < ?')
    this.minute = minute
    const open = db
      .prepare<[number], { first: Offset; counts: Uint8Array }>('select * from device_minute where minute = ?')
      .get(minute)
    this.first = open?.first ?? -1
    if (open !== undefined) this.load(open.counts)
  }

  /** Another minute has begun. */
  turn(minute: number): void {
    this.flush()
    if (hourOf(minute) !== hourOf(this.minute)) this.endHour()
    this.minute = minute
    for (const device of this.devices) this.counts.fill(0, 3 * device, 3 * device + 3)
    this.devices = []
  }

  message(device: number, offset: Offset, qos: number, repeat: boolean): void {
    if (device >= this.last.length) this.grow(device)
    if (this.last[device] === offset) return
    this.last[device] = offset
    const at = 3 * device
    if (this.counts[at] === 0) this.hear(device, offset)
    this.counts[at]! += 1
    if (repeat) this.counts[at + 1]! += 1
    if (qos === 0) this.counts[at + 2]! += 1
    this.changed = true
  }

  flush(): void {
    if (!this.changed) return
    this.put.run(this.minute, this.first, packCounts(this.devices, this.counts))
    this.changed = false
  }

  private hear(device: number, offset: Offset): void {
    if (this.devices.length === 0) this.first = offset
    this.devices.push(device)
  }

  private endHour(): void {
    const hour = hourOf(this.minute)
    if (!Number.isFinite(hour)) return
    const sums: number[] = []
    for (const { counts } of this.minutes.iterate(hour * 60, (hour + 1) * 60)) addCounts(counts, sums)
    const heard = Array.from({ length: sums.length / 3 }, (_, device) => device).filter(
      (device) => sums[3 * device]! > 0,
    )
    if (heard.length > 0) this.putHour.run(hour, packCounts(heard, sums))
  }

  private load(counts: Uint8Array): void {
    eachCount(counts, (device, messages, repeats, qos0) => {
      if (device >= this.last.length) this.grow(device)
      this.devices.push(device)
      this.counts.set([messages, repeats, qos0], 3 * device)
    })
  }

  private grow(device: number): void {
    const { counts, last } = this
    const size = 2 ** Math.ceil(Math.log2(device + 1))
    this.counts = new Uint32Array(3 * size)
    this.counts.set(counts)
    this.last = new Float64Array(size).fill(-1)
    this.last.set(last)
  }
}
