import { type Block, content, kindCode, repeatFlag } from '../contract/block.ts'
import type { Millis, Offset, Reading, SeriesType, UndecodableReason } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { ContextAsOf } from '../stream/decode/context.ts'
import { createDecoded, type Decoded, timeAt, valueKinds } from '../stream/decode/decoded.ts'
import { createDecoder } from '../stream/decode/decoder.ts'
import { eventTime } from '../stream/event-time.ts'
import { readingsOf } from '../stream/readings.ts'
import type { Catalogue } from './catalogue.ts'
import { knownRows } from './known-rows.ts'
import type { Db } from './tables.ts'

/** A number or boolean reading as the records hold it. */
export type Visit = (series: number, offset: Offset, time: Millis, value: number, arrived: Millis) => void

export interface Counted {
  messages: number
  repeats: number
  qos0: number
}

const maxBlocks = 64

/** The raw records, for what the tables do not hold. */
export class Records {
  readonly log: LogReader
  private readonly catalogue: Catalogue
  /** What `decode` made of its message. */
  readonly decoded: Decoded = createDecoded()
  private readonly decoder = createDecoder()
  private readonly context: ContextAsOf
  private readonly blocks = new Map<Offset, Block>()

  constructor(db: Db, log: LogReader, catalogue: Catalogue) {
    this.log = log
    this.catalogue = catalogue
    this.context = new ContextAsOf(knownRows(db))
  }

  /** The block that holds `offset`, or null beyond the head or below the base. */
  blockAt(offset: Offset): Block | null {
    for (const block of this.blocks.values()) if (offset >= block.first && offset < block.first + block.n) return block
    if (offset < this.log.base()) return null
    const block = this.log.read(offset)
    if (block !== null) this.keep(block)
    return block
  }

  /** By which the readings of a series came, up to an offset. */
  topicsOf(series: number, offset: Offset): ReadonlySet<string> {
    return new Set(this.catalogue.partsOf(this.catalogue.series[series]!, offset).map(({ topic }) => topic))
  }

  /** Arrival of a record; null when the log no longer holds it. */
  timeAt(offset: Offset): Millis | null {
    const block = this.blockAt(offset)
    return block === null || offset < block.first ? null : block.time[offset - block.first]!
  }

  /** Every number in the records of [from, to), in log order; of all topics, or of some. */
  scan(from: Offset, to: Offset, topics: ReadonlySet<string> | null, visit: Visit): void {
    for (let at = Math.max(from, this.log.base()); at < to; ) {
      const block = this.blockAt(at)
      if (block === null) return
      const end = Math.min(to - block.first, block.n)
      const wanted = topics === null ? null : topicIds(block, topics)
      for (let row = at - block.first; row < end; row++)
        if (block.kind[row] === kindCode.message && (wanted === null || wanted[block.topic[row]!] === 1))
          this.visitRow(block, row, visit)
      at = block.first + block.n
    }
  }

  /** Messages, repeats and messages without acknowledgement in the records of [from, to), by source. */
  count(from: Offset, to: Offset): ReadonlyMap<string, Counted> {
    const counts = new Map<string, Counted>()
    for (let at = Math.max(from, this.log.base()); at < to; ) {
      const block = this.blockAt(at)
      if (block === null) break
      for (let row = at - block.first; row < Math.min(to - block.first, block.n); row++) countSource(counts, block, row)
      at = block.first + block.n
    }
    return counts
  }

  /** As `count`, by device, of the messages of some topics. A message counts once for each device that it holds readings of. */
  countDevices(from: Offset, to: Offset, topics: ReadonlySet<string>): ReadonlyMap<string, Counted> {
    const counts = new Map<string, Counted>()
    for (let at = Math.max(from, this.log.base()); at < to; ) {
      const block = this.blockAt(at)
      if (block === null) break
      const wanted = topicIds(block, topics)
      for (let row = at - block.first; row < Math.min(to - block.first, block.n); row++)
        if (block.kind[row] === kindCode.message && wanted[block.topic[row]!] === 1)
          this.countDevicesIn(counts, block, row)
      at = block.first + block.n
    }
    return counts
  }

  /** Reads the message of a row into `decoded`, as the path has read it. */
  decode(block: Block, row: number): UndecodableReason | null {
    this.context.offset = block.first + row
    const bytes = content(block, row)
    if (bytes === null) return 'too_large'
    return this.decoder.decode(block.topics[block.topic[row]!]!, bytes, this.context, this.decoded)
  }

  /** The readings of the message that was decoded last, which came at `arrival`. */
  readings(offset: Offset, arrival: Millis): Reading[] {
    return readingsOf(this.decoded, offset, arrival, this.context)
  }

  private countDevicesIn(counts: Map<string, Counted>, block: Block, row: number): void {
    if (this.decode(block, row) !== null) return
    const { n } = this.decoded
    const devices = new Set(Array.from({ length: n }, (_, i) => this.deviceOf(i, this.readInto(i, block.first + row))))
    for (const device of devices) countRow(counts, device, block, row)
  }

  private visitRow(block: Block, row: number, visit: Visit): void {
    const { decoded } = this
    if (this.decode(block, row) !== null) return
    let device = ''
    let behind = 0
    for (let i = 0; i < decoded.n; i++) {
      if (decoded.kind[i] === 2) continue
      const series = this.readInto(i, block.first + row)
      const sender = decoded.layout.places[decoded.slot[i]!]!.device
      if (sender !== device) {
        device = sender
        behind = this.context.behind(device)
      }
      const time = eventTime(timeAt(decoded, i), block.time[row]!, behind)
      if (series >= 0) visit(series, block.first + row, time, decoded.number[i]!, block.time[row]!)
    }
  }

  /** The series that reading `i` counts as; -1: none that is known. */
  private readInto(i: number, offset: Offset): number {
    const found = this.seriesOf(this.decoded, i)
    return found < 0 ? found : this.catalogue.readInto(found, offset)
  }

  private deviceOf(i: number, series: number): string {
    const { layout, slot } = this.decoded
    return this.catalogue.series[series]?.device ?? layout.places[slot[i]!]!.device
  }

  private seriesOf({ layout, slot, kind }: Decoded, i: number): number {
    const at = slot[i]!
    const id = 3 * at + kind[i]!
    const known = layout.ids[id]!
    if (known >= 0) return known
    const type: SeriesType = valueKinds[kind[i]!]!
    const found = this.catalogue.find(layout.places[at]!.device, layout.signals[at]!, type)
    layout.ids[id] = found
    return found
  }

  private keep(block: Block): void {
    if (this.blocks.size >= maxBlocks) this.blocks.delete(this.blocks.keys().next().value!)
    if (block.n >= 50) this.blocks.set(block.first, block) // smaller ones may yet be sealed into one
  }
}

function countSource(counts: Map<string, Counted>, block: Block, row: number): void {
  if (block.kind[row] === kindCode.message) countRow(counts, block.topics[block.topic[row]!]!.source, block, row)
}

function countRow(counts: Map<string, Counted>, by: string, block: Block, row: number): void {
  const count = counts.get(by) ?? { messages: 0, repeats: 0, qos0: 0 }
  count.messages += 1
  if ((block.flags[row]! & repeatFlag) !== 0) count.repeats += 1
  if ((block.flags[row]! & 3) === 0) count.qos0 += 1
  counts.set(by, count)
}

function topicIds(block: Block, topics: ReadonlySet<string>): Uint8Array {
  const ids = new Uint8Array(block.topics.length)
  for (let id = 0; id < ids.length; id++) if (topics.has(block.topics[id]!.name)) ids[id] = 1
  return ids
}
