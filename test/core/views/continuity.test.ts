import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import type { Gap } from '../../../core/contract/calls.ts'
import type { GapCause } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { openQueries, type Queries } from '../../../core/views/queries.ts'
import { openViews } from '../../../core/views/writer.ts'
import { sparkplug } from '../../support/sparkplug.ts'
import { blockMaker, random, type Writing } from '../../support/stream.ts'
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

describe('a gap has its cause', () => {
  test('whether the recorder, the link, the disk, sleep or the broker was it', () => {
    const queries = asked([
      message(0),
      link(5 * hour, '', 'started'),
      link(5 * hour, 'a', 'up'),
      link(6 * hour, 'a', 'down', 'ECONNREFUSED', 'broker link down'),
      link(6 * hour + minute, 'a', 'up'),
      link(7 * hour, 'a', 'down', 'stopped here', 'not running'),
      link(7 * hour + 9, '', 'stopped'),
      link(8 * hour, '', 'started'),
      link(8 * hour + second, 'a', 'up'),
      message(9 * hour),
      link(10 * hour, '', 'started'),
      link(10 * hour + second, 'a', 'down', 'who are you', 'refused by broker'),
      link(10 * hour + 5 * minute, 'a', 'up'),
      link(11 * hour, '', 'asleep', 'the machine slept'),
      link(11.5 * hour, '', 'awake'),
      message(12 * hour),
      { ...link(12 * hour - second, 'a', 'down', 'disk_full: no room', 'disk full') },
      link(12.5 * hour, 'a', 'up'),
      message(13 * hour),
    ])
    const [a] = whole(queries).sources
    expect(a!.gaps.map(inWords)).toEqual([
      '6:00:00 to 6:01:00 broker link down (ECONNREFUSED)',
      '7:00:00 to 8:00:01 not running (stopped here)',
      '9:00:00 to 10:00:01 crashed (it ended without a stop)',
      '10:00:01 to 10:05:00 refused by broker (who are you)',
      '11:00:00 to 11:30:00 asleep (the machine slept)',
      '11:59:59 to 12:30:00 disk full (disk_full: no room)',
    ])
    expect(a!.since).toBe(start)
    expect(queries.health({ at: null }).capture.gapFreeSince).toBe(start + 12.5 * hour)
    expect(queries.health({ at: start + 5.5 * hour }).capture.gapFreeSince).toBe(start)
    expect(queries.health({ at: start + 6 * hour + 1 }).capture.gapFreeSince).toBeNull()
  })

  test('also in the records of older programs, which named none', () => {
    const older = (after: number, name: string, detail: string): Writing => ({
      ...link(after, 'a', name),
      body: JSON.stringify({ detail }),
    })
    const queries = asked([
      link(0, 'a', 'up'),
      older(minute, 'down', 'disk_full: no room'),
      link(2 * minute, 'a', 'up'),
      older(3 * minute, 'down', 'stopped here'),
      link(4 * minute, 'a', 'up'),
      older(5 * minute, 'down', 'ECONNRESET'),
      { ...link(6 * minute, 'a', 'up'), body: 'not JSON' },
    ])
    expect(causes(queries)).toEqual(['disk full', 'not running', 'broker link down'])
  })

  test('and one cause at a time: what the link did while the recorder was away is not said twice', () => {
    const queries = asked([
      link(0, '', 'started'),
      link(0, 'a', 'up'),
      link(hour, 'a', 'down', 'gone', 'broker link down'),
      link(2 * hour, '', 'asleep'),
      link(3 * hour, '', 'awake'),
      link(4 * hour, '', 'stopped'),
      link(5 * hour, '', 'started'),
      link(5 * hour + second, 'a', 'down', 'gone', 'broker link down'),
      link(6 * hour, 'a', 'up'),
      message(7 * hour),
    ])
    expect(whole(queries).sources[0]!.gaps.map(inWords)).toEqual([
      '1:00:00 to 2:00:00 broker link down (gone)',
      '2:00:00 to 3:00:00 asleep',
      '3:00:00 to 4:00:00 broker link down (gone)',
      '4:00:00 to 5:00:01 not running',
      '5:00:01 to 6:00:00 broker link down (gone)',
    ])
  })

  test('a source that a person removed is no gap in which something was lost, nor one that did not come back', () => {
    const queries = asked([
      link(0, '', 'started'),
      link(0, 'a', 'up'),
      link(0, 'b', 'up'),
      message(minute),
      link(hour, 'a', 'down', 'removed here', 'removed'),
      link(2 * hour, '', 'stopped'),
      link(3 * hour, '', 'started'),
      { kind: 'tick', source: '', name: '', time: start + 3 * hour + 5 * minute },
    ])
    const [a, b] = whole(queries).sources
    expect(a!.gaps.map(inWords)).toEqual(['1:00:00 to now removed (removed here)'])
    expect(b!.gaps.map(inWords)).toEqual([
      '2:00:00 to 3:00:00 not running',
      '3:00:00 to now removed (it did not come back when the recorder started)',
    ])
    expect(queries.health({ at: null }).capture.gapFreeSince).toBe(start + 3 * hour)
    expect(queries.continuity({ at: null, from: start + 3.01 * hour, until: null }).sources).toEqual([])
  })

  test('that its settings were changed, but not where its session held all that was sent meanwhile', () => {
    const changed = 'settings changed'
    const log = [
      link(0, 'a', 'up'),
      message(minute),
      link(hour, 'a', 'down', 'as asked', changed),
      { ...link(hour + second, 'a', 'up'), body: '{"held":true}' },
      link(2 * hour, 'a', 'down', 'as asked', changed),
      link(2 * hour + second, 'a', 'up'),
      link(3 * hour, 'a', 'down', 'as asked', changed),
      link(3 * hour + second, 'a', 'down', 'who are you', 'refused by broker'),
      { ...link(4 * hour, 'a', 'up'), body: '{"held":true}' },
    ]
    const queries = asked(log)
    expect(whole(queries).sources[0]!.gaps.map(inWords)).toEqual([
      '2:00:00 to 2:00:01 settings changed (as asked)',
      '3:00:00 to 3:00:01 settings changed (as asked)',
      '3:00:01 to 4:00:00 refused by broker (who are you)',
    ])
    expect(asked(log.slice(0, 4)).health({ at: null }).capture.gapFreeSince).toBe(start)
  })

  test('that the broker kept nothing, for as long as nothing could come, over a sleep too', () => {
    const lost = (after: number) => ({ ...link(after, 'a', 'up'), body: '{"unkept":"no session"}' })
    const queries = asked([
      link(0, '', 'started'),
      lost(0), // there was nothing to lose yet
      message(minute),
      link(hour, 'a', 'down', 'gone', 'broker link down'),
      link(1.5 * hour, '', 'stopped'),
      link(2 * hour, '', 'started'),
      lost(2 * hour + second),
      message(3 * hour),
      link(4 * hour, '', 'asleep'),
      link(5 * hour, '', 'awake'),
      link(5 * hour + 5 * second, 'a', 'down', 'gone', 'broker link down'),
      lost(5 * hour + minute),
      link(5 * hour + 2 * minute, 'a', 'down', 'gone', 'broker link down'),
      lost(5 * hour + 3 * minute),
      link(6 * hour, 'a', 'down', 'removed here', 'removed'),
      lost(7 * hour),
    ])
    expect(whole(queries).sources[0]!.gaps.map(inWords)).toEqual([
      '1:00:00 to 2:00:01 broker kept nothing (no session; meanwhile broker link down, not running)',
      '4:00:00 to 5:01:00 broker kept nothing (no session; meanwhile asleep, broker link down)',
      '5:02:00 to 5:03:00 broker kept nothing (no session; meanwhile broker link down)',
      '6:00:00 to 7:00:00 removed (removed here)',
    ])
    const before = queries.continuity({ at: start + 2 * hour, from: start, until: null }).sources[0]!
    expect(before.gaps.map(({ cause }) => cause)).toEqual(['broker link down', 'not running'])
    const { gaps } = queries['continuity.device']({ at: null, id, from: start, until: start + 3 * hour })
    expect(gaps.map(({ cause }) => cause)).toEqual(['broker kept nothing'])
  })

  test('a source that is silent for much longer than ever, while its link is up', () => {
    const log = [link(0, 'a', 'up'), ...readings(100, 10 * second)]
    const quiet = 1_000 * second + 20 * minute
    const queries = asked([
      ...log,
      ...Array.from({ length: 100 }, (_, i): Writing => tick(1_000 * second + i * 10 * second)),
      message(quiet),
      message(quiet + 10 * second),
    ])
    expect(whole(queries).sources[0]!.gaps.map(inWords)).toEqual(['0:16:30 to 0:36:40 source silent'])
    expect(queries.health({ at: null }).capture.gapFreeSince).toBe(start)
  })

  test('records that cannot be read are one, of every source that was heard', () => {
    const dir = tempDir()
    const views = openViews(join(dir, 'views.db'))
    const path = createPath()
    const make = (first: number, log: readonly Writing[]) => {
      const block = blockMaker(first)(log)
      path.step(block, 0, block.n, views)
    }
    make(0, [link(0, 'a', 'up'), link(0, 'b', 'down', null, 'broker link down'), message(minute)])
    make(50, [message(3 * minute), link(4 * minute, 'b', 'up')])
    views.close()
    writeLog(join(dir, 'log'), [message(0), message(4 * minute)])
    const { sources } = whole(queriesOf(dir, start + 5 * minute))
    expect(sources.map(({ gaps }) => gaps.map(inWords))).toEqual([
      ['0:01:00 to 0:03:00 damaged (records 3 to 49 cannot be read)'],
      ['0:00:00 to 0:04:00 broker link down'],
    ])
  })

  test('what retention dropped is said in place of the gaps that were there', () => {
    const dir = tempDir()
    const log = join(dir, 'log')
    const chance = random(9)
    const noise = () => Array.from({ length: 12 }, chance).join()
    const filler = Array.from({ length: 3_000 }, (_, i) => message(minute + i * second, `{"x":1,"y":"${noise()}"}`))
    writeLog(log, [link(0, 'a', 'up'), link(second, 'a', 'down', 'x'), link(9 * second, 'a', 'up'), ...filler])
    buildViews(log, join(dir, 'views.db'))
    const files = readdirSync(log)
      .filter((name) => name.endsWith('.db'))
      .sort()
    expect(files.length).toBeGreaterThan(1)
    rmSync(join(log, files[0]!))
    const { sources, keptSince } = whole(queriesOf(dir, start + 2 * hour))
    expect(keptSince).toBeGreaterThan(start)
    expect(sources[0]!.gaps).toEqual([
      { from: start, until: keptSince, cause: 'no longer kept', detail: null, late: 0 },
    ])
  })
})

