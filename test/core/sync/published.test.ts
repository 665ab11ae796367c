import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { DestinationStatus, InstallationStatus } from '../../../core/sync/records.ts'
import { type App, openClient, startApp, until } from '../../support/app.ts'
import type { Client } from '../../support/client.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, type Kafka, type ReadRecord, readTopic, startKafka } from '../../support/kafka/kafka.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'

// What the whole program writes, read back by kcat, and checked by the schema files that others take from the repository.

const present = hasKafka() && hasMosquitto

describe.skipIf(!present)('what is published', { timeout: 240_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-published-'))
  let kafka: Kafka
  let broker: Mosquitto
  let app: App
  let client: Client
  let publisher: MqttClient

  beforeAll(async () => {
    kafka = await startKafka()
    broker = await startMosquitto()
    mkdirSync(join(dir, 'data'))
    const sources = [{ name: 'plant', url: broker.url, topics: ['plant/#'] }]
    const filter = { ...destinationAt('', '').filter, topics: ['plant/oven-1'] }
    const destinations = [destinationAt(kafka.address, 'all'), destinationAt(kafka.address, 'part', { filter })]
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ site: 'hall', sources, destinations }))
    app = await startApp(['--data', join(dir, 'data')])
    client = await openClient(app)
    publisher = await connectAsync(broker.url)
    await until('the source is up', async () => (await client.call('status', {})).sources[0]?.state === 'up')
  })
  afterAll(async () => {
    client?.close()
    await publisher?.endAsync(true)
    await app?.stop()
    await broker?.stop()
    await kafka?.remove()
    rmSync(dir, { recursive: true, force: true })
  })

  test('readings of every type and what cannot be decoded are what the schema says', async () => {
    const bodies = [
      '{"temp":21.5,"open":true,"state":"run"}',
      '{"broken":',
      'é',
      '{"temp":1e3,"ts":"2026-01-01T00:00:00Z"}',
    ]
    for (const body of bodies) await publish('plant/press', body)
    const records = await settled('all.telemetry', 6)
    for (const { value } of records) schemaOf('telemetry.v1').parse(JSON.parse(value))
    const types = records.map(({ value }) => (JSON.parse(value) as { type: string }).type)
    expect(new Set(types)).toEqual(new Set(['number', 'boolean', 'text', 'raw']))
  })

  test('an alert that is over leaves a tombstone under its own key, and one that is open stays', async () => {
    await client.call('command', { name: 'rule.put', value: hot })
    for (const device of ['plant/oven-1', 'plant/oven-2']) await publish(device, '{"temp":95}')
    for (let i = 0; i < 3; i++) await publish('plant/oven-1', '{"temp":20}')
    const over = await until('an alert that has returned', () => hotAlert((one) => one.until !== null))
    await client.call('command', { name: 'ack', value: { ids: [over.id], note: 'seen', by: 'ann' } })
    const key = `hall/plant/oven-1/temp/hot/${over.opened}`
    const records = await until('its tombstone', async () => {
      const found = await readTopic(kafka.address, 'all.alerts')
      return found.some((record) => record.key === key && record.value === null) && found
    })
    const own = records.filter((record) => record.key === key)
    expect(own.map(({ value }) => value && (JSON.parse(value) as { phase: string }).phase)).toEqual([
      'opened',
      'returned',
      'acknowledged',
      null,
    ])
    for (const { value } of records) if (value !== null) schemaOf('alert.v1').parse(JSON.parse(value))
    const newest = new Map(records.map((record) => [record.key, record.value]))
    const open = [...newest].filter(([key, value]) => key.includes('/hot/') && value !== null)
    expect(open.map(([key]) => key.split('/').slice(0, 5).join('/'))).toEqual(['hall/plant/oven-2/temp/hot'])
    const part = await until('the same where only that oven is sent', async () => {
      const found = await readTopic(kafka.address, 'part.alerts')
      return found.some((record) => record.value === null) && found
    })
    expect(new Set(part.map((record) => record.key.split('/')[2]))).toEqual(new Set(['oven-1']))
  })

  test('the status says how the installation is: also of a source that is lost, while nothing is sent', async () => {
    const up = await until('a status with the open alert', () =>
      installation(({ alerts, sources }) => alerts?.critical === 1 && sources[0]?.state === 'up'),
    )
    expect(up).toMatchObject({
      site: 'hall',
      base: 0,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      destinations: [{ name: 'all' }, { name: 'part' }],
    })
    const before = await readTopic(kafka.address, 'all.telemetry')
    await broker.halt()
    const lost = await until('a status of the lost source', () =>
      installation(({ sources }) => sources[0]?.state !== 'up'),
    )
    expect(lost.sources[0]).toMatchObject({ name: 'plant', error: expect.any(String) })
    expect(await readTopic(kafka.address, 'all.telemetry')).toHaveLength(before.length)
    const records = (await readTopic(kafka.address, 'all.status')).map(({ key, value }) => ({
      key,
      told: JSON.parse(value) as DestinationStatus | InstallationStatus,
    }))
    for (const { told } of records) schemaOf('status.v1').parse(told)
    const { source } = lost
    for (const { key, told } of records) expect(key).toBe(told.kind === 'installation' ? source : `${source}/all`)
    expect(records.findLast(({ told }) => told.kind === 'destination')!.told).toMatchObject({
      next: expect.any(Number),
      destination: 'all',
    })
  })

  async function publish(topic: string, body: string): Promise<void> {
    await publisher.publishAsync(topic, body, { qos: 1 })
  }

  async function hotAlert(fact: (alert: { until: number | null }) => boolean) {
    const { rows } = await client.call('alerts', { at: null, show: 'history', device: null, limit: 100 })
    return rows.map(({ alert }) => alert).find((alert) => alert.rule === 'hot' && fact(alert)) ?? null
  }

  async function installation(fact: (status: InstallationStatus) => boolean): Promise<InstallationStatus | null> {
    const all = (await readTopic(kafka.address, 'all.status')).map(
      ({ value }) => JSON.parse(value) as DestinationStatus | InstallationStatus,
    )
    const newest = all.findLast((one) => one.kind === 'installation')
    return newest !== undefined && fact(newest) ? newest : null
  }

  async function settled(topic: string, count: number): Promise<ReadRecord[]> {
    return until(`${count} records in ${topic}`, async () => {
      const records = await readTopic(kafka.address, topic)
      return records.length >= count && records
    })
  }
})

/** The file in the repository, as a reader would take it. */
function schemaOf(name: string): z.ZodType {
  const file = new URL(`../../../core/sync/schema/${name}.json`, import.meta.url)
  return z.fromJSONSchema(JSON.parse(readFileSync(file, 'utf8')) as z.core.JSONSchema.JSONSchema)
}

const hot = hotRule(90, { scope: { device: '*', signal: 'temp' }, priority: 1 })
