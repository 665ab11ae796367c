import { describe, expect, test } from 'vitest'
import { noContext } from '../../../core/stream/decode/context.ts'
import { createDecoded, type Decoded, timeAt, valueAt } from '../../../core/stream/decode/decoded.ts'
import { createDecoder, type Decoder } from '../../../core/stream/decode/decoder.ts'
import { findNumber } from '../../../core/stream/decode/number.ts'
import { viewOf } from '../../../core/stream/decode/shape.ts'
import { random } from '../../support/stream.ts'

const encoder = new TextEncoder()

describe('a message', () => {
  const read = (topic: string, text: string | Uint8Array): unknown => {
    const out = createDecoded()
    const reason = readInto(createDecoder(), topic, typeof text === 'string' ? encoder.encode(text) : text, out)
    return reason ?? said(out)
  }

  test('with several fields is one device with a signal for each path', () => {
    expect(
      read('dairy/hall/p-204', '{"flow":1.5,"motor":{"on":true,"phases":[1,2]},"mode":"run","ts":1700000000}'),
    ).toEqual({
      device: 'dairy/hall/p-204',
      label: 'P-204',
      area: 'hall',
      unit: null,
      time: 1_700_000_000_000,
      values: { flow: 1.5, 'motor.on': true, 'motor.phases.0': 1, 'motor.phases.1': 2, mode: 'run' },
    })
  })

  test('with one value takes its signal from the last level of the topic', () => {
    const flow = {
      device: 'hall/p-204',
      label: 'P-204',
      area: 'hall',
      unit: null,
      time: Number.NaN,
      values: { flow: 12.5 },
    }
    expect(read('hall/p-204/flow', '12.5')).toEqual(flow)
    expect(read('hall/p-204/flow', '{"value":12.5,"t":"2023-11-14T22:13:20.250Z","q":192,"unit":"bar"}')).toEqual({
      ...flow,
      time: 1_700_000_000_250,
      unit: 'bar',
    })
    expect(read('flow', 'true')).toMatchObject({ device: 'flow', values: { value: true } })
    expect(read('hall/p-204/mode', 'running')).toMatchObject({ values: { mode: 'running' } })
  })

  test('with one value and the name of its signal is of the device that its topic names', () => {
    const read = rows('hall/p-204', '{"name":"flow","value":12.5,"ts":1700000000,"unit":"l/s"}')
    expect(read).toEqual([['hall/p-204', 'flow', 12.5, 1_700_000_000_000, 'l/s']])
    expect(rows('hall/p-204', '{"n":"mode","v":"run"}')).toEqual([['hall/p-204', 'mode', 'run', null, null]])
  })

  test('with its fields under "values" names them as if they stood beside the time', () => {
    expect(rows('a', '{"ts":1700000000123,"values":{"flow":1,"motor":{"on":true}}}')).toEqual([
      ['a', 'flow', 1, 1_700_000_000_123, null],
      ['a', 'motor.on', true, 1_700_000_000_123, null],
    ])
  })

  test('that is a list of rows gives each its time, the oldest first', () => {
    const flow = (value: number, time: number) => ['a', 'flow', value, time, null]
    expect(rows('a', '[{"ts":1700000000,"flow":1},{"ts":1700000001,"flow":2}]')).toEqual([
      flow(1, 1_700_000_000_000),
      flow(2, 1_700_000_001_000),
    ])
    const newestFirst =
      '{"device":"x","rows":[{"t":1700000002,"values":{"flow":3}},{"t":1700000001,"values":{"flow":2}}]}'
    expect(rows('a', newestFirst)).toEqual([
      ['a', 'device', 'x', null, null],
      flow(2, 1_700_000_001_000),
      flow(3, 1_700_000_002_000),
    ])
  })

  test('that is a list of names and values has a signal for each name', () => {
    const body = '{"ts":1700000000,"metrics":[{"name":"flow","value":1},{"name":"on","value":true,"ts":1700000005}]}'
    expect(rows('a', body)).toEqual([
      ['a', 'flow', 1, 1_700_000_000_000, null],
      ['a', 'on', true, 1_700_000_005_000, null],
    ])
  })

  test('in SenML begins its names, times and unit from the base', () => {
    const body = `[{"bn":"pump/","bt":1700000000,"bu":"A","n":"current","t":-5,"v":1.2},
      {"n":"current","t":0,"v":1.3},{"n":"state","u":"","vs":"run"},{"n":"on","vb":true},{"t":20,"n":"far"}]`
    expect(rows('a', body)).toEqual([
      ['a', 'pump/current', 1.2, 1_699_999_995_000, 'A'],
      ['a', 'pump/current', 1.3, 1_700_000_000_000, 'A'],
      ['a', 'pump/state', 'run', 1_700_000_000_000, ''],
      ['a', 'pump/on', true, 1_700_000_000_000, 'A'],
    ])
    expect(rows('a', '[{"n":"x","v":1}]')).toEqual([['a', 'x', 1, null, null]])
  })

  test('whose value is marked bad gives no reading, and says so', () => {
    expect(read('a/b', '{"value":1,"quality":"BAD_SENSOR"}')).toBe('bad_quality')
    expect(rows('a', '[{"n":"x","v":1,"q":"bad"},{"n":"y","v":2,"q":"good"}]')).toEqual([['a', 'y', 2, null, null]])
  })

  test('in CSV has a line of names, and then a row on each line', () => {
    const text = 'time,flow,"state, of it",note\n2023-11-14T22:13:20Z,1.5,run,\n1700000001,NaN,"a ""b""",x\n'
    expect(rows('a', text)).toEqual([
      ['a', 'flow', 1.5, 1_700_000_000_000, null],
      ['a', 'state, of it', 'run', 1_700_000_000_000, null],
      ['a', 'state, of it', 'a "b"', 1_700_000_001_000, null],
      ['a', 'note', 'x', 1_700_000_001_000, null],
    ])
    expect(rows('a', 'temp;on\r\n21,5;true\r\n')).toEqual([
      ['a', 'temp', 21.5, null, null],
      ['a', 'on', true, null, null],
    ])
    expect(read('a/b', 'one\ntwo')).toBe('not_text')
    expect(read('a/b', 'a,b\n1,2,3')).toBe('not_text')
  })

  test('in CSV without names has its columns by their place, and a time in front of them', () => {
    expect(rows('a', '2023-11-14T22:13:20Z;1,5;\n2023-11-14 22:13:21Z;2;-3e2\n')).toEqual([
      ['a', 'column_2', 1.5, 1_700_000_000_000, null],
      ['a', 'column_2', 2, 1_700_000_001_000, null],
      ['a', 'column_3', -300, 1_700_000_001_000, null],
    ])
    expect(rows('a', '48.137,11.575')).toEqual([
      ['a', 'column_1', 48.137, null, null],
      ['a', 'column_2', 11.575, null, null],
    ])
    expect(rows('a', '1700000000123,7')).toEqual([['a', 'column_2', 7, 1_700_000_000_123, null]])
    for (const text of ['3,14', 'on,3,4', '1,2\n3', ';;', '10.0.0.1,80'])
      expect(read('a/b', text), text).not.toMatchObject({ values: { column_1: expect.anything() } })
  })

  test('that cannot be read says why', () => {
    for (const [body, reason] of bad) expect(read('a/b', body), String(body).slice(0, 40)).toBe(reason)
  })

  test('keeps the last of duplicate keys, and a key named __proto__ is a field', () => {
    expect(read('a/b', '{"x":1,"x":2,"__proto__":{"y":3}}')).toMatchObject({ values: { x: 2, '__proto__.y': 3 } })
    expect(({} as { y?: number }).y).toBeUndefined()
  })

  test('with 300 fields gives 256 readings and says that there were more', () => {
    const out = createDecoded()
    readInto(createDecoder(), 'a', encoder.encode(JSON.stringify(Array.from({ length: 300 }, (_, i) => i))), out)
    expect([out.n, out.left]).toEqual([256, 'too_large'])
  })

  test('on a topic of 60 kB has a place of its own', () => {
    const found = read('x'.repeat(60_000), '{"a":1,"b":2}') as { device: string }
    expect(found.device.length).toBe(257)
  })
})

