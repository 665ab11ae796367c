import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Appending, openLog } from '../../log/log.ts'
import { openReader } from '../../log/reader.ts'
import { createPath } from '../../stream/path.ts'
import { openViews } from '../../views/writer.ts'
import { backlogClaims } from './backlog.ts'
import { type Child, startChild } from './child.ts'
import type { Claim } from './claim.ts'
import { type KafkaPlace, type RealKafka, startKafka } from './kafka.ts'
import type { BenchOptions, Parts } from './options.ts'
import { alternate, ratios } from './rounds.ts'
import type { ForwardBenchData, ForwardBenchSide } from './sides.ts'

export const parts: Parts = {
  speed: (how) => withKafka(how, speedClaims),
  envelope: (how) => withKafka(how, envelopeClaims),
  idle: (how) => withKafka(how, idleClaims),
  backlog: (how) => withKafka(how, backlogClaims, { elsewhere: true }),
}

async function withKafka(
  options: BenchOptions,
  use: (kafka: RealKafka, how: BenchOptions) => Promise<void>,
  place: KafkaPlace = {},
): Promise<void> {
  options.progress('a Kafka of its own is started')
  const kafka = await startKafka(options.dir, options.progress, place)
  try {
    await use(kafka, options)
  } finally {
    await kafka.stop()
    rmSync(join(options.dir, 'kafka'), { recursive: true, force: true })
  }
}

interface Load {
  /** Of a value in Kafka. */
  readonly bytes: 100 | 200 | 1_000
  readonly gzip: boolean
}

interface Figure {
  readonly perSecond: number
  readonly cpuEach: number
}

const loads: readonly Load[] = [false, true].flatMap((gzip) =>
  ([100, 200, 1_000] as const).map((bytes): Load => ({ bytes, gzip })),
)
const goals = { 100: null, 200: { atLeast: 0.8 }, 1000: { atLeast: 1 } } as const

/** Messages as they came, so that a record has the same bytes as that of Kafka's own producer. */
async function speedClaims(kafka: RealKafka, how: BenchOptions): Promise<void> {
  for (const load of loads) {
    const of = `${load.bytes} B${load.gzip ? ', gzip' : ''}`
    how.progress(of)
    const more = { payload: 'raw', headers: 'minimal', compression: load.gzip ? 'gzip' : 'none' } as const
    const name = `speed-${load.bytes}${load.gzip ? '-gzip' : ''}`
    how.tell(told(of, await compared(kafka, how, name, payloads(load.bytes), more), goals[load.bytes]))
  }
}

/** As it is sent by default: a reading a record, with all headers. Kafka's producer sends about as many bytes. */
async function envelopeClaims(kafka: RealKafka, how: BenchOptions): Promise<void> {
  how.progress('as sent by default')
  const figures = await compared(kafka, how, 'envelope', payloads(100), { compression: 'gzip' }, payloads(720))
  how.tell(told('readings with all headers, gzip', figures, null))
}

const sides = ['ours', 'ordered', 'fastest', 'oursCold', 'orderedCold'] as const
type Figures = Readonly<Record<(typeof sides)[number], readonly Figure[]>>

/** Warm is Kafka's producer at its best: a third of what it sends comes before, so that its code is compiled. */
function told(of: string, figures: Figures, goal: Claim['goal']): readonly Claim[] {
  const { ours, ordered, fastest, oursCold, orderedCold } = figures
  const one = 'ProducerPerformance with one request at a time'
  const claim = (text: string, values: readonly number[], unit?: string): Claim => ({
    claim: `${text}, ${of}`,
    values,
    goal: null,
    ...(unit === undefined ? {} : { unit }),
  })
  return [
    { ...claim(`exactly once / ${one}`, ratios(ours, ordered, perSecond, perSecond)), goal },
    {
      ...claim(
        'the same from the start of both processes, nothing warm',
        ratios(oursCold, orderedCold, perSecond, perSecond),
      ),
      goal,
    },
    claim('the same by CPU a record', ratios(ours, ordered, cpuEach, cpuEach)),
    claim('exactly once / ProducerPerformance with five', ratios(ours, fastest, perSecond, perSecond)),
    claim('exactly once', ours.map(perSecond), 'records/s'),
    claim(one, ordered.map(perSecond), 'records/s'),
    claim('exactly once', ours.map(cpuEach), 'us CPU/record'),
    claim('ProducerPerformance with its start', ordered.map(cpuEach), 'us CPU/record'),
  ]
}

const perSecond = (figure: Figure) => figure.perSecond
const cpuEach = (figure: Figure) => figure.cpuEach

async function compared(
  kafka: RealKafka,
  how: BenchOptions,
  name: string,
  made: readonly string[],
  more: ForwardBenchData['more'],
  theirs = made,
) {
  const dir = join(how.dir, name)
  const messages = how.messages * 4
  makeLog(join(dir, 'log'), made, messages)
  const file = join(dir, 'payloads')
  writeFileSync(file, theirs.join('\n'))
  const data: ForwardBenchData = { dir, address: kafka.address, topic: name, more }
  const child = startChild<ForwardBenchSide>('forward', data)
  try {
    await child.ask('send', { upto: Math.min(messages, 2_000) }, how.signal) // makes the topics
    const perf = { topic: name, file, compression: more.compression ?? 'gzip', records: messages, signal: how.signal }
    const measure: Record<(typeof sides)[number], () => Promise<Figure>> = {
      ours: () => ourFigure(child, messages, how.signal),
      ordered: () => theirFigure(kafka, { ...perf, atOnce: 1 }),
      fastest: () => theirFigure(kafka, { ...perf, atOnce: 5 }),
      oursCold: () => ourColdFigure(data, messages, how.signal),
      orderedCold: () => theirColdFigure(kafka, { ...perf, atOnce: 1 }),
    }
    return await alternate(sides, how.rounds, (side) => measure[side]())
  } finally {
    await child.stop()
    rmSync(dir, { recursive: true })
  }
}

