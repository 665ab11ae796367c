import { beforeEach, expect, test, vi } from 'vitest'
import { giveOutPorts } from '../../electron/ipc.ts'
import { smallCore, status } from './core.ts'
import { app, BrowserWindow, frame, reset, sendToMain } from './double.ts'
import { callOver, openPage } from './page.ts'

vi.mock('electron', () => import('./double.ts'))

let small: ReturnType<typeof smallCore>
let window: BrowserWindow
beforeEach(async () => {
  reset()
  await app.becomeReady()
  small = smallCore()
  giveOutPorts(small.core)
  window = new BrowserWindow({ webPreferences: {} })
  await window.loadURL('fieldwatch://app/')
})

test('the preload hands the port to its own origin only, and nothing else to anybody', () => {
  const page = openPage(window)
  page.loaded()
  expect(page.handed).toEqual([{ message: 'port', origin: 'fieldwatch://app', ports: [expect.anything()] }])
  expect(page.exposed).toEqual([])
  end(page)
})

test('it asks when the modules of the page have run, not before: nobody would listen', () => {
  const page = openPage(window)
  expect([page.handed.length, small.listening()]).toEqual([0, 0])
  page.loaded()
  expect([page.handed.length, small.listening()]).toEqual([1, 1])
  end(page)
})

test('what the core throws arrives as data, with its code', async () => {
  const page = openPage(window)
  page.loaded()
  const answer = await callOver(page.handed[0]!.ports[0]!, 'nonsense', {})
  expect(answer).toMatchObject({ type: 'error', id: 7, error: { code: 'bad_input' } })
  end(page)
})

test('pushes arrive', async () => {
  const page = openPage(window)
  page.loaded()
  const port = page.handed[0]!.ports[0]!
  const heard = new Promise<Uint8Array>((resolve) => port.once('message', resolve))
  small.push('status', { ...status, site: 'Dairy 9' })
  expect(new TextDecoder().decode(await heard)).toContain('Dairy 9')
  end(page)
})

test('a page that is loaded again gets a new port, and the session of the old one ends', async () => {
  const first = openPage(window)
  first.loaded()
  const gone = new Promise((resolve) => first.handed[0]!.ports[0]!.once('close', resolve))
  first.handed[0]!.ports[0]!.close() // as the browser does with the ports of a page that it leaves
  await gone
  const second = openPage(window)
  second.loaded()
  await vi.waitFor(() => expect(small.listening()).toBe(1))
  expect(await callOver(second.handed[0]!.ports[0]!, 'record', { offset: 1 })).toMatchObject({ type: 'answer' })
  end(second)
})

test.each([
  ['another site', () => frame('https://example.com/')],
  ['a name that begins like ours', () => frame('fieldwatch://app.example/')],
  ['a page that names ours in its path', () => frame('https://example.com/fieldwatch://app/')],
  ['a frame inside of our page', () => frame('fieldwatch://app/', frame('fieldwatch://app/'))],
  ['a page that is not there any more', () => null],
])('%s gets no port', (_name, sender) => {
  const from = sender()
  const delivered = vi.fn()
  if (from !== null) from.deliver = delivered
  sendToMain('port', from)
  expect(delivered).not.toHaveBeenCalled()
  expect(small.listening()).toBe(0)
})

function end({ handed }: ReturnType<typeof openPage>): void {
  for (const { ports } of handed) for (const port of ports) port.close()
}