describe('what came late', () => {
  const gap = [link(0, 'a', 'up'), ...readings(30, second)]
  const down = [link(40 * second, 'a', 'down', 'x', 'broker link down'), link(100 * second, 'a', 'up')]
  const kept = Array.from({ length: 50 }, (_, i) => at(101 * second, (45 + i) * second))

  test('is counted to the gap in which its own time lies, by source', () => {
    const queries = asked([...gap, ...down, ...kept, at(102 * second, 101.9 * second), at(103 * second, 39 * second)])
    expect(whole(queries).sources[0]!.gaps).toMatchObject([{ cause: 'broker link down', late: 50 }])
  })

  test('as of an instant in the middle of it only what had come by then', () => {
    const slow = kept.map((each, i) => ({ ...each, time: start + (101 + i) * second }))
    const queries = asked([...gap, ...down, ...slow])
    const late = (at: number) => queries.continuity({ at, from: null, until: null }).sources[0]!.gaps[0]!.late
    expect([100, 101, 120.5, 150, 190].map((after) => late(start + after * second))).toEqual([0, 1, 20, 50, 50])
  })

  test('of a device whose clock is always behind is not late', () => {
    const behind = (after: number) => at(after, after - 20 * minute)
    const queries = asked([
      link(0, 'a', 'up'),
      ...Array.from({ length: 30 }, (_, i) => behind(i * second)),
      ...down,
      ...Array.from({ length: 2_000 }, (_, i) => behind(101 * second + i * second)),
    ])
    expect(whole(queries).sources[0]!.gaps).toMatchObject([{ late: 0 }])
  })

  test('is counted to a silence of its device where its source was heard, and never twice', () => {
    const pace = readings(60, 10 * second)
    const queries = asked([
      link(0, 'a', 'up'),
      ...pace,
      ...Array.from({ length: 30 }, (_, i) => message(10 * minute + i * 10 * second, '7', 'plant/a/other/level')),
      link(15 * minute, 'a', 'down', 'x', 'broker link down'),
      link(18 * minute, 'a', 'up'),
      at(20 * minute, 12 * minute),
      at(20 * minute + second, 16 * minute),
      at(20 * minute + 2 * second, 20 * minute),
    ])
    const { gaps, sources } = queries['continuity.device']({ id, at: null, from: null, until: null })
    expect(gaps.map(inWords)).toEqual([
      '0:09:50 to 0:15:00 device silent',
      '0:15:00 to 0:18:00 broker link down (x)',
      '0:18:00 to 0:20:00 source silent',
    ])
    expect(gaps.map(({ late }) => late)).toEqual([1, 1, 0])
    expect(sources).toEqual(['a'])
  })
})

