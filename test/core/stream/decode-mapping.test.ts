import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Mapping } from '../../../core/contract/model.ts'
import { noContext } from '../../../core/stream/decode/context.ts'
import { createDecoded, timeAt, valueAt } from '../../../core/stream/decode/decoded.ts'
import { createDecoder } from '../../../core/stream/decode/decoder.ts'
import { prepareMapping } from '../../../core/stream/decode/mapping.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const start = 1_760_000_000_000
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/mapping/${name}`, import.meta.url), 'utf8')
const messages = fixture('messages.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { format: 'protobuf' | 'avro'; base64: string; found: unknown })

describe('a mapping', () => {
  for (const [format, schema] of [
    ['protobuf', 'press.proto'],
    ['avro', 'press.avsc.json'],
  ] as const) {
    const schemed = mapping({ format, schema: fixture(schema), rows: 'samples', device: 'works/{machine}', time: 'at' })

    test(`reads ${format} by its schema, value by value as another encoder wrote it`, () => {
      const own = messages.filter((each) => each.format === format)
      expect(own.length).toBe(60)
      for (const { base64, found } of own)
        expect(sorted(read(schemed, Buffer.from(base64, 'base64')))).toEqual(sorted(found))
    })

    test(`refuses ${format} that is cut or changed, and never throws, seed 8`, () => {
      const chance = random(8)
      const reasons = new Set<unknown>()
      const prepared = createDecoder()
      for (let i = 0; i < 5_000; i++) {
        const bytes = Buffer.from(messages[Math.floor(chance() * messages.length)]!.base64, 'base64')
        bytes[Math.floor(chance() * bytes.length)] = Math.floor(chance() * 256)
        const cut = bytes.subarray(0, Math.floor(chance() * bytes.length))
        const context = { ...noContext, mappings: () => list }
        const list = [schemed]
        reasons.add(
          prepared.decode({ source: 'a', name: 'x/press' }, chance() < 0.5 ? cut : bytes, context, createDecoded()),
        )
      }
      expect(reasons.has('not_as_mapped')).toBe(true)
    }, 120_000)
  }

  test('reads what proto3 does not send as zero', () => {
    const schema =
      'syntax = "proto3"; message M { double p = 1; bool on = 2; string s = 3; optional int32 o = 4; E e = 5; } enum E { OFF = 0; }'
    expect(read(mapping({ format: 'protobuf', schema }), new Uint8Array([]))).toEqual([
      ['x/press', 'p', 0, Number.NaN],
      ['x/press', 'on', false, Number.NaN],
      ['x/press', 'e', 'OFF', Number.NaN],
    ])
  })

  test('reads maps, what a schema imports, and the times and wrapped values of google', () => {
    const schema = `syntax = "proto3"; package a.b; import "google/protobuf/timestamp.proto"; import "state.proto";
      service S { rpc Get (M) returns (M) { option (http) = { get: "/x" }; } rpc Put (M) returns (M) {} }
      message M { map<string, double> values = 1; google.protobuf.Timestamp at = 2; a.b.State state = 3;
        map<int32, State> states = 4; google.protobuf.DoubleValue level = 5; }
      syntax = "proto3"; import public "other.proto"; message State { bool on = 1; }`
    const entry = (...bytes: number[]) => [bytes.length, ...bytes]
    const double = (value: number) => [...new Uint8Array(Float64Array.of(value).buffer)]
    const key = (text: string) => [0x0a, text.length, ...Buffer.from(text)]
    const bytes = new Uint8Array([
      ...[0x0a, ...entry(...key('p'), 0x11, ...double(1.5))],
      ...[0x0a, ...entry(...key('__proto__'), 0x11, ...double(2.5))],
      ...[0x12, ...entry(0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01)],
      ...[0x1a, ...entry(0x08, 0x01)],
      ...[0x22, ...entry(0x08, 0x07, 0x12, 0x02, 0x08, 0x01)],
      ...[0x2a, ...entry(0x09, ...double(7))],
    ])
    const at = 1_700_000_000_500
    expect(read(mapping({ format: 'protobuf', schema, time: 'at' }), bytes)).toEqual([
      ['x/press', 'values.p', 1.5, at],
      ['x/press', 'values.__proto__', 2.5, at],
      ['x/press', 'states.7.on', true, at],
      ['x/press', 'state.on', true, at],
      ['x/press', 'level', 7, at],
    ])
  })

  test('names device and signals by topic and fields, with units, time and quality', () => {
    const made = mapping({
      rows: 'data.list',
      device: '{1}/{name}',
      signals: [
        { signal: '{kind}', field: 'val', unit: null },
        { signal: 'count', field: 'n', unit: 'pcs' },
      ],
      unit: 'bar',
      time: 'stamp',
      quality: { field: 'ok', good: ['true', 'GOOD'] },
    })
    const row = (name: string, ok: unknown) => ({ name, kind: 'flow', val: 1.5, n: 3, ok, stamp: String(start) })
    const body = JSON.stringify({ data: { list: [row('a', true), row('b', 'BAD'), row('c', 'GOOD')] } })
    expect(read(made, body, 'hall/raw')).toEqual([
      ['hall/a', 'flow', 1.5, start],
      ['hall/a', 'count', 3, start],
      ['hall/c', 'flow', 1.5, start],
      ['hall/c', 'count', 3, start],
    ])
    expect(read({ ...made, rows: 'data.nothing' }, body)).toBe('not_as_mapped')
    expect(read(made, '{"data":{"list":[]}}')).toBe('no_value')
  })

  test('reads CSV by position, and lines by a pattern', () => {
    const csv = mapping({ format: 'csv', columns: ['ts', 'flow', '', 'state'], separator: ';', time: 'ts' })
    expect(read(csv, `${start};1,5;left out;run\n${start + 1};2;;idle`)).toEqual([
      ['x/press', 'flow', 1.5, start],
      ['x/press', 'state', 'run', start],
      ['x/press', 'flow', 2, start + 1],
      ['x/press', 'state', 'idle', start + 1],
    ])
    expect(read(csv, '1;2')).toBe('not_as_mapped')
    const pattern = mapping({
      format: 'pattern',
      schema: '^(?<at>\\S+) \\w+ pump=(?<pump>\\d+) p=(?<bar>[\\d.]+)',
      device: 'pump {pump}',
      time: 'at',
    })
    expect(read(pattern, '2025-10-09T08:53:20Z INFO pump=7 p=3.25 ok\nnoise')).toEqual([['pump 7', 'bar', 3.25, start]])
    expect(read(pattern, 'noise')).toBe('not_as_mapped')
  })

  test('that cannot be understood is refused with its field and the way out', () => {
    const refused = (more: Partial<Mapping>) => {
      try {
        prepareMapping(mapping(more))
        return null
      } catch (error) {
        return String(error)
      }
    }
    expect(refused({ format: 'protobuf', schema: 'enum A { X = 0; }' })).toContain('there is no message in it')
    const lacking = 'import "x.proto"; message M { works.Sample sample = 1; }'
    expect(refused({ format: 'protobuf', schema: lacking })).toContain('the type "Sample" of "sample" is not in it')
    expect(refused({ format: 'avro', schema: '{' })).toContain('this is no JSON')
    expect(refused({ format: 'avro', schema: '{"type":"strange"}' })).toContain('"strange" is not a type of Avro')
    expect(refused({ format: 'pattern', schema: '^a+$' })).toContain('no named group')
    expect(refused({ format: 'pattern', schema: '^(?<a>(x+)+)$' })).toContain('can take for ever')
    expect(refused({ format: 'pattern', schema: '(?<a>[' })).toContain('cannot be used')
  })
})

test('a mapping counts from its record until it is deleted, the last one put for a topic, and none that is damaged', () => {
  const said = (time: number): Writing => ({ kind: 'message', source: 'a', name: 'x/press', time, body: 'p=7' })
  const put = (value: object): Writing => ({
    kind: 'command',
    source: '',
    name: 'mapping.put',
    time: start,
    body: JSON.stringify(value),
  })
  const drop: Writing = { kind: 'command', source: '', name: 'mapping.delete', time: start, body: '{"id":"m"}' }
  const pattern = (unit: string, id = 'm') => mapping({ id, format: 'pattern', schema: '^p=(?<p>\\d+)', unit })
  const log = [said(start), put(pattern('bar')), said(start + 1), put(pattern('psi', 'n')), said(start + 2)]
  const more = [
    put({ id: 'm', topics: '#', format: 'avro', schema: '{' }),
    { ...drop, body: '{"id":"n"}' },
    said(start + 3),
    drop,
    said(start + 4),
  ]
  const recorder = new Recorder()
  const block = blockMaker()([...log, ...more])
  createPath().step(block, 0, block.n, recorder.emit)
  const lines = recorder.lines.filter((line) => / (reading|state|mapping) /.test(line))
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    '0 state',
    ...['1 mapping', '2 reading', '3 mapping', '4 reading', '6 mapping', '7 reading', '8 mapping'],
  ])
})

function mapping(more: Partial<Mapping>): Mapping {
  return {
    ...{ id: 'm', topics: '#', format: 'json', schema: null, columns: null, separator: null, rows: null, device: null },
    ...{ signals: null, unit: null, time: null, quality: null, from: 0, version: 1 },
    ...more,
  }
}

/** In any order: a field that is missing has its place too. */
function sorted(rows: unknown): unknown {
  return (rows as readonly unknown[]).map((row) => JSON.stringify(row)).sort() // lists of rows, both
}

/** Device, signal, value and time of each reading, or why there is none. */
function read(made: Mapping, body: string | Uint8Array, topic = 'x/press'): unknown {
  const out = createDecoded()
  const list = [made]
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const reason = createDecoder().decode(
    { source: 'a', name: topic },
    bytes,
    { ...noContext, mappings: () => list },
    out,
  )
  if (reason !== null && !(reason === 'no_value' && typeof body !== 'string')) return reason
  return Array.from({ length: out.n }, (_, i) => {
    const { layout, slot } = out
    return [layout.places[slot[i]!]!.device, layout.signals[slot[i]!]!, valueAt(out, i), timeAt(out, i)]
  })
}
