import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { connectAsync } from 'mqtt'
import { describe, expect, test } from 'vitest'
import type { Calls } from '../../../core/contract/calls.ts'
import type { Mapping } from '../../../core/contract/model.ts'
import { listBases } from '../../../core/log/base.ts'
import { openLog } from '../../../core/log/log.ts'
import { listSegments } from '../../../core/log/segment.ts'
import { nextOf } from '../../../core/views/next.ts'
import { type App, openClient, startApp, until } from '../../support/app.ts'
import { atEnd } from '../../support/at-end.ts'
import type { Client } from '../../support/client.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { expectKept } from '../../support/kept.ts'
import { hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { oddMapping } from '../../support/odd-mapping.ts'
import { stateTables } from '../../support/saved-state.ts'
import { random, type Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { appending, buildViews, dump } from '../../support/views.ts'

// The built program, and a mapping that counts for all that it has read.

const records = 60_000
const commit = 1_000
const isLong = process.env.FIELDWATCH_LONG === '1'

describe.skipIf(!hasMosquitto)('while history is read again', () => {
  test('a live alert comes, new messages are read with the mapping, and then the views are those that always knew it', async () => {
    const data = plant(records, 60_000)
    await using begun = new AsyncDisposableStack()
    const broker = await startMosquitto()
    begun.defer(() => broker.stop())
    configure(data, { sources: [{ name: 'plant', url: broker.url, topics: ['#'] }] })
    const app = await startApp(['--data', data])
    begun.defer(async () => void (await app.stop()))
    const api = begun.adopt(await openClient(app), async (client) => client.close())
    const publisher = await connectAsync(broker.url)
    begun.defer(() => publisher.endAsync(true))
    await until('all is read', async () => (await health(api)).undecodable.total === records)
    await until('the broker', async () => (await api.call('status', {})).sources[0]?.state === 'up')
    await api.call('command', { name: 'rule.put', value: hot })

    const held = hold(nextOf(join(data, 'views.db')))
    await put(api, oddMapping(0))
    await until('it is told', async () => (await health(api)).readingAgain !== null)
    for (let i = 0; i < 20; i++)
      await publisher.publishAsync('plant/pump', JSON.stringify({ i, temp: i < 10 ? 20 : 95 }), { qos: 1 })
    await publisher.publishAsync('x/odd', '\u0001p=7', { qos: 1 })
    const opened = await until('the alert', () => openAlert(api))
    const { signals } = await until('the new message', () => api.call('device', { id: 'odd pump', at: null }))
    expect(signals.map(({ signal, value }) => [signal, value])).toEqual([['p', 7]])
    const { undecodable, readingAgain, catchingUp } = await health(api)
    expect([undecodable.total, readingAgain?.lacksBytes, catchingUp]).toEqual([records, null, null])
    await api.call('command', { name: 'ack', value: { ids: [opened.id], note: null, by: 'eva' } })

    held.close()
    await until('it is switched in', async () => (await health(api)).readingAgain === null)
    expect((await health(api)).undecodable.total).toBe(0)
    const standing = await until('the alert', () => openAlert(api))
    expect([standing.opened, standing.acknowledged?.by]).toEqual([opened.opened, 'eva'])
    await publisher.publishAsync('plant/pump', '{"temp":20}', { qos: 1 })
    await until('it returns', async () => (await openAlert(api))?.until !== null)
    await app.stop()
    expectFresh(data)
  }, 300_000)
})

test('history waits while the disk lacks room, and begins anew with a mapping that is put meanwhile', async () => {
  const data = plant()
  configure(data, { log: { minFreeGigabytes: 100_000 } })
  const { app, api } = await started(data)
  await until('all is read', async () => (await health(api)).undecodable.total === records)
  await put(api, oddMapping(0))
  await until('it waits', async () => ((await health(api)).readingAgain?.lacksBytes ?? 0) > 1e12)
  await put(api, oddMapping(0, 'psi'))
  const config = await api.call('config', {})
  await api.call('config.put', { config: { ...config, log: { ...config.log, minFreeGigabytes: 0 } }, secrets: [] })
  await until('it is switched in', async () => isSwitched(await health(api)))
  const { signals } = await api.call('device', { id: 'odd pump', at: null })
  expect(signals.map(({ unit }) => unit)).toEqual(['psi'])
  api.close()
  await app.stop()
  expectFresh(data)
}, 300_000)

test('the log keeps what is not read again yet; what it then lets go of is remembered as the mapping reads it', async () => {
  const data = plant(records, 60_000)
  configure(data, {})
  const first = await started(data)
  await until('all is read', async () => (await health(first.api)).undecodable.total === records)
  first.api.close()
  await first.app.stop() // its state is saved then, so the live path needs nothing of this any more

  const { app, api } = await started(data)
  const held = hold(nextOf(join(data, 'views.db')))
  await put(api, oddMapping(0))
  await until('it is told', async () => (await health(api)).readingAgain !== null)
  await setMaxDays(api, 0.01)
  await until('a base', async () => listBases(join(data, 'log')).length > 0)
  await setMaxDays(api, null)
  await until('nothing has to go', async () => (await api.call('status', {})).log.heldBy === null)
  await setMaxDays(api, 0.01)
  await until('something has to, and stays', async () => (await api.call('status', {})).log.heldBy !== null)
  expect((await api.call('bounds', {})).first).toBe(0)
  held.close()
  await until('it is switched in', async () => isSwitched(await health(api)))
  await until('some is gone', async () => (await api.call('bounds', {})).first > 0)
  await setMaxDays(api, null)
  api.close()
  await app.stop()

  const fresh = join(tempDir(), 'fresh.db')
  buildViews(join(data, 'log'), fresh)
  expectKept(fresh, join(data, 'views.db'), listSegments(join(data, 'log'))[0]!, stateTables)
}, 300_000)

describe('killed while history is read again', () => {
  const hit = new Map<Moment, number>()
  for (const seed of Array.from({ length: isLong ? 40 : 4 }, (_, i) => 500 + i))
    test(`and while views are switched in, it goes on by itself and nothing is lost, seed ${seed}`, async () => {
      const chance = random(seed)
      const size = seed % 4 === 1 ? 450_000 : records // so that part of it is committed when it is killed
      const data = plant(size, 60_000)
      configure(data, {})
      const notes: string[] = []
      let at = await started(data)
      await until('all is read', async () => (await health(at.api)).undecodable.total === size)
      await put(at.api, oddMapping(0, 'psi'))
      for (let kill = 0; kill <= Math.floor(chance() * 3); kill++) {
        await note(at.api, notes)
        if (chance() < 0.2) await at.api.call('command', { name: 'mapping.delete', value: { id: 'm' } })
        if (chance() < 0.2) await put(at.api, oddMapping(0, `bar ${kill}`))
        await reached(data, moments[(seed + kill) % moments.length]!, chance() * (size / 150))
        at.api.close()
        await (chance() < 0.2 ? at.app.stop() : at.app.kill())
        const moment = momentOf(data)
        hit.set(moment, (hit.get(moment) ?? 0) + 1)
        at = await started(data)
      }
      await note(at.api, notes)
      await until('it is switched in', async () => isSwitched(await health(at.api)))
      at.api.close()
      await at.app.stop()
      expectFresh(data)
      expect(notesIn(data)).toEqual(notes)
    }, 600_000)

  test('and the kills came in each part of it', () => {
    expect([...hit.keys()].sort()).toEqual([...moments].sort())
  })
})

const moments = ['before', 'reading', 'ready', 'switched'] as const
type Moment = (typeof moments)[number]

/** Of the files that a program left: those are all that the next one goes by. */
function momentOf(data: string): Moment {
  if (existsSync(join(data, 'views.ready.db'))) return 'ready'
  if (existsSync(join(data, 'views.next.db'))) return 'reading'
  const db = new Database(join(data, 'views.db'), { readonly: true })
  const known = db.prepare<[], string>("select value from meta where name = 'ahead'").pluck().get()
  db.close()
  return known === '[]' ? 'before' : 'switched'
}

/** About then; some time after it began to be so, where that lasts. */
async function reached(data: string, moment: Moment, after: number): Promise<void> {
  const [isReading, isReady] = ['next', 'ready'].map((name) => () => existsSync(join(data, `views.${name}.db`)))
  if (moment === 'before' || momentOf(data) === 'switched') return
  await seen(() => isReading!() || isReady!())
  if (moment === 'reading') await pause(after)
  if (moment === 'ready') await seen(isReady!)
  if (moment === 'switched') await seen(() => !isReading!() && !isReady!())
  if (moment === 'switched') await pause(after)
}

/** Looked for at every turn, because it may be there for a moment only; or the moment has passed. */
async function seen(holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000
  while (!holds() && Date.now() < end) await setImmediate()
}

interface Started {
  readonly app: App
  readonly api: Client
}

async function started(data: string): Promise<Started> {
  const app = await startApp(['--data', data])
  atEnd(() => void app.kill())
  return { app, api: await openClient(app) }
}

async function note(api: Client, notes: string[]): Promise<void> {
  const text = `note ${notes.length}`
  await api.call('command', { name: 'note', value: { device: 'odd pump', text, by: 'eva' } })
  notes.push(text)
}

function notesIn(data: string): readonly string[] {
  const db = new Database(join(data, 'views.db'), { readonly: true })
  const notes = db.prepare<[], string>('select text from note order by offset').pluck().all()
  db.close()
  return notes
}

function isSwitched({ readingAgain, undecodable, catchingUp }: Calls['health']['out']): boolean {
  return readingAgain === null && catchingUp === null && undecodable.total === 0
}

/** A data directory with many messages that cannot be read, in many segments or in one. */
function plant(many = records, segmentBytes?: number): string {
  const data = tempDir()
  const start = Date.now() - many * 1_000 - 60_000
  const odd = (i: number): Writing => {
    return {
      kind: 'message',
      source: 'plant',
      name: 'x/odd',
      time: start + i * 1_000,
      body: `\u0001p=${(i * 2_654_435_761) % 1e9}`,
    }
  }
  const log = openLog(join(data, 'log'), segmentBytes === undefined ? {} : { segmentBytes, sealRecords: 500 })
  for (let at = 0; at < many; at += commit)
    log.append(Array.from({ length: Math.min(commit, many - at) }, (_, i) => appending(odd(at + i))))
  log.close()
  return data
}

async function setMaxDays(api: Client, maxDays: number | null): Promise<void> {
  const config = await api.call('config', {})
  await api.call('config.put', { config: { ...config, log: { ...config.log, maxDays } }, secrets: [] })
}

function configure(data: string, config: object): void {
  writeFileSync(join(data, 'config.json'), JSON.stringify({ server: { port: 0 }, ...config }))
}

/** No progress is made while somebody else has the file. */
function hold(file: string): Database.Database {
  const db = new Database(file)
  db.exec('begin exclusive')
  return db
}

const hot = hotRule(90, { scope: { device: '*', signal: 'temp' } })

function put(api: Client, value: Mapping): Promise<unknown> {
  return api.call('command', { name: 'mapping.put', value })
}

function health(api: Client): Promise<Calls['health']['out']> {
  return api.call('health', { at: null })
}

async function openAlert(api: Client) {
  const { rows } = await api.call('alerts', { at: null, show: 'history', device: 'plant/pump', limit: 10 })
  return rows[0]?.alert ?? null
}

/** The views are those of a path that reads the log for the first time. */
function expectFresh(data: string): void {
  const fresh = join(tempDir(), 'fresh.db')
  buildViews(join(data, 'log'), fresh)
  expect(readdirSync(data).filter((name) => /^views\..+\.db$/.test(name))).toEqual([])
  expect(dump(join(data, 'views.db'))).toEqual(dump(fresh))
}
