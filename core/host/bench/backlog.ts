import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { FieldError } from '../../contract/errors.ts'
import type { Millis } from '../../contract/model.ts'
import { openLog } from '../../log/log.ts'
import { recordsOf } from './append.ts'
import { type Child, startChild } from './child.ts'
import type { RealKafka } from './kafka.ts'
import type { BenchOptions } from './options.ts'
import { devices } from './plant.ts'
import { alternate, growth, ratios } from './rounds.ts'
import type { FeederData, FeederSide, Load, SubscriberData, SubscriberSide } from './sides.ts'

const load: Load = { topics: 1_000, bytes: 100, digits: 'plant' }
const perSecond = 5_000
/** Short, so that the backlog is not gone before the last of them. */
const mostInRun = 10_000
const sampleEveryMs: Millis = 250
/** Messages of three readings: a smaller one may be gone before anybody has looked. */
const leastBacklog = 60_000

interface Sides {
  readonly feeder: Child<FeederSide>
  readonly recorder: Child<SubscriberSide>
  readonly signal: AbortSignal
}

/**
 * The recorder with its threads in one process, capturing at 5,000 messages a second while it sends a backlog to Kafka.
 * The feeder is its broker, because only who sends to the recorder sees when it acknowledges.
 */
export async function backlogClaims(kafka: RealKafka, how: BenchOptions): Promise<void> {
  const dir = join(how.dir, 'backlog')
  const backlog = Math.max(leastBacklog, Math.ceil((how.messages * 100) / 12)) // by default 1.5 million readings
  how.progress(`a log of ${backlog} messages is made`)
  fill(dir, backlog)
  const feeder = startChild<FeederSide>('feeder', { load, port: null } satisfies FeederData)
  const { port } = await feeder.ask('ready', null)
  const recorder = startChild<SubscriberSide>('subscriber', {
    ...{ kind: 'durable', port, clientId: 'durable', topic: '#', dir, commitDelay: 0, path: true },
    sync: { address: kafka.address, topic: 'backlog' },
  } satisfies SubscriberData)
  const sides = { feeder, recorder, signal: how.signal }
  try {
    await feeder.ask('subscribed', 'durable')
    await capture(sides, 1_000)
    how.progress('the path reads it')
    await recorder.ask('read', null, how.signal)
    await tellDelay(sides, how)
    await tellDrain(sides, how, 3 * backlog)
  } finally {
    await recorder.stop()
    await feeder.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function fill(dir: string, messages: number): void {
  mkdirSync(dir, { recursive: true })
  const made = devices(load.topics, load.bytes, load.digits, 7)
  const log = openLog(dir)
  while (log.head < messages) log.append(recordsOf(made, 1_000))
  log.close()
}

async function tellDelay(sides: Sides, how: BenchOptions): Promise<void> {
  const messages = Math.min(Math.ceil(how.messages / 6), mostInRun)
  how.progress('acknowledgements, with and without a backlog on its way')
  const { alone, draining } = await alternate(['alone', 'draining'] as const, how.rounds, async (side) => {
    await sends(sides, side === 'draining')
    return capture(sides, messages)
  })
  for (const part of ['p50', 'p99'] as const) {
    const of = (figure: (typeof alone)[0]) => figure[part]
    const claim = `PUBACK delay ${part} at ${perSecond} messages/s`
    how.tell([
      { claim: `${claim}, a backlog draining / none`, values: ratios(draining, alone, of, of), goal: { atMost: 1.25 } },
      { claim: `${claim}, none`, values: alone.map(of), goal: null, unit: 'ms' },
      { claim: `${claim}, a backlog draining`, values: draining.map(of), goal: null, unit: 'ms' },
    ])
  }
}

/** Resolves when it is really so. */
async function sends({ recorder, signal }: Sides, on: boolean): Promise<void> {
  const before = await recorder.ask('sent', null)
  await recorder.ask('send', on, signal)
  for (;;) {
    const { acked, head, paused } = await recorder.ask('sent', null)
    if (on && acked >= head) throw new FieldError('internal', 'the backlog was gone before it was measured')
    if (on ? acked > before.acked : paused) return
    await later(sampleEveryMs, null, { signal })
  }
}

/** What is left of the backlog, to its end. */
async function tellDrain(sides: Sides, how: BenchOptions, records: number): Promise<void> {
  how.progress('the rest of the backlog')
  const { recorder } = sides
  await sends(sides, true)
  const drained = new AbortController()
  const capturing = keepCapturing(sides, drained.signal)
  const [began, from] = [performance.now(), await recorder.ask('sent', null)]
  const rss: number[] = []
  let at = from
  while (at.head - at.acked > perSecond) {
    await later(sampleEveryMs, null, { signal: how.signal })
    rss.push(await recorder.ask('rss', null))
    at = await recorder.ask('sent', null)
  }
  const seconds = (performance.now() - began) / 1_000
  drained.abort()
  await capturing
  const half = rss.slice(rss.length >> 1)
  how.tell([
    {
      claim: 'drain of the backlog, with capture going on',
      values: [(at.records - from.records) / seconds],
      goal: null,
      unit: 'records/s',
    },
    {
      claim: `growth of memory over the second half of the drain (${Math.round(seconds)} s)`,
      values: [100 * growth(half)],
      goal: records >= 1_000_000 ? { atMost: 5 } : null, // shorter, the heap has not come to rest
      unit: '%',
    },
    {
      claim: 'resident memory of the recorder with path and sync',
      values: half.map((bytes) => bytes / 1e6),
      goal: null,
      unit: 'MB',
    },
  ])
}

async function keepCapturing(sides: Sides, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) await capture(sides, perSecond / 2)
}

async function capture({ feeder, recorder, signal }: Sides, messages: number) {
  await recorder.ask('begin', null)
  const [{ delay }] = await Promise.all([
    feeder.ask('send', { to: 'durable', messages, perSecond, window: 1_000 }, signal),
    recorder.ask('reached', { messages, views: false }, signal),
  ])
  return delay
}
