import { expect, test } from 'vitest'
import { encodeMeta } from '../../../core/contract/meta.ts'
import { kinds } from '../../../core/contract/model.ts'
import { decodeBlock, encodeBlock } from '../../../core/log/codec.ts'
import { type Columns, columnsOf, joinColumns, timesOf } from '../../../core/log/columns.ts'
import { type Appending, type Log, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { holdsSame } from '../../../core/log/same-records.ts'
import { TopicIds } from '../../../core/log/topic-ids.ts'
import { verify } from '../../../core/log/verify.ts'
import { seeded } from '../../support/seeded.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { asAppended, full, readAll, t0 } from './records.ts'

// Sealing: decode(sealed) = concat(decode(small)), for whatever is in them.

type Random = () => number
const seeds = Array.from({ length: 30 }, (_, i) => i + 1)

function whole(random: Random, below: number): number {
  return Math.floor(random() * below)
}

/** Mostly a second apart; now and then a jump of years, a step back, or half a millisecond. */
function nextTime(random: Random, time: number): number {
  if (random() < 0.02) return time + whole(random, 4e11) - 2e11
  return random() < 0.05 ? time - 5_000 : time + 1_000 + (random() < 0.05 ? 0.5 : 0)
}

function randomRecords(random: Random, n: number): Appending[] {
  let time = t0
  return Array.from({ length: n }, (): Appending => {
    time = nextTime(random, time)
    const meta =
      random() < 0.1 ? { meta: Uint8Array.from(encodeMeta({ contentType: `text/${whole(random, 5)}` })) } : {}
    return {
      time,
      kind: kinds[whole(random, kinds.length)]!,
      source: `source ${whole(random, 2)}`,
      name: `line/${whole(random, 30)}`,
      qos: whole(random, 3) as 0 | 1 | 2, // below 3
      retained: random() < 0.1,
      repeat: random() < 0.1,
      bytes: Uint8Array.from({ length: whole(random, random() < 0.1 ? 2_000 : 60) }, () => whole(random, 256)),
      ...meta,
    }
  })
}

function rowsOf(columns: Columns): unknown[] {
  const { n, topic, kind, flags, end, bytes, meta } = columns
  const times = timesOf(columns)
  return Array.from({ length: n }, (_, i) => [
    times[i],
    topic[i],
    kind[i],
    flags[i],
    Buffer.from(bytes.subarray(i === 0 ? 0 : end[i - 1], end[i])).toString('hex'),
    meta === null ? '' : Buffer.from(meta.bytes.subarray(i === 0 ? 0 : meta.end[i - 1], meta.end[i])).toString('hex'),
  ])
}

test.each(seeds)('seed %i: a sealed block decodes to what its small blocks do, in their order', (seed) => {
  const random = seeded(seed)
  const topics = new TopicIds()
  const parts = Array.from({ length: 2 + whole(random, 30) }, () => {
    const records = randomRecords(random, 1 + whole(random, 40))
    return columnsOf(records, 0, records.length, topics)
  })
  const small = parts.flatMap((part) => rowsOf(decodeBlock(encodeBlock(part))))
  expect(rowsOf(decodeBlock(encodeBlock(joinColumns(parts))))).toEqual(small)
})

test.each(seeds.slice(0, 12))(
  'seed %i: whatever commits, seals and segments measure, the log reads as it was written',
  async (seed) => {
    const random = seeded(1_000 + seed)
    const dir = tempDir()
    const options = {
      sealRecords: 10 + whole(random, 400),
      segmentBytes: 16_384 + whole(random, 200_000),
      segmentMs: 1e15,
    }
    const records = randomRecords(random, 2_000)
    let log = openLog(dir, options)
    for (let at = 0; at < records.length; ) {
      const n = 1 + whole(random, random() < 0.1 ? 600 : 40)
      log.append(records.slice(at, at + n))
      at += n
      if (random() > 0.05) continue
      log.close()
      log = openLog(dir, options)
    }
    await log.settled()
    log.close()
    const reader = openReader(dir)
    expect(readAll(reader).map(asAppended)).toEqual(records.map(full))
    reader.close()
    expect((await verify(dir)).problems).toEqual([])
  },
)

test('small blocks stay when a bit of what they would become has changed in memory, which is said, and nothing is lost', async () => {
  const dir = tempDir()
  const records = randomRecords(seeded(7), 100)
  const log = openLog(dir, { sealRecords: 100 })
  for (let at = 0; at < 80; at += 20) log.append(records.slice(at, at + 20))
  expect(log.trouble()).toBeNull()
  looseOf(log)[1]!.columns.flags[3]! ^= 1
  log.append(records.slice(80))
  log.append(records.slice(0, 1))
  expect(log.trouble()).toMatchObject({ code: 'log_damaged', hint: expect.stringContaining('nothing is lost') })
  expect(log.trouble()!.message).toMatch(/000000000000\.db: records 0 to \d+ would read otherwise as one block$/)
  log.close()
  const reader = openReader(dir)
  expect(readAll(reader).slice(0, 100).map(asAppended)).toEqual(records.map(full))
  expect(reader.read(0)!.n).toBe(20)
  reader.close()
  expect((await verify(dir)).problems).toEqual([])
})

/** No other way to memory that has changed by itself. */
function looseOf(log: Log): { readonly columns: Columns }[] {
  return (log as unknown as { readonly active: { readonly loose: { readonly columns: Columns }[] } }).active.loose
}

test.each(seeds)('seed %i: a block with any one thing changed does not hold the same records', (seed) => {
  const random = seeded(2_000 + seed)
  const topics = new TopicIds()
  const parts = Array.from({ length: 2 + whole(random, 10) }, () => {
    const records = randomRecords(random, 1 + whole(random, 40))
    return columnsOf(records, 0, records.length, topics)
  })
  const sealed = decodeBlock(encodeBlock(joinColumns(parts)))
  expect(holdsSame(sealed, parts)).toBe(true)
  expect(holdsSame(sealed, parts.slice(1))).toBe(false)
  expect(holdsSame(sealed, parts.slice(0, -1))).toBe(false)
  const { dt, topic, kind, flags, end, bytes, meta } = sealed
  for (const column of [dt, topic, kind, flags, end, bytes, ...(meta === null ? [] : [meta.end, meta.bytes])]) {
    const at = whole(random, column.length)
    const was = column[at]!
    column[at] = was + 1
    expect(holdsSame(sealed, parts)).toBe(false)
    column[at] = was
  }
  expect(holdsSame(sealed, parts)).toBe(true)
})
