import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { FieldError } from '../../../core/contract/errors.ts'
import { encodeMeta } from '../../../core/contract/meta.ts'
import { readCatalogue } from '../../../core/log/catalogue.ts'
import { encodeBlock } from '../../../core/log/codec.ts'
import { columnsOf } from '../../../core/log/columns.ts'
import { type Appending, type LogOptions, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { Scratch } from '../../../core/log/scratch.ts'
import { TopicIds } from '../../../core/log/topic-ids.ts'
import { verify } from '../../../core/log/verify.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { asAppended, full, message, messages, readAll, t0 } from './records.ts'

const allKinds: Appending[] = [
  message(0, { qos: 2, retained: true, repeat: true }),
  { time: t0 + 1, kind: 'tick', source: '', name: '', bytes: new Uint8Array() },
  { time: t0 + 2, kind: 'command', source: '', name: 'note', bytes: new TextEncoder().encode('{"text":"ø"}') },
  { time: t0 + 3, kind: 'link', source: 'plant', name: 'down', bytes: new TextEncoder().encode('{"detail":null}') },
]

function fill(dir: string, sizes: readonly number[], options: LogOptions = {}): Appending[] {
  const log = openLog(dir, options)
  const written: Appending[] = []
  for (const n of sizes) {
    const batch = messages(written.length, n)
    expect(log.append(batch)).toEqual({ first: written.length, n })
    written.push(...batch)
  }
  log.close()
  return written
}

/** Changes one byte of the record data of the block at an offset. */
function damage(file: string, first: number): void {
  const db = new Database(file)
  const data = db.prepare<[number], Buffer>('select data from block where first = ?').pluck().get(first)!
  data[data.length - 3]! ^= 1
  db.prepare('update block set data = ? where first = ?').run(data, first)
  db.close()
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof FieldError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

test('what a block was packed in is given back at once, not when the heap is collected', () => {
  const dir = tempDir()
  const log = openLog(dir)
  log.append(
    Array.from({ length: 100 }, (_, i) => message(i, { bytes: Buffer.from(randomBytes(5_000).toString('hex')) })),
  )
  log.close()
  const reader = openReader(dir)
  const room = new Scratch()
  const packed = reader.bytes() / 2
  reader.read(0, room)
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 20; i++) reader.read(0, room)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * packed)
  reader.close()
})

describe('append and read', () => {
  test('all four kinds come back as they went in, with their flags', () => {
    const dir = tempDir()
    const log = openLog(dir)
    log.append(allKinds)
    expect(readAll(openReader(dir)).map(asAppended)).toEqual(allKinds.map(full))
    log.close()
  })

  test('a reader sees each commit at once, while the writer goes on', () => {
    const dir = tempDir()
    const reader = openReader(dir)
    expect([reader.head(), reader.lastTime(), reader.read(0)]).toEqual([0, null, null])
    const log = openLog(dir)
    for (let i = 0; i < 50; i++) {
      log.append([message(i)])
      expect([reader.head(), reader.lastTime(), reader.read(i)!.first + reader.read(i)!.n]).toEqual([
        i + 1,
        t0 + i * 1000,
        i + 1,
      ])
    }
    log.close()
  })

  test('commits are WAL with synchronous FULL and pages of 4096', () => {
    const dir = tempDir()
    const log = openLog(dir)
    const { db } = (log as unknown as { active: { db: Database.Database } }).active
    const read = (name: string) => db.pragma(name, { simple: true })
    expect([read('journal_mode'), read('synchronous'), read('page_size')]).toEqual(['wal', 2, 4096])
    log.close()
  })

  test('times that step back survive, by a little and by a century', () => {
    const dir = tempDir()
    const log = openLog(dir)
    const times = [t0, t0 - 5000, Date.UTC(2100, 0), Date.UTC(1970, 0), t0 + 0.5, t0]
    for (const time of times) log.append([message(0, { time })])
    log.append(times.map((time) => message(1, { time })))
    const reader = openReader(dir)
    expect(readAll(reader).map((record) => record.time)).toEqual([...times, ...times])
    expect(reader.lastTime()).toBe(Date.UTC(2100, 0))
    expect([reader.offsetAt(t0 + 1), reader.offsetAt(Date.UTC(2101, 0))]).toEqual([2, 12])
    log.close()
  })

  test('a topic of 60 kB and a payload of 5 MB are kept, in one commit with small ones', () => {
    const dir = tempDir()
    const log = openLog(dir)
    const bytes = new Uint8Array(5_000_000).map((_, i) => (i * 31) ^ (i >> 7))
    const batch = [message(0), message(1, { name: 'x'.repeat(60_000), bytes }), message(2, { bytes }), message(3)]
    log.append(batch)
    const records = readAll(openReader(dir))
    expect(records.map((record) => record.topic.name)).toEqual(batch.map((record) => record.name))
    expect(records.every((record, i) => Buffer.compare(record.bytes, batch[i]!.bytes) === 0)).toBe(true)
    log.close()
  })
})

