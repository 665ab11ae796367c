import { describe, expect, test } from 'vitest'
import type { Alert, Transition } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const minute = 60_000
const every = 5 * minute
const start = Date.UTC(2026, 0, 5)
const times = [2_900, 3_100, 3_300, 3_500, 3_700]
const length = 20

/** Whether reading `i` is in one of five faults, each like the ones before. */
function isFault(i: number): boolean {
  return times.some((begin) => i >= begin && i < begin + length)
}

/** A plant of two signals, every five minutes; `body` null: nothing comes. */
function logOf(body: (i: number, noise: number) => object | null): readonly Writing[] {
  const chance = random(9)
  return Array.from({ length: 3_800 }, (_, i): Writing => {
    const said = body(i, chance() + chance())
    const time = start + i * every
    if (said === null) return { kind: 'tick', source: '', name: '', time }
    return { kind: 'message', source: 'a', name: 'hall/d1', time, body: JSON.stringify(said) }
  })
}

const kinds: Readonly<Record<string, readonly Writing[]>> = {
  band: logOf((i, noise) => ({ x: 20 + noise - (isFault(i) ? 3 : 0) })),
  stuck: logOf((i, noise) => ({ x: isFault(i + 15) || isFault(i) || isFault(i - 15) ? 20 : 20 + noise, y: noise })),
  silence: logOf((i, noise) => (isFault(i) ? null : { x: noise })),
  missing: logOf((i, noise) => (isFault(i) ? { y: i } : { x: noise, y: i })),
}

describe.each(Object.keys(kinds))('an alert of %s', (rule) => {
  const opened = (useful: boolean | null, after = 5) => opensOf(rule, kinds[rule]!, useful, after)

  test('that was not useful is usual from there on, seed 9', () => {
    expect(opened(false)).toBe(1)
    expect(opened(false, 300)).toBe(1) // marked when it was over
    expect(opened(null)).toBeGreaterThan(1)
  })

  test('that was useful comes again each time, seed 9', () => {
    expect(opened(true)).toBe(times.length)
    expect(opened(true, 300)).toBe(times.length)
    expect(opened(null)).toBeLessThan(times.length)
  })
})

test('a mark that is taken back counts as the newer one says, seed 9', () => {
  expect(opensOf('band', kinds.band!, [false, true], 300)).toBe(times.length)
})

/** How many alerts of a rule opened from the first fault on. Each is marked `after` minutes, by `useful` in turn. */
function opensOf(
  rule: string,
  log: readonly Writing[],
  useful: boolean | null | readonly boolean[],
  after: number,
): number {
  const blocks = blockMaker()
  const marks: { readonly from: number; readonly id: string }[] = []
  const path = createPath()
  let opens = 0
  const emit = {
    ...new Recorder().emit,
    alert: (alert: Alert, { phase }: Transition) => {
      if (alert.rule !== rule || phase !== 'opened' || alert.since < start + (times[0]! - 2) * every) return
      opens += 1
      if (useful !== null) marks.push({ from: log[alert.opened - marked]!.time + after * minute, id: alert.id })
    },
  }
  let marked = 0
  for (const writing of log) {
    const due = marks[0] !== undefined && writing.time >= marks[0].from ? marksOf(marks.shift()!, [useful!].flat()) : []
    marked += due.length
    const block = blocks([...due, writing])
    path.step(block, 0, block.n, emit)
  }
  return opens
}

function marksOf(
  { from, id }: { readonly from: number; readonly id: string },
  marks: readonly boolean[],
): readonly Writing[] {
  return marks.map((useful) => {
    return { kind: 'command', source: '', name: 'mark', time: from, body: JSON.stringify({ id, useful, by: 'eva' }) }
  })
}
