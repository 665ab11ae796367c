import type { Statement } from 'better-sqlite3'
import type { Millis, Offset } from '../contract/model.ts'
import { hourOf, minuteOf } from './bucket.ts'
import { DeviceTraffic } from './device-traffic.ts'
import type { Db } from './tables.ts'

interface Counts {
  first: Offset
  messages: number
  readings: number
  repeats: number
  qos0: number
  undecodable: number
}

/**
 * Counts what came, by source and minute of log time, and by hour for long spans. Only the newest minute is open,
 * because log time never goes back; an hour is the sum of its minutes.
 */
export class Traffic {
  readonly byDevice: DeviceTraffic
  private readonly put: Statement<[number, string, number, number, number, number, number, number]>
  private readonly addHour: Statement<[number, number, number]>
  private minute: number
  private readonly sources: Map<string, Counts>
  private changed = false

  constructor(db: Db) {
    this.put = db.prepare('insert or replace into minute values (?, ?, ?, ?, ?, ?, ?, ?)')
    this.addHour = db.prepare(
      `insert or replace into traffic_hour
       select ?, source, sum(messages), sum(repeats), sum(qos0) from minute
       where minute >= ? and minute < ? group by source`,
    )
    this.minute = db.prepare<[], { m: number | null }>('select max(minute) as m from minute').get()!.m ?? -Infinity
    this.sources = loadMinute(db, this.minute)
    this.byDevice = new DeviceTraffic(db, this.minute)
  }

  time(time: Millis): void {
    const minute = minuteOf(time)
    if (minute === this.minute) return
    this.flush()
    this.byDevice.turn(minute)
    if (hourOf(minute) !== hourOf(this.minute)) this.endHour()
    this.minute = minute
    this.sources.clear()
  }

  message(source: string, offset: Offset, qos: number, repeat: boolean, readings: number): void {
    const counts = this.of(source, offset)
    counts.messages += 1
    counts.readings += readings
    if (repeat) counts.repeats += 1
    if (qos === 0) counts.qos0 += 1
    this.changed = true
  }

  undecodable(source: string, offset: Offset): void {
    this.of(source, offset).undecodable += 1
    this.changed = true
  }

  flush(): void {
    this.byDevice.flush()
    if (!this.changed) return
    for (const [source, { first, messages, readings, repeats, qos0, undecodable }] of this.sources)
      this.put.run(this.minute, source, first, messages, readings, repeats, qos0, undecodable)
    this.changed = false
  }

  private endHour(): void {
    const hour = hourOf(this.minute)
    if (Number.isFinite(hour)) this.addHour.run(hour, hour * 60, (hour + 1) * 60)
  }

  private of(source: string, first: Offset): Counts {
    let counts = this.sources.get(source)
    if (counts === undefined) {
      counts = { first, messages: 0, readings: 0, repeats: 0, qos0: 0, undecodable: 0 }
      this.sources.set(source, counts)
    }
    return counts
  }
}

function loadMinute(db: Db, minute: number): Map<string, Counts> {
  const rows = db.prepare<[number], Counts & { source: string }>('select * from minute where minute = ?').all(minute)
  return new Map(
    rows.map(({ source, first, messages, readings, repeats, qos0, undecodable }) => [
      source,
      { first, messages, readings, repeats, qos0, undecodable },
    ]),
  )
}
