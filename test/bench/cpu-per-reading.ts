import { band, expect, learnBand } from '../../core/stream/detect/band.ts'
import type { Now } from '../../core/stream/detect/detector.ts'
import { learnKind } from '../../core/stream/detect/kind.ts'
import { learnRun, stuck } from '../../core/stream/detect/stuck.ts'
import { createPlant } from '../../core/stream/plant.ts'
import { addRow, count, createRows, lastValue, type Row, type Rows, rowOf, turnTo } from '../../core/stream/rows.ts'
import { random } from '../support/stream.ts'

const manySeries = 1_000
const warmUp = 500
const rounds = 2_500
const period = 300_000

/** Microseconds of CPU that all default detectors take for a reading, with a thousand series in turn. */
export function cpuPerReading(): number {
  const chance = random(1)
  const rows = createRows()
  for (let id = 0; id < manySeries; id++) addRow(rows)
  const noise = Float64Array.from({ length: 65_536 }, () => chance() + chance() + chance())
  read(rows, noise, 0, warmUp)
  const before = process.cpuUsage()
  read(rows, noise, warmUp, warmUp + rounds)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (rounds * manySeries)
}

function read(rows: Rows, noise: Float64Array, from: number, to: number): void {
  const { now } = createPlant()
  const row = rowOf(rows, 0)
  now.every = period
  for (let round = from; round < to; round++)
    for (let id = 0; id < manySeries; id++) {
      now.offset += 1
      now.time = now.local = round * period
      now.value = id + Math.sin(round / 46) + noise[(round * 769 + id * 31) % noise.length]!
      readOne(turnTo(row, rows, id), now)
    }
}

function readOne(row: Row, now: Now): void {
  expect(row, now, false)
  learnBand(row, now)
  band.step!(row, now, {}, false)
  stuck.step!(row, now, {}, false)
  learnKind(row, now)
  learnRun(row, now, false)
  row.near[row.at + lastValue] = now.value
  row.near[row.at + count]! += 1
}