const bad: readonly (readonly [string | Uint8Array, string])[] = [
  ['', 'empty'],
  ['  ', 'empty'],
  ['{bad', 'not_json'],
  ['[1,2', 'not_json'],
  [new Uint8Array([0xff, 0xfe, 0x00]), 'not_text'],
  ['a\u0000b', 'not_text'],
  ['word '.repeat(100), 'not_json'],
  [`"${'x'.repeat(1_100_000)}"`, 'too_large'],
  [`${'['.repeat(17)}1${']'.repeat(17)}`, 'too_deep'],
  ['NaN', 'not_finite'],
  ['-Infinity', 'not_finite'],
  ['1e400', 'not_finite'],
  ['{"a":1,"b":1e400}', 'not_finite'],
  ['{"a":NaN}', 'not_finite'],
  ['null', 'no_value'],
  ['{}', 'no_value'],
  ['{"ts":1700000000000}', 'no_value'],
]

/** Device, signal, value, time and unit of each reading, in their order. */
function rows(topic: string, text: string): unknown {
  const out = createDecoded()
  const reason = readInto(createDecoder(), topic, encoder.encode(text), out)
  if (reason !== null) return reason
  return Array.from({ length: out.n }, (_, i) => {
    const { layout, slot } = out
    const time = timeAt(out, i)
    const at = slot[i]!
    return [
      layout.places[at]!.device,
      layout.signals[at]!,
      valueAt(out, i),
      Number.isNaN(time) ? null : time,
      layout.units[at]!,
    ]
  })
}

