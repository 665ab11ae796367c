import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { encodeMeta } from '../../../core/contract/meta.ts'
import { type Appending, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { type Batch, type BatchOptions, nextBatch } from '../../../core/sync/batch.ts'
import { filterOf } from '../../../core/sync/filter.ts'
import { openLogSource } from '../../../core/sync/log-source.ts'
import { type Chunk, Packing } from '../../../core/sync/packing.ts'
import type { Body } from '../../../core/sync/record-batch.ts'
import type { Voice } from '../../../core/sync/record-format.ts'
import { packingOf, partitionOf } from '../../../core/sync/sender.ts'
import { topicsOf } from '../../../core/sync/topics.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { seeded } from '../../support/seeded.ts'
import { type Metric, sparkplug } from '../../support/sparkplug.ts'
import { buildViews } from '../../support/views.ts'

const now = 1_795_490_400_000
const config = destinationAt('127.0.0.1:9092', 'x')
const dirs: string[] = []
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

const filters = [config.filter, { ...config.filter, topics: ['hall/#'], exclude: ['hall/oven'] }]
const cases = [11, 12, 13].flatMap((seed) => filters.map((filter, i) => [seed, i, filter] as const))

test.each(cases)(
  'messages written from where they lie are byte for byte what they are one by one, seed %i, filter %i',
  (seed, _, filter) => {
    const source = madeSource(seed)
    for (const markedUntil of [0, 700]) {
      const options: BatchOptions = { source, voice: voiceOf(filter), now, markedUntil, maxBytes: 1e9, maxRecords: 1e6 }
      const packing = { ...packingOf({ compression: 'none', partitions: new Map([['t', 3]]) }), maxBytes: 1e9 }
      const singly = nextBatch(options, 0, 2_000)
      const packed = nextBatch({ ...options, packing }, 0, 2_000)
      const again = new Packing(packing)
      for (const record of singly.sent) again.put(record)
      expect(bytesOf(packed.packed)).toEqual(bytesOf(again.finish()))
      expect(summary(packed)).toEqual(summary(singly))
      expect(singly.records).toBeGreaterThan(500)
    }
  },
)

test('over many requests and batches each message is in its partition once, in its order', () => {
  const source = madeSource(15)
  const form = { compression: 'none', partitions: new Map([['t', 3]]) } as const
  const options = { source, voice: voiceOf(config.filter), now, markedUntil: 0, maxRecords: 1e6, maxBytes: 200_000 }
  const expected: number[][] = [[], [], []]
  const found: number[][] = [[], [], []]
  for (const { key, of } of nextBatch({ ...options, maxBytes: 1e9 }, 0, 2_000).sent)
    expected[partitionOf({ topic: 't', key }, 3)]!.push(of!.offset)
  for (let at = 0; at < 2_000; ) {
    const batch = nextBatch({ ...options, packing: { ...packingOf(form), maxBytes: 20_000 } }, at, 2_000)
    for (const { partition, body } of batch.packed)
      for (const [, offset] of (body as Body).bytes.toString('latin1').matchAll(/edge-offset.(\d+)/gs))
        found[partition]!.push(Number(offset))
    for (const chunk of batch.packed) chunk.release()
    at = batch.to
  }
  expect(found).toEqual(expected)
})

test('what does not fit any more waits for the next batch, and one that never fits goes alone', () => {
  const source = madeSource(14)
  const packing = packingOf({ compression: 'none', partitions: new Map() })
  const options = { source, voice: voiceOf(config.filter), now, markedUntil: 0, maxRecords: 1_000, packing }
  let records = 0
  for (let at = 0; at < 2_000; ) {
    const batch = nextBatch({ ...options, maxBytes: 3_000 }, at, 2_000)
    expect(batch.to).toBeGreaterThan(at)
    if (batch.records > 1) expect(batch.bytes).toBeLessThan(3_600)
    records += batch.records
    at = batch.to
  }
  expect(records).toBe(nextBatch({ ...options, maxBytes: 1e9, maxRecords: 1e6 }, 0, 2_000).records)
})

function summary({ from, to, records, oldest, maybeTwice, full }: Batch) {
  return { from, to, records, oldest, maybeTwice, full }
}

function bytesOf(chunks: readonly Chunk[]) {
  return chunks.map(({ topic, partition, count, first, last, body }) => {
    return { topic, partition, count, first, last, body: (body as Body).bytes.toString('latin1') } // not compressed
  })
}

function voiceOf(filter: typeof config.filter): Voice {
  const topics = topicsOf(
    { topics: { telemetry: 't', alerts: 'a', status: 's', deadletter: 'd' }, payload: 'raw' },
    'x',
  )
  const form = { payload: 'raw', headers: 'minimal', filter: filterOf(filter) } as const
  const who = { installation: 'fw-1', log: 'log-1', lines: [{ first: 0, source: 'fw-1' }], source: 'fw-1' }
  return { ...who, destination: null, site: 'hall-2', topics, ...form }
}

const texts = [
  '{"temp":21.5,"state":"run","ts":1795490390000}',
  '{"ts":1795490390000,"temp":3}',
  '{ "value": 3 }',
  '{"value":3,"name":"flow"}',
  '{"value":3,"unit":"bar","depth":4}',
  '{"v":"a \\" b","x":1}',
  '{"value":{"x":1}}',
  '12.5',
  'running',
  '[{"ts":1795490390000,"temp":3}]',
  '[1,2',
  '{"broken":',
  '{"t":1,"value":',
  '',
  'temp,state\n3,run',
]
const topics = ['hall/press', 'hall/oven', 'hall/press/speed', 'roof', 'hall/Ölpumpe', `hall/${'long/'.repeat(70)}end`]

/** Of every kind, with what is said beside them, repeats, large ones, ticks, and a device that names itself in the message. */
function madeSource(seed: number) {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-raw-'))
  dirs.push(dir)
  const random = seeded(seed)
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const node = (kind: string, metrics: readonly Metric[]) => ({
    ...message(`spBv1.0/works/${kind}/line-1`, ''),
    bytes: sparkplug(0, now, metrics),
  })
  const one = (): Appending => {
    const roll = random()
    if (roll < 0.05) return { time: now, kind: 'tick', source: '', name: '', bytes: new Uint8Array() }
    if (roll < 0.08) return node('NDATA', [{ alias: 7, value: 2 }])
    const made = message(pick(topics), roll < 0.12 ? `{"text":"${'x'.repeat(9_000 * random())}"}` : pick(texts))
    const said = roll < 0.2 ? { meta: encodeMeta({ contentType: 'text/plain' }) } : {}
    const time = now - Math.floor(random() * 1e9) + (random() < 0.05 ? 2e9 : 0)
    return { ...made, ...said, time, repeat: random() < 0.1 }
  }
  const log = openLog(join(dir, 'log'))
  log.append([node('NBIRTH', [{ name: 'flow', alias: 7, value: 1 }])])
  while (log.head < 2_000) log.append(Array.from({ length: Math.ceil(random() * 300) }, one))
  log.close()
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const source = openLogSource(openReader(join(dir, 'log')), join(dir, 'views.db'))
  source.setUpto(2_000)
  return Object.assign(source, { changes: () => [] })
}

function message(name: string, words: string): Appending & { bytes: Uint8Array } {
  return { time: now, kind: 'message', source: 'plant', name, qos: 1, bytes: new TextEncoder().encode(words) }
}
