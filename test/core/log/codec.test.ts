import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeBlock, encodeBlock } from '../../../core/log/codec.ts'
import { type Columns, columnsOf, topicsIn } from '../../../core/log/columns.ts'
import type { Appending } from '../../../core/log/log.ts'
import { TopicIds } from '../../../core/log/topic-ids.ts'
import { random } from '../../support/stream.ts'

const seeds = [1, 2, 3, 5, 8, 13, 21, 34]
const jumps = [0, 1, -1, 300, -70_000, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, 0.5]

/** Times that leap, topics of any number, payloads of any length and bytes, and something said beside some of them. */
function anyBlock(seed: number, n: number, reach: number): { readonly columns: Columns; readonly topics: Set<number> } {
  const next = random(seed)
  const upTo = (limit: number) => Math.floor(next() * limit)
  const ids = new TopicIds()
  for (let i = 0; i < 70_000; i += 1 + upTo(3)) ids.idOf('s', String(i))
  const records = Array.from({ length: n }, (): Appending => {
    const time = 1.8e12 + jumps[upTo(reach)]!
    const bytes = upTo(4) === 0 ? new Uint8Array(0) : randomBytes(upTo(60))
    const said = upTo(5) === 0 ? { meta: randomBytes(1 + upTo(9)) } : {}
    return { time, kind: 'message', source: 's', name: String(upTo(70_000)), bytes, ...(seed % 2 === 0 ? said : {}) }
  })
  const topics = new Set(records.map(({ source, name }) => ids.idOf(source, name)))
  return { columns: columnsOf(records, 0, n, ids), topics }
}

describe.each(seeds)('a block of seed %i', (seed) => {
  test.each([
    [1, jumps.length],
    [49, 5],
    [50, 5],
    [1_000, 5],
    [1_000, jumps.length],
  ])('of %i records with %i kinds of leaps comes back as it was', (n, reach) => {
    const { columns } = anyBlock(seed, n, reach)
    const { body, ...back } = decodeBlock(encodeBlock(columns))
    const { body: before, ...given } = columns
    expect(back).toEqual(given)
    expect(Buffer.compare(body, before)).toBe(0)
  })

  test('names each of its topics once, ascending', () => {
    const { columns, topics } = anyBlock(seed, 1_000, 5)
    expect([...topicsIn(columns)]).toEqual([...topics].sort((a, b) => a - b))
  })
})

test('packs a thousand messages of a plant better than with their columns as they are', () => {
  const ids = new TopicIds()
  const next = random(1)
  const records = Array.from({ length: 1_000 }, (_, i): Appending => {
    const bytes = Buffer.from(`{"temperature":${(20 + next()).toFixed(2)},"pressure":${(3 + next()).toFixed(3)}}`)
    return {
      time: 1.8e12 + Math.floor(i / 3),
      kind: 'message',
      source: 's',
      name: String(Math.floor(next() * 3_334)),
      bytes,
    }
  })
  const data = encodeBlock(columnsOf(records, 0, 1_000, ids))
  expect(data[0]).toBe(3)
  expect(data.length).toBeLessThan(6_000)
})
