import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { openLog } from '../../../core/log/log.ts'
import { makeTempDir } from '../make-temp-dir.ts'
import { random, type Writing } from '../stream.ts'
import { appending, buildViews, dump } from '../views.ts'
import { firstDifference, inOneRun, inSlices, watched } from './runs.ts'

/** What came of one seed: the first difference of each comparison, null where there was none. */
export interface OfSeed {
  readonly seed: number
  readonly records: number
  /** Lines that the path said. */
  readonly said: number
  readonly alerts: number
  /** Crashes of the path alone, and of the path with its views. */
  readonly crashes: number
  readonly deaths: number
  readonly pathDiffers: string | null
  readonly viewsDiffer: string | null
  /** Detectors that opened an alert. */
  readonly detectors: ReadonlySet<string>
}

/**
 * Law 2 for one seed, every detector on: one run against blocks, batches and checkpoints of random sizes with crashes;
 * and, over a real log of random commits that seals and rolls at random sizes, views made at once against views made in
 * slices by a process that dies.
 */
export function ofSeed(seed: number, records: number): OfSeed {
  const log = watched(seed, records)
  const clean = inOneRun(log)
  const { lines, crashes } = inSlices(log, random(seed + 1_000))
  const { deaths, differs } = views(log, seed)
  return {
    seed,
    records: log.length,
    said: clean.length,
    alerts: clean.filter((line) => line.includes('"phase":"opened"')).length,
    crashes,
    deaths,
    pathDiffers: firstDifference(lines, clean),
    viewsDiffer: differs,
    detectors: new Set(clean.flatMap((line) => /"detector":"([^"]+)".*"phase":"opened"/.exec(line)?.[1] ?? [])),
  }
}

function views(log: readonly Writing[], seed: number): { readonly deaths: number; readonly differs: string | null } {
  const dir = makeTempDir()
  const chance = random(seed + 2_000)
  try {
    writeAtRandom(join(dir, 'log'), log, chance)
    buildViews(join(dir, 'log'), join(dir, 'whole.db'))
    const deaths = buildViews(join(dir, 'log'), join(dir, 'sliced.db'), {
      flushEvery: () => 1 + Math.floor(chance() * 200),
      dies: () => chance() < 0.1,
      saves: () => chance() < 0.3,
    })
    return { deaths, differs: firstDifference(rowsIn(join(dir, 'sliced.db')), rowsIn(join(dir, 'whole.db'))) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function writeAtRandom(dir: string, log: readonly Writing[], chance: () => number): void {
  const sealRecords = 50 + Math.floor(chance() * 500)
  const out = openLog(dir, { segmentBytes: 40_000 + Math.floor(chance() * 200_000), sealRecords })
  for (let at = 0; at < log.length; ) {
    const to = Math.min(log.length, at + 1 + Math.floor(chance() * 120))
    out.append(log.slice(at, to).map(appending))
    at = to
  }
  out.close()
}

function rowsIn(file: string): readonly string[] {
  return Object.entries(dump(file)).flatMap(([table, rows]) => rows.map((row) => `${table} ${row}`))
}
