import { expect, test } from 'vitest'
import { TopicIds, type TopicMemo } from '../../../core/log/topic-ids.ts'
import { random } from '../../support/stream.ts'

/** Turns that repeat, turns that do not, and commits that fail, with the same names in several sources, some with a memo. */
test.each([1, 2, 3, 5, 8])('a topic has one number, whatever came before it (seed %i)', (seed) => {
  const next = random(seed)
  const ids = new TopicIds()
  const known: string[] = []
  const memos = new Map<string, TopicMemo>()
  for (let commit = 0; commit < 200; commit++) {
    const before = known.length
    const inTurn = next() < 0.5
    for (let i = 0; i < 60; i++) {
      const [source, name] = [`s${i % 3}`, inTurn ? `${i % 20}` : `${Math.floor(next() * (commit + 9))}`]
      const topic = `${source}/${name}`
      if (!known.includes(topic)) known.push(topic)
      const memo = next() < 0.5 ? undefined : (memos.get(topic) ?? { of: null, id: 0 })
      if (memo !== undefined) memos.set(topic, memo)
      expect([ids.idOf(source, name, memo), ids.size]).toEqual([known.indexOf(topic), known.length])
    }
    expect(ids.fresh.map(({ source, name }) => `${source}/${name}`)).toEqual(known.slice(before))
    if (next() < 0.3) {
      ids.forget()
      known.length = before
    } else ids.keep()
    expect([ids.size, ids.sums.length, ids.fresh]).toEqual([known.length, known.length, []])
  }
})
