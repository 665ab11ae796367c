import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import type { Claim, Goal } from './claim.ts'
import { makeLog } from './made-log.ts'
import type { BenchOptions, Parts } from './options.ts'
import { type Digits, devices } from './plant.ts'
import { recoveryClaims } from './recovery.ts'
import { alternate, ratios, slope } from './rounds.ts'
import { makeRows } from './rows.ts'
import type { PathFigure, PathSide, Subject } from './sides.ts'

export const parts: Parts = { ratio: ratioClaims, series: seriesClaims, memory: memoryClaims, recovery: recoveryClaims }

/**
 * The path (scan, series, event time, roll-ups) over a log of 10,002 series, beside reading its blocks and JSON.parse: its
 * roll-ups are handed out row by row as the views get them, and not stored. What storing adds is told beside it, and counts
 * on both sides where it is compared with rows and objects: those take so long that they get ten minutes. The path gets
 * 38: of ten a sixth is the first sight of all series, which a plant has once.
 */
async function ratioClaims(options: BenchOptions): Promise<void> {
  for (const digits of ['plant', 'full'] as const) {
    options.progress(`logs of ${digits === 'plant' ? 'plant-like numbers' : 'full doubles'} are made`)
    const read = await comparedOver(options, digits, 38, ['parse', 'sums', 'alerts'])
    const stored = await comparedOver(options, digits, 10, ['parse', 'sums', 'without', 'all', 'naive'])
    options.tell(toldRatios(digits, read, stored))
  }
}

/** Over a log of so many minutes, from nothing. */
async function comparedOver<S extends Subject>(
  options: BenchOptions,
  digits: Digits,
  minutes: number,
  subjects: readonly S[],
): Promise<Figures<S>> {
  const dir = join(options.dir, `path-${digits}-${minutes}`)
  makeLog(join(dir, 'log'), devices(3_334, 100, digits, 1), Math.round(options.messages * perMinute * minutes))
  if (subjects.some((subject) => subject === 'naive')) makeRows(join(dir, 'log'), join(dir, 'rows.db'))
  const figures = await compared(options, dir, subjects)
  rmSync(dir, { recursive: true })
  return figures
}

/** Of 60,000 `messages`, which are the default: 3,334 devices at 1 Hz. */
const perMinute = 3_334 / 1_000

type Figures<S extends Subject> = Readonly<Record<S, readonly PathFigure[]>>

function toldRatios(
  digits: Digits,
  { parse, sums, alerts }: Figures<'parse' | 'sums' | 'alerts'>,
  stored: Figures<'parse' | 'sums' | 'without' | 'all' | 'naive'>,
): readonly Claim[] {
  const { without, all, naive } = stored
  const plant = digits === 'plant'
  const of = plant ? 'plant-like numbers' : 'full doubles'
  const over = (above: readonly PathFigure[], below: readonly PathFigure[]) =>
    ratios(above, below, perSecond, perSecond)
  const costs = (above: readonly PathFigure[], below: readonly PathFigure[]) => ratios(below, above, cpuEach, cpuEach)
  const beside = 'read + JSON.parse'
  return [
    ratio(`path with roll-ups / ${beside}, ${of}`, over(sums, parse), { atLeast: plant ? 1 : 0.7 }),
    ratio(`the same by CPU, ${of}`, costs(sums, parse), null),
    ratio(
      `the same by the clock over the first ten minutes, from nothing, ${of}`,
      over(stored.sums, stored.parse),
      null,
    ),
    ratio(`path with roll-ups and its views stored / that, ${of}`, over(without, stored.parse), null),
    ratio(`path with all detectors / ${beside}, ${of}`, over(alerts, parse), { atLeast: plant ? 0.22 : 0.18 }),
    ratio(`the same by CPU, ${of}`, costs(alerts, parse), null),
    ratio(`path with all detectors and its views stored / that, ${of}`, over(all, stored.parse), null),
    ratio(`path with all detectors and views / rows and objects with the same, ${of}`, over(all, naive), {
      atLeast: 3,
    }),
    ratio(`the same by CPU, ${of}`, costs(all, naive), null),
    ratio(`path and views without detectors / rows and objects with all, ${of}`, over(without, naive), null),
    ...Object.entries({ parse, sums, alerts, without, all, naive }).map(([subject, figures]) => ({
      claim: `${words[subject as Subject]}, ${of}`, // the keys of that object
      values: figures.map(cpuEach),
      goal: null,
      unit: 'us CPU/message',
    })),
    {
      claim: `share of one core at 5,000 messages/s, 10,002 series, ${of}`,
      values: all.map((figure) => (cpuEach(figure) * 5_000) / 1e6),
      goal: { atMost: 0.5 },
      unit: 'cores',
    },
    {
      claim: `state of a series, everything on, ${of}`,
      values: all.map((figure) => figure.stateBytes / figure.series / 1_000),
      goal: { atMost: 10 },
      unit: 'kB',
    },
  ]
}

