import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import type { ContinuityReport } from '../../../core/host/continuity-report.ts'
import { runCli } from '../../../core/host/run-cli.ts'
import { sparkplug } from '../../support/sparkplug.ts'
import type { Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

const start = Date.parse('2026-11-19T10:00:00Z')
const second = 1_000

describe('verify tells the continuity', () => {
  test('of a log that no views were made of: gaps, what came late, QoS 0, what Sparkplug numbered', async () => {
    const dir = recorded()
    const { code, out } = await verify('--data', dir)
    expect(code).toBe(0)
    expect(out.split('\n').slice(1)).toEqual([
      'Continuity from 2026-11-19T10:00:00.000Z to 2026-11-19T10:10:01.001Z:',
      '  plant: heard since 2026-11-19T10:00:00.000Z, 1 gap, 5 min; 606 messages, 1 repeats',
      '    2026-11-19T10:02:00.000Z to 2026-11-19T10:07:00.000Z  broker link down (ECONNRESET); 299 messages came late and were filed by their own time',
      '    1 messages came with QoS 0: what was lost on the way cannot be known',
      '    7 messages of "cam/#" left out by choice',
      '    3 messages missing by Sparkplug sequence, line2/edge1, before 2026-11-19T10:10:01.000Z',
    ])
  })

  test('as JSON, of a span, the same from views that are there', async () => {
    const dir = recorded()
    const span = ['--from', '2026-11-19T10:03Z', '--to', '2026-11-19T10:08Z']
    const read = await json('--data', dir, ...span)
    buildViews(join(dir, 'log'), join(dir, 'views.db'))
    expect(await json('--data', dir, ...span)).toEqual(read)
    expect(read.sources[0]).toMatchObject({ source: 'plant', gapMs: 240 * second, messages: 359 })
    const [pump] = read.devices!
    expect(read.devices!.map(({ device }) => device)).toEqual(['plant/a/d-1', 'line2/edge1'])
    expect(pump).toMatchObject({
      gaps: [{ from: start + 120 * second, until: start + 420 * second, cause: 'broker link down', late: 299 }],
      ...{ sources: ['plant'], gapMs: 240 * second, messages: 359, repeats: 0, qos0: 0, missed: null },
    })
    expect(await verify('--data', dir, '--from', 'soon')).toMatchObject({ code: 2 })
  })

  test('of every device as JSON: gaps with times and causes, repeats, QoS 0, what its edge node numbered', async () => {
    const { devices } = await json('--data', recorded())
    expect(
      devices!.map(({ device, messages, repeats, qos0, missed }) => [device, messages, repeats, qos0, missed]),
    ).toEqual([
      ['plant/a/d-1', 603, 1, 1, null],
      [
        'line2/edge1',
        3,
        0,
        0,
        { messages: 3, newest: [expect.objectContaining({ node: 'line2/edge1', messages: 3 })] },
      ],
    ])
    expect(devices!.map(({ gaps }) => gaps.map(({ cause }) => cause))).toEqual([['broker link down'], []])
  })

  test('of a damaged log: the records that cannot be read are a gap, and the rest is told', async () => {
    const dir = recorded()
    const [file] = readdirSync(join(dir, 'log')).filter((name) => name.endsWith('.db'))
    const db = new Database(join(dir, 'log', file!))
    const [block] = db.prepare('select first from block where first > 0 order by first limit 1').pluck().all()
    db.prepare('update block set data = zeroblob(length(data)) where first = ?').run(block)
    db.close()
    const { code, out } = await verify('--data', dir)
    expect(code).toBe(1)
    expect(out).toMatch(/damaged \(records \d+ to \d+ cannot be read\)/)
  })
})

function recorded(): string {
  const dir = tempDir()
  const log: Writing[] = [
    link(0, '', 'started'),
    link(0, 'plant', 'up'),
    ...Array.from({ length: 120 }, (_, i) => message(i, i)),
    link(120, 'plant', 'down', 'ECONNRESET'),
    link(420, 'plant', 'up'),
    ...Array.from({ length: 300 }, (_, i) => message(421, 120 + i)),
    ...Array.from({ length: 180 }, (_, i) => message(421 + i, 421 + i)),
    { ...link(600, 'plant', 'left out'), body: '{"leftOut":[{"topics":"cam/#","messages":7}]}' },
    { ...message(600, 600), flags: 9 },
    { ...message(600, 600), flags: 0 },
    ...[0, 1, 5].map((seq, i) => edgeSaid(i, seq)),
    message(601, 601),
  ]
  writeLog(join(dir, 'log'), log, 40)
  return dir
}

function edgeSaid(i: number, seq: number): Writing {
  const name = `spBv1.0/line2/${i === 0 ? 'NBIRTH' : 'NDATA'}/edge1`
  return { ...message(601, 601), name, body: sparkplug(seq, start + 601 * second, [{ name: 'x', value: 1 }]) }
}

function message(after: number, own: number): Writing {
  const body = JSON.stringify({ ts: start + own * second, x: own })
  return { kind: 'message', source: 'plant', name: 'plant/a/d-1', time: start + after * second, flags: 1, body }
}

function link(after: number, source: string, name: string, detail: string | null = null): Writing {
  return { kind: 'link', source, name, time: start + after * second, body: JSON.stringify({ detail, cause: null }) }
}

async function verify(...args: readonly string[]) {
  const lines: string[] = []
  const code = await runCli(['verify', ...args], { out: (text) => void lines.push(text), err: () => {} })
  return { code, out: lines.join('\n') }
}

async function json(...args: readonly string[]): Promise<ContinuityReport> {
  return (JSON.parse((await verify(...args, '--json')).out) as { continuity: ContinuityReport }).continuity
}
