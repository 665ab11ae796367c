import type { Block } from '../contract/block.ts'
import { kindCode } from '../contract/block.ts'
import type { Millis, Topic } from '../contract/model.ts'
import { type FileRow, readRows } from './files.ts'

const blockRows = 1_000
/** Columns that say when a row was taken and when it came, where that is not its first column. */
const deviceTimeColumn = 'deviceTs'
const arrivalColumn = 'arrived'

interface Arrival {
  readonly time: Millis
  readonly body: Uint8Array
}

/** The rows of a file as a log would hold them, each a message of the device `series`, in the order in which they came. */
export async function* fileBlocks(file: string, series: string): AsyncGenerator<Block> {
  const arrivals: Arrival[] = []
  let single = true
  for await (const row of readRows(file)) {
    arrivals.push(arrivalOf(row))
    single &&= namesOf(row).every((name) => name === 'value')
  }
  arrivals.sort((a, b) => a.time - b.time)
  const topics = [{ source: 'file', name: single ? `${series}/value` : series }]
  for (let first = 0; first < arrivals.length; first += blockRows)
    yield blockOf(arrivals.slice(first, first + blockRows), first, topics)
}

function namesOf({ values }: FileRow): readonly string[] {
  return Object.keys(values).filter((name) => name !== deviceTimeColumn && name !== arrivalColumn)
}

function arrivalOf({ time, values }: FileRow): Arrival {
  const { [deviceTimeColumn]: taken = time, [arrivalColumn]: came = time, ...rest } = values
  return { time: Number(came), body: Buffer.from(JSON.stringify({ ts: Number(taken), ...rest })) }
}

function blockOf(rows: readonly Arrival[], first: number, topics: readonly Topic[]): Block {
  const n = rows.length
  let length = 0
  const end = Uint32Array.from(rows, ({ body }) => (length += body.length))
  const bytes = new Uint8Array(length)
  for (const [row, { body }] of rows.entries()) bytes.set(body, end[row]! - body.length)
  return {
    first,
    n,
    kind: new Uint8Array(n).fill(kindCode.message),
    topic: new Uint32Array(n),
    time: Float64Array.from(rows, ({ time }) => time),
    flags: new Uint8Array(n),
    end,
    bytes,
    meta: null,
    topics,
  }
}
