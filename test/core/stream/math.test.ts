import { expect, test } from 'vitest'
import { exp2, ln, log10 } from '../../../core/stream/math.ts'
import { random } from '../../support/stream.ts'

const chance = random(3)
const numbers = Array.from({ length: 20_000 }, () => (chance() + 0.01) * 10 ** Math.round(600 * (chance() - 0.5)))

test('logarithms are those of the engine but for the last digits, seed 3', () => {
  const wrong = numbers.filter((x) => Math.abs(ln(x) - Math.log(x)) > 1e-15 * Math.max(1, Math.abs(Math.log(x))))
  expect(wrong).toEqual([])
  expect([ln(1), ln(0)]).toEqual([0, -Infinity])
  expect(log10(1_000)).toBeCloseTo(3, 14)
  expect(ln(5e-324)).toBeCloseTo(Math.log(5e-324), 12)
})

test('powers of two are exact where they are whole, and close where they are not, seed 3', () => {
  expect([exp2(0), exp2(10), exp2(-3), exp2(-1_000)]).toEqual([1, 1_024, 0.125, 2 ** -1_000])
  const wrong = numbers.filter((x) => {
    const power = ln(x) / 3
    return Math.abs(exp2(power) / 2 ** power - 1) > 1e-14
  })
  expect(wrong).toEqual([])
})
