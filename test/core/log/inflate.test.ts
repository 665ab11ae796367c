import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openReader } from '../../../core/log/reader.ts'
import { createPath } from '../../../core/stream/path.ts'
import { openLogSource } from '../../../core/sync/log-source.ts'
import { openQueries } from '../../../core/views/queries.ts'
import { Recorder, type Writing } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, writeLog } from '../../support/views.ts'

const json = Buffer.from('{"flow":1.5,"on":true}')
const bomb = Buffer.alloc(1_048_577, 0x20)
const bodies = {
  plain: json,
  gzip: gzipSync(json),
  zstd: zstdCompressSync(json),
  gzipBomb: gzipSync(bomb),
  zstdBomb: zstdCompressSync(bomb),
  gzipCut: gzipSync(json).subarray(0, 20),
  zstdCut: zstdCompressSync(json).subarray(0, 12),
  twice: gzipSync(gzipSync(json)),
}

const log = Object.entries(bodies).map(
  ([name, body], i): Writing => ({ kind: 'message', source: 'a', name, time: 1_760_000_000_000 + i, body }),
)
const wanted = {
  ...{ plain: null, gzip: null, zstd: null, gzipBomb: 'too_large', zstdBomb: 'too_large' },
  ...{ gzipCut: 'not_text', zstdCut: 'not_text', twice: 'not_text' },
}

test('what came in gzip or zstd is read by the path, the pages and the way to Kafka; a bomb is counted, not opened', () => {
  const dir = tempDir()
  const logDir = join(dir, 'log')
  const views = join(dir, 'views.db')
  writeLog(logDir, log)
  buildViews(logDir, views)
  expect(byPath(logDir)).toEqual(wanted)
  const queries = openQueries(views, logDir)
  const source = openLogSource(openReader(logDir), views)
  const sent = source.messages(0, log.length, 1_000).messages
  for (const [offset, reason] of Object.values(wanted).entries()) {
    const row = queries.record({ offset })
    expect(row.undecodable, log[offset]!.name).toBe(reason)
    expect(row.readings.map(({ signal, value }) => [signal, value])).toEqual(reason === null ? readings : [])
    expect(row.size).toBe(Object.values(bodies)[offset]!.length)
    expect([sent[offset]!.undecodable, sent[offset]!.readings]).toEqual([reason, row.readings])
  }
  expect(queries.record({ offset: 2 }).text).toBe(json.toString())
  queries.close()
})

const readings = [
  ['flow', 1.5],
  ['on', true],
]

function byPath(logDir: string): Record<string, string | null> {
  const reader = openReader(logDir)
  const reasons: Record<string, string | null> = Object.fromEntries(log.map(({ name }) => [name, null]))
  const path = createPath()
  const emit = {
    ...new Recorder().emit,
    undecodable: (topic: { name: string }, reason: string) => (reasons[topic.name] = reason),
  }
  for (let block = reader.read(0); block !== null; block = reader.read(path.next)) path.step(block, 0, block.n, emit)
  reader.close()
  return reasons
}
