import { expect, test } from 'vitest'
import type { Checkpoint } from '../../../core/sync/cluster.ts'
import { type Place, resume } from '../../../core/sync/resume.ts'

const place = (more: Partial<Place> = {}): Place => ({
  begun: true,
  acked: 400,
  last: { from: 200, to: 400 },
  intent: null,
  shared: null,
  ...more,
})
const at = (next: number): Checkpoint => ({ next, instance: 'me', log: 'log-1' })
const decide = (of: Place, checkpoint: Checkpoint | null, flushed = false) =>
  resume(of, { checkpoint, flushed }, 'log-1')
/** With no checkpoint, and a newest status record that says this. */
const told = (of: Place, next: number | null) => resume(of, { checkpoint: null, flushed: true, told: next }, 'log-1')
const intent = { from: 400, to: 600, told: true }

test('a destination that never sent anything writes its checkpoint first', () => {
  expect(decide(place({ begun: false, acked: 7, last: null }), null)).toEqual({ kind: 'start', next: 7 })
})

test('an expired checkpoint is never taken for 0: with nothing under way, what is booked here holds', () => {
  expect(decide(place(), null)).toEqual({ kind: 'ask' })
  for (const next of [null, 0, 200, 400]) expect(told(place(), next)).toEqual({ kind: 'go', next: 400 })
})

test('an expired checkpoint with a batch under way asks the status record, after what may hang was aborted', () => {
  expect(decide(place({ intent }), null)).toEqual({ kind: 'flush', verdict: 'abort' })
  expect(decide(place({ intent }), null, true)).toEqual({ kind: 'ask' })
})

test('the status record says whether a batch under way had arrived when the checkpoint expired', () => {
  expect(told(place({ intent }), 600)).toEqual({ kind: 'go', next: 600 })
  for (const next of [200, 400]) expect(told(place({ intent }), next)).toEqual({ kind: 'go', next: 400 })
})

test.each([
  ['no status record is there', intent, null],
  ['none travelled with it', { ...intent, told: false }, 400],
  ['the one that is there is of no batch of ours', intent, 500],
])('a batch under way when the checkpoint expired is sent marked where %s', (_, under, next) => {
  expect(told(place({ intent: under }), next)).toEqual({ kind: 'marked', next: 400, until: 600 })
})

test('a status record that is ahead of us stops, as a checkpoint would', () => {
  expect(told(place(), 401)).toMatchObject({ kind: 'stop', message: expect.stringContaining('up to offset 401') })
  expect(told(place({ intent }), 601)).toMatchObject({ kind: 'stop' })
})

test('a commit that was not answered but arrived is not sent again', () => {
  expect(decide(place({ intent }), at(600))).toEqual({ kind: 'go', next: 600 })
})

test('a commit that was not answered and is not there is flushed before it is sent again', () => {
  expect(decide(place({ intent }), at(400))).toEqual({ kind: 'flush', verdict: 'abort' })
  expect(decide(place({ intent }), at(400), true)).toEqual({ kind: 'go', next: 400 })
})

test('a confirmed batch that the cluster does not show is brought back first, and sent again only when that fails', () => {
  expect(decide(place(), at(200))).toEqual({ kind: 'flush', verdict: 'commit' })
  expect(decide(place(), at(400), true)).toEqual({ kind: 'go', next: 400 })
  expect(decide(place(), at(200), true)).toEqual({ kind: 'go', next: 200 })
})

test('a confirmed batch and the one after it, both lost, begin at the confirmed one', () => {
  expect(decide(place({ intent }), at(200), true)).toEqual({ kind: 'go', next: 200 })
})

test('when both sides agree it simply goes on', () => {
  expect(decide(place(), at(400))).toEqual({ kind: 'go', next: 400 })
})

test.each([
  ['a cluster ahead of us', place(), at(401), /up to offset 401, but .* only up to 400/],
  ['a checkpoint inside a batch', place({ intent }), at(500), /up to offset 500/],
  ['a cluster that went back further than one batch', place(), at(100), /up to offset 100 only, but 400/],
  ['another log', place(), { next: 400, instance: 'me', log: 'log-2' }, /log log-2; this one is log-1/],
])('%s stops in words that say the values', (_, of, checkpoint, words) => {
  const decided = decide(of, checkpoint)
  expect(decided.kind).toBe('stop')
  expect(decided).toMatchObject({ message: expect.stringMatching(words), hint: expect.stringMatching(/another name/) })
})

const theirs = (next: number): Checkpoint => ({ next, instance: 'me', log: 'log-before' })

test('a copy goes on where the cluster stands in what both have, whatever the log there is called', () => {
  const copy = place({ shared: 700 })
  for (const next of [400, 401, 700]) expect(decide(copy, theirs(next))).toEqual({ kind: 'go', next })
  expect(decide(place({ shared: 700, intent }), theirs(600))).toEqual({ kind: 'go', next: 600 })
})

test('a copy stops where the cluster has records beyond what both have', () => {
  expect(decide(place({ shared: 700 }), theirs(701))).toMatchObject({
    kind: 'stop',
    message: expect.stringContaining('up to offset 701'),
  })
})

test('a copy whose checkpoint is gone sends marked what both have', () => {
  const marked = { kind: 'marked', until: 700 }
  expect(decide(place({ shared: 700 }), null)).toEqual({ ...marked, next: 400 })
  expect(decide(place({ shared: 700, begun: false, acked: 0, last: null }), null)).toEqual({ ...marked, next: 0 })
})

test('a log that ends before what was sent stops, whatever the cluster says, with both numbers', () => {
  const words = { kind: 'stop', message: expect.stringMatching(/400 records were sent, but the log held only 20/) }
  for (const checkpoint of [null, theirs(20), theirs(400), theirs(900)])
    expect(decide(place({ shared: 20 }), checkpoint)).toMatchObject(words)
})
