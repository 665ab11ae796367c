import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alertPhases } from '../../core/contract/model.ts'
import { type Log, openLog } from '../../core/log/log.ts'
import { ofSeed } from '../support/path/of-a-seed.ts'
import { eventful, firstDifference, inOneRun, inSlices, restartedAtEveryRecord } from '../support/path/runs.ts'
import { random, type Writing } from '../support/stream.ts'
import { tempDir } from '../support/temp-dir.ts'
import { dump } from '../support/views.ts'

// Law 2: live, with crashes at random places, is one clean replay of the resulting log.

const records = 6_000
const mostKills = 8

describe('the path says the same, byte for byte', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    test(`in one run and in random slices with crashes, seed ${seed}`, () => {
      const log = eventful(seed, records)
      const clean = inOneRun(log)
      const broken = inSlices(log, random(seed + 1_000))
      expect(broken.crashes).toBeGreaterThan(10)
      expectSame(broken.lines, clean)
    })
  }

  test('saved and restored after every record, seed 2', () => {
    const log = eventful(2, records).slice(0, 3_000)
    expectSame(restartedAtEveryRecord(log), inOneRun(log))
  }, 300_000)

  test('and the logs hold what can go wrong', () => {
    const said = [1, 2, 3, 4, 5, 6].flatMap((seed) => inOneRun(eventful(seed, records)))
    const common = alertPhases.filter((phase) => phase !== 'forgotten') // that takes a thousand alerts nobody saw
    for (const phase of common)
      expect(
        said.some((line) => line.includes(`"phase":"${phase}"`)),
        phase,
      ).toBe(true)
    for (const rule of ['band', 'silence', 'link', 'limit-1'])
      expect(
        said.some((line) => line.includes(`"id":"${rule}:`)),
        rule,
      ).toBe(true)
    const reasons = ['not_text', 'not_json', 'too_large', 'too_deep', 'not_finite', 'no_value', 'empty']
    for (const reason of [...reasons, 'not_sparkplug', 'sparkplug_no_birth'])
      expect(
        said.some((line) => line.includes(`"${reason}"`)),
        reason,
      ).toBe(true)
    expect(said.some((line) => line.includes('"historical":true'))).toBe(true)
  })
})

describe('with every detector on, path and views say the same in slices', () => {
  for (const seed of [31, 32])
    test(`over a log of random commits, with crashes, seed ${seed}`, () => {
      const { pathDiffers, viewsDiffer, crashes, deaths, detectors } = ofSeed(seed, 3_000)
      expect([pathDiffers, viewsDiffer]).toEqual([null, null])
      expect(crashes + deaths).toBeGreaterThan(10)
      expect(detectors.size).toBeGreaterThan(7)
    }, 180_000)
})

describe('the views of a real log are the same, byte for byte', () => {
  for (const seed of [21, 22]) {
    test(`read at once and by processes that are killed, seed ${seed}`, () => {
      const dir = tempDir()
      const logDir = join(dir, 'log')
      writeLog(logDir, eventful(seed, records), random(seed))
      expect(read(logDir, join(dir, 'clean.db'), seed, 'whole')).toBeNull()
      const broken = join(dir, 'broken.db')
      const kills = killedReads(logDir, broken, seed)
      expect(kills).toBeGreaterThan(3)
      expectSame(dumped(broken), dumped(join(dir, 'clean.db')))
    }, 180_000)
  }
})

/** Commits of random sizes, in several segments, so that blocks are sealed and segments roll. */
function writeLog(dir: string, log: readonly Writing[], chance: () => number): void {
  const out = openLog(dir, { segmentBytes: 60_000, sealRecords: 200 })
  for (let at = 0; at < log.length; ) {
    const to = Math.min(log.length, at + 1 + Math.floor(chance() * 120))
    out.append(log.slice(at, to).map(toAppend))
    at = to
  }
  out.close()
}

function toAppend({ kind, source, name, time, flags = 0, body = '' }: Writing): Parameters<Log['append']>[0][number] {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const qos = (flags & 3) as 0 | 1 // the seeded log has no other
  return { kind, source, name, time, qos, retained: (flags & 4) !== 0, repeat: (flags & 8) !== 0, bytes }
}

/** Reads until it is killed or done; answers the signal that ended it. */
function read(logDir: string, views: string, seed: number, mode: 'whole' | 'killed' | 'sliced'): string | null {
  const child = new URL('../support/path/child.ts', import.meta.url).pathname
  const done = spawnSync(process.execPath, [child, logDir, views, String(seed), mode], { encoding: 'utf8' })
  if (done.signal === null) expect(done.status, done.stderr).toBe(0)
  return done.signal
}

function killedReads(logDir: string, views: string, seed: number): number {
  for (let kills = 0; kills < mostKills; kills++)
    if (read(logDir, views, seed * 100 + kills, 'killed') === null) return kills
  read(logDir, views, seed, 'sliced')
  return mostKills
}

function dumped(file: string): readonly string[] {
  return Object.entries(dump(file)).flatMap(([table, rows]) => rows.map((row) => `${table} ${row}`))
}

function expectSame(lines: readonly string[], clean: readonly string[]): void {
  expect(firstDifference(lines, clean)).toBeNull()
}
