import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FieldError } from '../../../core/contract/errors.ts'
import { writeBase } from '../../../core/log/base.ts'
import { keptFrom, letGoBefore, readCatalogue } from '../../../core/log/catalogue.ts'
import { type Log, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import type { Bounds, Lost, Reader } from '../../../core/log/retention.ts'
import { listSegments, segmentFile } from '../../../core/log/segment.ts'
import { verify } from '../../../core/log/verify.ts'
import { hasSmallDisk, onSmallDisk } from '../../support/small-disk.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { messages, readAll } from './records.ts'

const never: Bounds = { maxBytes: null, minFreeBytes: 0, maxAge: null, giveUp: ['sent'] }
const everything: Bounds = { ...never, maxBytes: 1 }

/** Ten segments of 100 records, one of each second, finished and with their bases. */
async function tenSegments(dir: string): Promise<Log> {
  const log = openLog(dir, { segmentMs: 100_000 })
  for (let i = 0; i < 10; i++) log.append(messages(i * 100, 100))
  await log.settled()
  for (const next of listSegments(dir)) writeBase(dir, { next, version: 'none', known: empty, tables: empty })
  return log
}

const empty = new Uint8Array()

function begins(dir: string): number | undefined {
  return listSegments(dir)[0]
}

describe('segments go', () => {
  test('by size: the oldest, until all that are left fit, and never the active one', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    const size = statSync(segmentFile(dir, 0)).size
    await log.letGo({ ...never, maxBytes: size * 6.5 }, [])
    expect(begins(dir)).toBe(400)
    await log.letGo(everything, [])
    expect(listSegments(dir)).toEqual([900])
    log.append(messages(1_000, 1))
    expect(readAll(openReader(dir))).toHaveLength(101)
    log.close()
  })

  test('by age of their newest record, against the clock of the log', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    await log.letGo({ ...never, maxAge: 650_000 }, [])
    expect(begins(dir)).toBe(300) // 299 is 700 s old, 399 is 600 s
    log.close()
  })

  test('by room on the disk: one a turn, because a reader may still hold its bytes', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    for (const wanted of [100, 200, 300]) {
      await log.letGo({ ...never, minFreeBytes: Number.MAX_SAFE_INTEGER }, [])
      expect(begins(dir)).toBe(wanted)
    }
    log.close()
  })

  test('not at all while no bound asks for it', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    expect(await log.letGo(never, [])).toBeNull()
    expect(begins(dir)).toBe(0)
    log.close()
  })

  test('never past the slowest reader, which is named', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    const slow = { destination: 'central', offset: 450 }
    expect(await log.letGo(everything, [slow, { destination: null, offset: 800 }])).toEqual(slow)
    expect(begins(dir)).toBe(400)
    log.close()
  })
})

describe('what goes first, as a person chose it', () => {
  const optional = { destination: 'lab', offset: 450, optional: true }
  const required = { destination: 'central', offset: 650 }
  const bySize: Bounds = { ...never, maxBytes: 1 }
  const byRoom: Bounds = { ...never, minFreeBytes: Number.MAX_SAFE_INTEGER }

  /** Looks until nothing goes any more; what went, in its order. */
  async function whatGoes(bounds: Bounds, snapshots: number) {
    const dir = tempDir()
    const log = await tenSegments(dir)
    const went: string[] = []
    const dropSnapshot = () => {
      if (snapshots > 0) went.push('snapshot')
      return snapshots-- > 0
    }
    const lost = (one: Lost) => went.push(`${one.destination} lacks ${one.from} to ${one.to - 1}`)
    let held: Reader | null = null
    for (let look = 0; look < 20; look++) {
      const before = begins(dir)!
      held = await log.letGo(bounds, [optional, required], { dropSnapshot, lost })
      for (let at = before + 100; at <= begins(dir)!; at += 100) went.push(`to ${at - 1}`)
    }
    log.close()
    return { went: went.join(', '), held: held?.destination ?? null }
  }

  test.each<[Bounds['giveUp'], string, string | null]>([
    [['sent'], 'to 99, to 199, to 299, to 399', 'lab'],
    [['snapshots', 'sent'], 'snapshot, snapshot, to 99, to 199, to 299, to 399', 'lab'],
    [
      ['sent', 'snapshots', 'optional'],
      'to 99, to 199, to 299, to 399, snapshot, snapshot, lab lacks 450 to 499, to 499, lab lacks 500 to 599, to 599',
      'central',
    ],
    [
      ['sent', 'optional', 'snapshots'],
      'to 99, to 199, to 299, to 399, lab lacks 450 to 499, to 499, lab lacks 500 to 599, to 599, snapshot, snapshot',
      'central',
    ],
  ])('when the disk lacks room: %j', async (giveUp, went, held) => {
    expect(await whatGoes({ ...byRoom, giveUp }, 2)).toEqual({ went, held })
  })

  test('also what a required destination lacks, when that was chosen and the disk lacks room', async () => {
    const { went, held } = await whatGoes({ ...byRoom, giveUp: ['sent', 'optional', 'required'] }, 0)
    expect(went).toMatch(/lab lacks 600 to 699, central lacks 650 to 699, to 699, .* to 899$/)
    expect(held).toBeNull()
  })

  test('but not for a bound of the log itself, and no snapshot goes for that', async () => {
    const giveUp = ['snapshots', 'sent', 'optional', 'required'] as const
    const { went, held } = await whatGoes({ ...bySize, giveUp }, 2)
    expect(went).toBe('lab lacks 450 to 499, lab lacks 500 to 599, to 99, to 199, to 299, to 399, to 499, to 599')
    expect(held).toBe('central')
  })
})

