import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recordAt } from '../../../core/contract/block.ts'
import { FieldError } from '../../../core/contract/errors.ts'
import type { LogRecord } from '../../../core/contract/model.ts'
import { baseFile, writeBase } from '../../../core/log/base.ts'
import { letGoBefore } from '../../../core/log/catalogue.ts'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { segmentFile } from '../../../core/log/segment.ts'
import { verify } from '../../../core/log/verify.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { seeded } from '../../support/seeded.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { asAppended, messages } from './records.ts'

// Bits that change on their own, files that were cut, pages that were zeroed: named, and never read as something else.

const perSegment = 600
const blockOf = 60
let whole: string
let copy: string
let written: readonly string[]
const firsts = [0, perSegment, 2 * perSegment]

beforeAll(async () => {
  whole = makeTempDir()
  copy = makeTempDir()
  const log = openLog(whole, { segmentMs: perSegment * 1000, sealRecords: 100 })
  for (let i = 0; i < 3 * perSegment; i += blockOf) log.append(messages(i, blockOf))
  await log.settled()
  log.close()
  written = readSkipping(whole).records.map(asText)
  expect([written.length, (await verify(whole)).problems]).toEqual([3 * perSegment, []])
})

afterAll(() => {
  for (const dir of [whole, copy]) rmSync(dir, { recursive: true, force: true })
})

/** Changes a copy of one file, and looks at the copy of the log. */
async function damaged(first: number, change: (file: string) => void) {
  const file = segmentFile(copy, first)
  rmSync(copy, { recursive: true, force: true })
  cpSync(whole, copy, { recursive: true })
  change(file)
  const { records, told } = readSkipping(copy)
  const wrong = records.filter((record) => asText(record) !== written[record.offset])
  const there = new Set(records.map((record) => record.offset))
  const missing = written.map((_, offset) => offset).filter((offset) => !there.has(offset))
  const { problems } = await verify(copy)
  return {
    wrong: wrong.length,
    missing: missing.length,
    missingElsewhere: missing.filter((offset) => Math.floor(offset / perSegment) * perSegment !== first).length,
    told,
    named: problems.length > 0,
    namedElsewhere: problems.filter((problem) => problem.file !== file).length,
  }
}

/** As the path reads where damage is skipped; null: to the head. */
function readSkipping(dir: string): { readonly records: LogRecord[]; readonly told: string | null } {
  const reader = openReader(dir, { damaged: 'skip' })
  const records: LogRecord[] = []
  try {
    for (let next = 0; ; ) {
      const block = reader.read(next)
      if (block === null) return { records, told: null }
      for (let row = Math.max(0, next - block.first); row < block.n; row++) records.push(recordAt(block, row))
      next = block.first + block.n
    }
  } catch (error) {
    if (!(error instanceof FieldError) || error.code !== 'log_damaged') throw error
    return { records, told: error.code }
  } finally {
    reader.close()
  }
}

function asText(record: LogRecord): string {
  const { bytes, ...rest } = asAppended(record)
  return JSON.stringify([record.offset, rest, Buffer.from(bytes).toString('base64')])
}

function flip(at: number, bit: number): (file: string) => void {
  return (file) => {
    const bytes = readFileSync(file)
    bytes[at]! ^= 1 << bit
    rmSync(file) // a finished one is protected
    writeFileSync(file, bytes)
  }
}

describe.each([
  { kind: 'a finished', first: perSegment, seed: 71 },
  { kind: 'the newest', first: 2 * perSegment, seed: 72 },
])('one flipped bit in $kind segment (120 places, seed $seed)', ({ first, seed }) => {
  let looks: (Awaited<ReturnType<typeof damaged>> & { readonly at: number; readonly writer: string })[]

  beforeAll(async () => {
    looks = []
    const random = seeded(seed)
    const { size } = statSync(segmentFile(whole, first))
    for (let i = 0; i < 120; i++) {
      const at = Math.floor(random() * size)
      looks.push({ at, ...(await damaged(first, flip(at, Math.floor(random() * 8)))), writer: writerOn(copy) })
    }
  })

  test('no record is ever read as something else', () => {
    expect(looks.filter(({ wrong }) => wrong > 0)).toEqual([])
  })

  test('every other segment reads whole, and verify names none of them', () => {
    expect(looks.filter(({ missingElsewhere, namedElsewhere }) => missingElsewhere + namedElsewhere > 0)).toEqual([])
  })

  test('what cannot be read is named by verify', () => {
    expect(looks.filter(({ missing, told, named }) => (missing > 0 || told !== null) && !named)).toEqual([])
    if (first === perSegment) expect(looks.filter(({ named }) => !named)).toEqual([]) // its sha256
  })

  test('nearly always one block of the file is lost and no more', () => {
    const large = looks.filter(({ missing }) => missing > 2 * blockOf)
    expect(looks.filter(({ missing }) => missing > 0).length).toBeGreaterThan(looks.length / 4)
    expect(large.length).toBeLessThan(looks.length / 10)
  })

  test('a writer goes on at the head or refuses, and never in another place', () => {
    expect(looks.filter(({ writer }) => writer !== String(written.length) && writer !== 'log_damaged')).toEqual([])
  })
})

