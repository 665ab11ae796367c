import { expect, test } from 'vitest'
import { TopicNames } from '../../../core/ingest/mqtt/topic-names.ts'
import { seeded } from '../../support/seeded.ts'

const levels = ['plant', 'ä', '日本', '', 'a', '$x', 'device-00001', 'device-00010', 'device-01000']

test.each([1, 2, 3])('each topic has one name and one memo, wherever it lies in a packet (seed %i)', (seed) => {
  const next = seeded(seed)
  const names = new TopicNames()
  const memos = new Map<string, object>()
  for (let i = 0; i < 20_000; i++) {
    const topic = Array.from({ length: 1 + Math.floor(next() * 5) }, () => levels[Math.floor(next() * 9)]).join('/')
    const before = Math.floor(next() * 9)
    const bytes = Buffer.concat([Buffer.alloc(before, 0x61), Buffer.from(topic), Buffer.from('rest')])
    const { name, memo } = names.at(bytes, before, before + Buffer.byteLength(topic))
    if (!memos.has(topic)) memos.set(topic, memo)
    expect(name).toBe(topic)
    expect(memos.get(topic)).toBe(memo)
  }
  expect(new Set(memos.values()).size).toBe(memos.size)
})

test('beyond a hundred thousand topics a name is still right, and its memo is its own', () => {
  const names = new TopicNames()
  const at = (topic: string) => names.at(Buffer.from(topic), 0, topic.length)
  const memos = Array.from({ length: 100_000 }, (_, i) => at(`t${i}`).memo)
  expect(at('t99999').memo).toBe(memos.at(-1))
  const more = at('more')
  expect([more.name, at('more').memo === more.memo]).toEqual(['more', false])
})
