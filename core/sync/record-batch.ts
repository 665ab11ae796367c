// Kafka's record batches (magic 2). Records are written as they come, once: objects of them, of their headers and of their
// bytes would be most of what sending costs.
import type { Millis } from '../contract/model.ts'
import { crc32c, joinedCrc } from './crc32c.ts'
import { giveRoom, takeRoom } from './room.ts'

/** What a record is, beside where it goes. */
export interface Content {
  readonly key: string
  /** Null is a tombstone. */
  readonly value: string | Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  readonly time: Millis
}

/** Records that are alike but for their time, their value and one header, a number in digits. */
export interface Likeness {
  readonly key: Uint8Array
  /** From the number of headers to the name of that one, and from behind its value on. */
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** The records of one batch. */
export interface Records {
  readonly count: number
  readonly first: Millis
  readonly last: Millis
  /** Of what was written, not compressed. */
  readonly bytes: number
  /** Compressed where that was asked for. */
  readonly body: Body | Promise<Body>
  /** They are sent in this memory, which is theirs from now on. */
  travelIn(frame: Buffer): void
  /** They have arrived: nobody will read their memory again. What was left on its way before is not touched. */
  release(): void
}

export interface Body {
  readonly bytes: Buffer
  /** So that none of it is left to do when it is its turn. */
  readonly crc: number
}

export type Compress = (bytes: Buffer) => Promise<Buffer>

/** Writes the records of one batch one after the other. */
export class RecordWriter {
  count = 0
  private first: Millis = 0
  private last: Millis = 0
  private room: Buffer
  private at = 0

  /** `expected` bytes; more are taken as needed. */
  constructor(expected: number) {
    this.room = takeRoom(expected)
  }

  get bytes(): number {
    return this.at
  }

  put({ key, value, headers, time }: Content): void {
    const begun = this.begin(time, sizeOf(key) + sizeOf(value) + usualBytes)
    this.sized(key)
    this.sized(value)
    const names = Object.keys(headers)
    this.varint(names.length)
    for (const name of names) {
      this.sized(name)
      this.sized(headers[name]!)
    }
    this.end(begun)
  }

  /** The value is bytes [from, to); `header` is that of the header which is of this record alone. */
  putLike(
    { key, before, after }: Likeness,
    time: Millis,
    bytes: Buffer,
    from: number,
    to: number,
    header: number,
  ): void {
    const begun = this.begin(time, key.length + before.length + after.length + to - from + usualBytes)
    this.own(key)
    this.varint(to - from)
    this.at += bytes.copy(this.room, this.at, from, to)
    this.own(before)
    this.digits(header)
    this.own(after)
    this.end(begun)
  }

  /** Nothing can be written any more. */
  seal(compress: Compress | null): Records {
    const { count, first, last, at, room } = this
    this.room = nothing // who still knows this writer must not keep its memory
    const plain = room.subarray(0, at)
    const body = compress === null ? bodyOf(plain) : compress(plain).then(bodyOf)
    Promise.resolve(body).catch(() => {}) // told where it is waited for
    let frame: Buffer | null = null
    const travelIn = (used: Buffer) => {
      frame = used
    }
    const release = () => {
      giveRoom(room)
      if (frame !== null) giveRoom(frame)
    }
    return { count, first, last, bytes: at, body, travelIn, release }
  }

  /** The length stands before the body and takes as many bytes as it needs: two are kept free, which most records need. */
  private begin(time: Millis, atMost: number): number {
    this.need(atMost)
    const at = wholeMillis(time)
    if (this.count === 0) this.first = this.last = at
    else if (at > this.last) this.last = at
    const begun = this.at
    this.at += lengthRoom
    this.room[this.at++] = 0 // no attribute has a meaning yet
    this.varint(at - this.first)
    this.varint(this.count++)
    return begun
  }

  private end(begun: number): void {
    const body = begun + lengthRoom
    const size = this.at - body
    if (size < 64 || size >= 8_192) {
      const other = varint(size).length
      this.need(other)
      this.room.copyWithin(begun + other, body, this.at)
      this.at += other - lengthRoom
    }
    const ended = this.at
    this.at = begun
    this.varint(size)
    this.at = ended
  }

