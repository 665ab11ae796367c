import type { Statement } from 'better-sqlite3'
import { type Block, content, kindCode, recordAt } from '../contract/block.ts'
import type { Calls, MessageRow } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset, Reading, UndecodableReason } from '../contract/model.ts'
import type { Instant } from './instant.ts'
import { listedTopic } from './undecodable.ts'
import type { Views } from './views.ts'

type Answer = Calls['messages']['out']

const maxRows = 500
const maxText = 4_096
/** Records that one question looks through; the next goes on where it ended. */
const maxScan = 100_000

/** Messages as they came, newest first, read from the log itself. */
export class MessageAnswers {
  private readonly views: Views
  private readonly bad: Statement<[number, number], { offset: number; topic: string; reason: UndecodableReason }>

  constructor(views: Views) {
    this.views = views
    this.bad = views.db.prepare(
      'select offset, topic, reason from undecodable where offset < ? order by offset desc limit ?',
    )
  }

  messages(instant: Instant, { device, before, limit, undecodable }: Calls['messages']['in']): Answer {
    const from = Math.min(before ?? instant.offset, instant.offset)
    const rows = Math.min(Math.max(1, limit), maxRows)
    const topics = device === null ? null : this.topicsOf(device, instant.offset)
    return undecodable ? this.badOnes(from, rows, topics) : this.backward(from, rows, topics)
  }

  record({ offset: head }: Instant, offset: Offset): MessageRow {
    const block = this.views.records.blockAt(offset)
    if (block !== null && offset >= block.first && offset < head) return this.row(block, offset - block.first)
    if (offset < this.views.log.base())
      throw new FieldError('offset_expired', `record ${offset} is gone: the log now begins at ${this.views.log.base()}`)
    throw new FieldError('not_found', `there is no record ${offset}; the log ends before ${head}`)
  }

  private backward(before: Offset, rows: number, topics: ReadonlySet<string> | null): Answer {
    const base = this.views.log.base()
    const stop = Math.max(base, before - maxScan)
    const found: MessageRow[] = []
    let at = before
    while (at > stop && found.length < rows) {
      const block = this.views.records.blockAt(at - 1)
      if (block === null) break
      at = this.takeBackward(block, at, rows, topics, found)
    }
    return { rows: found, more: at > base, next: at > base ? at : null }
  }

  /** From `before` back to the block's first record, or until there are enough; answers where it came to. */
  private takeBackward(
    block: Block,
    before: Offset,
    rows: number,
    topics: ReadonlySet<string> | null,
    found: MessageRow[],
  ): Offset {
    for (let row = before - block.first - 1; row >= 0; row--) {
      if (block.kind[row] !== kindCode.message) continue
      if (topics !== null && !topics.has(block.topics[block.topic[row]!]!.name)) continue
      found.push(this.row(block, row))
      if (found.length === rows) return block.first + row
    }
    return block.first
  }

  private badOnes(before: Offset, rows: number, topics: ReadonlySet<string> | null): Answer {
    const found: MessageRow[] = []
    const listed = topics === null ? null : new Set([...topics].map(listedTopic))
    let at = before
    for (const { offset, topic, reason } of this.bad.iterate(before, maxScan)) {
      if (found.length === rows) return { rows: found, more: true, next: at }
      at = offset
      if (found.at(-1)?.record.offset === offset || (listed !== null && !listed.has(topic))) continue
      const block = this.views.records.blockAt(offset)
      if (block === null) continue
      const row = this.row(block, offset - block.first)
      if (topics === null || topics.has(row.record.topic.name)) found.push({ ...row, undecodable: reason })
    }
    return { rows: found, more: false, next: null }
  }

  private topicsOf(device: string, offset: Offset): ReadonlySet<string> {
    const { catalogue } = this.views
    const found = catalogue.devices.get(device)
    return new Set(found === undefined ? [device] : catalogue.topicsOf(found, offset))
  }

  private row(block: Block, row: number): MessageRow {
    if (block.kind[row] !== kindCode.message) return messageRow(block, row, [], null)
    const { records } = this.views
    const reason = records.decode(block, row)
    const readings = reason === null ? records.readings(block.first + row, block.time[row]!) : []
    return messageRow(block, row, readings, reason ?? records.decoded.left)
  }
}

export function messageRow(
  block: Block,
  row: number,
  readings: readonly Reading[],
  undecodable: UndecodableReason | null,
): MessageRow {
  const { bytes, ...record } = recordAt(block, row)
  return { record, ...textOf(content(block, row) ?? bytes), size: bytes.length, readings, undecodable }
}

function textOf(bytes: Uint8Array): Pick<MessageRow, 'text' | 'base64'> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { text: text.slice(0, maxText), base64: null }
  } catch {
    return { text: null, base64: Buffer.from(bytes.subarray(0, maxText)).toString('base64') } // it is no UTF-8
  }
}
