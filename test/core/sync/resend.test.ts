import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Calls, SpanCount, SyncJob } from '../../../core/contract/calls.ts'
import { type Host, startHost } from '../../../core/host/host.ts'
import { runCli } from '../../../core/host/run-cli.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, readTopic, startKafka } from '../../support/kafka/kafka.ts'

const patience = { timeout: 100_000, interval: 100 }
const messages = 500
let kafka: Kafka
const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-resend-'))

beforeAll(async () => {
  if (!hasKafka()) return
  kafka = await startKafka()
  const lines = Array.from({ length: messages }, (_, i) => `${Date.now() - (messages - i) * 1_000},${i}`)
  writeFileSync(join(dir, 'values.csv'), ['ts,value', ...lines].join('\n'))
  expect((await run('import', join(dir, 'values.csv'), '--topic', 'hall/p-1/flow')).code).toBe(0)
  const destinations = [destinationAt(kafka.address, 'central')]
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ zone: 'UTC', destinations, server: { port: 0 } }))
}, 120_000)
afterAll(async () => {
  await kafka?.remove()
  rmSync(dir, { recursive: true, force: true })
})

describe.skipIf(!hasKafka())('fieldwatch resend', () => {
  let counted: SpanCount

  test('counts first, also while the program runs, and then sends nothing', async () => {
    const host = await startHost({ dataDir: dir, version: '0' })
    await vi.waitFor(async () => expect((await rowOf(host))?.acked).toBeGreaterThan(messages), patience)
    const { code, out } = await run('resend', '--destination', 'central', '--from', '100', '--to', '300', '--json')
    counted = JSON.parse(out) as SpanCount
    expect([code, counted.from, counted.to, counted.exact]).toEqual([0, 100, 300, true])
    expect(counted.records).toBeGreaterThan(100)
    const refused = await run('resend', '--destination', 'central', '--send')
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/is in use by another Fieldwatch/) })
    await host.stop()
    expect((await marked()).length).toBe(0)
  }, 180_000)

  test('sends what it counted, each record marked with the job, and what was confirmed stays so', async () => {
    const { code, out, err } = await run(
      ...['resend', '--destination', 'central', '--from', '100', '--to', '300', '--send', '--json'],
    )
    expect(code, err).toBe(0)
    const job = JSON.parse(out) as SyncJob
    expect(job).toMatchObject({ state: 'done', records: counted.records, from: 100, to: 300, error: null })
    const again = await vi.waitFor(async () => {
      const found = await marked()
      expect(found.length).toBe(counted.records)
      return found
    }, patience)
    expect(new Set(again.map(({ headers }) => headers.get('edge-resend')))).toEqual(new Set([job.id]))
    const { code: proven } = await run('reconcile', '--destination', 'central')
    expect(proven).toBe(0)
  }, 120_000)

  test('nothing was set aside, and that is what --aside sends', async () => {
    const { code, out } = await run('resend', '--destination', 'central', '--aside', '--send', '--json')
    expect([code, (JSON.parse(out) as SyncJob).records]).toEqual([0, 0])
    const unknown = await run('resend', '--destination', 'nowhere')
    expect(unknown).toMatchObject({ code: 1, err: expect.stringMatching(/there is no destination "nowhere"/) })
    expect((await run('resend')).code).toBe(2)
  }, 120_000)
})

async function marked() {
  const all = await readTopic(kafka.address, 'central.telemetry')
  return all.filter(({ headers }) => headers.has('edge-resend'))
}

async function rowOf(host: Host) {
  const rows = (await host.api.answer('destinations', {}, new AbortController().signal)) as Calls['destinations']['out']
  return rows[0]
}

async function run(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  const [command, ...rest] = args
  const code = await runCli([command!, ...rest, '--data', dir], io)
  return { code, out: out.join('\n'), err: err.join('\n') }
}
