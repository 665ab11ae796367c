import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { recordAt } from '../../../core/contract/block.ts'
import type { Offset } from '../../../core/contract/model.ts'
import { ReadAhead } from '../../../core/host/read-ahead.ts'
import { openLog } from '../../../core/log/log.ts'
import { type LogReader, openReader } from '../../../core/log/reader.ts'
import { listSegments, segmentFile } from '../../../core/log/segment.ts'
import { eventually } from '../../support/eventually.ts'
import { seeded } from '../../support/seeded.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { asAppended, full, message } from '../log/records.ts'

for (const seed of [1, 2, 3])
  test(`a log reads the same with blocks unpacked ahead, seed ${seed}`, async () => {
    const { dir, written } = fill(seed)
    const { reader, ahead } = await reading(dir)
    expect(copied(reader)).toEqual(written.map((record, offset) => ({ offset, ...full(record) })))
    expect(ahead.taken).toBeGreaterThan(0)
    reader.close()
  })

test('what is damaged is passed over and told as it is without, seed 4', async () => {
  const { dir } = fill(4)
  damage(dir, 9_000)
  const without = openReader(dir, { damaged: 'skip' })
  const expected = copied(without)
  const { reader } = await reading(dir)
  expect(copied(reader)).toEqual(expected)
  expect(reader.skipped()).toEqual(without.skipped())
  expect(reader.skipped()).not.toEqual([])
  reader.close()
})

test('a thread that waits for room ends when the reader closes, and the next one begins where it is asked to, seed 5', async () => {
  const { dir, written } = fill(5)
  const { reader, ahead } = await reading(dir)
  reader.close()
  await eventually(() => ahead.isOver)
  ahead.begin(5_000, written.length)
  await eventually(() => ahead.take(5_000) !== null)
  ahead.close()
})

test('a thread that fails is not started again, and the log reads without it, seed 6', async () => {
  const { dir, written } = fill(6)
  const ahead = new ReadAhead(dir, new URL('not-there.ts', thread), 1)
  const reader = openReader(dir, { ahead })
  reader.expect(0, reader.head())
  expect(ahead.isOver).toBe(false)
  await eventually(() => ahead.isOver)
  reader.expect(0, reader.head())
  expect(ahead.isOver).toBe(true)
  expect(copied(reader).length).toBe(written.length)
  reader.close()
})

/** Counts what came from its thread. */
class Counting extends ReadAhead {
  taken = 0

  override take(from: Offset) {
    const found = super.take(from)
    if (found !== null) this.taken++
    return found
  }
}

/** Behind whose first block some are waiting. */
async function reading(dir: string) {
  const ahead = new Counting(dir, thread, 1)
  const reader = openReader(dir, { damaged: 'skip', ahead })
  reader.expect(0, reader.head())
  await eventually(() => ahead.take(0) !== null)
  return { reader, ahead }
}

const thread = new URL('../../../core/host/read-ahead-thread.ts', import.meta.url)

/** Every record; a block is good until the next one is read. */
function copied(reader: LogReader) {
  const records = []
  for (let at = 0; ; ) {
    const block = reader.read(at)
    if (block === null) return records
    for (let row = 0; row < block.n; row++)
      records.push({ offset: block.first + row, ...asAppended(recordAt(block, row)) })
    at = block.first + block.n
  }
}

/** Blocks small and large, also one that fits in no room, in several segments. */
function fill(seed: number) {
  const random = seeded(seed)
  const dir = tempDir()
  const log = openLog(dir, { segmentBytes: 200_000 })
  const written = []
  while (written.length < 20_000) {
    const n = 1 + Math.floor(random() * (random() < 0.2 ? 6_000 : 300))
    const batch = Array.from({ length: n }, (_, i) => message(written.length + i, more(random)))
    log.append(batch)
    written.push(...batch)
  }
  const large = message(written.length, { bytes: new Uint8Array(9_500_000) })
  log.append([large])
  log.close()
  return { dir, written: [...written, large] }
}

function more(random: () => number) {
  return random() < 0.01 ? { name: `late/${Math.floor(random() * 500)}`, repeat: true } : {}
}

function damage(dir: string, offset: Offset): void {
  const first = openReader(dir).read(offset)!.first
  const segment = listSegments(dir).findLast((one) => one <= first)!
  const db = new Database(segmentFile(dir, segment))
  db.prepare('update block set data = zeroblob(20) where first = ?').run(first)
  db.close()
}