describe('what MQTT 5 says beside a payload', () => {
  const said = (i: number) =>
    encodeMeta(
      i % 3 === 0
        ? {
            contentType: 'application/json',
            properties: [
              ['unit', 'bar'],
              ['unit', `${i}`],
            ],
          }
        : {},
    )

  test.each([
    ['in one commit', [200]],
    ['through sealing, with commits about which nothing was said between', Array.from({ length: 120 }, () => 10)],
  ])('is kept %s', (_, sizes) => {
    const dir = tempDir()
    const log = openLog(dir)
    const written: Appending[] = []
    sizes.forEach((n, commit) => {
      const batch = Array.from({ length: n }, (_, i) => written.length + i).map((i) =>
        commit % 2 === 1 || i % 3 !== 0 ? message(i) : message(i, { meta: said(i) }),
      )
      log.append(batch)
      written.push(...batch)
    })
    const records = readAll(openReader(dir))
    expect(records.map(asAppended)).toEqual(written.map(full))
    expect(records[0]!.meta).toEqual({
      contentType: 'application/json',
      properties: [
        ['unit', 'bar'],
        ['unit', '0'],
      ],
      responseTopic: null,
      correlation: null,
      expirySeconds: null,
    })
    log.close()
  })

  test('costs nothing where nothing is said: such blocks are those of format 1, byte for byte', () => {
    const rows = messages(0, 3).map((record) => ({ ...record, meta: said(1) }))
    const plain = encodeBlock(columnsOf(rows, 0, 3, new TopicIds()))
    const text = 3 * 14 + rows.reduce((sum, row) => sum + row.bytes.length, 0)
    expect([plain[0], plain.length]).toEqual([1, 24 + text])
    const saying = rows.map((row) => ({ ...row, meta: said(0) }))
    const more = encodeBlock(columnsOf(saying, 0, 3, new TopicIds()))
    expect([more[0], more.length]).toEqual([2, 32 + text + 3 * 4 + 3 * said(0).length])
  })
})

