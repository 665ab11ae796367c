// Kafka's record batches (magic 2), written in one pass: the client makes an object and a buffer of each header of each
// record, which is most of what sending costs.

/** A record as the client hands it on. Header values are text. */
export interface ClientRecord {
  readonly key?: string | Buffer | null
  readonly value: string | Buffer | null
  readonly headers?: Readonly<Record<string, string | Buffer>>
  /** Milliseconds, in digits. */
  readonly timestamp: string
}

export interface BatchHead {
  readonly codec: number
  readonly transactional: boolean
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

type Compress = (bytes: Buffer) => Promise<Buffer>

const headBytes = 61
const crcFrom = 21
const transactionalBit = 16

/** The batch of one partition. `compress` is for the codec of `head`; null packs nothing. */
export async function recordBatch(
  records: readonly ClientRecord[],
  head: BatchHead,
  compress: Compress | null,
): Promise<Buffer> {
  const { first, last } = timesOf(records)
  const plain = encodeRecords(records, first)
  const body = compress === null ? plain : await compress(Buffer.from(plain)) // the plain bytes are written over by the next batch
  const batch = Buffer.allocUnsafe(headBytes + body.length)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - 12, 8) // of what follows
  batch.writeInt32BE(0, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(head.codec | (head.transactional ? transactionalBit : 0), 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(first), 27)
  batch.writeBigInt64BE(BigInt(last), 35)
  batch.writeBigInt64BE(head.producerId, 43)
  batch.writeInt16BE(head.producerEpoch, 51)
  batch.writeInt32BE(head.firstSequence, 53)
  batch.writeInt32BE(records.length, 57)
  batch.set(body, headBytes)
  batch.writeUInt32BE(crc32c(batch, crcFrom), 17)
  return batch
}

function timesOf(records: readonly ClientRecord[]): { readonly first: number; readonly last: number } {
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (const { timestamp } of records) {
    const time = Number(timestamp)
    if (time < first) first = time
    if (time > last) last = time
  }
  return { first, last }
}

let scratch = Buffer.allocUnsafe(1 << 20)
let at = 0

/** The answer is good until the next call. */
function encodeRecords(records: readonly ClientRecord[], first: number): Buffer {
  at = 0
  for (const [i, record] of records.entries()) encodeRecord(record, i, Number(record.timestamp) - first)
  return scratch.subarray(0, at)
}

/** The length stands before the body and takes as many bytes as it needs: the body is moved up to it. */
function encodeRecord({ key = null, value, headers = {} }: ClientRecord, delta: number, later: number): void {
  const begun = at
  need(lengthRoom + 32)
  at = begun + lengthRoom
  scratch[at++] = 0 // no attribute has a meaning yet
  writeVarint(later)
  writeVarint(delta)
  writeSized(key)
  writeSized(value)
  const names = Object.keys(headers)
  need(10)
  writeVarint(names.length)
  for (const name of names) {
    writeSized(name)
    writeSized(headers[name]!)
  }
  const body = begun + lengthRoom
  const size = at - body
  at = begun
  writeVarint(size)
  scratch.copyWithin(at, body, body + size)
  at += size
}

const lengthRoom = 5

function writeSized(bytes: string | Buffer | null): void {
  if (bytes === null) {
    need(1)
    scratch[at++] = 1 // -1
  } else if (typeof bytes !== 'string') {
    need(bytes.length + 10)
    writeVarint(bytes.length)
    at += bytes.copy(scratch, at)
  } else if (bytes.length > 40 || !writeShort(bytes)) {
    const size = Buffer.byteLength(bytes)
    need(size + 10)
    writeVarint(size)
    at += scratch.write(bytes, at)
  }
}

/** Of short texts a loop is faster than a call; false, and nothing written: it is not all ASCII. */
function writeShort(text: string): boolean {
  need(text.length + 10)
  const begun = at
  writeVarint(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) {
      at = begun
      return false
    }
    scratch[at++] = code
  }
  return true
}

/** Zigzag, seven bits a byte; times may be apart by more than 32 bits hold. */
function writeVarint(value: number): void {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  while (rest >= 128) {
    scratch[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  scratch[at++] = rest
}

function need(bytes: number): void {
  if (at + bytes <= scratch.length) return
  const wider = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes))
  scratch.copy(wider, 0, 0, at)
  scratch = wider
}

/** CRC-32C (Castagnoli), eight bytes a step. */
export function crc32c(bytes: Buffer, from = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [T, T, T, T, T, T, T, T]
  const whole = bytes.length - ((bytes.length - from) & 7)
  let crc = -1
  let i = from
  for (; i < whole; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      t7[low & 255]! ^
      t6[(low >>> 8) & 255]! ^
      t5[(low >>> 16) & 255]! ^
      t4[low >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

type T = Int32Array
const polynomial = 0x82f63b78
const tables: readonly T[] = makeTables()

function makeTables(): readonly T[] {
  const made = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    made[0]![n] = crc
  }
  for (let table = 1; table < 8; table++)
    for (let n = 0; n < 256; n++) {
      const before = made[table - 1]![n]!
      made[table]![n] = made[0]![before & 255]! ^ (before >>> 8)
    }
  return made
}
