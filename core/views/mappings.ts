import { type Block, content, kindCode } from '../contract/block.ts'
import type { MessageRow } from '../contract/calls.ts'
import type { Mapping, Offset } from '../contract/model.ts'
import { type Context, ContextAsOf } from '../stream/decode/context.ts'
import { createDecoded } from '../stream/decode/decoded.ts'
import { createDecoder } from '../stream/decode/decoder.ts'
import { matchesFilter, prepareMapping } from '../stream/decode/mapping.ts'
import { readingsOf } from '../stream/readings.ts'
import { knownRows } from './known-rows.ts'
import { messageRow } from './messages.ts'
import type { Views } from './views.ts'

/** Records that a preview looks through. */
const maxScan = 200_000

/** How people say that messages are to be read, and what would come of it. */
export class MappingAnswers {
  private readonly views: Views
  private readonly known: ContextAsOf

  constructor(views: Views) {
    this.views = views
    this.known = new ContextAsOf(knownRows(views.db))
  }

  at(offset: Offset): readonly Mapping[] {
    this.known.offset = offset
    return this.known.mappings()
  }

  /** The newest messages that the mapping is for, read with it by the decoder of the path. */
  preview(mapping: Mapping, head: Offset, limit: number): readonly MessageRow[] {
    prepareMapping(mapping)
    const found: MessageRow[] = []
    const read = this.reading(mapping)
    const stop = Math.max(this.views.log.base(), head - maxScan)
    for (let at = head; at > stop && found.length < limit; ) {
      const block = this.views.records.blockAt(at - 1)
      if (block === null) break
      for (let row = at - block.first - 1; row >= 0 && found.length < limit; row--)
        if (isFor(mapping, block, row)) found.push(read(block, row))
      at = block.first
    }
    return found
  }

  private reading(mapping: Mapping): (block: Block, row: number) => MessageRow {
    const { known } = this
    const list = [mapping]
    const context: Context = { birth: (key) => known.birth(key), zone: () => known.zone(), mappings: () => list }
    const decoder = createDecoder()
    const decoded = createDecoded()
    return (block, row) => {
      known.offset = block.first + row
      const bytes = content(block, row)
      const topic = block.topics[block.topic[row]!]!
      const reason = bytes === null ? 'too_large' : decoder.decode(topic, bytes, context, decoded)
      const readings = reason === null ? readingsOf(decoded, block.first + row, block.time[row]!, known) : []
      return messageRow(block, row, readings, reason ?? decoded.left)
    }
  }
}

function isFor({ topics }: Mapping, block: Block, row: number): boolean {
  return block.kind[row] === kindCode.message && matchesFilter(topics, block.topics[block.topic[row]!]!.name)
}