describe('sealing and rolling', () => {
  test('small blocks are written again as one: offsets and records stay', () => {
    const dir = tempDir()
    const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 7) % 40))
    const written = fill(dir, sizes)
    const reader = openReader(dir)
    expect(readAll(reader).map(asAppended)).toEqual(written.map(full))
    expect(reader.read(0)!.n).toBeGreaterThanOrEqual(1000)
    const blocks = new Database(join(dir, '000000000000.db')).prepare('select count(*) from block').pluck().get()
    expect(blocks).toBeLessThan(60)
  })

  test('a writer that starts again goes on sealing what the one before left', () => {
    const dir = tempDir()
    for (let i = 0; i < 30; i++) {
      const log = openLog(dir, { sealRecords: 100 })
      log.append(messages(i * 10, 10))
      log.close()
    }
    const reader = openReader(dir)
    expect(readAll(reader)).toHaveLength(300)
    expect(reader.read(0)!.n).toBeGreaterThanOrEqual(100)
  })

  test('segments roll by size and by log time, and finished ones are single files with a checksum', async () => {
    const dir = tempDir()
    const log = openLog(dir, { segmentBytes: 65_536, segmentMs: 1000 * 1000 })
    for (let i = 0; i < 400; i++) log.append(messages(i * 10, 10))
    await log.settled()
    log.close()
    const segments = readdirSync(dir).filter((name) => name.endsWith('.db'))
    expect(segments.length).toBeGreaterThan(4)
    expect(readCatalogue(dir)).toHaveLength(segments.length - 1)
    expect(readdirSync(dir).filter((name) => /-wal|-shm/.test(name))).toEqual([])
    expect(await verify(dir)).toMatchObject({ records: 4000, problems: [] })
  })

  test('a reader in the middle survives rolling, and letting go of the old segment lets it be sealed', async () => {
    const dir = tempDir()
    const log = openLog(dir, { segmentBytes: 65_536 })
    log.append(messages(0, 10))
    const idle = openReader(dir)
    const reader = openReader(dir)
    expect(idle.read(0)!.n).toBe(10)
    const seen: number[] = []
    for (let i = 1; i < 500; i++) {
      log.append(messages(i * 10, 10))
      for (let block = reader.read(seen.length); block !== null; block = reader.read(seen.length))
        for (let offset = seen.length; offset < block.first + block.n; offset++) seen.push(offset)
    }
    expect(seen).toHaveLength(5000)
    expect(readAll(idle, 0)).toHaveLength(5000)
    await log.settled()
    const firsts = readdirSync(dir).filter((name) => name.endsWith('.db')).length
    expect(firsts).toBeGreaterThan(2)
    expect(readCatalogue(dir)).toHaveLength(firsts - 1)
    log.close()
  })

  test('a finished segment that was not sealed before a crash is sealed at the next start', async () => {
    const dir = tempDir()
    const log = openLog(dir, { segmentMs: 5000 })
    log.append([message(0)])
    const idle = openReader(dir)
    idle.read(0)
    log.append([message(10)])
    log.close()
    expect(readCatalogue(dir)).toEqual([])
    idle.close()
    const again = openLog(dir)
    await again.settled()
    expect(readCatalogue(dir)).toMatchObject([{ first: 0, n: 1 }])
    again.close()
  })

  test('an empty newest segment after a crash is legal, and the clock of the log goes on', () => {
    const dir = tempDir()
    fill(dir, [10, 10], { segmentMs: 10_000 })
    const db = new Database(join(dir, '000000000010.db'))
    db.exec('delete from block')
    db.close()
    const reader = openReader(dir)
    expect([reader.head(), reader.lastTime()]).toEqual([10, t0 + 9000])
    const log = openLog(dir)
    expect([log.head, log.lastTime]).toEqual([10, t0 + 9000])
    log.append([message(10)])
    expect(readAll(reader)).toHaveLength(11)
    log.close()
  })
})

describe('finding a time', () => {
  test('offsetAt finds the first record at or after it, over segments and sealed blocks', () => {
    const dir = tempDir()
    fill(
      dir,
      Array.from({ length: 200 }, (_, i) => 1 + (i % 30)),
      { segmentMs: 300_000 },
    )
    const reader = openReader(dir)
    const head = reader.head()
    const tail = Array.from({ length: 150 }, (_, i) => head - 150 + i) // small blocks: their ends too
    for (const offset of [0, 1, 299, 300, 301, 777, ...tail]) {
      expect(reader.offsetAt(t0 + offset * 1000)).toBe(offset)
      expect(reader.offsetAt(t0 + offset * 1000 - 1)).toBe(offset)
    }
    expect(reader.offsetAt(t0 + head * 1000)).toBe(head)
    expect(reader.offsetAt(0)).toBe(0)
  })
})

