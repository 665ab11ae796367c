import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { LogRecord } from '../../../core/contract/model.ts'
import { runCli } from '../../../core/host/run-cli.ts'
import { Backup, type Manifest, readManifest } from '../../../core/log/backup.ts'
import { writeBase } from '../../../core/log/base.ts'
import { readCatalogue } from '../../../core/log/catalogue.ts'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { verify } from '../../../core/log/verify.ts'
import { Ledger, readLedger } from '../../../core/sync/ledger.ts'
import { runFieldwatch, startApp } from '../../support/app.ts'
import { CaptureProcess, killAll } from '../../support/capture/captured.ts'
import { hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { asAppended, messages, readAll } from '../log/records.ts'

let root: string
let data: string
let to: string
let restored: string

beforeEach(() => {
  root = tempDir()
  data = join(root, 'data')
  to = join(root, 'backup')
  restored = join(root, 'restored')
})
afterEach(killAll)

async function fieldwatch(...args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, { out: (text) => void out.push(text), err: (text) => void err.push(text) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const backup = async (...more: string[]) =>
  JSON.parse((await fieldwatch('backup', '--data', data, '--to', to, '--json', ...more)).out) as Manifest & {
    readonly copied: number
    readonly problems: readonly string[]
  }
const restore = (...more: string[]) => fieldwatch('restore', '--from', to, '--data', restored, ...more)

function recordsIn(dataDir: string): LogRecord[] {
  const reader = openReader(join(dataDir, 'log'))
  try {
    return readAll(reader)
  } finally {
    reader.close()
  }
}

/** Without what SQLite keeps beside the segment that is open. */
function filesOf(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'log'))
    .filter((name) => !/-(wal|shm)$/.test(name))
    .sort()
}

/** What a later backup need not copy again. */
function finishedIn(backupDir: string): string[] {
  return readManifest(backupDir)
    .files.filter(({ name, path }) => name === path)
    .map(({ name }) => name)
}

/** Three finished segments and one that is written. */
async function fill(n = 3_500): Promise<void> {
  const log = openLog(join(data, 'log'), { segmentMs: 1_000_000 })
  for (let i = log.head; i < n; i += 100) log.append(messages(i, 100))
  await log.settled()
  log.close()
}

describe.skipIf(!hasMosquitto)('while capture runs', () => {
  test('each backup is the log up to an instant, and copies only what is new', async () => {
    const broker = await startMosquitto({ conf: 'max_queued_messages 0' })
    onTestFinished(() => broker.stop())
    const capture = new CaptureProcess(join(data, 'log'), broker.url, '5', 'natural')
    await capture.until(() => true)
    const publisher = await mqtt.connectAsync(broker.url)
    let sending = true
    const sender = (async () => {
      for (let i = 0; sending; i++)
        await Promise.all(
          Array.from({ length: 50 }, (_, k) =>
            publisher.publishAsync(`plant/${k}`, randomBytes(100 + (i % 300)), { qos: 1 }),
          ),
        )
    })()
    const heads: number[] = []
    for (let round = 0; round < 3; round++) {
      const before = round === 0 ? [] : finishedIn(to)
      await capture.until(
        ({ head }) => head > (heads.at(-1) ?? 0) + 3_000 && readCatalogue(join(data, 'log')).length > before.length,
      )
      const { head, copied, problems } = await backup()
      heads.push(head)
      expect(problems).toEqual([])
      expect(finishedIn(to).length).toBeGreaterThan(before.length)
      expect(copied).toBe(readManifest(to).files.length - before.length)
      rmSync(restored, { recursive: true, force: true })
      expect(await restore()).toMatchObject({ code: 0 })
      const there = recordsIn(restored)
      expect(there).toHaveLength(head)
      expect(there.map(asAppended)).toEqual(recordsIn(data).slice(0, head).map(asAppended))
      expect((await verify(join(restored, 'log'))).problems).toEqual([])
    }
    sending = false
    await sender
    await capture.stop()
    await publisher.endAsync()
    expect(heads[2]).toBeGreaterThan(heads[0]!)
  })
})

test('the running app is backed up by the command line, and its restored copy starts', async () => {
  const app = await startApp(['--data', data])
  const { code, out } = await runFieldwatch(['backup', '--data', data, '--to', to])
  expect([code, out]).toEqual([0, expect.stringMatching(/^Records 0 to \d+ are in /)])
  await app.stop()
  expect((await runFieldwatch(['restore', '--from', to, '--data', restored])).code).toBe(0)
  const again = await startApp(['--data', restored])
  expect(await again.stop()).toBe(0)
})

test.each([
  [
    'restored',
    async () => {
      await backup()
      await restore()
    },
  ],
  ['copied by hand', async () => cpSync(data, restored, { recursive: true })],
])(
  'what a data directory that was %s adds to its log has names of its own, from the first record on',
  async (_, copy) => {
    const app = await startApp(['--data', data])
    expect(await app.stop()).toBe(0)
    const end = recordsIn(data).length
    await copy()
    for (const dir of [restored, data]) {
      const again = await startApp(['--data', dir])
      expect(await again.stop()).toBe(0)
    }
    const [own, other] = [linesIn(data), linesIn(restored)]
    expect(own).toEqual([{ first: 0, source: expect.stringMatching(/^fw-[0-9a-f]{16}$/) }])
    expect(other).toEqual([...own, { first: end, source: expect.stringContaining(`${own[0]!.source}.`) }])
    expect(recordsIn(restored).length).toBeGreaterThan(end)
  },
)

function linesIn(dataDir: string) {
  const ledger = readLedger(join(dataDir, 'state.db'))
  try {
    return ledger.identity.lines
  } finally {
    ledger.close()
  }
}

test('what belongs to the log comes with it: configuration, state of sync, name at the broker; passwords only when asked', async () => {
  await fill()
  for (const name of ['config.json', 'secrets.json', 'sessions.json']) writeFileSync(join(data, name), `{"${name}":1}`)
  writeFileSync(join(data, 'log', 'client-id'), 'mine')
  writeBase(join(data, 'log'), { next: 1_000, version: 'v', known: Buffer.from('{}'), tables: Buffer.from('') })
  const ledger = new Ledger(join(data, 'state.db'))
  ledger.place('central', 0)
  ledger.begin('central', { next: 700, cluster: 'c', delivery: 'exactly once', time: 1 })
  await backup()
  expect((await restore()).code).toBe(0)
  expect(readdirSync(restored).sort()).toEqual(['config.json', 'log', 'state.db'])
  expect(filesOf(restored)).toEqual(filesOf(data))
  const back = new Ledger(join(restored, 'state.db'))
  back.goOn(3_500)
  expect(back.place('central', 0)).toMatchObject({ acked: 700, shared: 3_500 })
  expect([
    back.identity.installation === ledger.identity.installation,
    back.identity.log === ledger.identity.log,
  ]).toEqual([true, false])
  back.close()
  ledger.close()
  rmSync(restored, { recursive: true })
  await backup('--secrets')
  await restore()
  expect(readFileSync(join(restored, 'secrets.json'), 'utf8')).toBe('{"secrets.json":1}')
})

test('a backup that is cut off leaves the one before as it was', async () => {
  await fill(3_500)
  await backup()
  await fill(7_000)
  await new Backup(to, Date.now() + 1).addLog(join(data, 'log')) // and never finishes
  expect((await restore()).code).toBe(0)
  expect(recordsIn(restored)).toHaveLength(3_500)
  const { head, copied, files } = await backup()
  expect([head, copied < Number(files), readdirSync(to).length]).toEqual([7_000, true, 3])
})

describe('a restore that is refused', () => {
  beforeEach(async () => {
    await fill()
    await backup()
  })

  test('into a directory that is not empty, which stays as it is', async () => {
    mkdirSync(restored)
    writeFileSync(join(restored, 'note'), 'mine')
    expect(await restore()).toMatchObject({ code: 1, err: expect.stringContaining(`${restored} is not empty`) })
    expect(readdirSync(root).sort()).toEqual(['backup', 'data', 'restored'])
    expect(readdirSync(restored)).toEqual(['note'])
  })

  test.each([
    [
      'a byte of a file changed',
      (file: string) => writeFileSync(file, flipped(file)),
      /is not as it was written: its sha256/,
    ],
    ['a file is missing', (file: string) => rmSync(file), /is missing from the backup/],
  ])('because %s in the backup', async (_, change, why) => {
    for (const { path } of readManifest(to).files) {
      const file = join(to, path)
      const kept = readFileSync(file)
      change(file)
      expect(await restore()).toMatchObject({ code: 1, err: expect.stringMatching(why) })
      expect((await restore()).err).toContain(file)
      rmSync(file, { force: true })
      writeFileSync(file, kept)
    }
    expect(existsSync(restored)).toBe(false)
    expect(readdirSync(root).sort()).toEqual(['backup', 'data'])
    expect((await restore()).code).toBe(0)
  })

  test('because a newer program made it, or it is none, or it reaches outside', async () => {
    const file = join(to, 'backup.json')
    const manifest = readManifest(to)
    writeFileSync(file, JSON.stringify({ ...manifest, version: 2 }))
    expect((await restore()).err).toContain('has version 2, this program knows 1')
    writeFileSync(file, JSON.stringify({ ...manifest, files: [{ ...manifest.files[0], name: '../outside' }] }))
    expect((await restore()).err).toContain('is not the list of a backup')
    rmSync(file)
    expect((await restore()).err).toContain('holds no backup')
    expect(existsSync(restored)).toBe(false)
  })
})

test('damage in the log is named by backup, refused by restore, and restored as far as it reads when asked', async () => {
  await fill()
  const segment = join(data, 'log', '000000001000.db')
  const bytes = flipped(segment)
  rmSync(segment)
  writeFileSync(segment, bytes)
  const { problems } = await backup()
  expect(problems).toEqual([expect.stringContaining('000000001000.db')])
  expect(await restore()).toMatchObject({ code: 1, err: expect.stringContaining('is damaged') })
  expect((await restore('--damaged')).code).toBe(0)
  const reader = openReader(join(restored, 'log'), { damaged: 'skip' })
  const there = readAll(reader, 0)
  reader.close()
  expect(there.length).toBeGreaterThan(3_000)
})

test('a folder that holds something else is no place for a backup, nor is the data directory itself', async () => {
  await fill(100)
  mkdirSync(to)
  writeFileSync(join(to, 'thesis.txt'), 'mine')
  expect((await fieldwatch('backup', '--data', data, '--to', to)).err).toContain('is not empty and holds no backup')
  expect((await fieldwatch('backup', '--data', data, '--to', join(data, 'b'))).err).toContain(
    'lies in the data directory',
  )
  expect(readdirSync(to)).toEqual(['thesis.txt'])
})

/** Its content with one bit changed in the middle. */
function flipped(file: string): Buffer {
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  return bytes
}
