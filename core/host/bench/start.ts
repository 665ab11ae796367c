import { copyFileSync, existsSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Topic } from '../../contract/model.ts'
import { startCapture } from '../../ingest/capture.ts'
import { addToCatalogue } from '../../log/catalogue.ts'
import { openLog } from '../../log/log.ts'
import { type SummedRow, sumOfRow, sumOfTopic } from '../../log/row-sum.ts'
import { listSegments, segmentFile } from '../../log/segment.ts'
import { recordsOf } from './append.ts'
import type { BenchOptions } from './options.ts'
import { devices } from './plant.ts'

/** From nothing in memory until the recorder takes messages, on a log of 1 GB; of 20 GB in the long form, as far as the disk allows. */
export async function startClaims({ dir, rounds, messages, long, tell, progress }: BenchOptions): Promise<void> {
  const log = join(dir, 'start')
  const bytes = Math.min(long ? 20e9 : messages * 16_000, free(dir) / 2)
  progress(`a log of ${(bytes / 1e9).toFixed(1)} GB is made`)
  makeLog(log, bytes)
  const values: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const before = performance.now()
    const opened = openLog(log)
    const capture = startCapture({ log: opened, now: Date.now, linger: 20, onHead: () => {}, onStatus: () => {} })
    values.push(performance.now() - before)
    await capture.stop()
    opened.close()
  }
  tell([
    {
      claim: `from start until ready to record, ${(bytes / 1e9).toFixed(2)} GB in ${listSegments(log).length} files`,
      values: values.slice(1),
      goal: { atMost: 1_000 },
      unit: 'ms',
    },
  ])
  rmSync(log, { recursive: true })
}

function free(dir: string): number {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}

/** One segment is written, and the others are its copies with later offsets: 20 GB in minutes. */
function makeLog(dir: string, bytes: number): void {
  const segmentBytes = Math.min(256e6, bytes / 4)
  const n = writeSegment(dir, segmentBytes)
  const wanted = Math.round(bytes / segmentBytes)
  for (let i = 1; i < wanted; i++) copySegment(dir, i * n)
  for (const first of listSegments(dir).slice(0, -1)) {
    const size = statSync(segmentFile(dir, first)).size
    addToCatalogue(dir, { first, n, bytes: size, sha256: 'made by the bench' })
  }
}

/** Answers how many records it holds. */
function writeSegment(dir: string, bytes: number): number {
  const log = openLog(dir, { segmentBytes: 4 * bytes, segmentMs: Number.POSITIVE_INFINITY })
  const made = devices(3_334, 100, 'plant', 1)
  const again = Array.from({ length: 20 }, () => recordsOf(made, 4_096))
  for (let commit = 0; statSync(segmentFile(dir, 0)).size < bytes; commit++) log.append(again[commit % 20]!)
  const n = log.head
  log.close()
  return n
}

function copySegment(dir: string, first: number): void {
  const file = segmentFile(dir, first)
  copyFileSync(segmentFile(dir, 0), `${file}.new`)
  const db = new Database(`${file}.new`)
  db.pragma('synchronous = off')
  db.pragma('journal_mode = off')
  const names = db.prepare<[], Topic>('select source, name from topic order by id').all().map(sumOfTopic)
  const move = db.prepare('update block set first = ?, sum = ? where first = ?')
  const rows = db.prepare<[], SummedRow>('select first, n, t0, t1, topics from block').all()
  db.transaction(() => {
    for (const row of rows)
      move.run(row.first + first, sumOfRow({ ...row, first: row.first + first }, names), row.first)
  })()
  db.close()
  renameSync(`${file}.new`, file)
  for (const rest of ['-wal', '-shm']) if (existsSync(`${file}.new${rest}`)) rmSync(`${file}.new${rest}`)
}
