import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCli } from '../../../core/host/run-cli.ts'
import { Ledger } from '../../../core/sync/ledger.ts'
import { plantLog } from '../../support/plant-log.ts'
import { random } from '../../support/stream.ts'
import { buildViews, writeLog } from '../../support/views.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-cli-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** One command line, in this process, with what it said. */
async function fieldwatch(...args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    out: (text) => void out.push(`${text}\n`),
    err: (text) => void err.push(`${text}\n`),
  })
  return { code, out: out.join(''), err: err.join('') }
}

const commands = [
  'serve',
  'start',
  'import',
  'play',
  'alerts',
  'rules',
  'series',
  'export',
  'verify',
  'backup',
  'restore',
]

describe('the command line', () => {
  test.each(commands)('%s tells how it is used, and that it cannot be used otherwise', async (command) => {
    expect(await fieldwatch(command, '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Usage: fieldwatch ${command}`),
      err: '',
    })
    expect(await fieldwatch(command, '--sideways')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('--sideways'),
    })
  })

  test('names every command, and the version', async () => {
    const { out } = await fieldwatch('--help')
    for (const command of commands) expect(out).toContain(`  ${command}`)
    expect((await fieldwatch('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test.each([
    [[], /a command is missing/],
    [['fly'], /"fly" is not a command/],
    [['serve', '--port', '70000'], /--port: "70000" is not a whole number from 0 to 65535/],
    [['export', '--format', 'xml'], /--format: "xml" is not jsonl or csv/],
    [['export'], /--format is missing/],
    [['alerts', '--at', 'yesterday'], /--at: "yesterday" is not a time/],
    [['play', 'a.csv'], /--broker is missing/],
    [['play', '--broker', 'mqtt://x'], /a file is missing/],
    [['play', 'a.csv', '--broker', 'mqtt://x', '--speed', '-1'], /--speed: "-1"|ambiguous/],
  ] as const)('%j is wrong use: exit code 2 and a sentence', async (args, sentence) => {
    expect(await fieldwatch(...args)).toMatchObject({ code: 2, err: expect.stringMatching(sentence) })
  })
})

describe('a log by hand', () => {
  test('import, export and verify agree on what is in it', async () => {
    const file = join(dir, 'temperature.csv')
    writeFileSync(file, 'ts,value\n1700000000000,20.5\n1700000001000,21\n1700000060000,19.75\n')
    expect(await fieldwatch('import', file, '--data', dir, '--json')).toMatchObject({
      code: 0,
      out: '{"imported":3}\n',
    })

    const exported = join(dir, 'out.jsonl')
    expect((await fieldwatch('export', '--format', 'jsonl', '--out', exported, '--data', dir)).code).toBe(0)
    const records = linesOf(exported).map((line) => JSON.parse(line))
    expect(records.filter(({ kind }) => kind === 'message')).toEqual([
      {
        offset: 0,
        time: 1_700_000_000_000,
        kind: 'message',
        source: 'import',
        topic: 'temperature',
        qos: 1,
        retained: false,
        repeat: false,
        text: '{"ts":1700000000000,"value":20.5}',
      },
      expect.objectContaining({ time: 1_700_000_001_000, text: '{"ts":1700000001000,"value":21}' }),
      expect.objectContaining({ time: 1_700_000_060_000, text: '{"ts":1700000060000,"value":19.75}' }),
    ])
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i))

    const report = await fieldwatch('verify', '--data', dir, '--json')
    expect(report.code).toBe(0)
    expect(JSON.parse(report.out)).toMatchObject({ records: records.length, head: records.length, problems: [] })
  })

  test('export as csv quotes what needs it, and keeps to its span', async () => {
    const file = join(dir, 'valve.jsonl')
    writeFileSync(file, '{"ts":1700000000000,"value":"open, \\"half\\""}\n{"ts":1700000001000,"value":"shut"}\n')
    await fieldwatch('import', file, '--data', dir)
    const out = join(dir, 'out.csv')
    await fieldwatch('export', '--format', 'csv', '--out', out, '--data', dir, '--to', '2023-11-14T22:13:20.500Z')
    expect(linesOf(out)).toEqual([
      'offset,time,kind,source,topic,qos,retained,repeat,text,base64',
      '0,1700000000000,message,import,valve,1,false,false,"{""ts"":1700000000000,""value"":""open, \\""half\\""""}",',
    ])
  })

  test('verify finds a damaged file and ends with exit code 1', async () => {
    const file = join(dir, 'temperature.csv')
    writeFileSync(file, Array.from({ length: 2_000 }, (_, i) => `${1_700_000_000_000 + i * 1_000},${i}`).join('\n'))
    await fieldwatch('import', file, '--data', dir)
    const segment = join(dir, 'log', '000000000000.db')
    const bytes = readFileSync(segment)
    bytes.fill(0x5a, bytes.length >> 1)
    writeFileSync(segment, bytes)
    const { code, out } = await fieldwatch('verify', '--data', dir)
    expect(code).toBe(1)
    expect(out).toContain('000000000000.db')
  })

  test('verify tells that the log ends before what others had read of it', async () => {
    const file = join(dir, 'temperature.csv')
    writeFileSync(file, '1700000000000,20.5\n')
    await fieldwatch('import', file, '--data', dir)
    const ledger = new Ledger(join(dir, 'state.db'))
    ledger.place('central', 7)
    ledger.close()
    const { code, out } = await fieldwatch('verify', '--data', dir)
    expect(code).toBe(1)
    expect(out).toContain('records 1 to 6 are missing: the destination "central" had read them')
  })

  test('verify --replay finds views that say something else than the log, seed 56', async () => {
    writeLog(join(dir, 'log'), plantLog(random(56), 1_500))
    buildViews(join(dir, 'log'), join(dir, 'views.db'))
    expect(await fieldwatch('verify', '--replay', '--data', dir)).toMatchObject({
      code: 0,
      out: expect.stringContaining('says what the views say, byte for byte'),
    })
    const db = new Database(join(dir, 'views.db'))
    db.exec('update minute set messages = messages + 1')
    db.close()
    const { code, out } = await fieldwatch('verify', '--replay', '--data', dir, '--json')
    expect([code, JSON.parse(out).replay.different]).toEqual([1, ['minute']])
  })

  test('alerts before anything ran says what to do, with exit code 1', async () => {
    expect(await fieldwatch('alerts', '--data', dir)).toMatchObject({
      code: 1,
      err: expect.stringContaining('run "fieldwatch serve" once'),
    })
  })
})

function linesOf(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}
