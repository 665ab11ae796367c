import type { LogRecord } from '../../../core/contract/model.ts'

export interface Copies {
  /** Topics: each message has one of its own. */
  readonly there: ReadonlySet<string>
  /** Second copies: the broker sent a message again, because it was stored and not acknowledged. */
  readonly repeats: number
  /** Second copies that do not say so. */
  readonly unmarked: number
}

export function copiesIn(messages: Iterable<Pick<LogRecord, 'topic' | 'repeat'>>): Copies {
  const there = new Set<string>()
  let repeats = 0
  let unmarked = 0
  for (const { topic, repeat } of messages) {
    if (there.has(topic.name)) repeats++
    if (there.has(topic.name) && !repeat) unmarked++
    there.add(topic.name)
  }
  return { there, repeats, unmarked }
}
