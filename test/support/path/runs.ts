import type { Block } from '../../../core/contract/block.ts'
import type { Commands } from '../../../core/contract/model.ts'
import { createPath, type Path, restorePath, type Saving, type Slab } from '../../../core/stream/path.ts'
import { plantLog } from '../plant-log.ts'
import { blockMaker, Recorder, random, type Writing } from '../stream.ts'
import { stepWithRestarts } from './restarts.ts'

const minute = 60_000

/** A seeded log in which ticks are replaced by marks on alerts that it opens: the offsets, and so the ids, stay. */
export function eventful(seed: number, records: number): readonly Writing[] {
  return marked(plantLog(random(seed), records))
}

/** The same with a rule for every detector, a sensor that is stuck at the end, and a device whose clock is wrong. */
export function watched(seed: number, records: number): readonly Writing[] {
  const log = plantLog(random(seed), records)
  const { time } = log[2]!
  const put = rules.map(
    (rule) => ({ kind: 'command', source: '', name: 'rule.put', time, body: JSON.stringify(rule) }) as const,
  )
  return marked([...log.slice(0, 3), ...put, ...log.slice(3), ...stuckAndWrong(random(seed + 500), log.at(-1)!.time)])
}

const usual = {
  name: 'Of a person',
  params: {},
  priority: 2,
  holdMs: 0,
  clearMs: 0,
  enabled: true,
  version: 1,
} as const
const of = (signal: string) => ({ device: '*', signal })
const rules: readonly Commands['rule.put'][] = [
  { ...usual, id: 'rate', detector: 'rate', scope: of('temperature'), params: { rise: 2, overMs: 30 * minute } },
  { ...usual, id: 'change', detector: 'state-change', scope: of('on'), clearMs: 20 * minute },
  { ...usual, id: 'forbidden', detector: 'forbidden-state', scope: of('mode'), states: ['run'], holdMs: 40 * minute },
  {
    ...usual,
    id: 'count',
    detector: 'count',
    scope: of('mode'),
    states: ['idle'],
    params: { readings: 9, windowMs: 120 * minute },
  },
  { ...usual, id: 'rare', detector: 'rare-event', scope: of('*'), params: { readings: 50, quietMs: 600 * minute } },
  { ...usual, id: 'relation', detector: 'relation', scope: of('flow'), other: 'temperature', params: { learn: 100 } },
]

function stuckAndWrong(chance: () => number, from: number): readonly Writing[] {
  return Array.from({ length: 200 }, (_, i): Writing => {
    const time = from + (i + 1) * minute
    const x = i < 130 ? Math.round(1_000 * chance()) / 1_000 : 0.5
    return {
      kind: 'message',
      source: 'a',
      name: 'plant/area9/frozen',
      time,
      body: JSON.stringify({ x, ts: time - 180 * minute }),
    }
  })
}

function marked(log: readonly Writing[]): readonly Writing[] {
  const found = [...log]
  const opened = inOneRun(log).flatMap((line) => /"id":"([^"]+:(\d+))".*"phase":"opened"/.exec(line) ?? [])
  for (let i = 0; i + 2 < opened.length; i += 3) {
    const at = found.findIndex((each, offset) => each.kind === 'tick' && offset > Number(opened[i + 2]))
    const body = JSON.stringify({ id: opened[i + 1], useful: i % 2 === 0, by: 'eva' })
    if (at >= 0) found[at] = { kind: 'command', source: '', name: 'mark', time: found[at]!.time, body }
  }
  return found
}

/** Everything that the path says of a log, a line each. */
export function inOneRun(log: readonly Writing[]): readonly string[] {
  const recorder = new Recorder()
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, recorder.emit)
  return recorder.lines
}

/** The saved path as views keep it: slabs over slabs, and those of a save that goes on apart. */
interface Saved {
  whole: Saving | null
  readonly slabs: Map<number, Slab>
  going: Saving | null
  readonly given: Map<number, Slab>
}

function nothingSaved(): Saved {
  return { whole: null, slabs: new Map(), going: null, given: new Map() }
}

/** The same in blocks, batches and checkpoints of random sizes, which go on while the path does, with crashes. */
export function inSlices(log: readonly Writing[], chance: () => number): { lines: readonly string[]; crashes: number } {
  const recorder = new Recorder()
  const blocks = cut(log, chance)
  const saved = nothingSaved()
  let path = createPath()
  let crashes = 0
  while (path.next < log.length) {
    stepSome(path, blocks, recorder, chance)
    if (saved.going !== null) saveOn(saved, chance() < 0.3 ? Infinity : Math.floor(2 * chance()))
    else if (chance() < 0.2) beginSave(saved, path)
    if (chance() < 0.15) {
      path = restart(saved)
      crashes += 1
    }
  }
  return { lines: recorder.lines, crashes }
}

/** The same, saved and restored after every record. */
export function restartedAtEveryRecord(log: readonly Writing[]): readonly string[] {
  const recorder = new Recorder()
  stepWithRestarts(blockMaker()(log), recorder.emit)
  return recorder.lines
}

/** The log in blocks of random sizes, in segments with a topic table each. */
function cut(log: readonly Writing[], chance: () => number): readonly Block[] {
  const blocks: Block[] = []
  let make = blockMaker()
  for (let at = 0; at < log.length; ) {
    const to = Math.min(log.length, at + 1 + Math.floor(chance() * 300))
    if (chance() < 0.2) make = blockMaker(at)
    blocks.push(make(log.slice(at, to)))
    at = to
  }
  return blocks
}

function stepSome(path: Path, blocks: readonly Block[], recorder: Recorder, chance: () => number): void {
  const block = blocks.find((each) => each.first + each.n > path.next)!
  const from = path.next - block.first
  const to = Math.min(block.n, from + 1 + Math.floor(chance() * 100))
  path.step(block, from, to, recorder.emit)
  recorder.reached(path.next)
}

function beginSave(saved: Saved, path: Path): void {
  saved.going = path.save(({ id, numbers }) => saved.given.set(id, { id, numbers: numbers.slice() }))
}

function saveOn(saved: Saved, slabs: number): void {
  if (saved.going!.give(slabs)) return
  for (const [id, slab] of saved.given) saved.slabs.set(id, slab)
  saved.whole = saved.going
  forgetSave(saved)
}

/** What was given of a save that is not whole does not count. */
function forgetSave(saved: Saved): void {
  saved.going = null
  saved.given.clear()
}

function restart(saved: Saved): Path {
  forgetSave(saved)
  return saved.whole === null ? createPath() : restorePath({ ...saved.whole, slabs: saved.slabs.values() })
}

/** The first line in which two runs differ; null: none. */
export function firstDifference(lines: readonly string[], clean: readonly string[]): string | null {
  const at = clean.findIndex((line, i) => line !== lines[i])
  if (at >= 0) return `line ${at}: ${lines[at]} is not ${clean[at]}`
  return lines.length === clean.length ? null : `${lines.length} lines are not ${clean.length}`
}
