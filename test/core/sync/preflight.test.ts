import { expect, test } from 'vitest'
import {
  checkCopies,
  checkSameCluster,
  missingIn,
  morePartitions,
  shortRetention,
} from '../../../core/sync/preflight.ts'
import { topicsOf } from '../../../core/sync/topics.ts'
import { destinationAt } from '../../support/kafka/destination.ts'

const topics = topicsOf(destinationAt('127.0.0.1:9092', 'a'), 'hall')
const facts = {
  id: 'c1',
  topics: new Map([['a.telemetry', 4]]),
  optional: new Set<string>(),
  retentionMs: 3_600_000,
  short: null,
}

test('only the topics without which nothing can be sent are missing', () => {
  expect(missingIn(facts, topics, true)).toEqual(['a.alerts'])
  expect(missingIn(facts, topics, false)).toEqual([])
})

test('another cluster under the same name stops, with both named', () => {
  expect(() => checkSameCluster('a', 'c0', facts)).toThrow(/another cluster \(c1; it was c0\)/)
  expect(() => checkSameCluster('a', null, facts)).not.toThrow()
  expect(() => checkSameCluster('a', 'c1', facts)).not.toThrow()
})

test('a retention longer than the backlog needs no warning', () => {
  expect(shortRetention(topics, facts, 3_599_999)).toBeNull()
  expect(shortRetention(topics, { ...facts, retentionMs: null }, 1e12)).toBeNull()
  expect(shortRetention(topics, facts, 90 * 3_600_000)?.message).toMatch(/for 1.0 hours, .* is 4 days old/)
})

test('more partitions than before are told of once it is known how many there were', () => {
  expect(morePartitions(topics, {}, facts.topics)).toBeNull()
  expect(morePartitions(topics, { 'a.telemetry': 4 }, facts.topics)).toBeNull()
  const told = morePartitions(topics, { 'a.telemetry': 2 }, facts.topics)
  expect(told?.message).toMatch(/"a.telemetry" has 4 partitions now, it had 2: .* order is kept within each only/)
})

test('a topic with too few copies alive is said to take nothing before anything is begun', () => {
  expect(() => checkCopies(facts)).not.toThrow()
  const short = { topic: 'a.telemetry', alive: 1, needed: 2 }
  expect(() => checkCopies({ ...facts, short })).toThrow(/"a.telemetry" has 1 of the 2 copies alive/)
})
