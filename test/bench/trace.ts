import type { Block } from '../../core/contract/block.ts'
import type { Alert, Millis } from '../../core/contract/model.ts'
import { fileBlocks } from '../../core/ingest/file-blocks.ts'
import { band } from '../../core/stream/detect/band.ts'
import { silentEmit } from '../../core/stream/emit.ts'
import { createPath } from '../../core/stream/path.ts'
import { defaultRules } from '../../core/stream/rules.ts'
import { blockMaker } from '../support/stream.ts'

/** The records of a file, as the program reads it. */
export async function blocksOf(file: string, series: string): Promise<readonly Block[]> {
  const blocks: Block[] = []
  for await (const block of fileBlocks(file, series)) blocks.push(block)
  return blocks
}

/** An alert as it opened; `close` and `critical` as they came later. */
export interface Told {
  readonly alert: Alert
  readonly open: Millis
  readonly close: Millis
  /** NaN: never. */
  readonly critical: Millis
}

/** A series as the path saw it, reading by reading. */
export interface Seen {
  readonly signal: string
  readonly time: number[]
  readonly value: number[]
  readonly low: number[]
  readonly high: number[]
  readonly score: number[]
}

export interface Trace {
  readonly told: readonly Told[]
  readonly seen: readonly Seen[]
}

/** What the path says of the records, the learned band with these parameters. */
export function trace(blocks: readonly Block[], params: Readonly<Record<string, number>> = {}): Trace {
  const told = new Map<string, Told>()
  const seen: Seen[] = []
  const path = createPath()
  const emit = {
    ...silentEmit,
    series: ({ signal }: { readonly signal: string }) =>
      void seen.push({ signal, time: [], value: [], low: [], high: [], score: [] }),
    reading: (id: number, time: Millis, value: number, low: number, high: number) =>
      see(seen[id]!, time, value, low, high),
    score: (id: number, _: Millis, score: number) => {
      const own = seen[id]!.score
      own[own.length - 1] = score
    },
    alert: (alert: Alert, { time }: { readonly time: Millis }) =>
      void told.set(alert.id, toldOf(alert, time, told.get(alert.id))),
  }
  const rule = { ...defaultRules.find(({ detector }) => detector === band.id)!, params }
  const first = blocks[0]?.time[0] ?? 0
  const put = { kind: 'command', source: '', name: 'rule.put', time: first, body: JSON.stringify(rule) } as const
  path.step(blockMaker()([put]), 0, 1, emit)
  for (const block of blocks) path.step({ ...block, first: block.first + 1 }, 0, block.n, emit)
  return { told: [...told.values()], seen }
}

function see(seen: Seen, time: Millis, value: number, low: number, high: number): void {
  seen.time.push(time)
  seen.value.push(value)
  seen.low.push(low)
  seen.high.push(high)
  seen.score.push(0)
}

function toldOf(alert: Alert, time: Millis, before: Told | undefined): Told {
  return {
    alert: before?.alert ?? alert,
    open: before?.open ?? time,
    close: alert.until ?? Number.POSITIVE_INFINITY,
    critical: before !== undefined && before.critical > 0 ? before.critical : alert.priority === 1 ? time : Number.NaN,
  }
}