describe('a device', () => {
  test('that comes by two sources has a gap only while both are away', () => {
    const queries = asked([
      link(0, 'a', 'up'),
      link(0, 'b', 'up'),
      message(second),
      { ...message(2 * second), source: 'b' },
      link(minute, 'a', 'down', 'x', 'broker link down'),
      link(2 * minute, 'b', 'down', 'y', 'broker link down'),
      link(3 * minute, 'a', 'up'),
      link(4 * minute, 'b', 'up'),
      message(5 * minute),
    ])
    const { gaps, sources } = queries['continuity.device']({ id, at: null, from: null, until: null })
    expect(gaps.map(inWords)).toEqual(['0:02:00 to 0:03:00 broker link down (x)'])
    expect(sources).toEqual(['a', 'b'])
  })

  test('that was silent longest comes first, a page at a time', () => {
    const log = ['d-1', 'd-2', 'd-3'].flatMap((name, n) => [
      ...Array.from({ length: 300 }, (_, i) => message(i * 10 * second, '{"x":1,"y":2}', `plant/a/${name}`)).filter(
        ({ time }) => time < start + 10 * minute || time >= start + (20 + 10 * n) * minute,
      ),
    ])
    const queries = asked([link(0, 'a', 'up'), ...log.sort((a, b) => a.time - b.time)])
    const page = (skip: number, limit: number) => {
      const { rows, more } = queries['continuity.silent']({ at: null, from: null, until: null, skip, limit })
      return [rows.map(({ label, silences, silentMs }) => `${label} ${silences} ${silentMs / second}`), more]
    }
    expect(page(0, 2)).toEqual([['D-3 1 1810', 'D-2 1 1210'], true])
    expect(page(2, 2)).toEqual([['D-1 1 610'], false])
  })

  test('is counted among the newest 50,000 silences, and where these do not reach is said', () => {
    const dir = tempDir()
    writeLog(join(dir, 'log'), [message(0), message(30 * hour)])
    buildViews(join(dir, 'log'), join(dir, 'views.db'))
    const db = new Database(join(dir, 'views.db'))
    const put = db.prepare("insert into gap values ('device', ?, ?, 0, ?, ?, 'source silent', null, 1)")
    const silences = (from: number, to: number) => {
      for (let i = from; i < to; i++) put.run(`d-${i % 7}`, i, start + i * second, start + (i + 1) * second)
    }
    const ask = () =>
      queriesOf(dir, start + 30 * hour)['continuity.silent']({
        at: null,
        from: start,
        until: null,
        skip: 0,
        limit: 500,
      })
    const sum = () => ask().rows.reduce((all, { silences: n }) => all + n, 0)
    db.transaction(silences)(0, 50_000)
    expect([ask().since, sum()]).toEqual([null, 50_000])
    db.transaction(silences)(50_000, 50_003)
    expect([ask().since, sum()]).toEqual([start + 3 * second, 50_000])
    db.close()
  })

  test('that is not known is said so', () => {
    const queries = asked([message(0)])
    const ask = { at: null, from: null, until: null }
    expect(() => queries['continuity.device']({ ...ask, id: 'nobody' })).toThrow(/device "nobody" was not known then/)
    expect(() => queries.continuity({ ...ask, from: start + hour })).toThrow(/is not after from/)
  })
})

