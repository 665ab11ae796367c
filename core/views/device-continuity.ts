import type { Statement } from 'better-sqlite3'
import type { Calls, DeviceCoverage, Gap, Missed } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { sparkplugTopic } from '../stream/decode/sparkplug.ts'
import { minuteMs } from './bucket.ts'
import type { DeviceEntry } from './catalogue.ts'
import { type Asked, coverageOf, maxGaps, partsOf, spanOf, touches } from './covered.ts'
import { DeviceCounts } from './device-counts.ts'
import { type GapHistory, laid, type Span, shared } from './gaps.ts'
import type { Instant } from './instant.ts'
import type { Counted } from './records.ts'
import type { Views } from './views.ts'

const maxMissed = 20
const mostRows = 500

interface Asking {
  readonly instant: Instant
  readonly span: Span
  readonly counted: (device: string) => Counted
  /** Gaps of a source, looked up once for all its devices. */
  readonly gapsOf: (source: string) => readonly Gap[]
}

/** Whether every device was heard, and why not where it was not: by the gaps of its sources, and its own silences. */
export class DeviceContinuity {
  private readonly views: Views
  private readonly gaps: GapHistory
  private readonly counts: DeviceCounts
  private readonly comesBy: Statement<[string, number], { source: string; since: Millis }>
  private readonly newestMinute: Statement<[], { minute: number | null }>
  private readonly missed: Statement<[string, string, number, number, number, number], Missed>
  private readonly missedSum: Statement<[string, string, number, number, number], number>

  constructor(views: Views, gaps: GapHistory) {
    const { db } = views
    this.views = views
    this.gaps = gaps
    this.counts = new DeviceCounts(db)
    this.comesBy = db.prepare(
      'select source, since from comes_by where device = ? and first < ? order by since, source',
    )
    this.newestMinute = db.prepare('select max(minute) as minute from minute')
    this.missed = db.prepare(
      `select node, since, time as until, messages from missed indexed by missed_node
       where source = ? and node = ? and time >= ? and time <= ? and offset < ? order by time desc limit ?`,
    )
    this.missedSum = db
      .prepare<[string, string, number, number, number], number>(
        `select coalesce(sum(messages), 0) from missed indexed by missed_node
         where source = ? and node = ? and time >= ? and time <= ? and offset < ?`,
      )
      .pluck()
  }

  device(instant: Instant, { id, ...asked }: Asked & { readonly id: string }): DeviceCoverage {
    const device = this.views.catalogue.devices.get(id)
    if (device === undefined || device.first >= instant.offset)
      throw new FieldError('not_found', `device "${id}" was not known then; choose one from the list of devices`)
    return this.coverage(this.asking(instant, spanOf(instant, asked), [device]), device)
  }

  devices(instant: Instant, asked: Calls['continuity.devices']['in']): Calls['continuity.devices']['out'] {
    const known = this.views.catalogue.byArea().filter((device) => device.first < instant.offset)
    const page = known.slice(asked.skip, asked.skip + Math.min(asked.limit, mostRows))
    const asking = this.asking(instant, spanOf(instant, asked), page)
    return { rows: page.map((device) => this.coverage(asking, device)), more: asked.skip + page.length < known.length }
  }

  private asking(instant: Instant, span: Span, devices: readonly DeviceEntry[]): Asking {
    const looked = new Map<string, readonly Gap[]>()
    const gapsOf = (source: string) => {
      const gaps = looked.get(source) ?? this.gaps.ofSource(instant, source, span, maxGaps).gaps
      looked.set(source, gaps)
      return gaps
    }
    return { instant, span, gapsOf, counted: this.counted(instant, span, devices) }
  }

  private coverage({ instant, span, counted, gapsOf }: Asking, entry: DeviceEntry): DeviceCoverage {
    const { device } = entry
    const sources = this.comesBy.all(device, instant.offset)
    const own = this.gaps.of(instant, 'device', device, span, maxGaps)
    const unheard = sources.map(({ source, since }, i): readonly Gap[] => {
      return laid(i === 0 ? [] : [{ ...notYet, until: since }], gapsOf(source))
    })
    const gaps = laid(unheard.reduce(shared), own.gaps).filter((gap) => touches(gap, span))
    const found = { gaps: gaps.slice(-maxGaps), more: own.more || gaps.length > maxGaps }
    const names = sources.map(({ source }) => source)
    return {
      device,
      ...span,
      sources: names,
      ...counted(device),
      missed: this.missedOf(instant, names, entry, span),
      ...coverageOf(this.views.log, span, sources[0]!.since, found),
    }
  }

  private missedOf(
    { offset }: Instant,
    sources: readonly string[],
    { topic }: DeviceEntry,
    { from, until }: Span,
  ): DeviceCoverage['missed'] {
    const node = sparkplugTopic(topic)?.node
    if (node === undefined) return null
    const sums = sources.map((source) => this.missedSum.get(source, node, from, until, offset)!)
    const newest = sources.flatMap((source) => this.missed.all(source, node, from, until, offset, maxMissed))
    newest.sort((a, b) => b.until - a.until)
    return { messages: sums.reduce((a, b) => a + b, 0), newest: newest.slice(0, maxMissed) }
  }

  private counted(instant: Instant, span: Span, devices: readonly DeviceEntry[]): (device: string) => Counted {
    const parts = partsOf(instant, span, this.newestMinute.get()!.minute ?? 0)
    const whole = this.counts.in(parts)
    if (!parts.running) return whole
    const topics = new Set(devices.flatMap((device) => this.views.catalogue.topicsOf(device, instant.offset)))
    const begin = this.views.log.offsetAt(parts.end * minuteMs)
    const running = this.views.records.countDevices(begin, instant.offset, topics)
    return (device) => sum(whole(device), running.get(device))
  }
}

const notYet = { from: -Infinity, cause: 'removed', detail: null, late: 0 } as const

function sum(a: Counted, b: Counted | undefined): Counted {
  return b === undefined
    ? a
    : { messages: a.messages + b.messages, repeats: a.repeats + b.repeats, qos0: a.qos0 + b.qos0 }
}
