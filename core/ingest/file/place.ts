import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { kindCode, recordAt } from '../../contract/block.ts'
import type { MessageMeta, Offset } from '../../contract/model.ts'
import type { Log } from '../../log/log.ts'
import { openReader } from '../../log/reader.ts'
import type { Place, TailLine } from './tail.ts'

/** Beside a line, as MQTT has properties beside a payload: where in which file it ends. */
export function placeOf({ file, at, begins }: TailLine): MessageMeta {
  const properties = [
    ['file', file],
    ['ends', String(at)],
    ['begins', String(begins)],
  ] as const
  return { contentType: null, properties, responseTopic: null, correlation: null, expirySeconds: null }
}

/** Where the newest line of a source in the log ends; null: none is there. A hint says from which record on it may be. */
export function lastPlace(log: Log, source: string, hints: string): Place | null {
  const hint = readHints(hints)[source]
  const { offset, place } = hint !== undefined && hint.offset <= log.head ? hint : { offset: 0, place: null }
  const reader = openReader(log.dir)
  let found = place
  try {
    for (let at = Math.max(offset, reader.base()); at < log.head; ) {
      const block = reader.read(at)
      if (block === null) break
      const id = block.topics.findIndex((topic) => topic.source === source)
      for (let row = Math.max(0, at - block.first); id >= 0 && row < block.n; row++)
        if (block.kind[row] === kindCode.message && block.topics[block.topic[row]!]!.source === source)
          found = placeIn(recordAt(block, row).meta) ?? found
      at = block.first + block.n
    }
  } finally {
    reader.close()
  }
  return found
}

function placeIn(meta: MessageMeta | null): Place | null {
  const said = new Map(meta?.properties ?? [])
  const file = said.get('file')
  return file === undefined ? null : { file, at: Number(said.get('ends')), begins: Number(said.get('begins')) }
}

interface Hint {
  /** Every place before this record is in `place`. */
  readonly offset: Offset
  readonly place: Place | null
}

/** Only a hint: written after the log, read with what the log holds behind it. */
export function keepPlace(hints: string, source: string, offset: Offset, place: Place | null): void {
  const all = { ...readHints(hints), [source]: { offset, place } }
  writeFileSync(`${hints}.new`, JSON.stringify(all))
  renameSync(`${hints}.new`, hints)
}

function readHints(hints: string): Readonly<Record<string, Hint>> {
  try {
    return JSON.parse(readFileSync(hints, 'utf8')) as Record<string, Hint> // written by keepPlace; else caught
  } catch {
    return {} // it is not there yet, or cut by a crash: the log is read in its place
  }
}