test('messages are counted by source over any span, with repeats and those without acknowledgement', () => {
  const log = Array.from({ length: 3_000 }, (_, i): Writing => {
    const flags = (i % 3 === 0 ? 0 : 1) + (i % 10 === 0 ? 8 : 0)
    return { ...message(i * 7 * second), source: i % 4 === 0 ? 'b' : 'a', flags }
  })
  const queries = asked(log)
  const spans = [
    [0, 2_980 * 7 * second],
    [17 * minute, 200 * minute],
    [61 * minute, 62 * minute],
    [60 * minute, 300 * minute],
    [90 * minute, 100 * minute],
  ] as const
  for (const [from, until] of spans) {
    const inside = log.filter(({ time }) => {
      const at = Math.floor(time / minute)
      return at >= Math.floor((start + from) / minute) && at < Math.floor((start + until) / minute)
    })
    const { sources } = queries.continuity({ at: null, from: start + from, until: start + until })
    for (const source of ['a', 'b']) {
      const own = inside.filter((each) => each.source === source)
      expect(sources.find((each) => each.source === source)).toMatchObject({
        messages: own.length,
        repeats: own.filter(({ flags = 0 }) => (flags & 8) !== 0).length,
        qos0: own.filter(({ flags = 0 }) => (flags & 3) === 0).length,
      })
    }
  }
})