async function ourFigure(child: Child<ForwardBenchSide>, upto: number, signal: AbortSignal): Promise<Figure> {
  const { ms, cpuMicros, records } = await child.ask('send', { upto }, signal)
  return { perSecond: records / (ms / 1_000), cpuEach: cpuMicros / records }
}

/** In a process of its own, with its start and that of the session. */
async function ourColdFigure(data: ForwardBenchData, upto: number, signal: AbortSignal): Promise<Figure> {
  const began = performance.now()
  const child = startChild<ForwardBenchSide>('forward', data)
  try {
    const { cpuMicros, records } = await child.ask('send', { upto }, signal)
    return { perSecond: records / ((performance.now() - began) / 1_000), cpuEach: cpuMicros / records }
  } finally {
    await child.stop()
  }
}

interface Perf {
  readonly topic: string
  readonly file: string
  readonly compression: string
  readonly records: number
  /** Requests on their way. We have one: with more, what is sent again may overtake. */
  readonly atOnce: number
  readonly signal: AbortSignal
}

/** With transactions of half a second and batches of 256 kB, which it is fastest with; its first records warm it up. */
async function theirFigure(kafka: RealKafka, perf: Perf): Promise<Figure> {
  const { records, signal } = perf
  const all = Math.round(records * 1.5)
  const warm = ['--num-records', String(all), '--warmup-records', String(all - records)]
  const { out, cpuMicros } = await kafka.produce([...warm, ...perfArgs(kafka, perf)], signal)
  const rates = [...out.matchAll(/([\d.]+) records\/sec/g)].map((found) => Number(found[1]))
  return { perSecond: rates.at(-1)!, cpuEach: cpuMicros / all }
}

async function theirColdFigure(kafka: RealKafka, perf: Perf): Promise<Figure> {
  const { records, signal } = perf
  const { ms, cpuMicros } = await kafka.produce(['--num-records', String(records), ...perfArgs(kafka, perf)], signal)
  return { perSecond: records / (ms / 1_000), cpuEach: cpuMicros / records }
}

function perfArgs(kafka: RealKafka, { topic, file, compression, atOnce }: Perf): readonly string[] {
  return [
    ...['--topic', topic, '--throughput', '-1', '--payload-file', file],
    ...['--transactional-id', `${topic}-perf`, '--transaction-duration-ms', '500', '--command-property'],
    ...[`bootstrap.servers=${kafka.address}`, `compression.type=${compression}`],
    ...['batch.size=262144', 'linger.ms=5', `max.in.flight.requests.per.connection=${atOnce}`],
  ]
}

async function idleClaims(kafka: RealKafka, how: BenchOptions): Promise<void> {
  how.progress('idle')
  const dir = join(how.dir, 'idle')
  makeLog(join(dir, 'log'), payloads(100), 1_000)
  const child = startChild<ForwardBenchSide>('forward', {
    dir,
    address: kafka.address,
    topic: 'idle',
    more: {},
  } satisfies ForwardBenchData)
  try {
    await child.ask('send', { upto: 1_000 }, how.signal)
    const { idle } = await alternate(['idle'] as const, how.rounds, () => child.ask('idle', { ms: 10_000 }, how.signal))
    const share = ({ cpuMicros, ms }: { cpuMicros: number; ms: number }) => cpuMicros / (ms * 10)
    how.tell([
      {
        claim: 'one destination with nothing to send',
        values: idle.map(share),
        goal: { atMost: 0.5 },
        unit: '% of a core',
      },
    ])
  } finally {
    await child.stop()
    rmSync(dir, { recursive: true })
  }
}

/** Two thousand messages of exactly this size, of plant-like numbers. */
function payloads(bytes: number): readonly string[] {
  return Array.from({ length: 2_000 }, (_, i) => {
    let text = '{'
    for (let field = 0; text.length + 44 < bytes; field++) text += `"${nameOf(field)}":${numberIn(i, field)},`
    return `${text}"state":"${'running'.padEnd(bytes - text.length - 11, ' ')}"}`
  })
}

const names = ['motor_temperature', 'discharge_pressure', 'vibration_rms', 'flow', 'valve_position']
const nameOf = (field: number) => `${names[field % names.length]}_${field}`
const numberIn = (i: number, field: number) =>
  (10 + ((i * 7_919 + field * 613) % 80_000) / 1_000).toFixed(2 + (field % 2))

/** With the views that the path makes of it. */
function makeLog(dir: string, made: readonly string[], messages: number): void {
  mkdirSync(dir, { recursive: true })
  const log = openLog(dir)
  let time = Date.now() - messages
  while (log.head < messages) log.append(Array.from({ length: 1_000 }, (_, i) => recordOf(made, log.head + i, time++)))
  log.close()
  makeViews(dir, join(dir, '..', 'views.db'))
}

function makeViews(dir: string, file: string): void {
  const reader = openReader(dir)
  const views = openViews(file)
  const path = createPath({ detect: false })
  for (let block = reader.read(0); block !== null; block = reader.read(path.next)) path.step(block, 0, block.n, views)
  views.close()
  reader.close()
}

function recordOf(made: readonly string[], offset: number, time: number): Appending {
  const bytes = Buffer.from(made[(offset * 613) % made.length]!)
  const more = { source: 'bench', qos: 1, retained: false, repeat: false } as const
  return { time, kind: 'message', name: `plant/line-${offset % 7}/machine-${offset % 100}`, bytes, ...more }
}
