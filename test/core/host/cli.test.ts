import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startHost } from '../../../core/host/host.ts'
import { takeLock } from '../../../core/host/lock.ts'
import { runCli } from '../../../core/host/run-cli.ts'
import { Ledger } from '../../../core/sync/ledger.ts'
import { connectClient } from '../../support/client.ts'
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
  'link',
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

  test('series are called otherwise, measured, merged and given back, and the next start knows it', async () => {
    const file = join(dir, 'pump.jsonl')
    const rows = Array.from({ length: 20 }, (_, i) => ({
      ts: 1_700_000_000_000 + i * 1_000,
      press: 3 + i,
      temp: 20,
      on: true,
    }))
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'))
    await fieldwatch('import', file, '--data', dir)
    const say = async (...args: readonly string[]) => {
      const { code, out } = await fieldwatch('series', ...args, '--data', dir, '--json')
      return code === 0 ? JSON.parse(out).said : code
    }
    expect(await say('rename', '0', 'Inlet pressure')).toEqual({ name: 'Inlet pressure', unit: null, into: null })
    expect(await say('unit', '0', 'bar')).toEqual({ name: 'Inlet pressure', unit: 'bar', into: null })
    expect(await say('merge', '0', '1')).toEqual({ name: 'Inlet pressure', unit: 'bar', into: 1 })
    expect((await fieldwatch('series', '--data', dir)).out).toMatch(/^1 {2}pump temp .* with press\n2 {2}pump on /)
    expect(await say('undo', '0')).toEqual({ name: 'Inlet pressure', unit: 'bar', into: null })
    expect((await fieldwatch('series', '--data', dir)).out).toMatch(/^0 {2}pump press "Inlet pressure" {2}bar {2}/)
    expect(await say('rename', '0')).toEqual({ name: null, unit: 'bar', into: null })
    expect(await say('undo', '0')).toEqual({ name: 'Inlet pressure', unit: 'bar', into: null })
    expect((await fieldwatch('verify', '--replay', '--data', dir)).code).toBe(0)
    expect((await fieldwatch('alerts', '--data', dir)).err).toBe('No alert is open.\n')
  })

  test('a series is named while the program runs, which reads it by itself', async () => {
    const file = join(dir, 'pump.jsonl')
    writeFileSync(file, '{"ts":1700000000000,"press":3}\n')
    await fieldwatch('import', file, '--data', dir)
    await fieldwatch('series', 'undo', '0', '--data', dir) // reads the log: the program need not have run before
    const host = await startHost({ dataDir: dir, version: '0', page: { port: 0 } })
    const client = await connectClient(host.url()!)
    const said = async () => (await client.call('device', { id: 'pump', at: null })).signals[0]!.said
    try {
      expect((await fieldwatch('series', 'rename', '0', 'Inlet', '--data', dir)).code).toBe(0)
      await expect.poll(said, { timeout: 60_000 }).toEqual({ name: 'Inlet', unit: null, into: null })
      expect((await fieldwatch('series', 'undo', '0', '--data', dir)).code).toBe(0)
      await expect.poll(said, { timeout: 60_000 }).toEqual({ name: null, unit: null, into: null })
    } finally {
      client.close()
      await host.stop()
    }
  }, 120_000)

  test('link lets a second browser in while the program runs, and says where none does', async () => {
    const none = await fieldwatch('link', '--data', dir)
    expect(none).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(`no program serves a page from ${dir}`),
    })
    const host = await startHost({ dataDir: dir, version: '0', page: { port: 0 } })
    try {
      const first = await connectClient(host.url()!)
      first.close()
      const { out } = await fieldwatch('link', '--data', dir)
      const second = await connectClient(out.trim())
      expect((await second.call('status', {})).zone).toBe('UTC')
      second.close()
      const { url } = JSON.parse((await fieldwatch('link', '--data', dir, '--json')).out) as { url: string }
      expect(url).not.toBe(out.trim())
    } finally {
      await host.stop()
    }
  }, 120_000)

  test('what cannot be done to a series is said, and the log is as it was', async () => {
    const file = join(dir, 'pump.jsonl')
    writeFileSync(file, '{"ts":1700000000000,"press":3,"on":true}\n')
    await fieldwatch('import', file, '--data', dir)
    const refused = async (...args: readonly string[]) => {
      const { code, err } = await fieldwatch('series', ...args, '--data', dir)
      return `${code} ${err}`
    }
    expect(await refused('rename', '9', 'x')).toMatch(
      /^1 fieldwatch: there is no series 9\n"fieldwatch series" lists them/,
    )
    expect(await refused('undo', '0')).toMatch(/^1 .*there is nothing to undo/)
    expect(await refused('unit', '0', 'x'.repeat(40))).toMatch(/^1 .*unit/)
    expect(await refused('rename')).toMatch(/^2 .*the number of a series is missing/)
    expect(await refused('merge', '0', 'on')).toMatch(/^2 .*"on" is not the number of a series/)
    expect(await refused('merge', '0', '1')).toMatch(/^1 .*cannot be read into series 1\nBoth must be of one type/)
    const release = takeLock(dir)
    expect(await refused('rename', '0', 'y')).toMatch(/^1 .*in use by another Fieldwatch/)
    release()
    expect(JSON.parse((await fieldwatch('verify', '--data', dir, '--json')).out).head).toBe(1)
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
