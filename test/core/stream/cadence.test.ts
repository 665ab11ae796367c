import { describe, expect, test } from 'vitest'
import type { Millis } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, type Writing } from '../../support/stream.ts'

const second = 1_000
const minute = 60 * second
const start = Date.UTC(2026, 0, 5)
const pause = 6 * minute
const retained = 4

const message = (time: Millis, i: number, extra: object = {}): Writing => ({
  kind: 'message',
  source: 'a',
  name: 'hall/p-204',
  time,
  body: JSON.stringify({ pressure: 5 + (i % 7) / 10, state: i % 2 === 0 ? 'on' : 'off', ...extra }),
})
const link = (time: Millis, source: string, name: string): Writing => ({ kind: 'link', source, name, time })

const tenSeconds = (n: number, from: Millis): readonly Writing[] =>
  Array.from({ length: n }, (_, i) => message(from + i * 10 * second, i))

/** Every pace that was said, in order, of all series; and the usual gaps of the silences. */
function paces(log: readonly Writing[]): readonly Millis[] {
  const said: Millis[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    cadence: (_series, every) => said.push(every),
    alert: ({ explanation }) => said.push(explanation.usualGapMs ?? 0),
  })
  return said.filter((every, i) => said.indexOf(every) === i)
}

const before = tenSeconds(40, start)
const last = before.at(-1)!.time
const again = last + pause

describe('the usual pace of a device that sends every 10 s stays 10 s', () => {
  const breaks: Readonly<Record<string, readonly Writing[]>> = {
    'an ordered stop': [link(last + 1, 'a', 'down'), link(last + 2, '', 'stopped'), link(again - 2, '', 'started')],
    'a power cut': [link(again - 2, '', 'started')],
    'a lost link': [link(last + 1, 'a', 'down')],
    'a sleep of the machine': [link(last + 1, '', 'asleep'), link(again - 2, '', 'awake')],
    'a sleep in which the link was lost': [
      link(last + 1, '', 'asleep'),
      link(again - 2, '', 'awake'),
      link(again - 2, 'a', 'down'),
    ],
  }
  for (const [name, records] of Object.entries(breaks)) {
    const around = [link(start, '', 'started'), link(start, 'a', 'up'), ...before, ...records]
    const up = name === 'a sleep of the machine' ? [] : [link(again - 1, 'a', 'up')]

    test(`over ${name}`, () => {
      expect(paces([...around, ...up, ...tenSeconds(40, again)])).toEqual([10 * second])
    })

    test(`over ${name}, when the broker sends at once what it has kept`, () => {
      const kept = Array.from({ length: 36 }, (_, i) => message(again + i, i))
      expect(paces([...around, ...up, ...kept, ...tenSeconds(40, again + 5 * second)])).toEqual([10 * second])
    })
  }

  test('over its own silence', () => {
    const silent: Writing = { kind: 'tick', source: '', name: '', time: last + 2 * minute }
    const said = paces([...before, silent, ...tenSeconds(40, again)])
    expect(said.filter((every) => every > 0)).toEqual([10 * second])
  })

  test('when the broker remembers a value of three days ago', () => {
    const old = { ...message(start, 0, { ts: start - 3 * 24 * 60 * minute }), flags: retained }
    expect(paces([old, ...tenSeconds(40, start + second)])).toEqual([10 * second])
  })
})

test('a device that came back faster is known as faster after a minute', () => {
  const fast = Array.from({ length: 200 }, (_, i) => message(again + i * 500, i))
  expect(paces([...before, link(again - 1, '', 'started'), ...fast])).toEqual([10 * second, 500])
})
