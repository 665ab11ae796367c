import type { Millis, Offset } from '../contract/model.ts'
import {
  type BirthRow,
  behindSql,
  birthSql,
  type KnownRows,
  mappingsSql,
  type Window,
  windowSql,
  zoneSql,
} from '../stream/decode/context.ts'
import type { Db } from './tables.ts'

/** What decoding depends on beside the message, as the views hold it. */
export function knownRows(db: Db): KnownRows {
  const birth = db.prepare<[string, Offset, string, Offset], BirthRow>(birthSql)
  const zone = db.prepare<[Offset], string | null>(zoneSql).pluck()
  const behind = db.prepare<[string, Offset], Millis>(behindSql).pluck()
  const window = db.prepare<[Offset, Offset, Offset, Offset], Window>(windowSql)
  const mappings = db.prepare<[Offset], string>(mappingsSql).pluck()
  return {
    birth: (key, before) => birth.get(key, before, key, before),
    zone: (before) => zone.get(before),
    window: (at) => window.get(at, at, at, at)!,
    mappings: (before) => mappings.all(before),
    behind: (device, before) => behind.get(device, before),
  }
}
