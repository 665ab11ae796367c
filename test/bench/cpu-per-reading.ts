import { band, expect, learnBand } from '../../core/stream/detect/band.ts'
import type { Now } from '../../core/stream/detect/detector.ts'
import { learnKind } from '../../core/stream/detect/kind.ts'
import { learnRun, stuck } from '../../core/stream/detect/stuck.ts'
import { createPlant } from '../../core/stream/plant.ts'
import { count, lastValue, rowLength, rowMaker } from '../../core/stream/series.ts'
import { random } from '../support/stream.ts'

const manySeries = 1_000
const warmUp = 500
const rounds = 2_500
const period = 300_000

/** Microseconds of CPU that all default detectors take for a reading, with a thousand series in turn. */
export function cpuPerReading(): number {
  const chance = random(1)
  const rows = Array.from({ length: manySeries }, rowMaker(rowLength))
  const noise = Float64Array.from({ length: 65_536 }, () => chance() + chance() + chance())
  read(rows, noise, 0, warmUp)
  const before = process.cpuUsage()
  read(rows, noise, warmUp, warmUp + rounds)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (rounds * manySeries)
}

function read(rows: readonly Float64Array[], noise: Float64Array, from: number, to: number): void {
  const { now } = createPlant(0)
  now.every = period
  for (let round = from; round < to; round++)
    for (const [id, row] of rows.entries()) {
      now.offset += 1
      now.time = now.local = round * period
      now.value = id + Math.sin(round / 46) + noise[(round * 769 + id * 31) % noise.length]!
      readOne(row, now)
    }
}

function readOne(row: Float64Array, now: Now): void {
  expect(row, now, false)
  learnBand(row, now)
  band.step!(row, now, {}, false)
  stuck.step!(row, now, {}, false)
  learnKind(row, now.time, now.value, row[lastValue]!)
  learnRun(row, now.value, false)
  row[lastValue] = now.value
  row[count] = row[count]! + 1
}