test('what is older than all that its signal remembers is counted, as of each instant and in its span', () => {
  const said = (after: number, at: number): Writing => ({
    kind: 'message',
    source: 'a',
    name: 'hall/d1',
    time: start + after * minute,
    body: JSON.stringify({ x: at % 7, y: at % 5, ts: start + at * minute }),
  })
  const queries = asked([
    ...Array.from({ length: 60 }, (_, i) => said(i, i)),
    ...[1, 2, 50, 3].map((at, i) => said(60 + i, at)),
  ])
  const tooLate = (at: number | null, from: number | null = null) =>
    queries.continuity({ at, from, until: null }).sources[0]!.tooLate
  expect([59, 60, 61, 62, 63].map((after) => tooLate(start + after * minute))).toEqual([0, 1, 2, 2, 3])
  expect([tooLate(null), tooLate(null, start + 60.5 * minute)]).toEqual([3, 2])
})

describe('messages of a device are counted over any span of minutes', () => {
  for (const seed of [1, 2])
    test(`with repeats and QoS 0, live and as of an instant, seed ${seed}`, () => {
      const chance = random(seed)
      const log: Writing[] = []
      for (let after = 0; after < 5 * hour; after += Math.floor(chance() * 40 * second)) {
        const device = `d-${Math.floor(chance() ** 2 * 70)}`
        log.push({
          ...message(after, '{"x":1}', `plant/a/${device}`),
          flags: [0, 1, 8, 9, 2][Math.floor(chance() * 5)]!,
        })
      }
      const dir = tempDir()
      writeLog(join(dir, 'log'), log)
      buildViews(join(dir, 'log'), join(dir, 'views.db'))
      const queries = queriesOf(dir, log.at(-1)!.time)
      const spans = [
        [0, 5 * hour],
        [7 * minute, 11 * minute],
        [0.5 * hour, 3.25 * hour],
        [hour, 3 * hour],
      ] as const
      const even = Math.ceil(start / minute) * minute
      for (const at of [null, start + 3.3 * hour])
        for (const [from, to] of spans) {
          const until = Math.min(at ?? log.at(-1)!.time, even + to)
          const last = until === (at ?? log.at(-1)!.time) ? until : until - 1
          const asked = { at, from: even + from, until }
          const rows = [0, 30, 60].flatMap((skip) => queries['continuity.devices']({ ...asked, skip, limit: 30 }).rows)
          const known = new Set(log.filter(({ time }) => time <= (at ?? Infinity)).map(({ name }) => name))
          expect(new Set(rows.map(({ device }) => device))).toEqual(known)
          for (const row of rows) {
            const came = log.filter(({ name, time }) => name === row.device && time >= even + from && time <= last)
            expect(row).toMatchObject({
              messages: came.length,
              repeats: came.filter(({ flags }) => flags! >= 8).length,
              qos0: came.filter(({ flags }) => flags! % 4 === 0).length,
              missed: null,
            })
            expect(queries['continuity.device']({ ...asked, id: row.device })).toEqual(row)
          }
        }
    })

  test('one that holds readings of several by turns counts once for each', () => {
    const mapping = {
      ...{
        id: 'm',
        topics: '#',
        format: 'json',
        schema: null,
        columns: null,
        separator: null,
        rows: 'rows',
        device: '{m}',
      },
      ...{ signals: null, unit: null, time: null, quality: null, from: 0, version: 1 },
    }
    const put = {
      kind: 'command',
      source: '',
      name: 'mapping.put',
      time: start,
      body: JSON.stringify(mapping),
    } as const
    const rows = ['p', 'q', 'p'].map((m, x) => ({ m, x }))
    const queries = asked([put, message(minute, JSON.stringify({ rows })), tick(2 * minute)])
    for (const at of [null, start + minute]) {
      const found = queries['continuity.devices']({ at, from: start, until: null, skip: 0, limit: 9 }).rows
      expect(found.map(({ device, messages }) => [device, messages])).toEqual([
        ['p', 1],
        ['q', 1],
      ])
    }
  })
})

