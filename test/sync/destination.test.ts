import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig } from '../../core/contract/calls.ts'
import type { Offset } from '../../core/contract/model.ts'
import type { ForwardParts } from '../../core/sync/forward.ts'
import type { Step } from '../../core/sync/wait.ts'
import { destinationAt } from '../support/kafka/destination.ts'
import { hasKafka, type Kafka, type ReadRecord, readAtLeast, readTopic, startKafka } from '../support/kafka/kafka.ts'
import { deviceOf, MadeSource, madeChanges, readingIds } from '../support/kafka/made-source.ts'
import { type Running, startRunning } from '../support/kafka/running.ts'

let kafka: Kafka
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-sync-'))
const present = hasKafka()

beforeAll(async () => {
  if (present) kafka = await startKafka()
})
afterAll(async () => {
  await kafka?.remove()
  rmSync(root, { recursive: true, force: true })
})

describe.skipIf(!present)('a real Kafka has every reading exactly once and in order per device', () => {
  test('without faults, with the alerts in the same transactions', async () => {
    const running = start('plain')
    const done = new Set<string>()
    void running.until((row) => done.add(row.doing) && false)
    running.forward.head(3_000)
    const row = await running.until((row) => row.next === 3_000)
    expect(row).toMatchObject({ state: 'live', delivery: 'exactly once', error: null, waiting: 0, maybeTwice: 0 })
    await running.forward.stop()
    const opening = [
      'connecting',
      'looking at its topics',
      'asking how its last transaction ended',
      'fencing older senders',
    ]
    const begin = ['reading its checkpoint', 'writing its first checkpoint']
    expect([...done]).toEqual([...opening, ...begin, 'sending', 'committing', 'waiting for records', 'stopped'])
    const records = await expectExactlyOnce('plain', 3_000)
    const first = records.find(({ headers }) => headers.get('edge-offset') === '7')!
    expect(first.key).toBe('hall/line-1/machine-2')
    expect(JSON.parse(first.value)).toMatchObject({ offset: 7, index: 0, num: 7, repeat: true, site: 'hall' })
    expect(first.headers.get('edge-repeat')).toBe('1')
    expect(first.headers.get('ce_id')).toMatch(/^fw-[0-9a-f]+:7:0$/)
  })

  test('when it goes on after a clean stop, from where it stood', async () => {
    const first = start('again')
    first.forward.head(1_000)
    await first.until((row) => row.next === 1_000)
    await first.forward.stop()
    const second = start('again')
    second.forward.head(1_500)
    await second.until((row) => row.next === 1_500)
    await second.forward.stop()
    await expectExactlyOnce('again', 1_500)
  })

  test('when the broker stops and comes back, with a wait that shows its end', async () => {
    const running = start('restart')
    running.forward.head(500)
    await running.until((row) => row.next === 500)
    await kafka.stop()
    running.forward.head(1_000)
    const waiting = await running.until((row) => row.state === 'waiting' && row.attempt >= 2 && row.retryAt !== null)
    expect(waiting.error).toMatchObject({ code: 'kafka_unreachable' })
    expect(waiting.waiting).toBe(500)
    await kafka.restart()
    running.forward.retryNow('restart')
    const back = await running.until((row) => row.next === 1_000)
    expect(back).toMatchObject({ error: null, retryAt: null, attempt: 0 })
    const [outage] = running.forward.outages()
    expect(outage!.until).toBeGreaterThanOrEqual(outage!.from)
    expect(outage!.waited).toBe(500)
    await running.forward.stop()
    await expectExactlyOnce('restart', 1_000)
  })
})