const words: Readonly<Record<Subject, string>> = {
  parse: 'read + JSON.parse',
  sums: 'path with roll-ups',
  alerts: 'path with roll-ups and all detectors',
  without: 'path with roll-ups, views stored',
  all: 'path with all detectors, views stored',
  naive: 'rows and objects',
}

function ratio(claim: string, values: readonly number[], goal: Goal | null): Claim {
  return { claim, values, goal }
}

/** A thousand series that speak in turn, each long enough for its detectors to be past learning. */
async function seriesClaims(options: BenchOptions): Promise<void> {
  options.progress('1,000 series in turn')
  const dir = join(options.dir, 'series')
  const made = devices(333, 100, 'plant', 1)
  let next = 0
  makeLog(join(dir, 'log'), { ...made, pick: () => next++ % 333 }, options.messages * 4)
  const { without, all } = await compared(options, dir, ['without', 'all'])
  const detectors = all.map((figure, round) => (figure.cpuMicros - without[round]!.cpuMicros) / figure.readings)
  options.tell([
    {
      claim: 'detectors and alerts, 999 series in turn',
      values: detectors,
      goal: { atMost: 1.5 },
      unit: 'us CPU/reading',
    },
    {
      claim: 'the whole path, 999 series in turn',
      values: all.map((figure) => figure.cpuMicros / figure.readings),
      goal: null,
      unit: 'us CPU/reading',
    },
  ])
  rmSync(dir, { recursive: true })
}

/** A day of simulated time behind a first one, read at full speed: by then what is kept in memory is full. */
async function memoryClaims(options: BenchOptions): Promise<void> {
  const every = options.long ? 20_000 : 180_000
  options.progress('48 hours of simulated time')
  const dir = join(options.dir, 'memory')
  makeLog(join(dir, 'log'), devices(1_000, 100, 'plant', 1), (1_000 * 48 * 3_600_000) / every, every / 1_000)
  const child = startChild<PathSide>('path', { dir })
  try {
    const { hours } = await child.ask('run', 'all', options.signal)
    const day = hours.slice(-24)
    options.tell([
      {
        claim: 'growth of memory an hour of simulated time, second day, 3,000 series',
        values: [slope(day) / 1e6],
        goal: { atMost: 1 },
        unit: 'MB',
      },
      { claim: 'resident memory over those hours', values: day.map((rss) => rss / 1e6), goal: null, unit: 'MB' },
    ])
  } finally {
    await child.stop()
    rmSync(dir, { recursive: true })
  }
}

/** Each subject in a process of its own, so that none is slowed by what the engine has seen of another. */
async function compared<S extends Subject>(
  { rounds, signal }: BenchOptions,
  dir: string,
  subjects: readonly S[],
): Promise<Figures<S>> {
  const children = new Map<S, Child<PathSide>>()
  for (const subject of subjects) children.set(subject, startChild<PathSide>('path', { dir }))
  try {
    return await alternate(subjects, rounds, (subject) => children.get(subject)!.ask('run', subject, signal))
  } finally {
    for (const child of children.values()) await child.stop()
  }
}

const perSecond = ({ messages, ms }: PathFigure) => messages / (ms / 1_000)
const cpuEach = ({ messages, cpuMicros }: PathFigure) => cpuMicros / messages
