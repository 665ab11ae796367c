import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Calls } from '../../../core/contract/calls.ts'
import type { Mapping } from '../../../core/contract/model.ts'
import { BaseKeeper } from '../../../core/host/base-keeper.ts'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { listSegments } from '../../../core/log/segment.ts'
import { proveViews } from '../../../core/replay/proof.ts'
import type { Ahead } from '../../../core/stream/plant.ts'
import { aheadWith, mappingsAhead } from '../../../core/views/ahead.ts'
import { beginViews } from '../../../core/views/begin.ts'
import { makeReady, nextOf, switchIn } from '../../../core/views/next.ts'
import { openQueries } from '../../../core/views/queries.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { expectKept } from '../../support/kept.ts'
import { oddMapping } from '../../support/odd-mapping.ts'
import { random, type Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { appending, buildViews, dump, writeLog } from '../../support/views.ts'

const start = 1_760_000_000_000
const odd = Array.from(
  { length: 50 },
  (_, i): Writing => ({ kind: 'message', source: 'a', name: 'x/odd', time: start + i * 1_000, body: `\u0001p=${i}` }),
)

test('a mapping that counts from the beginning reads what is kept again, and a page that is open sees it', () => {
  const dir = tempDir()
  const [logDir, views, fresh] = [join(dir, 'log'), join(dir, 'views.db'), join(dir, 'fresh.db')]
  writeLog(logDir, odd)
  buildViews(logDir, views)
  const queries = openQueries(views, logDir)
  const unread = () => queries.health({ at: null }).undecodable.byReason
  expect(unread()).toEqual({ not_text: 50 })
  put(logDir, oddMapping(0))
  expect(readOn(logDir, views)).toBe(true)
  readBeside(logDir, views)
  expect(unread()).toEqual({})
  const { rows } = queries.messages({ device: null, before: null, limit: 3, at: null, undecodable: false })
  expect(rows.map(({ readings }) => readings.map(({ device, value }) => [device, value]))).toEqual(
    [49, 48, 47].map((value) => [['odd pump', value]]),
  )
  expect(queries.mappings({ at: null }).map(({ id }) => id)).toEqual(['m'])
  queries.close()
  buildViews(logDir, fresh)
  expect(dump(views)).toEqual(dump(fresh))
})

test('a mapping reads all that is kept again after retention, from bases of before it, and bases after it know that', async () => {
  const dir = tempDir()
  const [logDir, views, fresh] = [join(dir, 'log'), join(dir, 'views.db'), join(dir, 'fresh.db')]
  const log = openLog(logDir, { segmentBytes: 8_000 })
  const many = Array.from({ length: 40 }, (_, i) => odd.map((each) => ({ ...each, time: each.time + i * 50_000 })))
  for (const commit of many) log.append(commit.map(appending))
  log.close()
  buildViews(logDir, views)
  await letOneGo(logDir, [])
  const first = await letOneGo(logDir, [])
  put(logDir, oddMapping(0))
  expect(readOn(logDir, views)).toBe(true)
  readBeside(logDir, views)
  const kept = 40 * 50 - first
  expect(counted(views, logDir)).toEqual({ readings: kept, unread: first })

  const ahead = mappingsAheadOf(logDir)
  const second = await letOneGo(logDir, ahead)
  expect(second).toBeGreaterThan(first)
  buildViews(logDir, fresh)
  expectKept(fresh, views, second)
  expect(counted(fresh, logDir)).toEqual({ readings: 40 * 50 - second, unread: first })
})

test('what people did stays with the alert and the signal it was done to, though a mapping gives both other numbers', () => {
  const dir = tempDir()
  const [logDir, views] = [join(dir, 'log'), join(dir, 'views.db')]
  writeLog(logDir, [...odd, command('rule.put', start + 55_000, hot), ...boiler])
  buildViews(logDir, views)
  const queries = openQueries(views, logDir)
  const told = () => {
    const { signals } = queries.device({ id: 'y/boiler', at: null })
    const { rows } = queries.alerts({ show: 'history', device: 'y/boiler', limit: 10, at: null })
    return {
      named: signals.map(({ signal, said }) => [signal, said.name]),
      alerts: rows.map(({ alert }) => [alert.id, alert.acknowledged?.by, alert.series === signals[0]!.series]),
    }
  }
  const [first] = queries.alerts({ show: 'open', device: null, limit: 1, at: null }).rows
  const { id, series } = first!.alert
  const name = { series: series!, name: 'Boiler temp', unit: null, into: null, by: 'eva' }
  append(logDir, queries.refer({ name: 'ack', value: { ids: [id], note: null, by: 'eva' } }))
  append(logDir, queries.refer({ name: 'series.put', value: name }))
  readOn(logDir, views)
  const before = told()
  expect(before).toEqual({ named: [['temp', 'Boiler temp']], alerts: [[id, 'eva', true]] })
  put(logDir, oddMapping(0))
  expect(readOn(logDir, views)).toBe(true)
  readBeside(logDir, views)
  expect(told()).toEqual(before)
  expect(queries.alert({ id, at: null }).alert.series).not.toBe(series)
  queries.close()
})

const boiler = Array.from({ length: 10 }, (_, i): Writing => {
  const body = JSON.stringify({ temp: i < 5 ? 60 : 95 })
  return { kind: 'message', source: 'a', name: 'y/boiler', time: start + 60_000 + i * 1_000, body }
})
const hot = hotRule(90, { scope: { device: '*', signal: 'temp' } })

function command(name: string, time: number, value: unknown): Writing {
  return { kind: 'command', source: '', name, time, body: JSON.stringify(value) }
}

function append(logDir: string, { name, value }: Calls['command']['in']): void {
  const log = openLog(logDir)
  log.append([appending(command(name, log.lastTime + 1, value))])
  log.close()
}

/** A base at the end of the oldest segment, by a path that knows these mappings ahead; then the segment goes. */
async function letOneGo(logDir: string, ahead: readonly Ahead[]): Promise<number> {
  const keeper = new BaseKeeper(logDir, Date.now, ahead)
  keeper.forget(ahead)
  while (keeper.work(Number.MAX_SAFE_INTEGER, 10));
  keeper.close()
  const log = openLog(logDir)
  await log.settled()
  const [, next] = listSegments(logDir)
  await log.letGo({ maxBytes: 1, minFreeBytes: 0, maxAge: null, giveUp: ['sent'] }, [
    { destination: null, offset: next! },
  ])
  log.close()
  expect(listSegments(logDir)[0]).toBe(next)
  return next!
}

function mappingsAheadOf(logDir: string): readonly Ahead[] {
  const reader = openReader(logDir)
  const ahead = mappingsAhead(reader)
  reader.close()
  return ahead
}

/** Readings of the mapped signal so far, and messages that were counted as unread. */
function counted(views: string, logDir: string) {
  const queries = openQueries(views, logDir)
  const { signals } = queries.device({ id: 'odd pump', at: null })
  const from = start
  const [chart] = queries.series({
    series: [signals[0]!.series],
    from,
    until: from + 3_600_000,
    points: 4_000,
    at: null,
  })
  const unread = queries.health({ at: null }).undecodable.total
  queries.close()
  return { readings: chart!.mean.filter((value) => !Number.isNaN(value)).length, unread }
}

test('history that is read again by programs that die, each from what the last one saved, is the same, seed 9', () => {
  const dir = tempDir()
  const [logDir, views, fresh] = [join(dir, 'log'), join(dir, 'views.db'), join(dir, 'fresh.db')]
  const chance = random(9)
  const many = Array.from({ length: 20 }, (_, i) => odd.map((each) => ({ ...each, time: each.time + i * 50_000 })))
  writeLog(logDir, many.flat())
  buildViews(logDir, views)
  put(logDir, oddMapping(25))
  const ahead = lackingIn(logDir, views)
  const died = buildViews(logDir, nextOf(views), {
    ahead,
    flushEvery: () => 1 + Math.floor(chance() * 40),
    dies: () => chance() < 0.2,
    saves: () => chance() < 0.5,
  })
  expect(died).toBeGreaterThan(5)
  makeReady(views)
  expect(switchIn(views)).toBe(true)
  buildViews(logDir, fresh)
  expect(dump(views)).toEqual(dump(fresh))
})

test('until history is read again, the views are what the log says to a path that did not know the mapping ahead', () => {
  const dir = tempDir()
  const [logDir, views] = [join(dir, 'log'), join(dir, 'views.db')]
  writeLog(logDir, odd)
  buildViews(logDir, views)
  put(logDir, oddMapping(0))
  append(logDir, { name: 'note', value: { device: 'odd pump', text: 'greased', by: 'eva' } })
  expect(readOn(logDir, views)).toBe(true)
  const log = openReader(logDir)
  expect(proveViews(log, views, () => {})).toEqual({ upto: 52, different: [] })
  readBeside(logDir, views)
  expect(proveViews(log, views, () => {})).toEqual({ upto: 52, different: [] })
  log.close()
})

test('a mapping that counts from now on, or one that is known ahead already, reads nothing again', () => {
  const dir = tempDir()
  const [logDir, views] = [join(dir, 'log'), join(dir, 'views.db')]
  writeLog(logDir, odd)
  put(logDir, oddMapping(0))
  buildViews(logDir, views)
  put(logDir, oddMapping(Number.MAX_SAFE_INTEGER))
  expect(readOn(logDir, views)).toBe(false)
})

test('a record is read with what held before it, in whatever order the records are asked for', () => {
  const dir = tempDir()
  const [logDir, views] = [join(dir, 'log'), join(dir, 'views.db')]
  const now = oddMapping(Number.MAX_SAFE_INTEGER)
  const puts = [command('mapping.put', start, now), command('mapping.put', start, { ...now, unit: 'psi' })]
  const drop = command('mapping.delete', start, { id: 'm' })
  writeLog(logDir, [odd[0]!, puts[0]!, odd[1]!, puts[1]!, odd[2]!, drop, odd[3]!])
  buildViews(logDir, views)
  const queries = openQueries(views, logDir)
  const unitOf = (offset: number) => queries.record({ offset }).readings[0]?.unit ?? null
  const wanted: Readonly<Record<number, string | null>> = { 0: null, 2: 'bar', 4: 'psi', 6: null }
  for (const offset of [0, 2, 4, 6, 4, 2, 0, 6, 0, 4, 2, 6]) expect(unitOf(offset), `${offset}`).toBe(wanted[offset])
  queries.close()
})

test('of what people did with one mapping the last thing counts, from where that counts on', () => {
  const now = Number.MAX_SAFE_INTEGER
  const said = (...done: readonly (number | 'removed' | readonly [number, string])[]) => {
    const dir = tempDir()
    const commands = done.map((one) => {
      if (one === 'removed') return command('mapping.delete', start, { id: 'm' })
      const [from, unit] = typeof one === 'number' ? [one, 'bar'] : one
      return command('mapping.put', start, { ...oddMapping(from), unit })
    })
    const each = commands.flatMap((done, i) => [done, odd[i + 1]!])
    writeLog(join(dir, 'log'), [odd[0]!, ...each])
    buildViews(join(dir, 'log'), join(dir, 'views.db'))
    const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'))
    const { rows } = queries.messages({ device: null, before: null, limit: 9, at: null, undecodable: false })
    queries.close()
    return rows.map(({ readings }) => readings[0]?.unit ?? null).reverse()
  }
  expect(said([0, 'bar'], [0, 'psi'])).toEqual(['psi', 'psi', 'psi'])
  expect(said([0, 'bar'], 'removed')).toEqual(['bar', 'bar', null])
  expect(said([0, 'bar'], 'removed', [0, 'psi'])).toEqual(['psi', 'psi', 'psi', 'psi'])
  expect(said([0, 'bar'], 'removed', [now, 'psi'])).toEqual(['bar', 'bar', null, 'psi'])
  expect(said([now, 'bar'], 'removed', [3, 'psi'], 'removed')).toEqual([null, 'bar', 'psi', 'psi', null])
  expect(said([2, 'bar'], [0, 'psi'], 'removed')).toEqual(['psi', 'psi', 'psi', null])
})

test('a preview shows the newest messages as the mapping would read them, and changes nothing', () => {
  const dir = tempDir()
  const [logDir, views] = [join(dir, 'log'), join(dir, 'views.db')]
  writeLog(logDir, [...odd, { kind: 'message', source: 'a', name: 'y/other', time: start + 60_000, body: '1' }])
  buildViews(logDir, views)
  const before = dump(views)
  const queries = openQueries(views, logDir)
  const rows = queries['mapping.preview']({ mapping: oddMapping(0), limit: 5 })
  expect(rows.map(({ record }) => record.offset)).toEqual([49, 48, 47, 46, 45])
  expect(rows[0]!.readings.map(({ signal, value, unit }) => [signal, value, unit])).toEqual([['p', 49, 'bar']])
  expect(() => queries['mapping.preview']({ mapping: { ...oddMapping(0), schema: '(?<a>' }, limit: 5 })).toThrow(
    'pattern',
  )
  queries.close()
  expect(dump(views)).toEqual(before)
})

function put(logDir: string, value: Mapping): void {
  append(logDir, { name: 'mapping.put', value })
}

/** Reads what is new as the live path does; true when it found that what is kept is to be read again. */
function readOn(logDir: string, file: string): boolean {
  return lackingIn(logDir, file).length > 0
}

/** What the live path lacks, when it has read what is new. */
function lackingIn(logDir: string, file: string): readonly Ahead[] {
  const log = openReader(logDir)
  const { views, path } = beginViews(file, log)
  for (let block = log.read(path.next); block !== null; block = log.read(path.next))
    path.step(block, path.next - block.first, block.n, views)
  const ahead = path.lacking.length === 0 ? [] : aheadWith(views.ahead() ?? [], path.lacking)
  views.saveState(path)
  views.close()
  log.close()
  return ahead
}

/** Makes views that know everything ahead beside these, and puts them in their place. */
function readBeside(logDir: string, file: string): void {
  buildViews(logDir, nextOf(file), { ahead: lackingIn(logDir, file) })
  makeReady(file)
  expect(switchIn(file)).toBe(true)
}