test('what an edge node numbered and nobody heard is counted, and a new birth or a repeat is none', () => {
  const sent = (after: number, seq: number, type = 'NDATA', flags = 1): Writing => ({
    kind: 'message',
    source: 'a',
    name: `spBv1.0/line2/${type}/edge1`,
    time: start + after,
    flags,
    body: sparkplug(seq, start + after, [{ name: 'x', value: seq }]),
  })
  const queries = asked([
    sent(0, 7),
    sent(minute, 0, 'NBIRTH'),
    sent(2 * minute, 1),
    sent(2 * minute, 1, 'NDATA', 9),
    sent(2 * minute, 1),
    sent(3 * minute, 5),
    sent(3 * minute + 1, 0, 'NDEATH'),
    sent(4 * minute, 0, 'NBIRTH'),
    ...Array.from({ length: 256 }, (_, i) => sent(5 * minute + i, (i + 1) % 256)),
    sent(6 * minute, 3),
    sent(7 * minute, 9, 'NDATA', 5),
  ])
  const [a] = whole(queries).sources
  expect(a!.missed).toEqual({
    messages: 5,
    newest: [
      { node: 'line2/edge1', since: start + 5 * minute + 255, until: start + 6 * minute, messages: 2 },
      { node: 'line2/edge1', since: start + 2 * minute, until: start + 3 * minute, messages: 3 },
    ],
  })
  expect(queries.continuity({ at: start + 4 * minute, from: null, until: null }).sources[0]!.missed.messages).toBe(3)
  expect(queries['continuity.device']({ id: 'line2/edge1', at: null, from: null, until: null }).missed).toEqual(
    a!.missed,
  )
})

