import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { recordAt } from '../../core/contract/block.ts'
import { FieldError } from '../../core/contract/errors.ts'
import { startCapture } from '../../core/ingest/capture.ts'
import { writeBase } from '../../core/log/base.ts'
import { type Appending, openLog } from '../../core/log/log.ts'
import { openReader } from '../../core/log/reader.ts'
import type { Bounds } from '../../core/log/retention.ts'
import { listSegments } from '../../core/log/segment.ts'

// A log on the small disk at /mnt, which is filled.

const dir = '/mnt/log'
const reserve = `${dir}/reserve`
const empty = new Uint8Array()
const bounds: Bounds = { maxBytes: 1, minFreeBytes: 0, maxAge: null, giveUp: ['sent'] }
const tests: { readonly [name: string]: () => unknown } = { 'last-words': lastWords, held, goes, stops }

process.stdout.write(JSON.stringify(await tests[process.argv[2]!]!()))

async function lastWords() {
  writeFileSync('/mnt/ballast', new Uint8Array(6_000_000))
  const log = openLog(dir, { reserveBytes: 4_194_304 })
  const fullSeen = fill(() => log.append(big(10)))
  stuff('/mnt/other')
  const reserveWhileFull = existsSync(reserve)
  log.lastWords()
  const before = log.head
  log.append([{ time: Date.now(), kind: 'link', source: '', name: 'stopped', bytes: new Uint8Array() }])
  const wordsStored = log.head === before + 1
  log.close()
  const reserveAfterWords = existsSync(reserve)
  const reader = openReader(dir)
  const block = reader.read(before)!
  const lastRecord = recordAt(block, before - block.first).topic.name
  reader.close()
  rmSync('/mnt/ballast')
  openLog(dir, { reserveBytes: 4_194_304 }).close()
  return {
    fullSeen,
    reserveWhileFull,
    wordsStored,
    reserveAfterWords,
    lastRecord,
    reserveWhenRoom: existsSync(reserve),
  }
}

/** A whole capture is stopped while the disk is full. */
async function stops() {
  const log = openLog(dir, { reserveBytes: 4_194_304 })
  const capture = startCapture({ log, now: Date.now, linger: 0, onHead: () => {}, onStatus: () => {} })
  const fullSeen = fill(() => capture.append(big(10)))
  stuff('/mnt/other')
  log.lastWords()
  await capture.stop()
  const reader = openReader(dir)
  const block = reader.read(log.head - 1)!
  const lastRecord = recordAt(block, block.n - 1).topic.name
  reader.close()
  log.close()
  return { fullSeen, lastRecord }
}

async function held() {
  const log = openLog(dir, { segmentBytes: 1_000_000 })
  for (let i = 0; i < 5; i++) log.append(big(1_000))
  await log.settled()
  for (const next of listSegments(dir)) writeBase(dir, { next, version: 'none', known: empty, tables: empty })
  await log.letGo(bounds, [{ destination: 'central', offset: 10 }])
  try {
    for (;;) log.append(big(100))
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    return { code: error.code, hint: error.hint }
  }
}

async function goes() {
  const log = openLog(dir, { segmentBytes: 1_000_000, reserveBytes: 4_194_304 })
  for (let i = 0; i < 5; i++) log.append(big(1_000))
  await log.settled()
  for (const next of listSegments(dir)) writeBase(dir, { next, version: 'none', known: empty, tables: empty })
  const fullSeen = fill(() => log.append(big(10)))
  stuff('/mnt/other')
  for (let turn = 0; turn < 3; turn++) await log.letGo(bounds, [])
  const before = log.head
  log.append(big(10))
  return { fullSeen, wentOn: log.head === before + 10 && listSegments(dir)[0]! > 0 }
}

/** Records of 1 kB that nothing packs. */
function big(n: number): Appending[] {
  const time = Date.now()
  return Array.from({ length: n }, () => {
    return { time, kind: 'message', source: 'plant', name: 'line/1', qos: 1, bytes: randomBytes(1_024) }
  })
}

function fill(append: () => unknown): boolean {
  try {
    for (;;) append()
  } catch (error) {
    return error instanceof FieldError && error.code === 'disk_full'
  }
}

/** What another program takes: all that is left. */
function stuff(file: string): void {
  for (let size = 1_048_576; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) writeFileSync(file, new Uint8Array(size), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
