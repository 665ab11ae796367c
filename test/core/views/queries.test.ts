import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openQueries, type Queries } from '../../../core/views/queries.ts'
import type { Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

const start = 1_760_000_000_000
const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const open: Queries[] = []

afterEach(() => {
  for (const queries of open.splice(0)) queries.close()
})

test('before there are views the first rules hold and a command stays as it is; what reads says that they are to come', () => {
  const dir = tempDir()
  const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'))
  open.push(queries)
  expect(queries.rules({ at: null }).map(({ id }) => id)).toContain('band')
  const ack = { name: 'ack', value: { ids: ['a'], by: 'me', note: null } } as const
  expect(queries.refer(ack)).toBe(ack)
  expect(() => queries.bounds({})).toThrow(/is not there yet; it is made when the log is read/)
})

describe('a chart', () => {
  test('of a short span draws every reading, each with the band that was usual then', () => {
    const queries = asked(readings(600, (i) => 20 + Math.sin(i) + i / 1_000))
    const [chart] = queries.series({ series: [0], from: start, until: start + 600 * second, points: 1_000, at: null })
    expect(chart!.time).toHaveLength(600)
    expect(chart!.mean[17]).toBe(20 + Math.sin(17) + 17 / 1_000)
    expect(chart!.low[10]).toBeNaN()
    expect(chart!.low[590]).toBeLessThan(20)
    expect(chart!.high[590]).toBeGreaterThan(20)
  })

  test('of a long span still shows a spike of one reading', () => {
    const spike = 7_000
    const queries = asked(readings(4 * 3_600, (i) => (i === spike ? 99 : 20)))
    const [chart] = queries.series({ series: [0], from: start, until: start + 4 * hour, points: 20, at: null })
    expect(chart!.time.length).toBeLessThanOrEqual(25)
    expect(Math.max(...chart!.max)).toBe(99)
    expect(Math.max(...chart!.mean)).toBeLessThan(21)
  })

  test('breaks the line where nothing came, at any width', () => {
    const pause = readings(3_600, () => 20).filter((_, i) => i < 600 || i > 2_400)
    const queries = asked(pause)
    for (const points of [2_000, 30]) {
      const [chart] = queries.series({ series: [0], from: start, until: start + hour, points, at: null })
      expect([...chart!.mean].filter(Number.isNaN)).toHaveLength(1)
    }
    const [long] = queries.series({ series: [0], from: start - 4 * hour, until: start + hour, points: 400, at: null })
    expect([...long!.mean].filter(Number.isNaN)).toHaveLength(1)
  })

  test('of a text signal is its changes, with the state in which the span begins', () => {
    const words = ['idle', 'idle', 'run', 'run', 'fault']
    const queries = asked(words.map((mode, i) => message(i * minute, 'plant/a/m-1', JSON.stringify({ mode, rpm: i }))))
    const [chart] = queries.series({
      series: [0],
      from: start + 90 * second,
      until: start + hour,
      points: 50,
      at: null,
    })
    expect(chart!.states).toEqual([
      { time: start, text: 'idle' },
      { time: start + 2 * minute, text: 'run' },
      { time: start + 4 * minute, text: 'fault' },
    ])
  })

  test('that nobody can draw is refused in words', () => {
    const queries = asked(readings(3, () => 1))
    const ask = { series: [0], from: start, until: start, points: 10, at: null }
    expect(() => queries.series(ask)).toThrow(/is no span of at most 400 days/)
    expect(() => queries.series({ ...ask, series: [9], until: start + 1 })).toThrow(/series 9 is not known/)
    expect(() => queries.series({ ...ask, series: Array<number>(33).fill(0) })).toThrow(/33 were asked for; at most 32/)
  })
})

describe('messages', () => {
  test('are paged backward without a hole or a repeat', () => {
    const log = Array.from({ length: 700 }, (_, i) => message(i * second, `plant/a/d-${i % 7}`, `{"x":${i},"y":1}`))
    const queries = asked(log)
    const seen: number[] = []
    let before: number | null = null
    for (let more = true; more; ) {
      const page: ReturnType<Queries['messages']> = queries.messages({
        ...all,
        device: 'plant/a/d-3',
        before,
        limit: 30,
      })
      seen.push(...page.rows.map(({ record }) => record.offset))
      more = page.more
      before = page.next
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => 693 - 7 * i + 3))
  })

  test('that cannot be decoded are counted, named, and can be opened', () => {
    const bad = ['{"x":', '', 'NaN', '{"x":1e400}', `${'['.repeat(40)}1`, 'null']
    const log = bad.map((body, i) => message(i * second, `plant/a/bad-${i}`, body))
    const blob: Writing = {
      ...message(0, 'plant/a/blob', ''),
      time: start + 10 * second,
      body: Uint8Array.of(255, 0, 128),
    }
    const queries = asked([...log, message(0, `${'t'.repeat(60_000)}`, '{"a":1,"b":2}'), blob])
    const { rows } = queries.messages({ ...all, undecodable: true })
    expect(rows.map(({ undecodable, record }) => [record.topic.name, undecodable])).toEqual([
      ['plant/a/blob', 'not_text'],
      ['plant/a/bad-5', 'no_value'],
      ['plant/a/bad-4', 'too_deep'],
      ['plant/a/bad-3', 'not_finite'],
      ['plant/a/bad-2', 'not_finite'],
      ['plant/a/bad-1', 'empty'],
      ['plant/a/bad-0', 'not_json'],
    ])
    expect(rows[0]!.base64).toBe('/wCA')
    expect(queries.record({ offset: 0 })).toMatchObject({ text: '{"x":', undecodable: 'not_json', readings: [] })
    expect(queries.health({ at: null }).undecodable).toEqual({
      total: 7,
      byReason: { not_text: 1, no_value: 1, too_deep: 1, not_finite: 2, empty: 1, not_json: 1 },
    })
    expect(queries.health({ at: start + 2_500 }).undecodable.total).toBe(3)
  })

  test('that are not there are said so', () => {
    const queries = asked(readings(3, () => 1))
    expect(() => queries.record({ offset: 3 })).toThrow(/there is no record 3; the log ends before 3/)
    expect(() => queries.device({ id: 'nobody', at: null })).toThrow(/device "nobody" has never sent anything/)
    expect(() => queries.alert({ id: 'none', at: null })).toThrow(/alert "none" is not known/)
  })
})

