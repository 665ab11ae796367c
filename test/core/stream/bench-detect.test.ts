import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const bench = fileURLToPath(new URL('../../bench/detect.ts', import.meta.url))

test('bench:detect scores the small extracts and made plants, seeds 101 and 201, and nothing depends on unit or week', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--seeds', '1'])
  const found = (measure: string) => {
    const line = stdout.split('\n').find((each) => each.trim().startsWith(measure))
    return line
      ?.slice(52)
      .trim()
      .split(/\s{2,}/)[0]
  }
  expect(Number(found('NAB standard, 3 series'))).toBeGreaterThan(66)
  expect(Number(found('found of 7'))).toBeGreaterThanOrEqual(5)
  expect(Number(found('plants of 1 seeds: found of'))).toBeGreaterThan(0.85)
  expect(Number(found('plants of 1 other seeds: found of'))).toBeGreaterThan(0.85)
  expect(Number(found('false per series-day'))).toBeLessThan(0.1)
  expect(found('cascade is one incident')).toBe('1 of 1')
  expect(Number.parseFloat(found('CPU per reading')!)).toBeGreaterThan(0)
  expect(found('alerts that differ after x')).toMatch(/^0 of [1-9]/)
  expect(found('after a week')).toMatch(/^0 of [1-9]/)
}, 300_000)
