import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takeLock } from '../../../core/host/lock.ts'
import { placesIn } from '../../../core/host/paths.ts'
import { openLog } from '../../../core/log/log.ts'
import { Ledger } from '../../../core/sync/ledger.ts'
import { runFieldwatch } from '../../support/app.ts'
import { hasOwnMounts, runWithOwnMounts } from '../../support/own-mounts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { messages } from '../log/records.ts'

// What cannot be used is refused in words, before a byte of it is touched.

const cli = new URL('../../../dist/core/host/cli.js', import.meta.url).pathname
const lockFile = new URL('../../../core/host/lock.ts', import.meta.url).href
let data: string
let csv: string
let holders: ChildProcess[]

beforeEach(() => {
  data = join(tempDir(), 'data')
  csv = join(tempDir(), 'a.csv')
  holders = []
  writeFileSync(csv, '1700000000000,1\n')
  const log = openLog(placesIn(data).log)
  log.append(messages(0, 100))
  log.close()
  new Ledger(placesIn(data).state).close()
  writeFileSync(placesIn(data).config, '{}')
})

afterEach(() => {
  for (const holder of holders) holder.kill('SIGKILL')
})

/** Names, bytes and times of all that is below. */
function everything(dir = data): unknown {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { mtimeMs, size } = statSync(join(dir, name))
      return [name, size, mtimeMs, statSync(join(dir, name)).isFile() ? readFileSync(join(dir, name), 'base64') : '']
    })
}

function makeNewer(file: string): void {
  const db = new Database(file)
  db.pragma('journal_mode = delete')
  db.pragma('user_version = 99')
  db.close()
}

const commands = [
  ['serve', () => ['serve', '--port', '0', '--data', data]],
  ['import', () => ['import', csv, '--data', data]],
] as const

describe.each(commands)('%s', (_, args) => {
  test('refuses a log of a newer program', async () => {
    makeNewer(join(data, 'log', '000000000000.db'))
    const before = everything()
    const { code, err } = await runFieldwatch(args())
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/has format 99, this program knows \d+\nstart the newer Fieldwatch/),
    ])
    expect(everything()).toEqual(before)
  })

  test('refuses a directory that another process has', async () => {
    const script = `const { takeLock } = await import('${lockFile}'); takeLock(${JSON.stringify(data)}); console.log('have'); setInterval(() => {}, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    holders.push(holder)
    await once(holder.stdout, 'data')
    const before = everything()
    const { code, err } = await runFieldwatch(args())
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`is in use by another Fieldwatch (process ${holder.pid}); stop it first`),
    ])
    expect(everything()).toEqual(before)
  })

  test.skipIf(!hasOwnMounts)('refuses a directory that cannot be written', () => {
    const before = everything()
    const script = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; shift; exec "$@"'
    const { status, stderr } = runWithOwnMounts(script, [data, process.execPath, cli, ...args()])
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${data} cannot be written`)])
    expect(stderr).toContain('choose another folder with --data')
    expect(everything()).toEqual(before)
  })
})

test('serve ends with the way out where its port is taken, and gives the directory back', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo // listens on TCP
  const { code, err } = await runFieldwatch(['serve', '--port', String(port), '--data', data])
  taken.close()
  expect([code, err]).toEqual([1, expect.stringContaining(`port ${port} is in use by another program`)])
  takeLock(data)()
})

test.each(['serve', 'start'])('%s refuses a configuration that is not there, and makes nothing', async (command) => {
  const before = everything()
  const missing = join(data, 'confg.json')
  const { code, out, err } = await runFieldwatch([command, '--port', '0', '--data', data, '--config', missing])
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain(`there is no configuration ${missing}\nCorrect the path after --config.`)
  expect(everything()).toEqual(before)
})

test('serve refuses the state of sync of a newer program', async () => {
  makeNewer(placesIn(data).state)
  const before = everything()
  const { code, err } = await runFieldwatch(['serve', '--port', '0', '--data', data])
  expect([code, err]).toEqual([1, expect.stringMatching(/state\.db is of version 99, this program knows \d+/)])
  expect(everything()).toEqual(before)
})
