import { expect, test } from 'vitest'
import { noContext } from '../../../core/stream/decode/context.ts'
import { createDecoded, type Decoded, valueAt } from '../../../core/stream/decode/decoded.ts'
import { createDecoder } from '../../../core/stream/decode/decoder.ts'
import { random } from '../../support/stream.ts'

// Every value of the scanner is the one that JSON.parse gives: 50,000 records here, a million with FIELDWATCH_LONG=1.

const total = process.env.FIELDWATCH_LONG === '1' ? 1_000_000 : 50_000
const seeds = [1, 2, 3, 4, 5]

for (const seed of seeds)
  test(`${total / seeds.length} records, with the nasty ones, are read as JSON.parse reads them, seed ${seed}`, () => {
    const chance = random(seed)
    const forms = Array.from({ length: 400 }, () => form(chance, 0))
    const decoder = createDecoder()
    const out = createDecoded()
    const met = new Map<string, number>()
    for (let i = 0; i < total / seeds.length; i++) {
      const at = Math.floor(chance() * forms.length)
      const bytes = spoiled(chance, Buffer.from(written(chance, forms[at]!)))
      const reason = decoder.decode({ source: 'a', name: `plant/d-${at}/x` }, bytes, noContext, out)
      const outcome = check(bytes, reason, out)
      met.set(outcome, (met.get(outcome) ?? 0) + 1)
    }
    for (const outcome of ['read', 'not_text', 'not_json', 'not_finite', 'too_deep', 'no_value'])
      expect(met.get(outcome) ?? 0, outcome).toBeGreaterThan(0)
    expect(met.get('read')).toBeGreaterThan(total / seeds.length / 2)
  }, 900_000)

/** A form is what stays the same from message to message, so that shapes are learned; null is a place for a value. */
type Form = null | readonly Form[] | { readonly fields: readonly (readonly [string, Form])[] }

function form(chance: () => number, depth: number): Form {
  const kind = chance()
  const n = Math.floor(chance() * (depth === 0 ? 6 : 4))
  if (depth > 0 && (kind < 0.6 || depth > 19)) return null
  const deeper = () => form(chance, chance() < 0.02 ? depth + 9 : depth + 1)
  if (kind < 0.8) return { fields: Array.from({ length: n + 1 }, () => [key(chance), deeper()] as const) }
  return Array.from({ length: n }, deeper)
}

const keys = [
  'a',
  'b',
  'flow',
  'motor',
  '0',
  '7',
  '-1',
  '',
  '__proto__',
  'constructor',
  'größe',
  '日本',
  '😀',
  'a.b',
  'q',
]

function key(chance: () => number): string {
  const chosen = keys[Math.floor(chance() * keys.length)]!
  if (chance() < 0.05) return '"\\u0061\\n"'
  return JSON.stringify(chance() < 0.02 ? 'k'.repeat(300) : chosen)
}

function written(chance: () => number, made: Form): string {
  const space = chance() < 0.02 ? [' ', '\n', '\t', '\r'][Math.floor(chance() * 4)]! : ''
  if (made === null) return scalar(chance)
  if ('fields' in made)
    return `{${made.fields.map(([name, inner]) => `${space}${name}:${space}${written(chance, inner)}`).join(',')}}`
  return `[${made.map((inner) => written(chance, inner)).join(`,${space}`)}]`
}

const texts = ['run', '', 'größe', '日本', '😀', '\u2028', 'x'.repeat(300), '2024-05-06T07:08:09Z', 'true', '12']
const escapes = ['"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00x"', '"a\\"b"', '"\\/"', '"\\u0000"', '"\\\\"', '"\\t\\b"']
const numbers = [
  '-0',
  '0',
  '-0.0',
  '0e5',
  '-0e-5',
  '1E5',
  '1e+5',
  '5e-324',
  '1.7976931348623157e308',
  '9007199254740993',
]
const broken = ['1e400', '-1e999', '01', '.5', '1.', '+1', '-', '1e', 'NaN', 'Infinity', "'x'", 'tru', 'undefined', '']

