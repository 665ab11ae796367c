import type { Statement } from 'better-sqlite3'
import type { Parts } from './covered.ts'
import type { Counted } from './records.ts'
import type { Db } from './tables.ts'

// A row holds for each device that was heard: its number, then messages * 4 with bits for whether the two others are not 0,
// then repeats and QoS 0 where they are not. All are varints, so that a device usually takes three bytes.

const hasRepeats = 1
const hasQos0 = 2

/** Messages, repeats and QoS 0 at three times the number of each device. */
export function packCounts(devices: readonly number[], counts: ArrayLike<number>): Uint8Array {
  const bytes: number[] = []
  for (const device of devices) {
    const repeats = counts[3 * device + 1]!
    const qos0 = counts[3 * device + 2]!
    putVarint(bytes, device)
    putVarint(bytes, counts[3 * device]! * 4 + (repeats > 0 ? hasRepeats : 0) + (qos0 > 0 ? hasQos0 : 0))
    if (repeats > 0) putVarint(bytes, repeats)
    if (qos0 > 0) putVarint(bytes, qos0)
  }
  return Uint8Array.from(bytes)
}

function putVarint(bytes: number[], value: number): void {
  let left = value
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push(128 + (left % 128))
  bytes.push(left)
}

export function eachCount(
  row: Uint8Array,
  visit: (device: number, messages: number, repeats: number, qos0: number) => void,
): void {
  let at = 0
  const next = () => {
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = row[at++]!
      value += (byte & 127) * weight
      if (byte < 128) return value
    }
  }
  while (at < row.length) {
    const device = next()
    const packed = next()
    const has = packed % 4
    visit(device, (packed - has) / 4, (has & hasRepeats) > 0 ? next() : 0, (has & hasQos0) > 0 ? next() : 0)
  }
}

export function addCounts(row: Uint8Array, sums: number[]): void {
  eachCount(row, (device, messages, repeats, qos0) => {
    const at = 3 * device
    while (sums.length <= at) sums.push(0, 0, 0)
    sums[at]! += messages
    sums[at + 1]! += repeats
    sums[at + 2]! += qos0
  })
}

/** What came by device, over whole minutes. */
export class DeviceCounts {
  private readonly minutes: Statement<[number, number], { counts: Uint8Array }>
  private readonly hours: Statement<[number, number], { counts: Uint8Array }>
  private readonly numbers: Statement<[string], number>

  constructor(db: Db) {
    this.minutes = db.prepare('select counts from device_minute where minute >= ? and minute < ?')
    this.hours = db.prepare('select counts from device_hour where hour >= ? and hour < ?')
    this.numbers = db.prepare<[string], number>('select number from device where name = ?').pluck()
  }

  /** Asked of all devices at once, because a row holds them all. */
  in({ from, firstHour, endHour, end }: Parts): (device: string) => Counted {
    const sums: number[] = []
    for (const { counts } of this.minutes.iterate(from, Math.min(firstHour * 60, end))) addCounts(counts, sums)
    for (const { counts } of this.hours.iterate(firstHour, endHour)) addCounts(counts, sums)
    for (const { counts } of this.minutes.iterate(endHour * 60, end)) addCounts(counts, sums)
    return (device) => {
      const at = 3 * (this.numbers.get(device) ?? -1)
      return { messages: sums[at] ?? 0, repeats: sums[at + 1] ?? 0, qos0: sums[at + 2] ?? 0 }
    }
  }
}
