import type { Block } from '../contract/block.ts'
import { recordAt, repeatFlag } from '../contract/block.ts'
import type { Millis, Offset, Topic } from '../contract/model.ts'
import { devicePlace } from '../stream/place.ts'
import type { Addressed, Packing, Place } from './packing.ts'
import { inRecord, type Likeness, type RecordWriter } from './record-batch.ts'
import { clamped, type Message, telemetry, type Voice } from './record-format.ts'
import type { KafkaRecord } from './sender.ts'

/** Messages of the log where they lie. */
export interface MessagesInBlocks {
  /** Messages of [from, end) in log order, until `use` says no; answers the first that was not used, or where it ended. */
  each(from: Offset, end: Offset, use: (block: Block, row: number) => boolean): Offset
  /** Its device is its whole topic, whatever else it says. False: only `message` can tell. */
  isOfWholeTopic(block: Block, row: number): boolean
  message(block: Block, row: number): Message
}

interface Row {
  readonly block: Block
  readonly row: number
  readonly now: Millis
  /** Bytes that it may have, unless it is the first. */
  readonly room: number
}

/**
 * Messages in payload mode raw with minimal headers, from the log into a request without a step between. What they are is
 * said by `telemetry` alone: of each topic and device once, as all others of it differ in time, bytes and offset.
 */
export class AsItCame {
  private readonly voice: Voice
  private topics: readonly Topic[] = []
  /** By the number of the topic in its log file. */
  private known: (Known | undefined)[] = []
  private forms = 0
  private buffer: Buffer = Buffer.alloc(0)
  /** What that is a window on. */
  private bytes: Uint8Array = this.buffer

  /** Null: its records are made in another way. The same one for the same voice. */
  static of(voice: Voice): AsItCame | null {
    if (voice.payload !== 'raw' || voice.headers !== 'minimal' || !voice.filter.allSignals) return null
    let own = all.get(voice)
    if (own === undefined) {
      own = new AsItCame(voice)
      all.set(voice, own)
    }
    return own
  }

  private constructor(voice: Voice) {
    this.voice = voice
  }

  /** Answers its time, Infinity where the filter leaves it out, null where it does not fit any more. */
  write(packing: Packing, source: MessagesInBlocks, { block, row, now, room }: Row): Millis | null {
    const known = this.knownOf(block, row)
    if (!known.wanted) return Number.POSITIVE_INFINITY
    const from = row === 0 ? 0 : block.end[row - 1]!
    const to = block.end[row]!
    if (packing.count > 0 && to - from + usualBytes > room) return null
    if (isUnlikeOthers(block, row)) return this.writeAlone(packing, source, block, row, now)
    const device = source.isOfWholeTopic(block, row) ? known.device : source.message(block, row).device
    const form = known.newest?.device === device ? known.newest : this.formOf(known, device, block, row, now)
    const time = clamped(block.time[row]!, block.time[row]!, now)
    const writer = form.writerIn(packing, to - from + usualBytes)
    const before = writer.bytes
    writer.putLike(form, time, this.bufferOf(block.bytes), from, to, block.first + row)
    packing.wrote(writer.bytes - before)
    return time
  }

  private writeAlone(packing: Packing, source: MessagesInBlocks, block: Block, row: number, now: Millis): Millis {
    const [record] = telemetry(this.voice, source.message(block, row), now, false)
    packing.put(record!) // its topic is wanted
    return record!.time
  }

  private knownOf({ topics, topic }: Block, row: number): Known {
    if (topics !== this.topics || this.forms >= maxForms) {
      this.topics = topics
      this.known = []
      this.forms = 0
    }
    const number = topic[row]!
    let known = this.known[number]
    if (known === undefined) {
      const { name } = topics[number]!
      known = {
        wanted: this.voice.filter.takesTopic(name),
        device: devicePlace(name).device,
        newest: null,
        forms: new Map(),
      }
      this.known[number] = known
    }
    return known
  }

  private formOf(known: Known, device: string, block: Block, row: number, now: Millis): Form {
    let form = known.forms.get(device)
    if (form === undefined) {
      const message = { record: recordAt(block, row), device, readings: [], undecodable: null }
      form = new Form(device, telemetry(this.voice, message, now, false)[0]!) // its topic is wanted
      known.forms.set(device, form)
      this.forms += 1
    }
    known.newest = form
    return form
  }

  private bufferOf(bytes: Uint8Array): Buffer {
    if (bytes === this.bytes) return this.buffer
    this.bytes = bytes
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return this.buffer
  }
}

/** Something is said beside it, or it came again. */
function isUnlikeOthers({ meta, flags }: Block, row: number): boolean {
  if ((flags[row]! & repeatFlag) !== 0) return true
  return meta !== null && meta.end[row] !== (row === 0 ? 0 : meta.end[row - 1])
}

const all = new WeakMap<Voice, AsItCame>()
/** Of key and headers. */
const usualBytes = 256
const maxForms = 20_000

interface Known {
  readonly wanted: boolean
  /** Its whole name. */
  readonly device: string
  /** Of the message before. */
  newest: Form | null
  readonly forms: Map<string, Form>
}

/** What the records of one topic and device have in common. */
class Form implements Likeness {
  readonly device: string
  readonly key: Uint8Array
  readonly before: Uint8Array
  readonly after: Uint8Array
  private readonly address: Addressed
  private place: Place | null = null
  /** Of what `place` is one. */
  private packing: Packing | null = null

  constructor(device: string, { topic, key, headers }: KafkaRecord) {
    this.device = device
    this.address = { topic, key }
    this.key = inRecord(key)
    const entries = Object.entries(headers)
    const own = entries.findIndex(([name]) => name === 'edge-offset')
    const [before, after] = [entries.slice(0, own), entries.slice(own + 1)].map((of) => of.flat().map(inRecord))
    this.before = Buffer.concat([inRecord(entries.length), ...before!, inRecord('edge-offset')])
    this.after = Buffer.concat(after!)
  }

  writerIn(packing: Packing, size: number): RecordWriter {
    if (this.place === null || packing !== this.packing) {
      this.place = packing.place(this.address)
      this.packing = packing
    }
    return packing.writer(this.place, size)
  }
}
