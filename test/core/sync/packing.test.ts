import { expect, test } from 'vitest'
import { Packing } from '../../../core/sync/packing.ts'
import { Reach } from '../../../core/sync/reach.ts'
import { packingOf, partitionOf } from '../../../core/sync/sender.ts'

const options = packingOf({ compression: 'none', partitions: new Map([['t', 4]]) })
const record = (i: number, bytes = 100, topic = 't') => ({
  topic,
  key: `device-${i % 40}`,
  value: 'x'.repeat(bytes),
  headers: { 'edge-offset': String(i) },
  time: 1_790_000_000_000 + i,
})

test('records are in the partition of their key in their order, in chunks that a broker takes', () => {
  const packing = new Packing(options)
  for (let i = 0; i < 30_000; i++) packing.put(record(i))
  const chunks = packing.finish()
  expect(chunks.length).toBeGreaterThan(8)
  const last = new Map<number, number>()
  let count = 0
  for (const { partition, first, last: newest, count: n, bytes } of chunks) {
    expect(bytes).toBeLessThanOrEqual(384 * 1024)
    expect(first).toBeGreaterThan(last.get(partition) ?? 0)
    last.set(partition, newest)
    count += n
  }
  expect(count).toBe(30_000)
  expect([...last.keys()].sort()).toEqual([0, 1, 2, 3])
})

test('one record that is larger than a chunk is one alone', () => {
  const packing = new Packing(options)
  for (const bytes of [10, 900_000, 10]) packing.put(record(1, bytes))
  expect(packing.finish().map(({ count }) => count)).toEqual([1, 1, 1])
})

test('topics that have grown since get their records by the new count', () => {
  const partitions = new Map([['t', 1]])
  const growing = packingOf({ compression: 'none', partitions })
  const before = new Packing(growing)
  before.put(record(7))
  const [chunk] = before.finish()
  chunk!.partitions.set('t', 5) // as the sending does
  const after = new Packing(growing)
  after.put(record(7))
  expect(after.finish()[0]!.partition).toBe(partitionOf(record(7), 5))
})

test('fast lines take more at once, slow ones less, within bounds', () => {
  const reach = new Reach()
  const began = reach.bytes
  for (let i = 0; i < 10; i++) reach.took(100)
  expect(reach.bytes).toBe(4 * began)
  reach.took(1_000)
  expect(reach.bytes).toBe(4 * began)
  for (let i = 0; i < 20; i++) reach.took(20_000)
  expect(reach.bytes).toBe(16 * 1024)
})
