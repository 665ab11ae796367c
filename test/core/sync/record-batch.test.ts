import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gunzipSync, gzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { type ClientRecord, crc32c, recordBatch } from '../../../core/sync/record-batch.ts'
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
  const times = records.map(({ timestamp }) => timestamp).sort()
  const theirs = await theirBatch({
    ...head,
    compression: 0,
    firstTimestamp: times[0],
    maxTimestamp: times.at(-1),
    lastOffsetDelta: records.length - 1,
    records: records.map((record, i) =>
      theirRecord({ ...record, offsetDelta: i, timestampDelta: Number(record.timestamp) - Number(times[0]) }),
    ),
  })
  expect((await recordBatch(records, head, null)).equals(theirs.buffer)).toBe(true)
})

test('what is packed is what would have been sent, also when two are made at once', async () => {
  const pack = promisify(gzip) as (bytes: Buffer) => Promise<Buffer>
  const all = [made(6), made(7)]
  const packed = await Promise.all(all.map((records) => recordBatch(records, { ...head, codec: 1 }, pack)))
  for (const [i, records] of all.entries()) {
    const plain = await recordBatch(records, head, null)
    expect(gunzipSync(packed[i]!.subarray(61)).equals(plain.subarray(61))).toBe(true)
    expect(packed[i]!.readUInt32BE(17)).toBe(crc32c(packed[i]!, 21))
    expect(packed[i]!.readInt32BE(8)).toBe(packed[i]!.length - 12)
  }
})

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(Buffer.from('....123456789'), 4)).toBe(0xe3069283)
})

/** Short and long, with letters of every length in UTF-8, empty, without a value, and months apart. */
function made(seed: number): ClientRecord[] {
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
    timestamp: String(1_790_000_000_000 + Math.floor(random() * 1e10)),
  }))
}
