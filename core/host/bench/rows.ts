import Database from 'better-sqlite3'
import type { Block } from '../../contract/block.ts'
import { kindCode, payload } from '../../contract/block.ts'
import type { Topic } from '../../contract/model.ts'
import { openReader } from '../../log/reader.ts'
import type { Emit } from '../../stream/emit.ts'

// How the same would be done without thought: a row a record, an object a reading, a row a minute of a series.

interface Row {
  readonly offset: number
  readonly time: number
  readonly source: string
  readonly name: string
  readonly payload: Uint8Array
}

/** The records of a log, a row each. */
export function makeRows(log: string, file: string): void {
  const db = new Database(file)
  db.exec('create table record(offset integer primary key, time real, source text, name text, payload blob)')
  const put = db.prepare('insert into record values (?, ?, ?, ?, ?)')
  const reader = openReader(log)
  db.exec('begin')
  for (let block = reader.read(0); block !== null; block = reader.read(block.first + block.n))
    for (let row = 0; row < block.n; row++) {
      const { source, name } = block.topics[block.topic[row]!]!
      put.run(block.first + row, block.time[row], source, name, payload(block, row))
    }
  db.exec('commit')
  reader.close()
  db.close()
}

/** One record at a time, as the path takes it. */
export function* readRows(file: string): Generator<Block> {
  const db = new Database(file, { readonly: true })
  const topics: Topic[] = []
  const ids = new Map<string, number>()
  for (const row of db.prepare<[], Row>('select * from record order by offset').iterate()) {
    const key = `${row.source} ${row.name}`
    if (!ids.has(key)) ids.set(key, topics.push({ source: row.source, name: row.name }) - 1)
    yield {
      first: row.offset,
      n: 1,
      kind: Uint8Array.of(kindCode.message),
      topic: Uint32Array.of(ids.get(key)!),
      time: Float64Array.of(row.time),
      flags: Uint8Array.of(1),
      end: Uint32Array.of(row.payload.length),
      bytes: row.payload,
      meta: null,
      topics,
    }
  }
  db.close()
}

interface Minute {
  readonly series: number
  readonly minute: number
  n: number
  sum: number
  min: number
  max: number
}

/** Sums readings up by minute in objects, and writes each as a row when it is flushed. */
export function minuteRows(file: string): { readonly emit: Pick<Emit, 'reading'>; flush(): void } {
  const db = new Database(file)
  db.pragma('journal_mode = wal')
  db.exec('create table minute(series, minute, n, sum, min, max, primary key (series, minute)) without rowid')
  const put = db.prepare(
    'insert into minute values (@series, @minute, @n, @sum, @min, @max) on conflict do update set n = n + excluded.n, sum = sum + excluded.sum, min = min(min, excluded.min), max = max(max, excluded.max)',
  )
  let minutes = new Map<string, Minute>()
  const write = db.transaction(() => {
    for (const minute of minutes.values()) put.run(minute)
    minutes = new Map()
  })
  return {
    emit: {
      reading(series, time, value) {
        const minute = Math.floor(time / 60_000)
        const key = `${series}:${minute}`
        const known = minutes.get(key)
        if (known === undefined) minutes.set(key, { series, minute, n: 1, sum: value, min: value, max: value })
        else {
          known.n += 1
          known.sum += value
          known.min = Math.min(known.min, value)
          known.max = Math.max(known.max, value)
        }
      },
    },
    flush: () => void write(),
  }
}