describe.skipIf(!present)('what a person sees', () => {
  test('a missing topic asks for action, and is made on request with the retention that was chosen', async () => {
    const create = { allowed: false, partitions: 3, replication: 1, retentionHours: 72 }
    const running = start('asked', { more: { create } })
    running.forward.head(100)
    const row = await running.until((row) => row.state === 'action needed')
    expect(row.error).toMatchObject({
      code: 'kafka_topic_missing',
      message: expect.stringContaining('"asked.telemetry"'),
    })
    const created = await running.forward.createTopics('asked')
    expect(created).toEqual(['asked.telemetry', 'asked.alerts', 'asked.status', 'asked.deadletter'])
    await running.until((row) => row.next === 100 && row.state === 'live')
    await running.forward.stop()
    await expectExactlyOnce('asked', 100)
  })

  test('a backlog that is older than the retention of the topic is said before it is sent, and no more afterwards', async () => {
    const create = { allowed: true, partitions: 1, replication: 1, retentionHours: 1 }
    const source = new MadeSource({ ageMs: 5 * 3_600_000 })
    const running = start('old', { more: { create }, parts: { source } })
    running.forward.head(50)
    const before = await running.until((row) => row.error !== null)
    expect(before).toMatchObject({ next: 0, state: 'starting' })
    expect(before.error?.message).toMatch(/keeps records for 1.0 hours, but the oldest to send is 5.0 hours old/)
    expect(Date.now() - before.error!.since).toBeGreaterThanOrEqual(4 * 3_600_000)
    const sent = await running.until((row) => row.next === 50)
    expect(sent.error).toBeNull()
    await running.forward.stop()
  })

  test('a record that the cluster rejects is set aside as a dead letter, and nothing else with it', async () => {
    const big = noise(1_500_000)
    const source = new MadeSource({ payload: (offset) => (offset === 160 ? big : 'small') })
    const running = start('poison', { parts: { source } })
    running.forward.head(400)
    const row = await running.until((row) => row.next === 400)
    expect(row).toMatchObject({ deadLetters: 1, aside: 1 })
    await running.forward.stop()
    const sent = (await settled('poison.telemetry', readingIds(0, 400).length - 1)).map(idOf)
    const letters = (await settled('poison.deadletter', 1)).map(idOf)
    expect(letters).toEqual(['160:1'])
    expect([...sent, ...letters].sort()).toEqual(readingIds(0, 400).sort())
  })

  test('at least once is chosen, shown, and repeats what was under way at a crash marked', async () => {
    const more = { delivery: 'at-least-once' as const }
    const dir = join(root, 'least')
    const first = start('least', { dir, more, parts: { after: stopAt('send', 2) } })
    first.forward.head(1_500)
    await first.until((row) => row.error !== null)
    await first.forward.stop()
    const second = start('least', { dir, more })
    second.forward.head(1_500)
    const row = await second.until((row) => row.next === 1_500)
    expect(row.delivery).toBe('at least once')
    expect(row.maybeTwice).toBeGreaterThan(0)
    await second.forward.stop()
    const records = await readTopic(kafka.address, 'least.telemetry')
    const unmarked = records.filter(({ headers }) => !headers.has('edge-maybe-dup'))
    expect(new Set(records.map(idOf))).toEqual(new Set(readingIds(0, 1_500)))
    expect(new Set(unmarked.map(idOf)).size).toBe(unmarked.length)
  })

  test('an idle destination writes its checkpoint again, so that the cluster does not forget it', async () => {
    const renewEveryMs = 50
    let commits = 0
    const after = (step: Step) => {
      commits += step === 'commit' ? 1 : 0
    }
    const running = start('idle', { parts: { after, pace: { lingerMs: 1, renewEveryMs } } })
    running.forward.head(54) // the last record is nothing to send
    await running.until((row) => row.next === 54 && row.state === 'live')
    const delivered = commits
    await running.until(() => commits >= delivered + 3)
    await running.forward.stop()
    const again = start('idle')
    again.forward.head(60)
    await again.until((row) => row.next === 60 && row.state === 'live')
    await again.forward.stop()
    await expectExactlyOnce('idle', 60)
  })

  test('a copy that took over while this one did not send goes on, and this one says so instead of fencing it', async () => {
    const dir = join(root, 'taken')
    const first = start('taken', { dir })
    first.forward.head(300)
    await first.until((row) => row.acked === 300)
    first.forward.pause('taken', true)
    await first.until((row) => row.state === 'paused')
    const copy = join(root, 'taken-copy')
    cpSync(dir, copy, { recursive: true })
    const second = start('taken', { dir: copy })
    second.forward.head(600)
    await second.until((row) => row.acked === 600)
    first.forward.head(500)
    first.forward.pause('taken', false)
    const row = await first.until(({ state }) => state !== 'paused' && state !== 'starting')
    expect(row).toMatchObject({ state: 'fenced', acked: 300, error: { code: 'kafka_fenced' } })
    second.forward.head(900)
    await second.until((row) => row.acked === 900)
    expect(second.forward.outages().map(({ cause }) => cause)).toEqual(['paused by a person']) // which it was copied with
    first.forward.retryNow('taken') // takes over, and sees that the other one is ahead
    expect(await first.until((row) => row.state === 'action needed')).toMatchObject({ error: { code: 'kafka_state' } })
    await first.forward.stop()
    await second.forward.stop()
    await expectExactlyOnce('taken', 900)
  })

  test('a paused destination sends nothing, and goes on when it is told to', async () => {
    const running = start('paused', { more: { paused: true } })
    running.forward.head(50)
    await running.until((row) => row.state === 'paused')
    running.forward.pause('paused', false)
    await running.until((row) => row.next === 50)
    await running.forward.stop()
    await expectExactlyOnce('paused', 50)
  })
})

interface StartOptions {
  readonly dir?: string
  readonly address?: string
  readonly more?: Partial<DestinationConfig>
  readonly parts?: ForwardParts
}

function start(
  name: string,
  { dir = join(root, name), address = kafka.address, more, parts }: StartOptions = {},
): Running {
  const destination = destinationAt(address, name, more)
  return startRunning({ dir: made(dir), destination, parts: parts ?? {} })
}

function made(dir: string): string {
  cpSync(mkdtempSync(join(root, 'new-')), dir, { recursive: true })
  return dir
}

/** As a crash right after the step would leave it, as far as the ledger can tell. */
function stopAt(step: Step, time: number): (step: Step) => void {
  let seen = 0
  return (at) => {
    if (at === step && ++seen === time) throw new Error('stopped by the test')
  }
}

async function expectExactlyOnce(name: string, count: Offset): Promise<ReadRecord[]> {
  const wanted = readingIds(0, count)
  const records = await settled(`${name}.telemetry`, wanted.length)
  for (let device = 0; device < 5; device++) {
    const place = deviceOf(device)
    const own = records.filter(({ key }) => key === `hall/${place}`).map(idOf)
    expect(own).toEqual(wanted.filter((id) => deviceOf(Number.parseInt(id, 10)) === place))
  }
  expect(records).toHaveLength(wanted.length)
  const alerts = await settled(`${name}.alerts`, madeChanges(0, count).length)
  expect(alerts.map(({ value }) => (JSON.parse(value) as { offset: Offset }).offset).sort((a, b) => a - b)).toEqual(
    madeChanges(0, count).map(({ transition }) => transition.offset),
  )
  return records
}

function settled(topic: string, count: number): Promise<ReadRecord[]> {
  return readAtLeast(kafka.address, topic, count)
}

function idOf({ headers }: ReadRecord): string {
  return `${headers.get('edge-offset')}:${headers.get('edge-index')}`
}

/** Text that gzip cannot make small. */
function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCharCode(33 + (state % 90))
  }).join('')
}
