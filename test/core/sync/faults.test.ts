import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Offset } from '../../../core/contract/model.ts'
import { type Forward, type ForwardParts, startForward } from '../../../core/sync/forward.ts'
import { Ledger } from '../../../core/sync/ledger.ts'
import type { Step } from '../../../core/sync/wait.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import type { ForwardChild } from '../../support/kafka/forward-child.ts'
import { hasKafka, type Kafka, type ReadRecord, readTopic, startKafka } from '../../support/kafka/kafka.ts'
import { deviceOf, MadeSource, madeChanges, readingIds } from '../../support/kafka/made-source.ts'
import { apis, type FaultyProxy, startProxy } from '../../support/kafka/proxy.ts'

let kafka: Kafka
let proxy: FaultyProxy
const root = mkdtempSync(join(tmpdir(), 'fieldwatch-sync-'))
const present = hasKafka()

beforeAll(async () => {
  if (!present) return
  proxy = await startProxy(() => kafka.proxied)
  kafka = await startKafka({ advertise: proxy.port })
})
afterAll(async () => {
  for (const { process } of children) process.kill('SIGKILL')
  await kafka?.remove()
  await proxy?.stop()
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

  test('when the forwarder is killed between send and commit', async () => {
    await killAndFinish('unsent', 'send', 2)
    const all = await readTopic(kafka.address, 'unsent.telemetry', true)
    expect(all.length).toBeGreaterThan(readingIds(0, 2_000).length) // the aborted batch is there, and invisible
  })

  test('when the forwarder is killed after the commit, before it is booked here', async () => {
    await killAndFinish('unbooked', 'commit', 3)
  })

  test('when another copy takes over while the first stands still, and the first then stops by itself', async () => {
    const dir = join(root, 'zombie')
    const zombie = child({ dir, name: 'zombie', count: 2_000, die: { step: 'offsets', time: 3, hang: true } })
    await zombie.says('hangs')
    cpSync(dir, join(root, 'zombie-copy'), { recursive: true })
    const heir = child({ dir: join(root, 'zombie-copy'), name: 'zombie', count: 2_000, die: null })
    await heir.says('live')
    zombie.process.kill('SIGCONT')
    await zombie.says('fenced')
    await expectExactlyOnce('zombie', 2_000)
  })

  test.each([
    ['the answer to a commit', apis.endTransaction, 'loseAnswer'],
    ['a commit', apis.endTransaction, 'loseRequest'],
    ['the answers to sends', apis.produce, 'loseAnswer'],
  ] as const)('when %s is lost on the way', async (_, api, lose) => {
    const name = `lost-${api}-${lose}`
    const before = proxy.lost()
    let commits = 0
    const after = (step: Step) => {
      if (step === 'intent' && (commits++ === 1 || (api === apis.produce && commits < 5))) proxy[lose](api)
    }
    const running = start(name, { address: kafka.proxied.replace(/\d+$/, String(proxy.port)), parts: { after } })
    running.forward.head(2_500)
    await running.until((row) => row.next === 2_500)
    await running.forward.stop()
    expect(proxy.lost()).toBeGreaterThan(before)
    await expectExactlyOnce(name, 2_500)
  })

  test.each([
    ['had not arrived', 'send', 2],
    ['had arrived', 'commit', 3],
  ] as const)(
    'when the checkpoint expired while a batch was under way that %s: the status says so',
    async (_, step, time) => {
      const name = `forgot-${step}`
      const dir = join(root, name)
      const first = child({ dir, name, count: 2_000, die: { step, time, hang: false } })
      expect(await first.ended).toBe('SIGKILL')
      await forget(dir, name)
      const second = start(name, { dir })
      second.forward.head(2_000)
      const row = await second.until((row) => row.next === 2_000)
      expect(row.maybeTwice).toBe(0)
      await second.forward.stop()
      await expectExactlyOnce(name, 2_000)
    },
  )

  test('when its state was restored from a backup after which nothing was sent', async () => {
    const dir = join(root, 'restored')
    await sendUntil('restored', 1_000, { dir })
    restoreFrom(dir, dir)
    const idle = start('restored', { dir })
    idle.forward.head(1_000)
    await idle.until((row) => row.state === 'live')
    await idle.forward.stop()
    await sendUntil('restored', 1_500, { dir })
    await expectExactlyOnce('restored', 1_500)
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
    await running.forward.stop()
    await expectExactlyOnce('restart', 1_000)
  })

  test('when the broker loses power right after it confirmed a commit', async () => {
    let commits = 0
    let killed: Promise<void> | null = null
    const after = (step: Step) => {
      if (step === 'commit' && ++commits === 3) killed = kafka.kill().then(() => kafka.restart())
    }
    const running = start('power', { parts: { after } })
    running.forward.head(2_000)
    await running.until(() => killed !== null)
    await killed
    running.forward.retryNow('power')
    await running.until((row) => row.next === 2_000)
    await running.forward.stop()
    await expectExactlyOnce('power', 2_000)
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

  test('a backlog that is older than the retention of the topic is said before it is sent', async () => {
    const create = { allowed: true, partitions: 1, replication: 1, retentionHours: 1 }
    const source = new MadeSource({ ageMs: 5 * 3_600_000 })
    const running = start('old', { more: { create }, parts: { source } })
    running.forward.head(50)
    const row = await running.until((row) => row.next === 50)
    expect(row.error?.message).toMatch(/keeps records for 1.0 hours, but the oldest to send is 5.0 hours old/)
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

  test.each([
    { delivery: 'auto', why: /has records up to offset 1000, but this installation remembers sending only up to 500/ },
    { delivery: 'at-least-once', why: /restored from a backup, and the cluster does not know how far it was sent/ },
  ] as const)(
    'a restored backup that is older than what was sent ($delivery): it stops, says so, and sends nothing',
    async ({ delivery, why }) => {
      const name = `older-${delivery}`
      const [dir, backup] = [join(root, name), join(root, `${name}-backup`)]
      await sendUntil(name, 500, { dir, more: { delivery } })
      cpSync(dir, backup, { recursive: true })
      await sendUntil(name, 1_000, { dir, more: { delivery } })
      restoreFrom(backup, dir)
      const running = start(name, { dir, more: { delivery } })
      running.forward.head(1_200)
      const row = await running.until((row) => row.state === 'action needed')
      expect(row.error).toMatchObject({ code: 'kafka_state', message: expect.stringMatching(why) })
      await running.forward.stop()
      await expectExactlyOnce(name, 1_000)
    },
  )

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

interface Running {
  readonly forward: Forward
  until(fact: (row: DestinationRow) => boolean): Promise<DestinationRow>
}

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
  let changed = Promise.withResolvers<void>()
  const forward = startForward(
    {
      dir: made(dir),
      reader: null as never, // the made source is read instead
      viewsFile: '',
      site: 'hall',
      destinations: [{ destination: destinationAt(address, name, more), password: null }],
      now: Date.now,
      onStatus: () => {
        changed.resolve()
        changed = Promise.withResolvers()
      },
    },
    { source: new MadeSource(), pace: { lingerMs: 1 }, ...parts },
  )
  const until = async (fact: (row: DestinationRow) => boolean): Promise<DestinationRow> => {
    for (;;) {
      const row = forward.rows()[0]!
      if (fact(row)) return row
      await changed.promise
    }
  }
  return { forward, until }
}

async function sendUntil(name: string, next: Offset, options: StartOptions): Promise<void> {
  const running = start(name, options)
  running.forward.head(next)
  await running.until((row) => row.next === next)
  await running.forward.stop()
}

/** As a cluster does when nothing was committed for days. */
async function forget(dir: string, name: string): Promise<void> {
  const ledger = new Ledger(join(dir, 'state.db'))
  const { installation } = ledger.identity
  ledger.close()
  const admin = new kafkajs.Kafka({ brokers: [kafka.address], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.deleteGroups([`edge.ckpt.${installation}.${name}`])
  await admin.disconnect()
}

/** As the command does it, with the part that sync has in a backup. */
function restoreFrom(backup: string, dir: string): void {
  if (backup !== dir) rmSync(dir, { recursive: true })
  if (backup !== dir) cpSync(backup, dir, { recursive: true })
  const ledger = new Ledger(join(dir, 'state.db'))
  ledger.cameBack()
  ledger.close()
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

async function killAndFinish(name: string, step: Step, time: number): Promise<void> {
  const dir = join(root, name)
  const first = child({ dir, name, count: 2_000, die: { step, time, hang: false } })
  expect(await first.ended).toBe('SIGKILL')
  const second = child({ dir, name, count: 2_000, die: null })
  await second.says('live')
  expect(await second.ended).toBe(0)
  await expectExactlyOnce(name, 2_000)
}

const children: Child[] = []

interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals | null>
  says(line: string): Promise<void>
}

function child(options: Omit<ForwardChild, 'address'>): Child {
  const script = fileURLToPath(new URL('../../support/kafka/forward-child.ts', import.meta.url))
  const asked: ForwardChild = { ...options, dir: made(options.dir), address: kafka.address }
  const process_ = spawn(process.execPath, [script, JSON.stringify(asked)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    process_.once('close', (code, signal) => resolve(code ?? signal)),
  )
  const says = (line: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => said.includes(line) && resolve()
      process_.stdout.on('data', (chunk) => {
        said += String(chunk)
        look()
      })
      void ended.then(() => reject(new Error(`the forwarder ended without saying "${line}"; it said "${said}"`)))
      look()
    })
  const running = { process: process_, ended, says }
  children.push(running)
  return running
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

/** A commit is answered before its records can be read: read until as many are there, but not for ever. */
async function settled(topic: string, count: number): Promise<ReadRecord[]> {
  let records = await readTopic(kafka.address, topic)
  for (let reads = 1; records.length < count && reads < 30; reads++) records = await readTopic(kafka.address, topic)
  return records
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
