import { expect, test } from 'vitest'
import type { SourceRow } from '../../core/contract/calls.ts'
import { stateInWords } from '../../electron/state-words.ts'
import { status } from './core.ts'

test('the most pressing comes first, each connection in a line', () => {
  const words = stateInWords(
    {
      ...status,
      stopped: [{ thread: 'forward', since: 0, message: 'out of memory', restartAt: null }],
      preparing: { what: 'Making three days of history', done: 0.409 },
      sources: [source('a', 'up'), source('b', 'connecting'), source('c', 'down'), source('d', 'action needed')],
      destinations: [{ name: 'central', state: 'catching up', behindMs: 5, retryAt: null }],
    },
    1,
  )
  expect(words).toEqual([
    'forward is not running: out of memory',
    '1 open alert',
    'Making three days of history: 40 %',
    'Capturing from a',
    'Connecting to b',
    'c is away: connection refused',
    'd is waiting for you: connection refused',
    'To central: catching up',
  ])
})

test('it is never empty, and says when nothing is set up', () => {
  expect(stateInWords(null, 0)).toEqual(['Starting'])
  expect(stateInWords(status, 0)).toEqual(['No open alerts', 'No broker is connected yet'])
})

test('a hundred connections are a menu that fits the screen', () => {
  const sources = Array.from({ length: 100 }, (_, i) => source(`plant-${i}`, 'up'))
  const words = stateInWords({ ...status, sources }, 0)
  expect(words).toHaveLength(10)
  expect(words.at(-1)).toBe('and 92 more')
})

function source(name: string, state: SourceRow['state']): SourceRow {
  const error =
    state === 'up' || state === 'connecting' ? null : { code: '', message: 'connection refused', hint: null }
  const queue = { messages: 0, bytes: 0, pausedSince: null }
  const leftOut = { excluded: 0, retainedAgain: 0 }
  const rest = { refusedTopics: [], queue, dropped: [], leftOut, note: null }
  return { name, url: '', state, version: null, perSecond: 0, error, ...rest }
}