describe('the shape scanner reads as JSON.parse does', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`for 20,000 messages that drift, break and repeat, seed ${seed}`, () => {
      const chance = random(seed)
      const shapes = createDecoder()
      const plain = createDecoder({ shapes: false })
      for (let i = 0; i < 20_000; i++) {
        const device = Math.floor(chance() * 1_000)
        const topic = `t/${device}/x`
        const body = message(chance, chance() < 0.1 ? 0 : device)
        expect(answer(shapes, topic, body), body).toEqual(answer(plain, topic, body))
      }
    })
  }

  test('for numbers of every kind, and refuses what is no JSON number, seed 9', () => {
    const chance = random(9)
    const found = new Float64Array(1)
    for (let i = 0; i < 100_000; i++) {
      const text = numberText(chance)
      const bytes = encoder.encode(text)
      const end = findNumber(viewOf(bytes), 0, bytes.length, found, 0)
      if (end === bytes.length) expect(Object.is(found[0], JSON.parse(text)), text).toBe(true)
      else expect(isFiniteJson(text), text).toBe(false)
    }
  })

  test('for all digits of a double, seed 10', () => {
    const chance = random(10)
    for (let i = 0; i < manyDoubles; i++) expectAsEngine(String((chance() - 0.3) * 10 ** Math.floor(chance() * 17)))
  })

  test('for the 16 and 17 digits that lie nearest to the middle between two doubles', () => {
    const hard = hardest()
    expect(hard.length).toBeGreaterThan(500)
    for (const text of hard) expectAsEngine(text)
  })
})

const manyDoubles = process.env.FIELDWATCH_LONG === '1' ? 4_000_000 : 200_000

function expectAsEngine(text: string): void {
  const found = new Float64Array(1)
  const end = findNumber(viewOf(encoder.encode(text)), 0, text.length, found, 0)
  if (end !== text.length || !Object.is(found[0], Number(text))) expect([text, found[0]]).toEqual([])
}

/** Middles are odd numbers m of 54 bits over 2^s. The nearest w over 10^d are those with w * 2^(s - d) - m * 5^d = 1, -1, 2, ... */
function hardest(): readonly string[] {
  const found: string[] = []
  for (let d = 8n; d <= 16n; d++)
    for (let s = 24n; s <= 53n; s++)
      for (const off of [-3n, -2n, -1n, 1n, 2n, 3n]) {
        const least = (2n ** 53n * 10n ** d) / 2n ** s
        const rest = modulo(off * inverseOfTwo(s - d, d), 5n ** d)
        for (let w = least - (least % 5n ** d) + rest, n = 0; n < 4 && w < 10n ** 17n; w += 5n ** d, n++)
          if ((w * 2n ** (s - d) - off) % (2n * 5n ** d) !== 0n && w >= 10n ** 15n)
            found.push(withPoint(String(w), Number(d)))
      }
  return found
}

/** Of 2^n, modulo 5^d. */
function inverseOfTwo(n: bigint, d: bigint): bigint {
  const half = (5n ** d + 1n) / 2n
  let inverse = 1n
  for (let i = 0n; i < n; i++) inverse = (inverse * half) % 5n ** d
  return inverse
}

function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by
}

function withPoint(digits: string, decimals: number): string {
  const padded = digits.padStart(decimals + 1, '0')
  return decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
}

function readInto(decoder: Decoder, topic: string, bytes: Uint8Array, out: Decoded) {
  return decoder.decode({ source: 'a', name: topic }, bytes, noContext, out)
}