test('a topic that the broker refuses while the rest is heard is told with its times, and the source has no gap', () => {
  const up = (after: number, ...refused: readonly string[]): Writing => ({
    ...link(after, 'a', 'up'),
    body: JSON.stringify({ detail: null, cause: null, refused }),
  })
  const queries = asked([
    up(0, 'secret/#', 'old/+'),
    link(0, 'b', 'up'),
    up(minute, 'secret/#'),
    link(2 * minute, 'a', 'down', 'x', 'broker link down'),
    up(3 * minute, 'secret/#'),
    up(4 * minute),
    up(5 * minute, 'old/+'),
    message(6 * minute),
  ])
  const [a, b] = whole(queries).sources
  expect(a!.refused).toEqual([
    { topics: 'old/+', from: start, until: start + minute },
    { topics: 'old/+', from: start + 5 * minute, until: null },
    { topics: 'secret/#', from: start, until: start + 4 * minute },
  ])
  expect(b!.refused).toEqual([])
  expect(a!.gaps.map(({ cause }) => cause)).toEqual(['broker link down'])
  expect(queries.continuity({ at: start + minute - 1, from: null, until: null }).sources[0]!.refused).toHaveLength(2)
})

test.each([
  ['allowed to drop', 'dropped', 'dropped'],
  ['leaves out', 'left out', 'leftOut'],
] as const)('what a person %s is counted by topic filter, and is no gap', (_, event, field) => {
  const dropped = (after: number, ...list: readonly unknown[]): Writing => ({
    ...link(after, 'a', event),
    body: JSON.stringify({ detail: 'words', [field]: list }),
  })
  const queries = asked([
    link(0, 'a', 'up'),
    dropped(minute, { topics: 'raw/#', messages: 40 }, { topics: 'cam/+', messages: 5 }),
    dropped(2 * minute, { topics: 'raw/#', messages: 2 }, { topics: 7 }, null, 'x'),
    { ...dropped(3 * minute), body: '{' },
  ])
  const [a] = whole(queries).sources
  expect(a).toMatchObject({
    gaps: [],
    [field]: {
      messages: 47,
      topics: [
        { topics: 'raw/#', messages: 42 },
        { topics: 'cam/+', messages: 5 },
      ],
    },
  })
  expect(a![field === 'dropped' ? 'leftOut' : 'dropped']).toEqual({ messages: 0, topics: [] })
  expect(queries.continuity({ at: start + minute, from: null, until: null }).sources[0]![field].messages).toBe(45)
})

describe('covered and gaps together are the span, and each gap has the cause that held', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
    test(`for a random history of links, seed ${seed}`, () => {
      const chance = random(seed)
      const log = history(chance)
      const queries = asked(log)
      const end = log.at(-1)!.time + 100
      for (const source of ['a', 'b']) {
        const steps = stepsOf(log, source)
        const from = start + Math.floor(chance() * (end - start) * 0.5)
        const until = from + 1 + Math.floor(chance() * (end - from - 1))
        const { sources } = queries.continuity({ at: null, from, until })
        const { gaps, gapMs } = sources.find((each) => each.source === source)!
        expect(gaps.slice(1).filter((gap, i) => gap.from < gaps[i]!.until!)).toEqual([])
        const edges = [from, until, ...steps.map(({ time }) => time), ...gaps.flatMap((gap) => [gap.from, gap.until!])]
        const within = edges.filter((at) => at !== null && at >= from && at <= until).sort((a, b) => a - b)
        let covered = 0
        for (let i = 1; i < within.length; i++) {
          const middle = (within[i - 1]! + within[i]!) / 2
          if (within[i]! === within[i - 1]!) continue
          const held = steps.findLast(({ time }) => time <= middle)?.cause ?? null
          const said = gaps.find((gap) => gap.from <= middle && (gap.until ?? Infinity) > middle)?.cause ?? null
          expect(said, `${source} at ${middle - start}`).toBe(held)
          if (said === null) covered += within[i]! - within[i - 1]!
        }
        expect(covered + gapMs).toBe(until - from)
      }
    })
})

