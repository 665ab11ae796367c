import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { exportSpan } from '../../core/host/commands/export.ts'
import { readBase, writeBase } from '../../core/log/base.ts'
import { openLog } from '../../core/log/log.ts'
import { openReader } from '../../core/log/reader.ts'
import { verify } from '../../core/log/verify.ts'
import { createPath } from '../../core/stream/path.ts'
import { beginViews } from '../../core/views/begin.ts'
import { readAll, t0 } from '../core/log/records.ts'
import { Recorder } from '../support/stream.ts'
import { tempDir } from '../support/temp-dir.ts'

// Law 10: old data opens. Each folder was written once by the program that had that format, with an export of it, and is
// never made again.

const fixture = (name: string) => new URL(`../fixtures/${name}/`, import.meta.url).pathname

test.each(['log-format-1'])('%s reads as it was written, is replayed, and is written on', async (name) => {
  const dir = tempDir()
  cpSync(fixture(name), dir, { recursive: true })
  const log = join(dir, 'log')
  const exported = readFileSync(join(dir, 'export.jsonl'), 'utf8')
  expect(await exportOf(dir)).toBe(exported)
  expect((await verify(log)).problems).toEqual([])
  const { head } = replay(log)
  const writer = openLog(log)
  writer.append([{ time: t0, kind: 'message', source: 'plant', name: 'new', bytes: new Uint8Array([49]) }])
  writer.close()
  expect([writer.head, (await exportOf(dir)).startsWith(exported)]).toEqual([head + 1, true])
  expect((await verify(log)).problems).toEqual([])
})

test.each([
  ['as it was written', (version: string) => version],
  ['as any other program would have written it', () => '0/of another program'],
])('base-format-1, and the log behind it, is gone on from, %s', async (_, versionOf) => {
  const dir = tempDir()
  cpSync(fixture('base-format-1'), dir, { recursive: true })
  const log = join(dir, 'log')
  const first = 600
  const base = readBase(log, first)
  writeBase(log, { ...base, version: versionOf(base.version) })
  expect((await verify(log)).problems).toEqual([])
  expect(await exportOf(dir)).toBe(readFileSync(join(dir, 'export.jsonl'), 'utf8'))
  expect(knownAt(log, join(dir, 'views.db'))).toEqual(JSON.parse(readFileSync(join(dir, 'known.json'), 'utf8')))
})

/** What people and devices had said before the base, as the views know it when they begin there. */
function knownAt(log: string, file: string): unknown {
  const reader = openReader(log)
  const { views } = beginViews(file, reader)
  views.flush()
  views.close()
  reader.close()
  const db = new Database(file, { readonly: true })
  const all = (sql: string) => db.prepare(sql).all()
  const known = {
    rules: all('select distinct id from rule where deleted = 0 order by id'),
    devices: all('select name from device order by name'),
    series: all('select id, device, signal from series order by id'),
    zone: all('select name from zone order by offset desc limit 1'),
    notes: all('select device, text from note order by offset'),
    bookmarks: all('select at, text from bookmark order by offset'),
    open: all(`select id, device, since from alert where closed = ${Number.MAX_SAFE_INTEGER} order by id`),
    journal: all('select alert, offset, phase from transition order by seq'),
  }
  db.close()
  return known
}

async function exportOf(dir: string): Promise<string> {
  const out = join(dir, 'again.jsonl')
  const silent = { out: () => {}, err: () => {} }
  await exportSpan.run(['--format', 'jsonl', '--data', dir, '--out', out], silent)
  return readFileSync(out, 'utf8')
}

function replay(dir: string): { head: number } {
  const reader = openReader(dir)
  const path = createPath()
  const said = new Recorder()
  for (let block = reader.read(0); block !== null; block = reader.read(path.next))
    path.step(block, path.next - block.first, block.n, said.emit)
  const records = readAll(reader)
  reader.close()
  expect([path.next, said.lines.length > records.length]).toEqual([records.length, true])
  return { head: records.length }
}
