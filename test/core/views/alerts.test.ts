import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Alert, AlertPhase } from '../../../core/contract/model.ts'
import { openQueries, type Queries } from '../../../core/views/queries.ts'
import { openViews, type ViewWriter } from '../../../core/views/writer.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { writeLog } from '../../support/views.ts'

const start = 1_760_000_000_000
const minute = 60_000
const hour = 60 * minute
/** One record a minute. */
const records = 3_000

describe('an alert goes from group to group, and is found in each as of then', () => {
  test('active, acknowledged, shelved, returned, closed', () => {
    const { queries, time } = plant((say) => {
      const alert = alertAt(100)
      say(100, 'opened', alert)
      say(110, 'acknowledged', { ...alert, acknowledged: seen })
      say(120, 'shelved', { ...alert, acknowledged: seen, shelvedUntil: start + 130 * minute })
      say(130, 'unshelved', { ...alert, acknowledged: seen })
      say(140, 'returned', { ...alert, acknowledged: seen, until: start + 139 * minute })
    })
    expect([99, 100, 110, 120, 129, 130, 139, 140].map((at) => groupAt(queries, time(at)))).toEqual([
      undefined,
      'active',
      'acknowledged',
      'shelved',
      'shelved',
      'acknowledged',
      'acknowledged',
      undefined,
    ])
    const open = queries.alerts({ at: time(200), show: 'open', device: null, limit: 10 })
    expect(open).toEqual({ rows: [], total: 0, lastClosed: time(140) })
    const { journal } = queries.alert({ id: 'band:0:100', at: time(125) })
    expect(queries.alert({ id: 'band:0:97', at: time(125) }).journal, 'opened elsewhere then').toEqual(journal)
    expect(() => queries.alert({ id: 'band:1:100', at: time(125) })).toThrow('is not known')
    expect(journal.map(({ phase }) => phase)).toEqual(['opened', 'acknowledged', 'shelved'])
    queries.close()
  })

  test('and one that returned before anybody saw it stays until somebody does', () => {
    const { queries, time } = plant((say) => {
      const alert = alertAt(100)
      say(100, 'opened', alert)
      say(105, 'returned', { ...alert, until: start + 104 * minute })
      say(400, 'acknowledged', { ...alert, until: start + 104 * minute, acknowledged: seen })
    })
    expect([101, 399, 400].map((at) => groupAt(queries, time(at)))).toEqual(['active', 'returned', undefined])
    const past = queries.alerts({ at: time(2_000), show: 'history', device: 'plant/a/d-1', limit: 10 })
    expect(past.rows.map(({ group }) => group)).toEqual(['closed'])
    queries.close()
  })
})

test('a device stands as its worst alert does: silent, alert, shelved', () => {
  const { queries, time } = plant((say) => {
    say(100, 'opened', { ...alertAt(100), priority: 3 })
    say(200, 'opened', { ...alertAt(200, 'silence'), series: null, signal: null, detector: 'silence' })
    say(300, 'shelved', { ...alertAt(200, 'silence'), detector: 'silence', shelvedUntil: start + 999 * minute })
    say(310, 'shelved', { ...alertAt(100), shelvedUntil: start + 999 * minute })
  })
  const states = [50, 100, 200, 305, 310].map((at) => {
    const [row] = queries.devices({ at: time(at), sort: 'worst', filter: '', from: 0, count: 1 }).rows
    return [row!.state, row!.priority]
  })
  expect(states).toEqual([
    ['learning', null],
    ['alert', 3],
    ['silent', 1],
    ['alert', 3],
    ['shelved', 1],
  ])
  queries.close()
})

test('the load is counted by the hour, with floods, without what came from history', () => {
  const { queries, time } = plant((say) => {
    for (let i = 0; i < 15; i++) say(1_000 + Math.floor(i / 2), 'opened', alertAt(1_000 + Math.floor(i / 2), `r${i}`))
    for (let i = 0; i < 10; i++) say(1_200, 'opened', { ...alertAt(1_200, `h${i}`), historical: true, calls: false })
    for (let i = 0; i < 10; i++) say(1_300 + i, 'opened', alertAt(1_300 + i, `s${i}`))
  })
  const load = queries.alertLoad({ at: time(1_400) })
  expect(load.floods).toBe(1)
  expect([1_004, 1_007, 1_013, 1_020].map((at) => queries.alertLoad({ at: time(at) }).flood)).toEqual([
    null,
    15,
    7,
    null,
  ])
  expect(load.hours.reduce((sum, n) => sum + n, 0)).toBe(25)
  expect(load.hours[17]).toBe(15)
  expect(load.perHour).toBeCloseTo(25 / (1_400 / 60))
  expect(load.frequent).toEqual([{ device: 'plant/a/d-1', label: 'D-1', signal: 'x', count: 25 }])
  queries.close()
})