/** What holds from when on, told by the simplest means: each event as it is, a crash overwriting what was thought. */
function stepsOf(log: readonly Writing[], source: string): { time: number; cause: GapCause | null }[] {
  const steps: { time: number; cause: GapCause | null }[] = []
  let running = false
  let asleep = false
  let own: GapCause | null = null
  let before = start
  for (const { kind, name, time, source: about, body } of log) {
    if (kind === 'link' && about === '') {
      if (name === 'started' && running) {
        while (steps.length > 0 && steps.at(-1)!.time > before) steps.pop()
        if (own !== 'removed') own = 'crashed'
        asleep = false
        steps.push({ time: before, cause: own })
      }
      if (name === 'started') running = true
      if (name === 'stopped') {
        running = false
        asleep = false
        if (own !== 'removed') own = 'not running'
      }
      if (name === 'asleep') asleep = running
      if (name === 'awake') asleep = false
    }
    if (kind === 'link' && about === source)
      own = name === 'up' ? null : (JSON.parse(String(body)) as { cause: GapCause }).cause
    steps.push({ time, cause: own === 'removed' ? own : asleep ? 'asleep' : own })
    before = time
  }
  return steps
}

/** Starts, stops, crashes, sleep and links that come and go; after each start every source tells of its link. */
function history(chance: () => number): readonly Writing[] {
  const log: Writing[] = []
  let after = 0
  const wait = (most: number) => {
    after += 1 + Math.floor(chance() * most)
  }
  const downs: readonly GapCause[] = ['broker link down', 'refused by broker', 'disk full', 'removed']
  const turn = (source: string) => {
    if (chance() < 0.5) return log.push(link(after, source, 'up'))
    return log.push(link(after, source, 'down', null, downs[Math.floor(chance() * downs.length)]))
  }
  const begin = () => {
    log.push(link(after, '', 'started'))
    for (const source of ['a', 'b']) {
      wait(20 * second)
      turn(source)
    }
  }
  begin()
  while (log.length < 300) {
    wait(10 * minute)
    const what = chance()
    if (what < 0.4) turn(chance() < 0.5 ? 'a' : 'b')
    else if (what < 0.5) log.push(tick(after))
    else if (what < 0.6) begin()
    else if (what < 0.7) {
      log.push(link(after, '', 'stopped'))
      wait(10 * minute)
      begin()
    } else if (what < 0.85) {
      log.push(link(after, '', 'asleep'))
      wait(10 * minute)
      log.push(link(after, '', 'awake'))
    } else log.push(link(after, '', 'asleep'))
  }
  return log
}

const id = 'plant/a/d-1'

function whole(queries: Queries) {
  return queries.continuity({ at: null, from: start - hour, until: null })
}

function causes(queries: Queries): GapCause[] {
  return whole(queries).sources[0]!.gaps.map(({ cause }) => cause)
}

function inWords({ from, until, cause, detail }: Gap): string {
  const clock = (at: number) => new Date(at - start).toISOString().slice(11, 19).replace(/^0/, '')
  return `${clock(from)} to ${until === null ? 'now' : clock(until)} ${cause}${detail === null ? '' : ` (${detail})`}`
}

function asked(log: readonly Writing[]): Queries {
  const dir = tempDir()
  writeLog(join(dir, 'log'), log)
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  return queriesOf(dir, log.at(-1)!.time + 100)
}

function queriesOf(dir: string, now: number): Queries {
  const queries = openQueries(join(dir, 'views.db'), join(dir, 'log'), () => now)
  open.push(queries)
  return queries
}

function readings(n: number, every: number): Writing[] {
  return Array.from({ length: n }, (_, i) => message(i * every))
}

function message(after: number, body = '{"x":1,"y":2}', name = id): Writing {
  return { kind: 'message', source: 'a', name, time: start + after, flags: 1, body }
}

/** A message with the device's own time. */
function at(after: number, own: number): Writing {
  return message(after, JSON.stringify({ ts: start + own, x: 1 }))
}

function tick(after: number): Writing {
  return { kind: 'tick', source: '', name: '', time: start + after }
}

function link(
  after: number,
  source: string,
  name: string,
  detail: string | null = null,
  cause: GapCause | null = null,
): Writing {
  return { kind: 'link', source, name, time: start + after, body: JSON.stringify({ detail, cause }) }
}
