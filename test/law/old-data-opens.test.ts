import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportSpan } from '../../core/host/commands/export.ts'
import { openLog } from '../../core/log/log.ts'
import { openReader } from '../../core/log/reader.ts'
import { verify } from '../../core/log/verify.ts'
import { createPath } from '../../core/stream/path.ts'
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
