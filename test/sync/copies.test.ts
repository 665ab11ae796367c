import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig, DestinationRow, Proof } from '../../core/contract/calls.ts'
import type { Offset } from '../../core/contract/model.ts'
import { Ledger } from '../../core/sync/ledger.ts'
import { destinationAt } from '../support/kafka/destination.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, startKafka } from '../support/kafka/kafka.ts'
import { deviceOf, MadeSource, readingIds } from '../support/kafka/made-source.ts'
import { type Running, startRunning } from '../support/kafka/running.ts'

// What a copy shares with the one it was made of is in the topic unmarked at most once, and nothing that either adds is
// ever named as what the other adds.

let kafka: Kafka
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-copies-'))
const present = hasKafka()

beforeAll(async () => {
  if (present) kafka = await startKafka()
})
afterAll(async () => {
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

const modes = [{ delivery: 'auto' }, { delivery: 'at-least-once' }] as const

describe.skipIf(!present)('a copy under another name', () => {
  test.each(modes)('sends beside the one it was made of, into the same topics ($delivery)', async ({ delivery }) => {
    const topic = `beside-${delivery}`
    const dir = folder()
    await sentUntil(start(topic, { dir, delivery }), 500)
    const copy = copyOf(dir)
    const own = start(topic, { dir, delivery, head: 600, says: 'the first' })
    const other = start(topic, { dir: copy, delivery, head: 600, name: 'other', says: 'the copy' })
    own.forward.head(1_000)
    other.forward.head(900)
    await own.until((row) => row.next === 1_000)
    const row = await other.until((row) => row.next === 900)
    expect(row).toMatchObject({ state: 'live', maybeTwice: readingIds(0, 600).length + alertsOf(0, 600) })
    const wanted = [...readingIds(0, 1_000), ...readingIds(600, 900)]
    const records = await settled(topic, wanted.length + readingIds(0, 600).length)
    expectNothingUnmarkedTwice(records, wanted)
    expectToldApart(records, 600)
    expect(await checked(own, topic)).toMatchObject({ ...clean, expected: readingIds(0, 1_000).length, maybeTwice: 0 })
    expect(await checked(other, 'other')).toMatchObject({
      ...clean,
      expected: readingIds(0, 900).length,
      maybeTwice: readingIds(0, 600).length,
      others: readingIds(0, 1_000).length,
    })
    await Promise.all([own.forward.stop(), other.forward.stop()])
  })

  test('of a restored backup that is older than what was sent: nothing is named as what was lost with it', async () => {
    const topic = 'renamed'
    const dir = folder()
    await sentUntil(start(topic, { dir }), 500)
    const backup = copyOf(dir)
    await sentUntil(start(topic, { dir, says: 'lost' }), 1_000)
    restore(backup)
    const running = start(topic, { dir: backup, head: 500, name: 'again', says: 'since' })
    await sentUntil(running, 800)
    const wanted = [...readingIds(0, 1_000), ...readingIds(500, 800)]
    const records = await settled(topic, wanted.length + readingIds(0, 500).length)
    expectNothingUnmarkedTwice(records, wanted)
    expectToldApart(records, 500)
  })
})

describe.skipIf(!present)('a restored backup under its own name', () => {
  test('stops where more was sent than it holds, says so, and sends nothing', async () => {
    const dir = folder()
    await sentUntil(start('older', { dir }), 500)
    const backup = copyOf(dir)
    await sentUntil(start('older', { dir }), 1_000)
    restore(backup)
    const running = start('older', { dir: backup, head: 700 })
    running.forward.head(1_200)
    const row = await running.until((row) => row.state === 'action needed')
    expect(row.error).toMatchObject({
      code: 'kafka_state',
      message: expect.stringMatching(/has records up to offset 1000, but this installation remembers .* up to 500/),
      hint: expect.stringMatching(/another name.*edge-maybe-dup/),
    })
    await running.forward.stop()
    expectNothingUnmarkedTwice(await settled('older', readingIds(0, 1_000).length), readingIds(0, 1_000))
  })

  test.each([
    ['by the command', restore],
    ['by hand', () => {}],
  ])(
    'goes on exactly where it holds all that was sent since (put back %s), and says what is named anew',
    async (how, put) => {
      const topic = how.replaceAll(' ', '-')
      const dir = folder()
      await sentUntil(start(topic, { dir }), 500)
      const backup = copyOf(dir)
      await sentUntil(start(topic, { dir }), 1_000)
      put(backup)
      const running = start(topic, { dir: backup, head: 1_000, says: 'since' })
      running.forward.head(1_500)
      const row = await running.until((row) => row.next === 1_500)
      expect(row).toMatchObject({ state: 'live', maybeTwice: 0 })
      expect(row.error?.message).toMatch(/records from 1000 on go under the source fw-[0-9a-f]+\.[0-9a-f]+$/)
      const records = await settled(topic, readingIds(0, 1_500).length)
      expectNothingUnmarkedTwice(records, readingIds(0, 1_500))
      expectToldApart(records, 1_000)
      expect(await checked(running, topic)).toMatchObject({ ...clean, expected: readingIds(0, 1_500).length })
      await running.forward.stop()
    },
  )

  test('marks what the other may have sent since, where the cluster cannot say how far it was (at-least-once)', async () => {
    const delivery = 'at-least-once'
    const dir = folder()
    await sentUntil(start('weaker', { dir, delivery }), 500)
    const backup = copyOf(dir)
    await sentUntil(start('weaker', { dir, delivery, head: 600, says: 'lost' }), 800)
    restore(backup)
    const running = start('weaker', { dir: backup, delivery, head: 600, says: 'since' })
    running.forward.head(1_000)
    await running.until((row) => row.next === 1_000)
    const wanted = [...readingIds(0, 800), ...readingIds(600, 1_000)]
    const records = await settled('weaker', wanted.length + readingIds(500, 600).length)
    expectNothingUnmarkedTwice(records, wanted)
    expectToldApart(records, 600)
    expect(await checked(running, 'weaker')).toMatchObject({
      ...clean,
      expected: readingIds(0, 1_000).length,
      reallyTwice: readingIds(500, 600).length,
      others: readingIds(600, 800).length, // of the one that was lost
    })
    await running.forward.stop()
  })
})

const clean = { missing: 0, twice: 0, outOfOrder: 0, unknown: 0 }

interface StartOptions {
  readonly dir: string
  readonly name?: string
  readonly delivery?: DestinationConfig['delivery']
  /** Where its log ended before the start. */
  readonly head?: Offset
  /** In the second reading of each record that is captured from then on: two logs differ in nothing else. */
  readonly says?: string
}

function start(
  topic: string,
  { dir, name = topic, delivery = 'auto', head = 0, says = 'both' }: StartOptions,
): Running {
  const source = new MadeSource({ payload: (offset) => (offset < head ? 'both' : says) })
  const destination = destinationAt(kafka.address, topic, { name, delivery })
  return startRunning({ dir, destination, ...(head === 0 ? {} : { head }), parts: { source, pace: { lingerMs: 1 } } })
}

async function sentUntil(running: Running, head: Offset): Promise<DestinationRow> {
  running.forward.head(head)
  const row = await running.until((row) => row.next === head)
  await running.forward.stop()
  return row
}

function folder(): string {
  return mkdtempSync(join(root, 'state-'))
}

function copyOf(dir: string): string {
  const copy = folder()
  mkdirSync(copy, { recursive: true })
  cpSync(dir, copy, { recursive: true })
  return copy
}

/** As the command does it, with the part that sync has in a backup. */
function restore(dir: string): void {
  const ledger = new Ledger(join(dir, 'state.db'))
  ledger.cameBack()
  ledger.close()
}

async function checked({ forward, ended }: Running, destination: string): Promise<Proof> {
  const { id } = forward.check({ destination, from: null, to: null })
  return (await ended(id)).proof!
}

function settled(topic: string, count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, `${topic}.telemetry`, count)
}

/** As `offset:index`: of two copies some are there twice, under two names. */
function expectNothingUnmarkedTwice(records: readonly ReadRecord[], offsets: readonly string[]): void {
  const unmarked = records.filter(({ headers }) => !headers.has('edge-maybe-dup'))
  const names = unmarked.map(nameOf)
  expect(new Set(names).size).toBe(names.length)
  expect(names.map((name) => name.slice(name.indexOf(':') + 1)).sort()).toEqual([...offsets].sort())
  const marked = records.filter(({ headers }) => headers.has('edge-maybe-dup')).map(nameOf)
  for (const name of marked) expect(names).toContain(name)
}

/** One name is one record: who drops repeats by it keeps all that was ever captured. */
function expectToldApart(records: readonly ReadRecord[], parted: Offset): void {
  const values = new Map<string, string>()
  for (const record of records) {
    const { str, num } = JSON.parse(record.value) as { str: string | null; num: number | null }
    const value = str ?? String(num)
    expect(values.get(nameOf(record)) ?? value).toBe(value)
    values.set(nameOf(record), value)
    expect(record.key).toBe(`hall/${deviceOf(Number(record.headers.get('edge-offset')))}`)
  }
  const sources = (of: (offset: Offset) => boolean) =>
    new Set(records.map(nameOf).flatMap((name) => (of(Number(name.split(':')[1])) ? [name.split(':')[0]!] : [])))
  expect(sources((offset) => offset < parted).size).toBe(1)
}

/** As a receiver drops repeats, and as CloudEvents names it. */
function nameOf({ headers, value }: ReadRecord): string {
  const name = ['edge-source', 'edge-offset', 'edge-index'].map((key) => headers.get(key)).join(':')
  expect(headers.get('ce_id')).toBe(name)
  expect((JSON.parse(value) as { source: string }).source).toBe(headers.get('edge-source'))
  return name
}

function alertsOf(from: Offset, to: Offset): number {
  return Math.ceil(to / 50) - Math.ceil(from / 50)
}