  private sized(bytes: string | Uint8Array | null): void {
    if (bytes === null) {
      this.need(1)
      this.room[this.at++] = 1 // -1
    } else if (typeof bytes !== 'string') {
      this.need(bytes.length + 10)
      this.varint(bytes.length)
      this.room.set(bytes, this.at)
      this.at += bytes.length
    } else if (bytes.length > 40 || !this.short(bytes)) {
      const size = Buffer.byteLength(bytes)
      this.need(size + 10)
      this.varint(size)
      this.at += this.room.write(bytes, this.at)
    }
  }

  /** Of short texts a loop is faster than a call; false, and nothing written: it is not all ASCII. */
  private short(text: string): boolean {
    this.need(text.length + 10)
    const begun = this.at
    this.varint(text.length)
    const { room } = this
    let at = this.at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        this.at = begun
        return false
      }
      room[at++] = code
    }
    this.at = at
    return true
  }

  /** There is room for it. */
  private own(bytes: Uint8Array): void {
    this.room.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Of a number that is not negative, with their length. */
  private digits(value: number): void {
    let length = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) length++
    this.varint(length)
    const { room, at } = this
    let rest = value
    for (let i = at + length - 1; i >= at; i--) {
      const tenth = Math.floor(rest / 10)
      room[i] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.at = at + length
  }

  /** Zigzag, seven bits a byte; times may be apart by more than 32 bits hold. */
  private varint(value: number): void {
    const { room } = this
    let at = this.at
    let rest = value >= 0 ? value * 2 : -value * 2 - 1
    while (rest >= 128) {
      room[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    room[at++] = rest
    this.at = at
  }

  private need(bytes: number): void {
    if (this.at + bytes <= this.room.length) return
    const wider = takeRoom(Math.max(this.room.length * (this.room.length < 65_536 ? 4 : 2), this.at + bytes))
    this.room.copy(wider, 0, 0, this.at)
    giveRoom(this.room)
    this.room = wider
  }
}

/** A text with its length, or a number, as it is written in a record. */
export function inRecord(part: string | number): Buffer {
  if (typeof part === 'number') return Buffer.from(varint(part))
  const bytes = Buffer.from(part)
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes])
}

/** Of one that is not negative. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value * 2
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

const nothing = Buffer.alloc(0)
const lengthRoom = 2
/** Room for all that is written without asking for it: numbers, and lengths of the parts. */
const usualBytes = 96

function sizeOf(part: string | Uint8Array | null): number {
  return part?.length ?? 0
}

/** A time of 0 is taken for now. */
function wholeMillis(time: Millis): Millis {
  return Math.max(1, Math.round(time))
}

function bodyOf(bytes: Buffer): Body {
  return { bytes, crc: crc32c(bytes) }
}

export interface Head {
  readonly codec: number
  readonly transactional: boolean
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

export const headBytes = 61
const crcFrom = 21
const transactionalBit = 16

/** Writes a batch, of which `body` is what the records became, into `out` from `at` on; answers where it ends. */
export function writeBatch(out: Buffer, at: number, { count, first, last }: Records, body: Body, head: Head): number {
  const { bytes, crc } = body
  const end = at + headBytes + bytes.length
  const batch = out.subarray(at, end)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - 12, 8) // of what follows
  batch.writeInt32BE(0, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(head.codec | (head.transactional ? transactionalBit : 0), 21)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(first), 27)
  batch.writeBigInt64BE(BigInt(last), 35)
  batch.writeBigInt64BE(head.producerId, 43)
  batch.writeInt16BE(head.producerEpoch, 51)
  batch.writeInt32BE(head.firstSequence, 53)
  batch.writeInt32BE(count, 57)
  batch.set(bytes, headBytes)
  batch.writeUInt32BE(joinedCrc(crc32c(batch.subarray(crcFrom, headBytes)), crc, bytes.length), 17)
  return end
}