/** Where a writer would go on, or why it refuses. */
function writerOn(dir: string): string {
  try {
    const log = openLog(dir)
    log.close()
    return String(log.head)
  } catch (error) {
    if (error instanceof FieldError) return error.code
    throw error
  }
}

describe('the journal of the newest segment', () => {
  let dir: string
  let journal: string
  let before: number
  let after: number

  /** Nine commits and a tenth, as they lie in the journal of a writer that was killed after it. */
  beforeEach(() => {
    const live = tempDir()
    dir = tempDir()
    const log = openLog(live)
    for (let i = 0; i < 9; i++) log.append(messages(i * blockOf, blockOf))
    before = statSync(`${segmentFile(live, 0)}-wal`).size
    log.append(messages(9 * blockOf, blockOf))
    for (const part of ['', '-wal']) cpSync(segmentFile(live, 0) + part, segmentFile(dir, 0) + part)
    journal = `${segmentFile(dir, 0)}-wal`
    after = statSync(journal).size
    log.close()
  })

  function changed(change: (bytes: Buffer) => Buffer) {
    const bytes = readFileSync(journal)
    writeFileSync(journal, change(Buffer.from(bytes)))
    const { records } = readSkipping(dir)
    rmSync(`${segmentFile(dir, 0)}-shm`, { force: true })
    return { records, put: () => writeFileSync(journal, bytes) }
  }

  const cut = (at: number) => (bytes: Buffer) => bytes.subarray(0, at)
  const zeroed = (at: number) => (bytes: Buffer) => bytes.fill(0, at)

  test.each([
    { how: 'cut', change: cut, seed: 74 },
    { how: 'zeroed', change: zeroed, seed: 75 },
  ])(
    '$how anywhere in a commit that a crash interrupted: what was committed before is there (60 places, seed $seed)',
    async ({ change, seed }) => {
      const random = seeded(seed)
      for (let i = 0; i < 60; i++) {
        const at = before + Math.floor(random() * (after - before))
        const { records, put } = changed(change(at))
        expect({ at, n: records.length }).toEqual({ at, n: 9 * blockOf })
        expect(records.map(asText)).toEqual(written.slice(0, 9 * blockOf))
        expect((await verify(dir)).problems).toEqual([])
        if (i % 10 === 0) expect(writerOn(copyOf(dir))).toBe(String(9 * blockOf))
        put()
      }
    },
  )

  test('damaged in a commit that was durable, as no crash does: never read as something else, and told by who had seen more (60 places, seed 76)', async () => {
    const random = seeded(76)
    const seen = [{ by: 'the views', upto: 10 * blockOf }]
    expect((await verify(dir, seen)).problems).toEqual([])
    let short = 0
    for (let i = 0; i < 60; i++) {
      const at = Math.floor(random() * after)
      const how = [cut(at), zeroed(at), (bytes: Buffer) => flipped(bytes, at)][i % 3]!
      const { records, put } = changed(how)
      expect(records.map(asText)).toEqual(written.slice(0, records.length))
      const { problems } = await verify(dir, seen)
      if (records.length < 10 * blockOf) {
        short++
        expect(problems.map(({ message }) => message)).toEqual([
          `records ${records.length} to ${10 * blockOf - 1} are missing: the views had read them`,
        ])
      }
      put()
    }
    expect(short).toBeGreaterThan(30)
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1
  return bytes
}

function copyOf(dir: string): string {
  const other = tempDir()
  cpSync(dir, other, { recursive: true })
  return other
}

test('a base that changed, or that is missing where the log begins later, is named', async () => {
  const dir = copyOf(whole)
  rmSync(segmentFile(dir, 0))
  letGoBefore(dir, perSegment)
  writeBase(dir, { next: perSegment, version: 'v', known: Buffer.from('{}'), tables: Buffer.from('tables') })
  expect((await verify(dir)).problems).toEqual([])
  const file = baseFile(dir, perSegment)
  writeFileSync(file, flipped(readFileSync(file), statSync(file).size - 3))
  expect((await verify(dir)).problems).toMatchObject([
    { file, message: expect.stringContaining('not as it was written') },
  ])
  rmSync(file)
  expect((await verify(dir)).problems).toMatchObject([{ file, message: 'the base of the log at 600 is missing' }])
})

describe('larger damage', () => {
  test('every page of a segment zeroed in turn: never read as something else, always named', async () => {
    for (const first of [perSegment, 2 * perSegment]) {
      const pages = statSync(segmentFile(whole, first)).size / 4096
      for (let page = 0; page < pages; page++) {
        const look = await damaged(first, (file) => {
          const bytes = readFileSync(file)
          bytes.fill(0, page * 4096, (page + 1) * 4096)
          rmSync(file)
          writeFileSync(file, bytes)
        })
        expect({ page, ...look }).toMatchObject({ wrong: 0, missingElsewhere: 0, named: true, namedElsewhere: 0 })
      }
    }
  })

  test('a segment cut at 40 places (seed 73): what is left is read, and it is named', async () => {
    const random = seeded(73)
    for (let i = 0; i < 40; i++) {
      const first = firsts[i % 3]!
      const size = Math.floor(random() * statSync(segmentFile(whole, first)).size)
      const look = await damaged(first, (file) => truncateSync(file, size))
      expect({ first, size, ...look }).toMatchObject({ wrong: 0, missingElsewhere: 0, named: true, namedElsewhere: 0 })
    }
  })
})
