import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failingDisk, hasFailingDisk } from '../../support/faults/disk.ts'
import type { FaultRun } from '../../support/faults/every-write-child.ts'

// Every write and sync of a short run fails once, and once with all that follow, as a full disk and as a broken one.
// What a kill at that moment would have left is looked at too.

describe.skipIf(!hasFailingDisk)('a disk that fails at any write', () => {
  let runs: readonly FaultRun[]
  let dir: string

  beforeAll(() => {
    dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fieldwatch-faults-')) // in memory: 900 runs
    const child = new URL('../../support/faults/every-write-child.ts', import.meta.url).pathname
    const env = { ...process.env, ...failingDisk(dir, join(dir, 'log')) }
    const said = execFileSync(process.execPath, [child, dir], { env, encoding: 'utf8', maxBuffer: 2 ** 26 })
    runs = said
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as FaultRun)
  })

  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test('every write of the run was tried, in four ways', () => {
    const writes = Math.max(...runs.map(({ at }) => at))
    expect(writes).toBeGreaterThan(100)
    expect(runs).toHaveLength(writes * 4)
  })

  test('nothing that was acknowledged is missing, nor is anything there twice', () => {
    expect(runs.filter(({ missing, twice }) => missing > 0 || twice > 0)).toEqual([])
  })

  test('the log is whole afterwards: offsets, checksums and finished files', () => {
    expect(runs.filter(({ problems }) => problems.length > 0)).toEqual([])
  })

  test('a failure that stops capture is told by name, and that it goes on as well', () => {
    const stopped = runs.filter(({ told }) => told.length > 0)
    expect(stopped.length).toBeGreaterThan(runs.length / 2)
    expect(stopped.filter(({ told }) => told.length % 2 === 1 || told.at(-1) !== null)).toEqual([])
    const codes = (fault: string) => new Set(stopped.filter((run) => run.fault === fault).map(({ told }) => told[0]))
    expect([codes('ENOSPC').has('disk_full'), [...codes('EIO')]]).toEqual([true, ['disk_error']])
  })
})