function said(out: Decoded): unknown {
  const { place, signals, units } = out.layout
  const unit = units[0]!
  const values = Object.fromEntries(signals.map((signal, i) => [signal, valueAt(out, i)]))
  return { ...place, unit, time: out.time, values }
}

const out = createDecoded()

function answer(decoder: Decoder, topic: string, body: string): unknown {
  const reason = readInto(decoder, topic, encoder.encode(body), out)
  if (reason !== null) return reason
  return [out.time, out.left, columns(out)]
}

function columns(out: Decoded): unknown {
  const { layout, slot } = out
  return Array.from({ length: out.n }, (_, i) => [
    layout.places[slot[i]!],
    layout.signals[slot[i]!],
    layout.units[slot[i]!],
    timeAt(out, i),
    out.kind[i],
    out.kind[i] === 0 && Object.is(out.number[i], -0) ? '-0' : valueAt(out, i),
  ])
}

/** Form of the message by its device: a topic keeps to one, so that its shape is learned. */
function message(chance: () => number, device: number): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)]!
  const scalar = (): string =>
    chance() < 0.7
      ? numberText(chance)
      : pick(['true', 'false', 'null', '"on"', '"größe"', '"a\\"b"', '""', '"2024-01-01"', '01', '-'])
  const time = (): string =>
    pick(['1700000000', '1700000000123', '"2024-05-06T07:08:09+02:00"', '"noon"', '21.5', 'null', '1e30'])
  const space = chance() < 0.1 ? ' ' : ''
  const forms = [
    () => scalar(),
    () => `{"a":${scalar()},${space}"b":${scalar()},"ts":${time()}}`,
    () => `{"a":${scalar()},"b":${scalar()},"c":{"d":${scalar()},"e":[${scalar()},${scalar()}]}}`,
    () => `{"value":${scalar()},"ts":${time()}}`,
    () => `{"v":${scalar()},"t":${time()},"unit":${pick(['"bar"', '"m"', '5', 'null'])}}`,
    () => `{"value":${scalar()},"q":${pick(['192', '"good"', '{}'])}}`,
    () => `{"value":${scalar()},"v":${scalar()}}`,
    () => `{"b":${scalar()},"1":${scalar()},"__proto__":${scalar()}}`,
    () => `{"a":${scalar()},"a":${scalar()}}`,
    () => `[${scalar()},${space}${scalar()},{"x":${scalar()}}]${chance() < 0.1 ? ',' : ''}`,
    () => `{"t":${time()},"on":${scalar()}}`,
    () => `{"":${scalar()},"ts":${time()},"time":${time()}}`,
    () => `[{"ts":${time()},"a":${scalar()}},{"ts":${time()},"a":${scalar()}}]`,
    () => `{"ts":${time()},"values":{"a":${scalar()},"ts":${time()}}}`,
    () => `{"name":${pick(['"flow"', '"level"', '3', '""'])},"value":${scalar()},"ts":${time()}}`,
    () =>
      `{"x":${scalar()},"m":[{"n":${pick(['"flow"', '1'])},"v":${scalar()}},${pick(['{"n":"b","v":2}', 'null', '{}'])}]}`,
    () =>
      `[{"bn":"p","bt":${pick(['1700000000', '5', '"x"'])},"n":"a","v":${scalar()}},{"n":"b","t":${time()},"v":${scalar()}}]`,
  ]
  return forms[device % forms.length]!()
}

function numberText(chance: () => number): string {
  const digits = (n: number): string => Array.from({ length: n }, () => Math.floor(chance() * 10)).join('')
  const form = chance()
  const sign = chance() < 0.3 ? '-' : ''
  if (form < 0.1) return `${sign}0`
  if (form < 0.4) return sign + String(Math.floor(chance() * 10_000) / 100)
  if (form < 0.6)
    return `${sign}${1 + Math.floor(chance() * 9)}${digits(Math.floor(chance() * 20))}.${digits(1 + Math.floor(chance() * 8))}`
  if (form < 0.8)
    return `${sign}${digits(1)}.${digits(1 + Math.floor(chance() * 20))}e${Math.floor(chance() * 40) - 20}`
  if (form < 0.9) return String((chance() - 0.5) * 1e6)
  return sign + digits(1 + Math.floor(chance() * 18))
}

function isFiniteJson(text: string): boolean {
  try {
    return Number.isFinite(JSON.parse(text))
  } catch {
    return false
  }
}