describe('what is left', () => {
  test('is whole: the catalogue says where it begins, and verify finds nothing missing', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    await log.letGo({ ...never, maxAge: 450_000 }, [])
    expect([keptFrom(dir), readCatalogue(dir)[0]!.first, begins(dir)]).toEqual([500, 500, 500])
    expect(await verify(dir)).toMatchObject({ base: 500, head: 1_000, problems: [] })
    log.close()
    expect(openLog(dir).head).toBe(1_000)
  })

  test('after a crash between catalogue and unlink the file goes the next time', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    letGoBefore(dir, 300)
    expect(begins(dir)).toBe(0)
    await log.letGo(never, [])
    expect(begins(dir)).toBe(300)
    log.close()
  })

  test('a reader that held what went is told so in words, and holds its bytes no longer', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    const reader = openReader(dir)
    expect(reader.read(150)!.first).toBe(100)
    await log.letGo({ ...never, maxAge: 650_000 }, [])
    expect(openFiles(segmentFile(dir, 100))).toBe(process.platform === 'linux' ? 1 : 0)
    expect(() => reader.read(150)).toThrow(/record 150 is no longer kept: the log begins at 300/)
    expect(codeOf(() => reader.read(150))).toBe('offset_expired')
    expect(openFiles(segmentFile(dir, 100))).toBe(0)
    expect([reader.base(), reader.read(300)!.first]).toEqual([300, 300])
    log.close()
  })

  test('finished files are read-only, and a log that ends with one goes on in a new file', async () => {
    const dir = tempDir()
    const log = await tenSegments(dir)
    log.close()
    for (const { first } of readCatalogue(dir)) expect(statSync(segmentFile(dir, first)).mode & 0o222).toBe(0)
    const copy = tempDir() // as a backup of finished files is
    for (const name of readdirSync(dir))
      if (!name.startsWith('000000000900'))
        writeFileSync(join(copy, name), readFileSync(join(dir, name)), { mode: modeOf(dir, name) })
    const again = openLog(copy)
    expect(again.append(messages(900, 5))).toEqual({ first: 900, n: 5 })
    again.close()
    expect((await verify(copy)).problems).toEqual([])
  })
})

describe.skipIf(!hasSmallDisk)('on a disk that is full', () => {
  test('the reserve is kept while it runs, given for the last words, and taken again when there is room', () => {
    const said = onSmallDisk(16, 'last-words')
    expect(said).toEqual({
      fullSeen: true,
      reserveWhileFull: true,
      wordsStored: true,
      reserveAfterWords: false,
      lastRecord: 'stopped',
      reserveWhenRoom: true,
    })
  })

  test('a capture that is stopped says so in the log', () => {
    expect(onSmallDisk(16, 'stops')).toEqual({ fullSeen: true, lastRecord: 'stopped' })
  })

  test('a reader that holds the log is named in the error, with what a person can do', () => {
    expect(onSmallDisk(16, 'held')).toEqual({
      code: 'disk_full',
      hint: 'no log file may go, because "central" lacks the records from 10 on: make room on this disk, let it catch up, or no longer require it; nothing that was acknowledged is lost, and capture goes on by itself',
    })
  })

  test('a segment can go also when there is no room for the catalogue, and capture goes on', () => {
    expect(onSmallDisk(16, 'goes')).toEqual({ fullSeen: true, wentOn: true })
  })
})

function modeOf(dir: string, name: string): number {
  return statSync(join(dir, name)).mode & 0o777
}

/** How often this process holds a file open; 0 where that cannot be seen. */
function openFiles(file: string): number {
  if (process.platform !== 'linux') return 0
  const links = readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`))
  return links.filter((link) => link === file || link === `${file} (deleted)`).length
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(fd)
  } catch {
    return '' // the one that reads the directory
  }
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
