import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../../core/contract/model.ts'
import { type Birth, type Context, noContext } from '../../../core/stream/decode/context.ts'
import { createDecoded, type Decoded, timeAt, valueAt } from '../../../core/stream/decode/decoded.ts'
import { createDecoder } from '../../../core/stream/decode/decoder.ts'
import { createPath } from '../../../core/stream/path.ts'
import { stepWithRestarts } from '../../support/path/restarts.ts'
import { type Metric, piece, sparkplug } from '../../support/sparkplug.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

interface Line {
  readonly topic: string
  readonly now: number
  readonly base64: string
  readonly seq: number
  /** Device, signal, value, device time, historical. */
  readonly expect: readonly (readonly unknown[])[]
  readonly reason: string | null
}

const fixture = new URL('../../fixtures/sparkplug/messages.jsonl', import.meta.url)
const lines = readFileSync(fixture, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)

describe('what another encoder wrote', () => {
  test('is read value by value: births, aliases, every type, templates, deaths', () => {
    const births = new Map<string, Birth>()
    const context: Context = { ...noContext, birth: (key) => births.get(key) ?? null }
    const decoder = createDecoder()
    const out = createDecoded()
    let read = 0
    for (const [offset, line] of lines.entries()) {
      const topic = { source: 'a', name: line.topic }
      const reason = decoder.decode(topic, Buffer.from(line.base64, 'base64'), context, out)
      if (out.birth !== null) births.set(out.birth.key, { ...out.birth, offset })
      const where = `line ${offset + 1}, ${line.topic}`
      if (line.reason !== 'any') expect(reason, where).toBe(line.reason)
      expect(out.sequence, where).toBe(line.seq)
      expect(said(out), where).toEqual(line.expect)
      read += out.n
    }
    expect(read).toBe(842)
  })

  test('is refused in words when it is cut or changed, and never throws, seed 5', () => {
    const chance = random(5)
    const decoder = createDecoder()
    const out = createDecoded()
    const reasons = new Set<string | null>()
    for (let i = 0; i < 20_000; i++) {
      const line = lines[Math.floor(chance() * lines.length)]!
      const bytes = new Uint8Array(Buffer.from(line.base64, 'base64'))
      bytes[Math.floor(chance() * bytes.length)] = Math.floor(chance() * 256)
      const cut = chance() < 0.5 ? bytes : bytes.subarray(0, Math.floor(chance() * bytes.length))
      reasons.add(decoder.decode({ source: 'a', name: line.topic }, cut, noContext, out))
    }
    expect(reasons).toEqual(new Set([null, 'not_sparkplug', 'sparkplug_no_birth']))
  })

  test('says the same by the path in one run, and restored from its state after every record', () => {
    const log = lines.map(
      ({ topic, now, base64 }): Writing => ({
        kind: 'message',
        source: 'a',
        name: topic,
        time: now,
        body: Buffer.from(base64, 'base64'),
      }),
    )
    const clean = new Recorder()
    const block = blockMaker()(log)
    createPath().step(block, 0, block.n, clean.emit)
    expect(restarted(log)).toEqual(clean.lines)
    expect(clean.lines.filter((line) => line.includes(' birth '))).toHaveLength(6)
    expect(clean.lines.filter((line) => line.includes('"sparkplug_no_birth"')).length).toBeGreaterThanOrEqual(2)
  })
})

test('a device that goes silent after the death of its edge node says so, with the record of the death', () => {
  const say = (type: string, i: number, metrics: readonly Metric[], device = '/press'): Writing => ({
    kind: 'message',
    source: 'a',
    name: `spBv1.0/works/${type}/line-1${device}`,
    time: 1_760_000_000_000 + i * 10_000,
    body: sparkplug(i % 256, 1_760_000_000_000 + i * 10_000, metrics),
  })
  const log = [
    say('NBIRTH', 0, [], ''),
    say('DBIRTH', 0, [{ name: 'force', alias: 1, value: 1 }]),
    ...Array.from({ length: 60 }, (_, i) => say('DDATA', 1 + i, [{ alias: 1, value: i % 7 }])),
    say('NDEATH', 61, [], ''),
    { kind: 'tick', source: '', name: '', time: 1_760_000_000_000 + 120 * 10_000 } as const,
  ]
  const opened: Alert[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, { ...new Recorder().emit, alert: (alert) => opened.push(alert) })
  const silent = opened.find(({ device }) => device === 'works/line-1/press')
  expect(silent?.explanation.why).toMatch(/^the death of its edge node works\/line-1 was announced; /)
  expect(silent?.explanation.evidence.map(({ offset }) => offset)).toEqual([61, 62])
})

test('a template nested without end is cut, not followed', () => {
  let bytes = Buffer.from([])
  for (let i = 0; i < 40; i++)
    bytes = Buffer.concat([piece(2, Buffer.concat([piece(1, Buffer.from('t')), piece(18, bytes)]))])
  const out = createDecoded()
  const reason = createDecoder().decode({ source: 'a', name: 'spBv1.0/g/NDATA/e' }, bytes, noContext, out)
  expect(reason ?? out.left).toBe('too_deep')
})

function said(out: Decoded): readonly unknown[] {
  return Array.from({ length: out.n }, (_, i) => {
    const { layout, slot } = out
    const value = valueAt(out, i)
    const time = timeAt(out, i)
    return [
      layout.places[slot[i]!]!.device,
      layout.signals[slot[i]!]!,
      Object.is(value, -0) ? '-0' : value,
      Number.isNaN(time) ? null : time,
      out.historical[i] === 1,
    ]
  })
}

function restarted(log: readonly Writing[]): readonly string[] {
  const recorder = new Recorder()
  stepWithRestarts(blockMaker()(log), recorder.emit)
  return recorder.lines
}
