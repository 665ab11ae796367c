import { join } from 'node:path'
import type { Block } from '../../core/contract/block.ts'
import type { Label, Score, Scripts } from './detection-data.ts'
import { blocksOf, type Told, trace } from './trace.ts'

// What a threshold is worth where it was not chosen: it is chosen on every second series, and scored on the others.

const scores = [2, 2.5, 3, 3.5, 4, 5]
const acts = [3, 4, 5, 6, 7, 8]
const leastPrecision = 0.92

/** Of the even and of the odd series: what the others chose, and what that is worth on them. */
export interface Half {
  readonly threshold: number
  readonly score: Score
  readonly act: number
  readonly critical: Score
}

interface Series extends Label {
  readonly name: string
  readonly blocks: readonly Block[]
  readonly ts: readonly number[]
}

export async function halves(
  { score }: Scripts,
  dir: string,
  labels: readonly (readonly [string, Label])[],
): Promise<readonly [Half, Half]> {
  const series = await Promise.all(labels.map(async ([name, label]) => seriesOf(dir, name, label)))
  const parts = [0, 1].map((part) => series.filter((_, i) => i % 2 === part))
  const tried = (params: readonly Readonly<Record<string, number>>[], when: (told: Told) => number) =>
    params.map((each) => parts.map((part) => score(part.map((one) => scored(one, each, when)))))
  const opened = tried(
    scores.map((each) => ({ score: each })),
    ({ open }) => open,
  )
  const critical = tried(
    acts.map((each) => ({ act: each })),
    (told) => told.critical,
  )
  const half = (own: number): Half => {
    const threshold = best(opened.map((each) => each[1 - own]!.nab.standard ?? 0))
    const act = best(critical.map((each) => worthOf(each[1 - own]!)))
    return {
      threshold: scores[threshold]!,
      score: opened[threshold]![own]!,
      act: acts[act]!,
      critical: critical[act]![own]!,
    }
  }
  return [half(0), half(1)]
}

async function seriesOf(dir: string, name: string, label: Label): Promise<Series> {
  const blocks = await blocksOf(join(dir, `${name}.csv`), name)
  return { ...label, name, blocks, ts: blocks.flatMap(({ time }) => [...time]) }
}

function scored(
  { name, blocks, ts, windows, probation }: Series,
  params: Readonly<Record<string, number>>,
  when: (told: Told) => number,
) {
  const alerts = trace(blocks, params).told.flatMap((told) => {
    const open = when(told)
    return Number.isNaN(open) ? [] : [{ open, close: Math.min(told.close, ts.at(-1)!) }]
  })
  return { name, ts, windows, probation, alerts }
}

/** Events found, of what is precise enough; of what is not, the most precise. */
function worthOf({ precision, found }: Score): number {
  return precision !== null && precision >= leastPrecision ? 1 + found : (precision ?? 0)
}

function best(worth: readonly number[]): number {
  return worth.indexOf(Math.max(...worth))
}