describe('devices', () => {
  test('are in order of area and name, found by any of their words, a page at a time', () => {
    const names = ['plant/b/p-10', 'plant/b/p-9', 'plant/a/tank_2', 'plant/a/tank_1']
    const queries = asked(names.map((name, i) => message(i, name, '{"level":1,"flow":2}')))
    const ask = { at: null, sort: 'area' as const, filter: '', from: 0, count: 10 }
    const labels = (input: Partial<typeof ask>) => queries.devices({ ...ask, ...input }).rows.map(({ label }) => label)
    expect(labels({})).toEqual(['Tank 1', 'Tank 2', 'P-9', 'P-10'])
    expect(labels({ filter: 'TANK' })).toEqual(['Tank 1', 'Tank 2'])
    expect(labels({ from: 1, count: 2 })).toEqual(['Tank 2', 'P-9'])
    expect(queries.devices(ask).areas).toEqual([
      { area: 'a', count: 2 },
      { area: 'b', count: 2 },
    ])
  })

  test('are learning until a signal has a band, and say how long it takes', () => {
    const log = readings(200, (i) => 20 + Math.sin(i))
    const queries = asked(log)
    const at = start + 50 * second
    expect(queries.health({ at }).devices).toMatchObject({ total: 1, learning: 1, normal: 0 })
    expect(queries.device({ id: 'plant/a/d-1', at }).signals[0]).toMatchObject({ band: null, learningMs: 49 * second })
    expect(queries.health({ at: null }).devices).toMatchObject({ total: 1, learning: 0, normal: 1 })
  })
})

test('views that are not made yet are asked for again later', () => {
  const dir = tempDir()
  const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'))
  open.push(queries)
  expect(() => queries.health({ at: null })).toThrow(/is not there yet/)
  writeLog(
    join(dir, 'log'),
    readings(3, () => 1),
  )
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  expect(queries.health({ at: null }).offset).toBe(3)
})

const all = { device: null, before: null, limit: 100, at: null, undecodable: false }

function asked(log: readonly Writing[]): Queries {
  const dir = tempDir()
  writeLog(join(dir, 'log'), log)
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'), () => log.at(-1)!.time + 100)
  open.push(queries)
  return queries
}

function readings(n: number, value: (i: number) => number): Writing[] {
  return Array.from({ length: n }, (_, i) =>
    message(i * second, 'plant/a/d-1', JSON.stringify({ ts: start + i * second, temperature: value(i), flow: 1 })),
  )
}

function message(after: number, name: string, body: string): Writing {
  return { kind: 'message', source: 'a', name, time: start + after, flags: 1, body }
}
