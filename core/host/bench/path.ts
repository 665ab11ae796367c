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
 * on both sides where it is compared with rows and objects.
 */
async function ratioClaims(options: BenchOptions): Promise<void> {
  for (const digits of ['plant', 'full'] as const) {
    options.progress(`a log of ${digits === 'plant' ? 'plant-like numbers' : 'full doubles'} is made`)
    const dir = join(options.dir, `path-${digits}`)
    makeLog(join(dir, 'log'), devices(3_334, 100, digits, 1), options.messages * messagesFor)
    makeRows(join(dir, 'log'), join(dir, 'rows.db'))
    const figures = await compared(options, dir, subjects)
    options.tell(toldRatios(digits, figures))
    rmSync(dir, { recursive: true })
  }
}

/** Messages of the log for each of `--messages`: by default they are 576 s of 1 Hz. Of 288 s the first sight of all series was a third. */
const messagesFor = 32
const subjects: readonly Subject[] = ['parse', 'sums', 'alerts', 'without', 'all', 'naive']

function toldRatios(digits: Digits, figures: Readonly<Record<Subject, readonly PathFigure[]>>): readonly Claim[] {
  const { parse, sums, alerts, without, all, naive } = figures
  const plant = digits === 'plant'
  const of = plant ? 'plant-like numbers' : 'full doubles'
  const over = (above: readonly PathFigure[], below: readonly PathFigure[]) =>
    ratios(above, below, perSecond, perSecond)
  const costs = (above: readonly PathFigure[], below: readonly PathFigure[]) => ratios(below, above, cpuEach, cpuEach)
  const beside = 'read + JSON.parse'
  return [
    ratio(`path with roll-ups / ${beside}, ${of}`, over(sums, parse), { atLeast: plant ? 1 : 0.7 }),
    ratio(`the same by CPU, ${of}`, costs(sums, parse), null),
    ratio(`path with roll-ups and its views stored / that, ${of}`, over(without, parse), null),
    ratio(`path with all detectors / ${beside}, ${of}`, over(alerts, parse), { atLeast: plant ? 0.22 : 0.18 }),
    ratio(`the same by CPU, ${of}`, costs(alerts, parse), null),
    ratio(`path with all detectors and its views stored / that, ${of}`, over(all, parse), null),
    ratio(`path with all detectors and views / rows and objects with the same, ${of}`, over(all, naive), {
      atLeast: 3,
    }),
    ratio(`the same by CPU, ${of}`, costs(all, naive), null),
    ratio(`path and views without detectors / rows and objects with all, ${of}`, over(without, naive), null),
    ...subjects.map((subject) => ({
      claim: `${words[subject]}, ${of}`,
      values: figures[subject].map(cpuEach),
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
): Promise<Readonly<Record<S, readonly PathFigure[]>>> {
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
