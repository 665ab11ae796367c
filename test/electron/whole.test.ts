import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import type { Calls } from '../../core/contract/calls.ts'
import type { Frame } from '../../core/contract/wire.ts'
import { openShell } from '../../electron/shell.ts'
import { until } from '../support/app.ts'
import { tempDir } from '../support/temp-dir.ts'
import { app, BrowserWindow, machine, powerMonitor, reset } from './double.ts'
import { callOver, openPage } from './page.ts'

vi.mock('electron', () => import('./double.ts'))

// Everything but Electron is real here: the host, its threads, the log.

test('the window reaches the real core, sleep is in the log, and Quit gives the directory back', async () => {
  reset()
  const dir = tempDir()
  const source = { name: 'plant-a', url: 'mqtt://127.0.0.1:9', topics: ['#'] } // nobody listens on the discard port
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ site: 'Dairy 9', sources: [source] }))
  const opening = openShell(['electron', '.', '--data', dir], true)
  await app.becomeReady()
  await opening
  const page = openPage(BrowserWindow.getAllWindows()[0]!)
  page.loaded()
  const port = page.handed[0]!.ports[0]!
  expect(await callOver(port, 'status', {})).toMatchObject({ type: 'answer', output: { site: 'Dairy 9', stopped: [] } })
  powerMonitor.emit('suspend')
  await until('the record of the sleep', async () => (await linksIn(port)).includes('asleep'))
  expect(existsSync(join(dir, 'lock.json'))).toBe(true)
  app.quit()
  await until('the end', async () => machine.exitCode !== null)
  expect(machine.exitCode).toBe(0)
  await until('the directory given back', async () => !existsSync(join(dir, 'lock.json'))) // a busy machine may take its 5 s
}, 120_000)

/** What the log holds, by the names of its records. */
async function linksIn(port: MessagePort): Promise<readonly string[]> {
  const { head } = output<Calls['bounds']['out']>(await callOver(port, 'bounds', {}))
  const names: string[] = []
  for (let offset = 0; offset < head; offset++)
    names.push(output<Calls['record']['out']>(await callOver(port, 'record', { offset })).record.topic.name)
  return names
}

function output<T>(frame: Frame): T {
  if (frame.type !== 'answer') throw new Error(JSON.stringify(frame))
  return frame.output as T // what the call's name promises
}
