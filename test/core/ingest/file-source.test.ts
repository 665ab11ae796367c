import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { kindCode, payload } from '../../../core/contract/block.ts'
import type { FileConfig } from '../../../core/contract/calls.ts'
import { type Capture, startCapture } from '../../../core/ingest/capture.ts'
import { openTail, type TailLine } from '../../../core/ingest/file/tail.ts'
import { type Log, openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { random } from '../../support/stream.ts'
import { tempDir } from '../../support/temp-dir.ts'

for (const seed of [11, 12, 13])
  test(`lines of files that follow each other are read in pieces, also from a place kept before, seed ${seed}`, async () => {
    const chance = random(seed)
    const { file } = place()
    const found: TailLine[] = []
    let tail = openTail(file, null)
    const drain = () => {
      for (let more = true; more; ) {
        const read = tail.read(1 + Math.floor(chance() * 700))
        found.push(...read.lines)
        more = read.more
      }
    }
    drain()
    let written = 0
    for (let step = 0; step < 150; step++) {
      const what = chance()
      if (what < 0.6) {
        const n = 1 + Math.floor(chance() * 500)
        const lines = Array.from({ length: n }, () => `line ${written++}\n`).join('')
        const cut = Math.floor(chance() * lines.length)
        appendFileSync(file, lines.slice(0, cut))
        if (chance() < 0.3) drain()
        appendFileSync(file, lines.slice(cut))
      } else if (what < 0.75) {
        if (chance() < 0.7) drain()
        await pause(20)
        renameSync(file, `${file}.${step}`)
        writeFileSync(file, '')
      } else if (found.length > 0) {
        tail.close()
        tail = openTail(file, found.at(-1)!)
      }
    }
    drain()
    tail.close()
    expect(found.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      Array.from({ length: written }, (_, i) => `line ${i}`),
    )
  })

for (const seed of [1, 2])
  test(`a file that is rotated, written in pieces and left alone for a while is in the log line by line, once, seed ${seed}`, async () => {
    const chance = random(seed)
    const at = place()
    let running = start(at)
    let written = 0
    let rotated = 0
    for (let step = 0; step < 20; step++) {
      const what = chance()
      if (what < 0.6) {
        const n = 1 + Math.floor(chance() * 2_000)
        const lines = Array.from({ length: n }, () => `line ${written++}\n`).join('')
        const cut = Math.floor(chance() * lines.length)
        appendFileSync(at.file, lines.slice(0, cut))
        if (chance() < 0.2) await heard(at, 1)
        appendFileSync(at.file, lines.slice(cut))
      } else if (what < 0.75) {
        if (chance() < 0.7) await heard(at, written)
        await pause(20) // a file system's clock ticks in milliseconds, and by it the next file is found
        renameSync(at.file, `${at.file}.${++rotated}`)
        writeFileSync(at.file, '')
      } else {
        await stop(running)
        if (chance() < 0.5) rmSync(join(at.dir, 'files.json'), { force: true })
        running = start(at)
      }
    }
    appendFileSync(at.file, `line ${written++}\n`)
    await heard(at, written)
    await stop(running)
    expect(linesOf(at)).toEqual(Array.from({ length: written }, (_, i) => `line ${i}`))
  }, 120_000)

test('a file that is emptied in place is read again from its beginning, and one that is not there is waited for', async () => {
  const at = place()
  rmSync(at.file, { force: true })
  const running = start(at)
  await until(() => running.capture.status()[0]!.state === 'down')
  expect(running.capture.status()[0]!.error?.message).toContain('is not there')
  writeFileSync(at.file, 'one\r\ntwo\n')
  await heard(at, 2)
  truncateSync(at.file)
  await pause(1_200) // a poll must see it empty: what is written over is another file to nobody
  appendFileSync(at.file, 'three\nhalf')
  await heard(at, 3)
  await stop(running)
  expect(linesOf(at)).toEqual(['one', 'two', 'three'])
})

interface At {
  readonly dir: string
  readonly file: string
}
interface Running {
  readonly log: Log
  readonly capture: Capture
}

function place(): At {
  const dir = tempDir()
  const file = join(dir, 'app.log')
  writeFileSync(file, '')
  return { dir, file }
}

function start({ dir, file }: At): Running {
  const log = openLog(join(dir, 'log'), { segmentBytes: 100_000 })
  const capture = startCapture({ log, now: Date.now, linger: 5, onHead: () => {}, onStatus: () => {} })
  const none = { pattern: null, device: null, time: null }
  capture.addFile({ ...none, name: 'app', path: file, topic: 'logs/app' } satisfies FileConfig)
  return { log, capture }
}

async function stop({ log, capture }: Running): Promise<void> {
  await capture.stop()
  await log.settled()
  log.close()
}

async function heard(at: At, n: number): Promise<void> {
  await until(() => linesOf(at).length >= n)
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(200)
}

function linesOf({ dir }: At): string[] {
  const reader = openReader(join(dir, 'log'))
  const lines: string[] = []
  for (let block = reader.read(0); block !== null; block = reader.read(block.first + block.n))
    for (let row = 0; row < block.n; row++)
      if (block.kind[row] === kindCode.message) lines.push(Buffer.from(payload(block, row)).toString())
  reader.close()
  return lines
}
