import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import type { Millis } from '../../contract/model.ts'
import { appendClaims } from './append.ts'
import { type Child, startChild } from './child.ts'
import type { Claim } from './claim.ts'
import type { Flowed } from './flow.ts'
import { startMosquitto } from './mosquitto.ts'
import type { BenchOptions, Parts } from './options.ts'
import { alternate, growth, ratios } from './rounds.ts'
import type { FeederSide, Load, SubscriberSide, Used } from './sides.ts'
import { startClaims } from './start.ts'

export const parts: Parts = {
  append: appendClaims,
  compare: captureClaims,
  'slow-disk': slowDiskClaims,
  beside: besideClaims,
  start: startClaims,
  memory: (how) => memoryClaims(how, how.long ? 600 : 20),
}

/** One run: what it took, and how long each acknowledgement. */
interface Figure extends Used {
  readonly messages: number
  readonly delay: Flowed['delay']
}

type Kind = 'plain' | 'durable'

const loads: readonly Load[] = [10, 10_000].flatMap((topics) =>
  ([100, 1_000] as const).map((bytes): Load => ({ topics, bytes, digits: 'plant' })),
)

/** The recorder beside a plain mqtt.js subscriber that only counts, fed without a broker and through Mosquitto. */
async function captureClaims(options: BenchOptions): Promise<void> {
  for (const load of loads) await compare(options, load, null)
  const broker = await startMosquitto(options.dir)
  if (broker === null) options.progress('mosquitto is not installed: what goes through it is left out')
  else
    try {
      for (const load of loads) await compare(options, load, broker.port)
    } finally {
      await broker.stop()
    }
}

async function compare(options: BenchOptions, load: Load, broker: number | null): Promise<void> {
  const of = `${broker === null ? 'fed without a broker' : 'through Mosquitto'}, ${load.topics} topics, ${load.bytes} B`
  options.progress(of)
  const messages = Math.ceil(options.messages / (broker === null ? 1 : 3) / (load.bytes > 100 ? 2 : 1))
  await withParties(options, load, broker, [plain, durable()], async (parties) => {
    const figures = await alternate(['plain', 'durable'] as const, options.rounds, (kind) =>
      measure(parties, kind, { messages, perSecond: null, views: false }),
    )
    options.tell(toldPair(of, figures, broker === null))
  })
}

function toldPair(of: string, { plain, durable }: Record<Kind, readonly Figure[]>, fed: boolean): readonly Claim[] {
  return [
    {
      claim: `durable / plain counter, messages a second, ${of}`,
      values: ratios(durable, plain, perSecond, perSecond),
      goal: { atLeast: fed ? 1.3 : 0.95 },
    },
    {
      claim: `durable / plain counter, CPU a message, ${of}`,
      values: ratios(durable, plain, cpuEach, cpuEach),
      goal: fed ? { atMost: 0.9 } : null,
    },
    { claim: `durable, ${of}`, values: durable.map(perSecond), goal: null, unit: 'messages/s' },
    { claim: `plain counter, ${of}`, values: plain.map(perSecond), goal: null, unit: 'messages/s' },
    { claim: `durable, ${of}`, values: durable.map(cpuEach), goal: null, unit: 'us CPU/message' },
    { claim: `plain counter, ${of}`, values: plain.map(cpuEach), goal: null, unit: 'us CPU/message' },
  ]
}

/** A disk that takes 5 ms a commit more, as a laptop's does. */
async function slowDiskClaims(options: BenchOptions): Promise<void> {
  const { rounds, messages, tell } = options
  options.progress('5 ms added to each commit')
  const load: Load = { topics: 1_000, bytes: 100, digits: 'plant' }
  await withParties(options, load, null, [durable({ commitDelay: 5 })], async (parties) => {
    const full = await repeated(rounds, () => measure(parties, 'durable', { messages, perSecond: null, views: false }))
    const paced = await repeated(rounds, () =>
      measure(parties, 'durable', { messages: Math.min(messages, 15_000), perSecond: 5_000, views: false }),
    )
    tell([
      {
        claim: 'durable with 5 ms added to each commit, Receive Maximum 1,000',
        values: full.map(perSecond),
        goal: { atLeast: 20_000 },
        unit: 'messages/s',
      },
      {
        claim: 'PUBACK delay p99 with 5 ms added to each commit, 5,000 messages/s',
        values: paced.map((figure) => figure.delay.p99),
        goal: { atMost: 40 },
        unit: 'ms',
      },
      {
        claim: 'PUBACK delay p50 with 5 ms added to each commit, 5,000 messages/s',
        values: paced.map((figure) => figure.delay.p50),
        goal: null,
        unit: 'ms',
      },
    ])
  })
}

