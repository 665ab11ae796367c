import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compressorOf } from '../../../core/sync/compression.ts'
import { crc32c } from '../../../core/sync/crc32c.ts'
import { type Compress, type Content, headBytes, RecordWriter, writeBatch } from '../../../core/sync/record-batch.ts'
import { seeded } from '../../support/seeded.ts'

// The client's own writing of a batch, as it was before it is replaced.
const require = createRequire(import.meta.url)
const theirRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (of: object) => object
const { RecordBatch: theirBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(of: object): Promise<{ readonly buffer: Buffer }>
}

const head = { codec: 0, transactional: true, producerId: 4_711n, producerEpoch: 3, firstSequence: 12_345 }

test.each([1, 2, 3, 4, 5])('a batch has the bytes that the client would have written, seed %i', async (seed) => {
  const records = made(seed)
  const times = records.map(({ time }) => time)
  const theirs = await theirBatch({
    ...head,
    compression: 0,
    firstTimestamp: times[0],
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: records.length - 1,
    records: records.map((record, i) =>
      theirRecord({ ...record, offsetDelta: i, timestampDelta: record.time - times[0]! }),
    ),
  })
  expect((await batch(records)).equals(theirs.buffer)).toBe(true)
})

test('what is packed is what would have been sent, also when two are made at once', async () => {
  const all = [made(6), made(7)]
  const packed = await Promise.all(all.map((records) => batch(records, compressorOf('gzip'))))
  for (const [i, records] of all.entries()) {
    const plain = await batch(records)
    expect(gunzipSync(packed[i]!.subarray(61)).equals(plain.subarray(61))).toBe(true)
    expect(packed[i]!.readUInt32BE(17)).toBe(crc32c(packed[i]!, 21))
    expect(packed[i]!.readInt32BE(8)).toBe(packed[i]!.length - 12)
  }
})

test('the checksum is CRC-32C, whatever the length and where it begins', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(Buffer.from('....123456789'), 4)).toBe(0xe3069283)
  const random = seeded(8)
  const bytes = Buffer.from(Array.from({ length: 200_000 }, () => random() * 256))
  for (const [from, to] of [
    [0, 200_000],
    [3, 65_539],
    [1, 65_537],
    [7, 7],
    [9, 40],
  ] as const)
    expect(crc32c(bytes.subarray(0, to), from)).toBe(bitByBit(bytes.subarray(from, to)))
})

function bitByBit(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

async function batch(records: readonly Content[], compress: Compress | null = null): Promise<Buffer> {
  const writer = new RecordWriter(0)
  for (const record of records) writer.put(record)
  const written = writer.seal(compress)
  const body = await written.body
  const out = Buffer.alloc(3 + headBytes + body.bytes.length)
  expect(writeBatch(out, 3, written, body, { ...head, codec: compress === null ? 0 : 1 })).toBe(out.length)
  return out.subarray(3)
}

/** Short and long, with letters of every length in UTF-8, empty, without a value, and months apart in any order. */
function made(seed: number): Content[] {
  const random = seeded(seed)
  const texts = [
    '',
    'a',
    'Ölstand °C',
    '温度',
    '🙂',
    'x'.repeat(39),
    'x'.repeat(41),
    'ü'.repeat(200),
    'long '.repeat(20_000),
  ]
  const text = () => texts[Math.floor(random() * texts.length)]!
  return Array.from({ length: 1 + Math.floor(random() * 60) }, () => ({
    key: text(),
    value: random() < 0.1 ? null : random() < 0.5 ? text() : Buffer.from(text()),
    headers: (random() < 0.2 ? {} : { 'edge-source': text(), [`näme-${Math.floor(random() * 9)}`]: text() }) as Record<
      string,
      string
    >,
    time: 1_790_000_000_000 + Math.floor(random() * 1e10),
  }))
}
