import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPath } from '../../core/stream/path.ts'
import { plantLog } from '../support/plant-log.ts'
import { blockMaker, Recorder, random, type Writing } from '../support/stream.ts'

// Law 4: no clock, no random, no I/O in the path, and no mathematics whose last digit is the engine's own.

const folder = new URL('../../core/stream', import.meta.url).pathname
const log = plantLog(random(11), 6_000)

describe('the path gives the same answers', () => {
  afterEach(() => vi.unstubAllGlobals())

  const honest = run(log)

  test('whatever the time of day and chance are', () => {
    vi.stubGlobal('Date', refuse('Date'))
    vi.stubGlobal('performance', refuse('performance'))
    vi.stubGlobal('crypto', refuse('crypto'))
    vi.stubGlobal('Intl', refuse('Intl'))
    expect(run(log)).toEqual(honest)
  })

  test('on an engine whose logarithms, powers and waves differ in every digit', () => {
    vi.stubGlobal('Math', otherMath())
    expect(run(log)).toEqual(honest)
  })

  test('without a timer or a promise', () => {
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Promise', 'fetch', 'process'])
      vi.stubGlobal(name, refuse(name))
    const again = run(log)
    vi.unstubAllGlobals()
    expect(again).toEqual(honest)
  })
})

describe('the folder of the path', () => {
  for (const file of sources())
    test(`${relative(folder, file)} names nothing that is not pure, and imports only the contract and its own`, () => {
      const code = withoutComments(readFileSync(file, 'utf8'))
      for (const name of forbidden) expect(name.exec(code)?.[0] ?? null, String(name)).toBeNull()
      for (const [, from] of code.matchAll(/from '([^']+)'/g)) expect(allowed(file, from!), from).toBe(true)
    })
})

const forbidden = [
  /\bDate\b/,
  /\bMath\.(?!abs\b|floor\b|max\b|min\b|sqrt\b|round\b|imul\b|ceil\b|LN2\b|LN10\b|SQRT2\b)\w+/,
  /\*\*/,
  /\b(async|await|Promise)\b/,
  /\b(process|performance|crypto|globalThis|Intl)\b/,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\.(toLocale\w*|localeCompare)\b/,
  /\bimport\(/,
]

function run(records: readonly Writing[]): readonly string[] {
  const recorder = new Recorder()
  const block = blockMaker()(records)
  createPath().step(block, 0, block.n, recorder.emit)
  return recorder.lines
}

/** Anything that is done with it throws. */
function refuse(name: string): unknown {
  const fail = (): never => {
    throw new Error(`the path has used ${name}`)
  }
  return new Proxy(fail, { get: fail, apply: fail, construct: fail })
}

const exact = new Set(['abs', 'floor', 'ceil', 'max', 'min', 'sqrt', 'round', 'imul', 'LN2', 'LN10', 'SQRT2'])

function otherMath(): object {
  return new Proxy(Math, {
    get: (math, name) => (exact.has(String(name)) ? Reflect.get(math, name) : refuse(`Math.${String(name)}`)),
  })
}

function sources(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function allowed(file: string, from: string): boolean {
  const target = relative(join(folder, '..'), join(file, '..', from))
  return from.startsWith('.') && (target.startsWith('stream') || target.startsWith('contract'))
}
