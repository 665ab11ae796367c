import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FileRow, readRows, topicsOf } from '../../../core/ingest/files.ts'
import { importFiles } from '../../../core/ingest/import.ts'
import { playFiles } from '../../../core/ingest/play.ts'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { readAll } from '../log/records.ts'
import { Capturing, source } from './capturing.ts'

function file(name: string, text: string, dir = tempDir()): string {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

async function rowsOf(path: string): Promise<FileRow[]> {
  const rows: FileRow[] = []
  for await (const row of readRows(path)) rows.push(row)
  return rows
}

describe('rows of a file', () => {
  const noon = Date.UTC(2014, 3, 1, 12)

  test.each([
    ['epoch milliseconds with a header', 'ts,value\n1396353600000,1.5\n', { value: 1.5 }],
    ['ISO 8601 without a zone is UTC', 'timestamp,value\r\n2014-04-01 12:00:00,1.5\r\n', { value: 1.5 }],
    ['no header, a zone, an empty last line', '2014-04-01T14:00:00+02:00,true\n\n', { value: true }],
    [
      'more columns have their names',
      'ts,flow,"state, long"\n1396353600000,1,"a ""b"""\n',
      { flow: 1, 'state, long': 'a "b"' },
    ],
    ['JSON Lines', '{"ts":1396353600000,"value":1.5,"unit":"bar"}\n', { value: 1.5, unit: 'bar' }],
  ])('%s', async (_, text, values) => {
    expect(await rowsOf(file('a.csv', text))).toEqual([{ time: noon, values }])
  })

  test('what is wrong is named with its line', async () => {
    await expect(rowsOf(file('a.csv', 'ts,value\n1,2\nyesterday,3\n'))).rejects.toThrow(
      /a\.csv:3: "yesterday" is not a time/,
    )
    await expect(rowsOf('/nowhere.csv')).rejects.toThrow('there is no file "/nowhere.csv"')
  })

  test('two files that would become one topic are refused', () => {
    expect(topicsOf(['/a/x.csv', '/a/y.jsonl'], 'nab/')).toEqual([
      { file: '/a/x.csv', topic: 'nab/x' },
      { file: '/a/y.jsonl', topic: 'nab/y' },
    ])
    expect(() => topicsOf(['/a/x.csv', '/b/x.csv'], null)).toThrow(/both become the topic "x"/)
  })
})

describe('import', () => {
  test('times of the files become arrival, by time over all files, with a tick in a long gap', async () => {
    const dir = tempDir()
    const log = openLog(join(dir, 'log'))
    const files = [file('a.csv', 'ts,value\n1000,1\n9000,2\n60000,3\n', dir), file('b.csv', 'ts,value\n5000,x\n', dir)]
    expect(await importFiles({ log, files, prefix: 'p', now: Date.now })).toEqual({ imported: 4 })
    const seen = readAll(openReader(log.dir)).map((record) => [record.kind, record.topic.name, record.time])
    expect(seen).toEqual([
      ['message', 'p/a', 1000],
      ['message', 'p/b', 5000],
      ['message', 'p/a', 9000],
      ['tick', '', 19_000],
      ['message', 'p/a', 60_000],
    ])
    log.close()
  })

  test('into a log that is already later, arrival is now and the time of the file is the device time', async () => {
    const dir = tempDir()
    const log = openLog(join(dir, 'log'))
    const now = 1_700_000_000_000
    log.append([{ time: now - 1, kind: 'tick', source: '', name: '', bytes: new Uint8Array() }])
    await importFiles({ log, files: [file('a.csv', '1000,1\n', dir)], prefix: null, now: () => now })
    const last = readAll(openReader(log.dir)).at(-1)!
    expect([last.time, Buffer.from(last.bytes).toString()]).toEqual([now, '{"ts":1000,"value":1}'])
    log.close()
  })
})

describe('play', () => {
  test.skipIf(!hasMosquitto)('every row arrives once, in order, moved so that the last is now', async () => {
    const broker = await startMosquitto({ conf: 'max_queued_messages 0' })
    const one = new Capturing(tempDir())
    one.capture.addSource(source(broker.url, { topics: ['nab/#'] }), null)
    await one.row((row) => row.state === 'up')
    const nab = ['cpu_utilization', 'request_latency'].map(
      (name) => new URL(`../../fixtures/nab/${name}.csv`, import.meta.url).pathname,
    )
    const now = 1_790_000_000_000
    const settings = { speed: 'max', keepTimes: false, prefix: 'nab', username: null, password: null } as const
    const { published } = await playFiles({ ...settings, files: nab, broker: broker.url, now: () => now })
    await one.until(() => one.messages().length === published)
    const times = one.messages().map((record) => JSON.parse(Buffer.from(record.bytes).toString()).ts as number)
    expect(times.at(-1)).toBe(now)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const original = (await Promise.all(nab.map(rowsOf))).flat().map((row) => row.time)
    const shift = now - Math.max(...original)
    expect(times).toEqual(original.map((time) => time + shift).toSorted((a, b) => a - b))
    await one.stop()
    await broker.stop()
  })

  test('a broker that is not there is said so', async () => {
    const settings = {
      speed: 'max',
      keepTimes: true,
      prefix: null,
      username: null,
      password: null,
      now: Date.now,
    } as const
    const played = playFiles({ ...settings, files: [file('a.csv', '1000,1\n')], broker: 'mqtt://127.0.0.1:1' })
    await expect(played).rejects.toThrow('127.0.0.1 does not answer on port 1')
  })
})
