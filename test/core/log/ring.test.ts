import { expect, test } from 'vitest'
import { type Columns, columnsOf } from '../../../core/log/columns.ts'
import { BlockRing } from '../../../core/log/ring.ts'
import type { Unpacked } from '../../../core/log/segment-reader.ts'
import { TopicIds } from '../../../core/log/topic-ids.ts'
import { message, messages, t0 } from './records.ts'

test('blocks come out as they went in, in order, each as often as it is asked for', () => {
  const { put, taken } = ring()
  const meta = columns([message(20), message(21, { meta: new Uint8Array([1, 2, 3]) })])
  const wide = columns([message(22), message(23, { time: t0 - 1e12 })])
  const blocks = [block(0, 20), block(20, meta), block(22, wide)]
  for (const one of blocks) expect(put(one)).toBe(true)
  expect([0, 19, 20, 20, 22, 23].map(taken)).toEqual([0, 0, 1, 1, 2, 2].map((i) => blocks[i]))
  expect(taken(24)).toBeNull()
})

test('what comes after it was read is passed over, and what comes before it is asked for waits', () => {
  const { put, taken } = ring()
  for (const first of [0, 10, 20]) put(block(first, 10))
  expect(taken(25)).toEqual(block(20, 10))
  put(block(50, 10))
  expect(taken(30)).toBeNull()
  expect(taken(55)).toEqual(block(50, 10))
})

test('one that is too large is left to the reader, and the next ones come', () => {
  const { put, taken } = ring()
  put(block(0, columns([message(0, { bytes: new Uint8Array(10_000_000) })])))
  put(block(1, 10))
  expect(taken(0)).toBeNull()
  expect(taken(1)).toEqual(block(1, 10))
})

test('nothing is put into a ring that was closed, nor taken', () => {
  const { put, taken, close } = ring()
  put(block(0, 10))
  close()
  expect(put(block(10, 10))).toBe(false)
  expect(taken(0)).toBeNull()
})

/** Both sides of one. */
function ring() {
  const taking = new BlockRing()
  const putting = new BlockRing(taking.memory)
  return {
    put: (one: Unpacked) => putting.put(one),
    taken: (from: number) => taking.take(from),
    close: () => taking.close(),
  }
}

function block(first: number, of: number | Columns): Unpacked {
  return { segment: 0, first, topics: 20, columns: typeof of === 'number' ? columns(messages(first, of)) : of }
}

function columns(records: Parameters<typeof columnsOf>[0]): Columns {
  return columnsOf(records, 0, records.length, new TopicIds())
}
