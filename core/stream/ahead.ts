import type { Block } from '../contract/block.ts'
import type { Emit } from './emit.ts'
import { fetchHead } from './heads.ts'
import { type Lanes, laneAt, laneDevice, laneSeries, laneValues } from './lanes.ts'
import { paceAt } from './paces.ts'
import type { Plant } from './plant.ts'
import { fetchRows } from './rows.ts'

// Of ten thousand series a message with its detectors asks for some eighty lines of memory, few of which are near. So those
// of the next messages are read together, before the first of them: a fifth of the time of the whole path. Without
// detectors there are too few of them for that. Nothing is made of what is read here, so no answer depends on it.

/** With 48 it is 0.1 us a message more, and with 256 no less. */
const mostValues = 72

/** Answers the row before which it has stopped. */
export function fetchAhead(plant: Plant, lanes: Lanes, block: Block, from: number, to: number, out: Emit): number {
  if (!plant.detects) return to
  const end = endOf(lanes, block, from, to)
  let sum = 0
  for (let row = from; row < end; row++) sum += fetchDevice(plant, lanes, laneAt(lanes, block.topic[row]!))
  for (let row = from; row < end; row++) sum += fetchSeries(plant, lanes, laneAt(lanes, block.topic[row]!), out)
  plant.rows.fetched[0] = sum
  return end
}

/** So many messages have so many values. */
function endOf(lanes: Lanes, block: Block, from: number, to: number): number {
  let values = 0
  let row = from
  while (row < to && values < mostValues) values += 1 + lanes.numbers[laneAt(lanes, block.topic[row++]!) + laneValues]!
  return row
}

function fetchDevice({ paces, heads }: Plant, { numbers }: Lanes, lane: number): number {
  if (numbers[lane + laneValues] === 0) return 0
  const at = paceAt(numbers[lane + laneDevice]!)
  return fetchHead(heads, numbers[lane + laneSeries]!) + paces.numbers[at]! + paces.numbers[at + numbersInLine]!
}

const numbersInLine = 8

function fetchSeries({ rows }: Plant, { numbers }: Lanes, lane: number, out: Emit): number {
  const first = numbers[lane + laneSeries]!
  const n = numbers[lane + laneValues]!
  if (n === 0) return 0
  out.fetch?.(first, n)
  return fetchRows(rows, first, n)
}