describe('bad things', () => {
  test('a damaged block is named, and skipped by choice', () => {
    const dir = tempDir()
    fill(dir, [1000, 1000, 1000])
    damage(join(dir, '000000000000.db'), 1000)
    expect(codeOf(() => openReader(dir).read(1500))).toBe('log_damaged')
    expect(() => openReader(dir).read(1500)).toThrow(/000000000000\.db: block 1000 to 1999 is damaged/)
    const skipping = openReader(dir, { damaged: 'skip' })
    expect(readAll(skipping, 0).map((record) => record.offset)).toEqual([
      ...Array.from({ length: 1000 }, (_, i) => i),
      ...Array.from({ length: 1000 }, (_, i) => 2000 + i),
    ])
    expect(skipping.skipped()).toEqual([{ first: 1000, n: 1000 }])
  })

  test('verify names a damaged block, a hole and a sealed file that changed', async () => {
    const dir = tempDir()
    const log = openLog(dir, { segmentMs: 2_000_000 })
    for (let i = 0; i < 5; i++) log.append(messages(i * 1000, 1000))
    await log.settled()
    log.close()
    expect((await verify(dir)).problems).toEqual([])
    damage(join(dir, '000000000000.db'), 1000)
    const db = new Database(join(dir, '000000002000.db'))
    db.prepare('delete from block where first = 2000').run()
    db.close()
    const { problems } = await verify(dir)
    expect(problems.map((problem) => problem.offset)).toEqual([1000, null, 2000, null])
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(
      /checksum[\s\S]*sha256[\s\S]*2000 to 2999 are missing/,
    )
  })

  test('a newer format is refused in words, and not a byte is touched', () => {
    const dir = tempDir()
    fill(dir, [10])
    const file = join(dir, '000000000000.db')
    const db = new Database(file)
    db.pragma('journal_mode = DELETE')
    db.pragma('user_version = 99')
    db.close()
    const before = [readFileSync(file), statSync(file).mtimeMs, readdirSync(dir)]
    expect(codeOf(() => openLog(dir))).toBe('log_newer')
    expect(codeOf(() => openReader(dir).head())).toBe('log_newer')
    expect([readFileSync(file), statSync(file).mtimeMs, readdirSync(dir)]).toEqual(before)
  })

  test('a file that is not ours is refused', () => {
    const dir = tempDir()
    writeFileSync(join(dir, '000000000000.db'), 'x'.repeat(4096))
    expect(codeOf(() => openLog(dir))).toBe('log_damaged')
  })

  test('a full disk refuses the commit whole, and the log goes on when there is room', () => {
    const dir = tempDir()
    const log = openLog(dir, { maxSegmentBytes: 100_000 })
    log.append(messages(0, 10))
    const bytes = randomBytes(200_000) // does not compress
    expect(codeOf(() => log.append([message(10, { name: 'new/topic' }), message(11, { bytes })]))).toBe('disk_full')
    expect(log.head).toBe(10)
    log.append([message(10, { name: 'another/topic' }), message(11, { name: 'new/topic' })])
    const names = readAll(openReader(dir)).map((record) => record.topic.name)
    expect(names.slice(10)).toEqual(['another/topic', 'new/topic'])
    log.close()
  })

  test('a file that lost records while its writer waited for room is not written on', () => {
    const dir = tempDir()
    const log = openLog(dir, { maxSegmentBytes: 100_000 })
    for (let i = 0; i < 3; i++) log.append(messages(i * 10, 10))
    expect(codeOf(() => log.append([message(30, { bytes: randomBytes(200_000) })]))).toBe('disk_full')
    const db = new Database(join(dir, '000000000000.db'))
    db.prepare('delete from block where first = 20').run()
    db.close()
    expect(() => log.append([message(30)])).toThrow(/ends at 20, but 30 was stored/)
    expect(codeOf(() => log.append([message(30)]))).toBe('log_damaged')
    log.close()
  })

  test('offsets before the base are told apart from missing ones', () => {
    const dir = tempDir()
    fill(dir, [10], {})
    expect(openReader(dir).read(10)).toBeNull()
    expect(openReader(dir).read(11)).toBeNull()
    expect(codeOf(() => openReader(dir).read(-1))).toBe('offset_expired')
  })
})
