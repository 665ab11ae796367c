import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { addToCatalogue } from '../../core/log/catalogue.ts'
import { type Appending, openLog } from '../../core/log/log.ts'
import { sumOfRow, sumOfTopic } from '../../core/log/row-sum.ts'
import { createSegment, listSegments, segmentFile } from '../../core/log/segment.ts'

// How long a big log takes to be ready: `make DIR GIGABYTES`, then `open DIR` in a process of its own.
// One segment is captured as any other; the rest are its blocks again at later offsets and times, finished as any other.

const start = 1_760_000_000_000
const [what, dir, gigabytes] = process.argv.slice(2) as [string, string, string | undefined]
if (what === 'make') await make(Number(gigabytes))
else open()

function open(): void {
  const from = performance.now()
  const log = openLog(dir)
  const opened = performance.now()
  const { first } = log.append([message(log.lastTime + 1)])
  const stored = performance.now()
  log.close()
  const ms = { openMs: opened - from, firstCommitMs: stored - opened }
  process.stdout.write(`${JSON.stringify({ segments: listSegments(dir).length, first, ...ms })}\n`)
}

async function make(size: number): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const segmentBytes = 256e6
  const log = openLog(dir, { segmentBytes })
  for (let i = 0; listSegments(dir).length < 2; i++)
    log.append(Array.from({ length: 1_000 }, (_, k) => message(start + i * 1_000 + k)))
  await log.settled()
  log.close()
  const [first, second] = listSegments(dir) as [number, number]
  const source = new Database(segmentFile(dir, first), { readonly: true })
  const count = Math.ceil((size * 1e9) / segmentBytes)
  for (let i = 1; i < count; i++) copy(source, second * i, second)
  createSegment(dir, second * count)
}

function message(time: number): Appending {
  return { time, kind: 'message', source: 'plant', name: `line/${time % 500}/state`, qos: 1, bytes: randomBytes(1_024) }
}

interface Row {
  first: number
  readonly n: number
  t0: number
  t1: number
  readonly topics: Buffer
  readonly data: Buffer
}

function copy(source: Database.Database, shift: number, n: number): void {
  const file = segmentFile(dir, shift)
  createSegment(dir, shift)
  const db = new Database(file)
  db.pragma('journal_mode = off')
  db.pragma('synchronous = off')
  const topics = source.prepare('select * from topic order by id').all() as {
    id: number
    source: string
    name: string
  }[]
  const sums = topics.map(sumOfTopic)
  const addTopic = db.prepare('insert into topic values (@id, @source, @name)')
  const addBlock = db.prepare('insert into block values (@first, @n, @t0, @t1, @topics, @data, @sum)')
  db.transaction(() => {
    for (const topic of topics) addTopic.run(topic)
    for (const row of source.prepare('select first, n, t0, t1, topics, data from block').iterate() as Iterable<Row>) {
      const later = { ...row, first: row.first + shift, t1: row.t1 + shift } // the block's own times stay: nothing here reads them
      addBlock.run({ ...later, sum: sumOfRow(later, sums) })
    }
  })()
  db.close()
  const bytes = readFileSync(file)
  addToCatalogue(dir, {
    first: shift,
    n,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  })
  chmodSync(file, 0o444)
}