test('the load counts each call: what came again and what is no longer put aside too, and never one twice', () => {
  const { queries, time } = plant((say) => {
    const alert = alertAt(1_000)
    const ended = { ...alert, until: start }
    say(1_000, 'opened', alert)
    say(1_000, 'revised', alert)
    say(1_010, 'returned', ended)
    say(1_020, 'reopened', { ...alert, called: 1_020 })
    say(1_030, 'suppressed', { ...alert, calls: false, called: 1_020 })
    say(1_040, 'unsuppressed', { ...alert, called: 1_040 })
    say(1_050, 'acknowledged', { ...alert, called: 1_040, acknowledged: seen })
  })
  const loadAt = (at: number) => queries.alertLoad({ at: time(at) })
  expect([1_000, 1_019, 1_020, 1_039, 1_040].map((at) => loadAt(at).frequent[0]!.count)).toEqual([1, 1, 2, 2, 3])
  expect(loadAt(1_400).hours.reduce((sum, n) => sum + n, 0)).toBe(3)
  const [row] = queries.alerts({ at: time(1_045), show: 'open', device: null, limit: 10 }).rows
  expect(row!.called).toBe(1_040)
  queries.close()
})

const seen = { at: start, by: 'eva', note: null }

function groupAt(queries: Queries, at: number): string | undefined {
  return queries.alerts({ at, show: 'open', device: null, limit: 10 }).rows[0]?.group
}

type Say = (offset: number, phase: AlertPhase, alert: Alert) => void

/** Views in which the path has said these alerts. */
function plant(story: (say: Say) => void): { queries: Queries; time: (offset: number) => number } {
  const dir = tempDir()
  const time = (offset: number) => start + offset * minute
  writeLog(
    join(dir, 'log'),
    Array.from({ length: records }, (_, i) => ({ kind: 'tick', source: '', name: '', time: time(i) }) as const),
  )
  const views = openViews(join(dir, 'views.db'))
  views.at(0, start)
  const series = { id: 0, device: 'plant/a/d-1', signal: 'x', unit: null, type: 'number' as const, first: 0, since: 0 }
  views.series(series, 'D-1', 'a', 'plant/a/d-1')
  story((offset, phase, alert) => tell(views, offset, time(offset), phase, alert))
  views.at(records - 1, time(records - 1))
  views.close()
  return { queries: openQueries(join(dir, 'views.db'), join(dir, 'log'), () => time(records) + hour), time }
}

function tell(views: ViewWriter, offset: number, time: number, phase: AlertPhase, alert: Alert): void {
  views.at(offset, time)
  views.alert(alert, { alert: alert.id, phase, offset, time, by: null, note: null })
}

function alertAt(offset: number, rule = 'band'): Alert {
  return {
    id: `${rule}:0:${offset}`,
    rule,
    ruleVersion: 1,
    detector: 'band',
    detectorVersion: 1,
    title: 'X above its usual band',
    device: 'plant/a/d-1',
    series: 0,
    signal: 'x',
    unit: null,
    priority: 1,
    opened: offset,
    since: start + offset * minute,
    until: null,
    historical: false,
    already: false,
    acknowledged: null,
    shelvedUntil: null,
    incident: null,
    suppressed: null,
    calls: true,
    called: offset,
    latched: null,
    reopened: 0,
    explanation: {
      observed: 9,
      expected: { low: 1, high: 2 },
      why: 'test',
      rarity: null,
      learnedReadings: 100,
      learnedDays: 1,
      usualGapMs: null,
      limitMs: null,
      moved: [],
      evidence: [],
      modelFrom: 0,
      modelTo: offset,
    },
  }
}
