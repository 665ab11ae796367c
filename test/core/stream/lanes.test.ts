import { describe, expect, test } from 'vitest'
import { createPath } from '../../../core/stream/path.ts'
import { plantLog } from '../../support/plant-log.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

// A message like most others of its topic is read by a few numbers that are kept of it. Nothing may depend on that.

const start = Date.UTC(2026, 10, 24)

describe('the path says the same as with JSON.parse for every message', () => {
  for (const seed of [1, 2, 3, 4])
    test(`of a plant where much happens, seed ${seed}`, () => {
      expectSame(plantLog(random(seed), 4_000))
    })

  test('when values are no numbers, names are missing or new, bytes differ, and a broker only remembers', () => {
    expectSame([
      ...many(say({ a: 1, b: 2 })),
      say({ a: 1, b: 'open' }),
      say({ a: 1, b: true }),
      say({ b: 2 }),
      say({ b: 2, a: 1 }),
      say({ a: 1, b: 2, c: 3 }),
      { ...say({ a: 5, b: 6 }), flags: 4 },
      { ...say({ a: 5, b: 6 }), flags: 8 },
      said('{"a": 1, "b": 2}'),
      said('{"a":1,"b":2'),
      said('{"a":01,"b":2}'),
      said(''),
      ...many(say({ a: 3, b: 4 })),
    ])
  })

  test('when a mapping is put and taken back', () => {
    const mapping = {
      id: 'm',
      topics: 'hall/#',
      format: 'json',
      schema: null,
      columns: null,
      separator: null,
      rows: null,
    }
    const rest = { device: 'press', signals: null, unit: 'bar', time: null, quality: null, from: 20, version: 1 }
    const drop = command('mapping.delete', { id: 'm' })
    expectSame([
      ...many(say({ a: 1 })),
      command('mapping.put', { ...mapping, ...rest }),
      ...many(say({ a: 1 })),
      drop,
      say({ a: 1 }),
    ])
  })

  test('when a series is merged into another, and parted from it again', () => {
    const merge = (into: number | null) => command('series.put', { series: 1, name: null, unit: null, into, by: 'eva' })
    const log = [
      ...many(say({ a: 1, b: 2 })),
      merge(0),
      ...many(say({ a: 3, b: 4 })),
      merge(null),
      ...many(say({ a: 5, b: 6 })),
    ]
    expect(expectSame(log).filter((line) => line.includes('reading [1,')).length).toBe(40)
  })

  test('when signals that came together come apart, and together again', () => {
    const lines = expectSame([
      ...many(say({ a: 1, b: 2, c: 3 })),
      ...many(say({ a: 1, b: 2 })),
      say({ b: 4 }),
      ...many(say({ a: 1, b: 2, c: 3 })),
      ...many(say({ c: 5 })),
      ...many(say({ a: 1, b: 2, c: 3 })),
    ])
    expect(lines.filter((line) => line.includes('cadence [')).length).toBeGreaterThan(3)
  })

  test('when one signal of a message is judged beside another', () => {
    const rule = {
      id: 'r',
      name: 'r',
      detector: 'relation',
      scope: { device: '*', signal: 'a' },
      other: 'b',
      version: 1,
    }
    const put = { ...rule, params: { learn: 30 }, holdMs: 0, clearMs: 0, enabled: true, priority: 2, by: 'eva' }
    const pair = (i: number, off: number) => say({ a: (i % 17) + off, b: 2 * (i % 17) })
    const lines = expectSame([
      ...Array.from({ length: 20 }, (_, i) => pair(i, 0)),
      command('rule.put', put),
      ...Array.from({ length: 100 }, (_, i) => pair(i, 0)),
      ...Array.from({ length: 20 }, (_, i) => pair(i, 40)),
    ])
    expect(lines.some((line) => line.includes('"signal":"b"'))).toBe(true)
  })

  test('when the same topic comes by two sources', () => {
    const other: Writing = { ...say({ a: 7, b: 8 }), source: 'plant-b' }
    expectSame([...many(say({ a: 1, b: 2 })), other, other, other, say({ a: 3, b: 4 }), other])
  })
})

/** Times go on by a second. Answers what was said. */
function expectSame(log: readonly Writing[]): readonly string[] {
  const inTime = log.map((each, i) => (each.time === start ? { ...each, time: start + i * 1_000 } : each))
  const read = (shapes: boolean) => {
    const recorder = new Recorder()
    const block = blockMaker()(inTime)
    createPath({ shapes }).step(block, 0, block.n, recorder.emit)
    return recorder.lines
  }
  const lines = read(true)
  const parsed = read(false)
  const differs = lines.findIndex((line, i) => line !== parsed[i])
  expect([differs, lines.length], `${lines[differs]} is not ${parsed[differs]}`).toEqual([-1, parsed.length])
  return lines
}

function many(writing: Writing): readonly Writing[] {
  return Array.from({ length: 20 }, () => writing)
}

function say(fields: object): Writing {
  return said(JSON.stringify(fields))
}

function said(body: string): Writing {
  return { kind: 'message', source: 'plant-a', name: 'hall/p-1', time: start, body }
}

function command(name: string, value: object): Writing {
  return { kind: 'command', source: '', name, time: start, body: JSON.stringify(value) }
}