function scalar(chance: () => number): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)]!
  const kind = chance()
  if (kind < 0.35) return String(Math.floor(chance() * 100_000) / 100)
  if (kind < 0.45) return digits(chance)
  if (kind < 0.55) return pick(numbers)
  if (kind < 0.65) return String((chance() - 0.5) * 10 ** Math.floor(chance() * 40 - 20))
  if (kind < 0.75) return pick(['true', 'false', 'null'])
  if (kind < 0.9) return JSON.stringify(pick(texts))
  if (kind < 0.995) return pick(escapes)
  return pick(broken)
}

/** Numbers of up to 25 digits, with and without a point and an exponent: 17 digits need the engine's own reading. */
function digits(chance: () => number): string {
  const some = (n: number) => Array.from({ length: n }, () => Math.floor(chance() * 10)).join('')
  const whole = `${1 + Math.floor(chance() * 9)}${some(Math.floor(chance() * 18))}`
  const part = chance() < 0.6 ? `.${some(1 + Math.floor(chance() * 17))}` : ''
  const power = chance() < 0.2 ? `e${Math.floor(chance() * 60 - 30)}` : ''
  return `${chance() < 0.5 ? '-' : ''}${whole}${part}${power}`
}

/** Now and then a byte is not what it was, or the end is missing. */
function spoiled(chance: () => number, bytes: Buffer): Uint8Array {
  if (chance() > 0.03 || bytes.length < 2) return bytes
  if (chance() < 0.3) return bytes.subarray(0, Math.floor(chance() * bytes.length))
  bytes[Math.floor(chance() * bytes.length)] = Math.floor(chance() * 256)
  return bytes
}

/** Compares with JSON.parse and says what came of it. */
function check(bytes: Uint8Array, reason: string | null, out: Decoded): string {
  const text = textOf(bytes)
  if (text === null) {
    same(reason, 'not_text', bytes)
    return 'not_text'
  }
  if (reason === 'too_deep') {
    same(depthOf(text) > 16, true, bytes)
    return reason
  }
  const json = jsonOf(text)
  if (json === undefined) return reason ?? 'text' // no JSON: a bare text, or refused
  if (reason === 'not_finite') {
    same(
      leaves(json).some(([, value]) => isInfinite(value)),
      true,
      bytes,
    )
    return reason
  }
  const expected =
    typeof json === 'object' ? leaves(json).filter(([, value]) => value !== null) : [['x', json] as const]
  if (reason !== null) {
    same(expected.length === 0 || json === null, true, bytes)
    return reason
  }
  compare(out, expected.slice(0, 256), bytes)
  return 'read'
}

function compare(out: Decoded, expected: readonly (readonly [string, unknown])[], bytes: Uint8Array): void {
  same(out.n, expected.length, bytes)
  for (let i = 0; i < out.n; i++) {
    const [name, value] = expected[i]!
    const wanted = typeof value === 'string' ? value.slice(0, 256) : value
    if (!Object.is(valueAt(out, i), wanted)) expect(valueAt(out, i), `${name} of ${Buffer.from(bytes)}`).toBe(wanted)
    same(out.layout.signals[out.slot[i]!], name.slice(0, 200), bytes)
  }
}

function same<T>(found: T, wanted: T, bytes: Uint8Array): void {
  if (found !== wanted) expect(found, Buffer.from(bytes).toString()).toBe(wanted)
}

/** Every value that is no object, in the order of its object, by its path. */
function leaves(node: unknown, path = ''): (readonly [string, unknown])[] {
  if (typeof node !== 'object' || node === null) return [[path, node]]
  return Object.entries(node).flatMap(([name, inner]) => leaves(inner, path === '' ? name || '_' : `${path}.${name}`))
}

function isInfinite(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value)
}

function depthOf(text: string): number {
  let depth = 0
  let most = 0
  for (const part of text.replace(/"(\\.|[^"\\])*"?/g, '')) {
    if (part === '{' || part === '[') most = Math.max(most, ++depth)
    if (part === '}' || part === ']') depth--
  }
  return most
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
