import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Millis, Offset } from '../../../core/contract/model.ts'
import { type Forward, type ForwardParts, startForward } from '../../../core/sync/forward.ts'
import type { Step } from '../../../core/sync/wait.ts'
import { openClient, startApp } from '../../support/app.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import {
  freePorts,
  hasKafka,
  type Kafka,
  type ReadRecord,
  readAtLeast,
  readTopic,
  startKafka,
} from '../../support/kafka/kafka.ts'
import { deviceOf, endless, MadeSource, readingIds } from '../../support/kafka/made-source.ts'
import { hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'

let kafka: Kafka
let hanging: Server
const held: Socket[] = []
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-destinations-'))
const present = hasKafka()

beforeAll(async () => {
  if (!present) return
  kafka = await startKafka()
  hanging = createServer((socket) => held.push(socket)).listen(0, '127.0.0.1') // takes everything, answers nothing
})
afterAll(async () => {
  for (const socket of held) socket.destroy()
  hanging?.close()
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

describe.skipIf(!present)('several destinations of one log', { timeout: 240_000 }, () => {
  test('each has what its filter, form and topics say, while one refuses and one never answers', async () => {
    const [nobody] = await freePorts(1)
    const running = start('several', {
      whole: {},
      part: { filter: { ...all, topics: ['line-1/machine-2'], excludeSignals: ['signal-1'] }, compression: 'zstd' },
      bytes: { payload: 'raw', headers: 'minimal', compression: 'none', filter: { ...all, alerts: false } },
      refusing: { brokers: [`127.0.0.1:${nobody}`] },
      hanging: { brokers: [addressOf(hanging)] },
    })
    running.forward.head(2_000)
    for (const name of ['whole', 'part', 'bytes']) await running.until(name, (row) => row.next === 2_000)
    const refusing = await running.until('refusing', (row) => row.state === 'waiting')
    expect(refusing).toMatchObject({ next: 0, error: { code: 'kafka_unreachable' } })
    const mute = await running.until('hanging', (row) => row.state === 'waiting')
    expect(mute).toMatchObject({ next: 0, error: { message: expect.stringContaining('gives no answer') } })
    await running.forward.stop()

    expect(ids(await settled('whole.telemetry', readingIds(0, 2_000).length))).toEqual(readingIds(0, 2_000).sort())
    const own = readingIds(0, 2_000).filter(
      (id) => deviceOf(Number.parseInt(id, 10)) === deviceOf(2) && !id.endsWith(':1'),
    )
    expect(ids(await settled('part.telemetry', own.length))).toEqual(own.sort())
    expect(await settled('whole.alerts', 40)).toHaveLength(40)
    expect(await readTopic(kafka.address, 'part.alerts')).toEqual([]) // all are of another machine
    const messages = new Set(readingIds(0, 2_000).map((id) => id.replace(/:.*/, '')))
    const raw = await settled('bytes.telemetry', messages.size)
    expect(raw.map(({ headers }) => headers.get('edge-offset')).sort()).toEqual([...messages].sort())
    for (const { headers, value } of raw) expect(value).toBe(`value ${headers.get('edge-offset')}`)
    expect([...raw[0]!.headers.keys()].sort()).toEqual([
      'content-type',
      'edge-log',
      'edge-offset',
      'edge-source',
      'edge-topic',
    ])
  })

  test('a filter holds through a crash before and after a commit: each once, in order, nothing else', async () => {
    const more = { filter: { ...all, topics: ['line-1/machine-1', 'line-1/machine-3'], signals: ['signal-0'] } }
    const dir = join(root, 'crashed')
    for (const [step, head] of [
      ['send', 1_500],
      ['commit', 3_000],
    ] as const) {
      const first = start('crashed', { crashed: more }, { dir, after: dieAt(step, 2) })
      first.forward.head(head)
      await first.until('crashed', (row) => row.error !== null)
      await first.forward.stop()
    }
    const second = start('crashed', { crashed: more }, { dir })
    second.forward.head(3_000)
    await second.until('crashed', (row) => row.next === 3_000)
    await second.forward.stop()
    const wanted = readingIds(0, 3_000).filter((id) => /^\d*[1368]:0$/.test(id))
    const records = await settled('crashed.telemetry', wanted.length)
    expect(ids(records)).toEqual([...wanted].sort())
    for (const device of [1, 3]) {
      const offsets = records.filter(({ key }) => key === `hall/${deviceOf(device)}`).map(offsetOf)
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
    }
  })

  test('where nothing is to be sent the checkpoint still follows, in few transactions, and a restart begins there', async () => {
    const nothing = { filter: { ...all, topics: ['nowhere'], alerts: false }, create: { ...madeHere, allowed: true } }
    let commits = 0
    const after = (step: Step) => {
      commits += step === 'commit' ? 1 : 0
    }
    const dir = join(root, 'empty')
    const running = start('empty', { empty: nothing }, { dir, after, pace: { ...still, passEveryMs: 300 } })
    for (let head = 2_000; head <= 100_000; head += 2_000) running.forward.head(head)
    const row = await running.until('empty', (row) => row.acked === 100_000)
    expect(row).toMatchObject({ next: 100_000, waiting: 0 })
    await running.forward.stop()
    expect(commits).toBeLessThan(10)
    const again = start('empty', { empty: nothing }, { dir, pace: still })
    expect(again.row('empty').acked).toBe(100_000)
    await again.forward.stop()
    expect(await readTopic(kafka.address, 'empty.telemetry')).toEqual([])
  })

  test('the time to catch up counts the log that it passes, though its filter leaves out everything', async () => {
    const nothing = { filter: { ...all, topics: ['nowhere'], alerts: false }, create: { ...madeHere, allowed: true } }
    const clock = performance.now.bind(performance)
    let later = 0
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => clock() + later)
    onTestFinished(() => spy.mockRestore())
    const running = start('behind', { behind: nothing }, { source: new LongSource(54_000), pace: still })
    running.forward.head(1_000)
    const before = await running.until('behind', ({ state, next }) => state === 'catching up' && next === 1_000)
    expect(before).toMatchObject({ waiting: 53_000, catchUpMs: null })
    later = 30_000
    running.forward.head(4_000)
    const row = await running.until('behind', ({ next }) => next === 4_000)
    await running.forward.stop()
    expect(row).toMatchObject({ waiting: 50_000, perSecond: 0 })
    expect(row.catchUpMs! / 1_000).toBeGreaterThanOrEqual(500) // 3,000 in 30 s, and what the machine took beside them
  })

  test('changed templates count from the next record on: nothing is sent again, also after a crash in between', async () => {
    const dir = join(root, 'moved')
    const first = start('moved', { moved: {} }, { dir, after: dieAt('commit', 2) })
    first.forward.head(2_000)
    await first.until('moved', (row) => row.error !== null)
    await first.forward.stop()
    const topics = { ...destinationAt('', 'moved').topics, telemetry: 'moved.{site}.{type}' }
    const settledIn = spyOnSettling()
    const second = start('moved', { moved: { topics } }, { dir })
    second.forward.head(4_000)
    await second.until('moved', (row) => row.next === 4_000)
    await second.forward.stop()
    const wanted = readingIds(0, 4_000).sort()
    const read = (topic: string) => readTopic(kafka.address, topic)
    const [before, numbers, texts] = await vi.waitFor(async () => {
      const found = [
        await read('moved.telemetry'),
        await read('moved.hall.number'),
        await read('moved.hall.text'),
      ] as const
      expect(ids(found.flat())).toEqual(wanted)
      return found
    }, 30_000)
    expect(before.length * numbers.length * texts.length).toBeGreaterThan(0)
    expect(settledIn).toContain('moved.telemetry') // the transaction in doubt was there, and not in the new topics
    expect(new Set(numbers.map(({ headers }) => headers.get('edge-index')))).toEqual(new Set(['0']))
  })

  test('a new destination begins where it was asked to, once', async () => {
    const dir = join(root, 'begun')
    const standing = Date.now()
    const source = new MadeSource({ now: () => standing })
    source.setUpto(1_000)
    const time = new Date(source.timeAt(600)!).toISOString() // a record a millisecond
    const first = start('begun', { latest: { start: 'now' }, early: { start: time } }, { dir, source })
    const began = first.row('early').began!
    expect(began).toEqual({ offset: 600, asked: time })
    expect(first.row('latest').began).toEqual({ offset: 1_000, asked: 'now' })
    first.forward.head(1_200)
    for (const name of ['latest', 'early']) await first.until(name, (row) => row.next === 1_200)
    await first.forward.update([made('latest', { start: 'beginning' }), made('early', { start: 'now' })])
    expect(first.row('latest')).toMatchObject({ next: 1_200, began: { asked: 'now' } })
    await first.forward.stop()
    expect(ids(await settled('latest.telemetry', readingIds(1_000, 1_200).length))).toEqual(
      readingIds(1_000, 1_200).sort(),
    )
    const early = readingIds(began.offset, 1_200)
    expect(ids(await settled('early.telemetry', early.length))).toEqual(early.sort())
  })

  test('a bound on bandwidth holds it back, and is lifted while it waits', async () => {
    const running = start('slow', { slow: { maxBytesPerSecond: 1_000, compression: 'none' }, fast: {} })
    running.forward.head(5_000)
    await running.until('fast', (row) => row.next === 5_000)
    const slow = await running.until(
      'slow',
      (row) => row.doing === 'waiting for its share of bandwidth' && row.next > 0,
    )
    expect(slow.next).toBeLessThan(100)
    await running.forward.update([made('slow', {}), made('fast', {})])
    await running.until('slow', (row) => row.next === 5_000)
    await running.forward.stop()
    expect(ids(await settled('slow.telemetry', readingIds(0, 5_000).length))).toEqual(readingIds(0, 5_000).sort())
  })
})

describe.skipIf(!present || !hasMosquitto)('in the whole program', { timeout: 240_000 }, () => {
  test('a destination that refuses and one that never answers hold back neither capture nor another destination', async () => {
    const broker = await startMosquitto()
    const [nobody] = await freePorts(1)
    const dir = join(root, 'app')
    mkdirSync(dir)
    const to = (name: string, brokers: string) => ({ ...destinationAt(brokers, name) })
    writeFileSync(
      join(dir, 'config.json'),
      JSON.stringify({
        sources: [{ name: 'plant', url: broker.url, topics: ['plant/#'] }],
        destinations: [
          to('app-dead', `127.0.0.1:${nobody}`),
          to('app-mute', addressOf(hanging)),
          to('app-good', kafka.address),
        ],
      }),
    )
    const app = await startApp(['--data', dir])
    const client = await openClient(app)
    const publisher = await connectAsync(broker.url)
    try {
      const count = 2_000
      await until(
        () => client.call('status', {}),
        ({ sources }) => sources[0]?.state === 'up',
      )
      for (let i = 0; i < count; i++) await publisher.publishAsync('plant/press', `{"n":${i}}`, { qos: 1 })
      const rows = await until(
        () => client.call('destinations', {}),
        (found) => (found.find(({ name }) => name === 'app-good')?.confirmed.records ?? 0) >= count,
      )
      expect(rows.filter(({ name }) => name !== 'app-good').map(({ next }) => next)).toEqual([0, 0])
      const { recorder, sources } = await client.call('status', {})
      expect(sources[0]!.queue.pausedSince).toBeNull()
      expect(recorder!.queue.pausedSince).toBeNull()
      const sent = await settled('app-good.telemetry', count)
      expect(sent.map(({ value }) => (JSON.parse(value) as { num: number }).num)).toEqual(
        Array.from({ length: count }, (_, i) => i),
      )
    } finally {
      client.close()
      await publisher.endAsync(true)
      await app.stop()
      await broker.stop()
    }
  })
})

/** An hour behind: of its records only those before `upto` may be sent yet. */
class LongSource extends MadeSource {
  private readonly length: Offset

  constructor(length: Offset) {
    super()
    this.length = length
  }

  override head(): Offset {
    return this.length
  }

  override timeAt(): Millis {
    return Date.now() - 3_600_000
  }
}

const all = destinationAt('', '').filter
const madeHere = destinationAt('', '').create
/** Nothing is written but what the test is about. */
const still = { lingerMs: 1, statusEveryMs: 3_600_000, beatEveryMs: 3_600_000 }

/** The answer, once it is as wanted. */
async function until<T>(ask: () => Promise<T>, fact: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (fact(answer)) return answer
    await sleep(50)
  }
}

interface Running {
  readonly forward: Forward
  row(name: string): DestinationRow
  until(name: string, fact: (row: DestinationRow) => boolean): Promise<DestinationRow>
}

type Wanted = Readonly<Record<string, Partial<DestinationConfig>>>
interface StartOptions {
  readonly dir?: string
  readonly source?: MadeSource
  readonly pace?: ForwardParts['pace']
  readonly after?: (step: Step) => void
}

function start(folder: string, wanted: Wanted, options: StartOptions = {}): Running {
  const { dir = join(root, folder), source = new MadeSource(), pace = { lingerMs: 1 }, after } = options
  mkdirSync(dir, { recursive: true })
  let changed = Promise.withResolvers<void>()
  const forward = startForward(
    {
      dir,
      reader: null as never, // the made source is read instead
      head: endless,
      viewsFile: '',
      site: 'hall',
      destinations: Object.entries(wanted).map(([name, more]) => made(name, more)),
      now: Date.now,
      onStatus: () => {
        changed.resolve()
        changed = Promise.withResolvers()
      },
    },
    { source, ...(pace === undefined ? {} : { pace }), ...(after === undefined ? {} : { after }) },
  )
  const row = (name: string) => forward.rows().find((row) => row.name === name)!
  const untilRow = async (name: string, fact: (row: DestinationRow) => boolean) => {
    while (!fact(row(name))) await changed.promise
    return row(name)
  }
  return { forward, row, until: untilRow }
}

function made(name: string, more: Partial<DestinationConfig>) {
  return { destination: destinationAt(kafka.address, name, more), password: null }
}

/** The topics that a transaction is said to reach, as they are said from now on, while the real calls go through. */
function spyOnSettling(): string[] {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as {
    prototype: { addPartitionsToTxn(of: { topics: readonly { topic: string }[] }): Promise<unknown> }
  }
  const topics: string[] = []
  const real = prototype.addPartitionsToTxn
  prototype.addPartitionsToTxn = function (of) {
    topics.push(...of.topics.map(({ topic }) => topic))
    return real.call(this, of)
  }
  onTestFinished(() => {
    prototype.addPartitionsToTxn = real
  })
  return topics
}

/** As a crash right after the step would leave it, as far as ledger and cluster can tell. */
function dieAt(step: Step, time: number): (step: Step) => void {
  let seen = 0
  return (at) => {
    if (at === step && ++seen >= time) throw new Error('stopped by the test')
  }
}

function addressOf(server: Server): string {
  return `127.0.0.1:${(server.address() as { port: number }).port}` // listens on TCP
}

function settled(topic: string, count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, topic, count)
}

function ids(records: readonly ReadRecord[]): string[] {
  return records.map(({ headers }) => `${headers.get('edge-offset')}:${headers.get('edge-index')}`).sort()
}

function offsetOf({ headers }: ReadRecord): Offset {
  return Number(headers.get('edge-offset'))
}
