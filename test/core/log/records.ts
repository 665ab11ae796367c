import { recordAt } from '../../../core/contract/block.ts'
import { encodeMeta } from '../../../core/contract/meta.ts'
import type { LogRecord } from '../../../core/contract/model.ts'
import type { Appending } from '../../../core/log/log.ts'
import type { LogReader } from '../../../core/log/reader.ts'

export const t0 = Date.UTC(2026, 5, 1)

/** A message record number i, one a second. */
export function message(i: number, more: Partial<Appending> = {}): Appending {
  const bytes = new TextEncoder().encode(JSON.stringify({ i, temperature: (i * 7919) % 1000 }))
  return { time: t0 + i * 1000, kind: 'message', source: 'plant', name: `line/${i % 20}/state`, qos: 1, bytes, ...more }
}

export function messages(from: number, n: number): Appending[] {
  return Array.from({ length: n }, (_, i) => message(from + i))
}

/** Every record, block by block, from an offset to the head. */
export function readAll(reader: LogReader, from = reader.base()): LogRecord[] {
  const records: LogRecord[] = []
  for (let next = from; ; ) {
    const block = reader.read(next)
    if (block === null) return records
    for (let row = next > block.first ? next - block.first : 0; row < block.n; row++) records.push(recordAt(block, row))
    next = block.first + block.n
  }
}

/** What a record says, without its offset, in the shape it was appended in. */
export function asAppended(record: LogRecord): Appending {
  const { time, kind, topic, qos, retained, repeat, bytes, meta } = record
  const said = meta === null ? {} : { meta: Uint8Array.from(encodeMeta(meta)) }
  return {
    time,
    kind,
    source: topic.source,
    name: topic.name,
    qos,
    retained,
    repeat,
    bytes: Uint8Array.from(bytes),
    ...said,
  }
}

export function full(record: Appending): Appending {
  return { qos: 0, retained: false, repeat: false, ...record, bytes: Uint8Array.from(record.bytes) }
}