/** The recorder with the stream thread working beside it. */
async function besideClaims(options: BenchOptions): Promise<void> {
  const { rounds, messages, tell } = options
  options.progress('with the stream path beside it')
  const load: Load = { topics: 1_000, bytes: 100, digits: 'plant' }
  await withParties(options, load, null, [durable({ path: true })], async (parties) => {
    const paced = await repeated(rounds, () =>
      measure(parties, 'durable', { messages: Math.min(messages, 25_000), perSecond: 5_000, views: true }),
    )
    tell([
      {
        claim: 'recorder and path with all default detectors, 5,000 messages/s, 1,000 devices',
        values: paced.map(cpuEach),
        goal: { atMost: 60 },
        unit: 'us CPU/message',
      },
      {
        claim: 'recorder and path, resident memory',
        values: paced.map((figure) => figure.rss / 1e6),
        goal: { atMost: 300 },
        unit: 'MB',
      },
    ])
    const full = await repeated(rounds, () => measure(parties, 'durable', { messages, perSecond: null, views: false }))
    tell([
      {
        claim: 'durable with the path beside it, fed without a broker',
        values: full.map(perSecond),
        goal: { atLeast: 110_000 },
        unit: 'messages/s',
      },
    ])
  })
}

/** Ten thousand topics on `#` for as long as it is asked, through a real broker at its full speed. */
async function memoryClaims(options: BenchOptions, seconds: number): Promise<void> {
  const broker = await startMosquitto(options.dir)
  if (broker === null) return
  options.progress(`memory, ${seconds} s`)
  const load: Load = { topics: 10_000, bytes: 100, digits: 'plant' }
  try {
    await withParties(options, load, broker.port, [durable()], async (parties) => {
      const samples: number[] = []
      const until = performance.now() + seconds * 1_000
      while (performance.now() < until) {
        await measure(parties, 'durable', { messages: 20_000, perSecond: null, views: false })
        samples.push(await parties.subscribers.durable!.ask('rss', null))
      }
      const half = samples.slice(samples.length >> 1)
      options.tell([
        {
          claim: `growth of memory over the second half of ${seconds} s, 10,000 topics`,
          values: [100 * growth(half)],
          goal: seconds >= 600 ? { atMost: 1 } : null, // shorter, the heap has not come to rest
          unit: '%',
        },
        { claim: 'resident memory, 10,000 topics', values: half.map((rss) => rss / 1e6), goal: null, unit: 'MB' },
      ])
    })
  } finally {
    await broker.stop()
  }
}

interface Party {
  readonly kind: Kind
  readonly commitDelay: Millis
  readonly path: boolean
}

const plain: Party = { kind: 'plain', commitDelay: 0, path: false }

function durable(how: { readonly commitDelay?: Millis; readonly path?: boolean } = {}): Party {
  return { kind: 'durable', commitDelay: how.commitDelay ?? 0, path: how.path ?? false }
}

interface Parties {
  readonly feeder: Child<FeederSide>
  readonly subscribers: Readonly<Partial<Record<Kind, Child<SubscriberSide>>>>
  readonly signal: AbortSignal
}

/** All parties live through all rounds, so that each is warm, and idle while it is not its turn. */
async function withParties(
  { dir, signal }: BenchOptions,
  load: Load,
  broker: number | null,
  wanted: readonly Party[],
  use: (parties: Parties) => Promise<void>,
): Promise<void> {
  const logs = join(dir, 'logs')
  mkdirSync(logs, { recursive: true })
  const feeder = startChild<FeederSide>('feeder', { load, port: broker })
  const subscribers: Partial<Record<Kind, Child<SubscriberSide>>> = {}
  try {
    const { port } = await feeder.ask('ready', null)
    for (const party of wanted) {
      const topic = broker === null ? '#' : `${party.kind.charAt(0)}/#` // so that each is sent its own
      subscribers[party.kind] = startChild<SubscriberSide>('subscriber', {
        ...party,
        port,
        clientId: party.kind,
        topic,
        dir: logs,
      })
      await arrived({ feeder, subscribers, signal }, party.kind, broker)
    }
    await use({ feeder, subscribers, signal })
  } finally {
    for (const child of Object.values(subscribers)) await child.stop()
    await feeder.stop()
    rmSync(logs, { recursive: true, force: true })
  }
}

/** Through a broker that does not tell us, messages are sent until they come: only then is it subscribed. */
async function arrived(parties: Parties, kind: Kind, broker: number | null): Promise<void> {
  if (broker === null) await parties.feeder.ask('subscribed', kind)
  for (;;) {
    const run = measure(parties, kind, { messages: 1_000, perSecond: null, views: false })
    run.catch(() => undefined) // one that was lost is never reached
    if ((await Promise.race([run, later(1_000)])) !== undefined) return
  }
}

async function measure(
  { feeder, subscribers, signal }: Parties,
  kind: Kind,
  how: { readonly messages: number; readonly perSecond: number | null; readonly views: boolean },
): Promise<Figure> {
  const { messages, perSecond, views } = how
  const subscriber = subscribers[kind]!
  await subscriber.ask('begin', null)
  const tooLong = AbortSignal.any([signal, AbortSignal.timeout(120_000)]) // a run takes seconds
  const [flowed, used] = await Promise.all([
    feeder.ask('send', { to: kind, messages, perSecond, window: 1_000 }, tooLong),
    subscriber.ask('reached', { messages, views }, tooLong),
  ])
  return { messages, ...used, delay: flowed.delay }
}

async function repeated(rounds: number, run: () => Promise<Figure>): Promise<readonly Figure[]> {
  return (await alternate(['one'] as const, rounds, run)).one
}

const perSecond = ({ messages, ms }: Figure) => messages / (ms / 1_000)
const cpuEach = ({ messages, cpuMicros }: Figure) => cpuMicros / messages
