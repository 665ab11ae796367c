import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openReader } from '../../../core/log/reader.ts'
import { openQueries, type Queries } from '../../../core/views/queries.ts'
import { plantLog } from '../../support/plant-log.ts'
import { random } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

// The oracle: views of a log that ends at that instant, asked live.

const hour = 3_600_000
const records = 5_000

describe('a past instant answers as the screen would have been then', () => {
  for (const seed of [31, 36, 38])
    test(`with nothing that came later, seed ${seed}`, () => {
      const log = plantLog(random(seed), records)
      const full = made(log, () => Number.MAX_SAFE_INTEGER)
      const chance = random(seed + 500)
      for (let i = 0; i < 4; i++) {
        const at = full.timeOf(Math.floor((0.1 + 0.9 * chance()) * records)) + Math.floor(chance() * 3_000)
        const then = made(log.slice(0, full.offsetAt(at + 1)), () => at)
        expectSame(everything(full.queries, at, at), everything(then.queries, null, at))
        then.close()
      }
      full.close()
    })
})

function made(log: ReturnType<typeof plantLog>, now: () => number) {
  const dir = tempDir()
  const logDir = join(dir, 'log')
  writeLog(logDir, log)
  buildViews(logDir, join(dir, 'views.db'))
  const queries = openQueries(join(dir, 'views.db'), logDir, now)
  const reader = openReader(logDir)
  return {
    queries,
    offsetAt: (time: number) => reader.offsetAt(time),
    timeOf: (offset: number) => {
      const block = reader.read(offset)!
      return block.time[offset - block.first]!
    },
    close() {
      queries.close()
      reader.close()
    },
  }
}

/** Everything that a page could show, as it is asked live (`at` null) or of the past. */
function everything(queries: Queries, at: number | null, now: number): Record<string, unknown> {
  const devices = queries.devices({ at, sort: 'area', filter: '', from: 0, count: 100 })
  const details = devices.rows.map(({ device }) => queries.device({ id: device, at }))
  const series = details.flatMap(({ signals }) => signals.map((signal) => signal.series))
  const history = queries.alerts({ at, show: 'history', device: null, limit: 500 })
  const messages = { device: devices.rows[0]?.device ?? null, before: null, limit: 30, at, undecodable: false }
  return {
    health: queries.health({ at }),
    devices,
    worst: queries.devices({ at, sort: 'worst', filter: 'area1', from: 2, count: 3 }),
    details,
    charts: [hour, 48 * hour].map((span) =>
      series.map((id) => queries.series({ series: [id], from: now - span, until: now + 1, points: 200, at })),
    ),
    open: queries.alerts({ at, show: 'open', device: null, limit: 500 }),
    history,
    alerts: history.rows.slice(0, 20).map(({ alert }) => queries.alert({ id: alert.id, at })),
    load: queries.alertLoad({ at }),
    continuity: queries.continuity({ at, from: null, until: null }),
    hours: queries.continuity({ at, from: now - 9.7 * hour, until: now - 1.2 * hour }),
    covered: devices.rows.map(({ device }) =>
      queries['continuity.device']({ id: device, at, from: null, until: null }),
    ),
    everyDevice: queries['continuity.devices']({ at, from: now - 9.7 * hour, until: null, skip: 1, limit: 100 }),
    silent: queries['continuity.silent']({ at, from: null, until: null, skip: 0, limit: 100 }),
    timeline: queries.timeline({ from: now - 72 * hour, until: now, bins: 100, at }),
    messages: queries.messages(messages),
    bad: queries.messages({ ...messages, device: null, undecodable: true }),
    rules: queries.rules({ at }),
    use: queries['rules.use']({ at }),
  }
}

/** Roll-ups hold 32-bit floats, so numbers need to be near only. */
function expectSame(found: Record<string, unknown>, wanted: Record<string, unknown>): void {
  for (const name of Object.keys(wanted)) expect(difference(found[name], wanted[name], name)).toBeNull()
}

function difference(found: unknown, wanted: unknown, path: string): string | null {
  if (typeof found === 'number' && typeof wanted === 'number')
    return isNear(found, wanted, /low|high|band/.test(path) ? bandNear : near)
      ? null
      : `${path}: ${found} is not ${wanted}`
  if (!isObject(found) || !isObject(wanted))
    return Object.is(found, wanted) ? null : `${path}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)])
  for (const key of keys) {
    const inside = difference(found[key], wanted[key], `${path}.${key}`)
    if (inside !== null) return inside
  }
  return null
}

/** Of the running minute the band of the minute before is shown. */
const bandNear = 0.02
const near = 1e-5

function isNear(a: number, b: number, share: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b), 1)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
