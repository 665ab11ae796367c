import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FieldError } from '../../core/contract/errors.ts'
import { openShell } from '../../electron/shell.ts'
import { parseRoute } from '../../renderer/route.ts'
import { tempDir } from '../support/temp-dir.ts'
import { smallHost, status } from './core.ts'
import { app, BrowserWindow, happened, Menu, machine, powerMonitor, protocol, reset, settled, Tray } from './double.ts'
import { callOver, openPage } from './page.ts'

vi.mock('electron', () => import('./double.ts'))
const { startHost } = vi.hoisted(() => ({ startHost: vi.fn() }))
vi.mock('../../core/host/host.ts', () => ({ startHost }))

let dir: string
let small: ReturnType<typeof smallHost>
let said: string
let others: readonly NodeJS.UncaughtExceptionListener[]
beforeEach(() => {
  reset()
  dir = tempDir()
  small = smallHost()
  said = ''
  others = process.listeners('uncaughtException')
  startHost.mockReset().mockImplementation(async () => {
    happened.push('host started')
    return small.host
  })
  const listen = (text: unknown) => {
    said += text
    return true
  }
  vi.spyOn(process.stderr, 'write').mockImplementation(listen)
  vi.spyOn(process.stdout, 'write').mockImplementation(listen)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (!others.includes(listener) && listener.name === 'end') process.off(event, listener)
})

test('the lock is asked before the host opens the log, the scheme registered before ready, the window opened last', async () => {
  await started()
  expect(happened).toEqual([
    'userData set',
    'lock asked',
    'scheme registered',
    'ready',
    'host started',
    'window opened',
  ])
  expect(protocol.privileged).toEqual([
    { scheme: 'fieldwatch', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
})

test('a second instance hands its arguments over and quits, and opens nothing', async () => {
  machine.taken = true
  await openShell(['electron', '.', '--data', dir, 'fieldwatch://alert/a'], true)
  expect(machine.handedOver).toEqual({ args: ['--data', dir, 'fieldwatch://alert/a'] })
  expect(machine.exitCode).toBe(0)
  expect(startHost).not.toHaveBeenCalled()
  expect(happened).toEqual(['userData set', 'lock asked'])
})

test('the lock is one of the data directory, so that two directories may be open at once', async () => {
  await started()
  expect(app.getPath('userData')).toBe(join(dir, 'window'))
})

test('the first instance comes to the front at the place that a second one was asked for', async () => {
  const window = await started()
  window.hide()
  window.minimized = true
  await app.secondInstance([], { args: ['--data', dir, 'fieldwatch://alert/band%3A7%3A12?at=1793500000000'] })
  expect([window.visible, window.minimized, window.focused]).toEqual([true, false, 1])
  expect(routeOf(window)).toMatchObject({ page: 'alerts', id: 'band:7:12', at: 1_793_500_000_000 })
  expect(window.webContents.loads).toBe(1)
})

test.each([[null], ['text'], [{}], [{ args: 'fieldwatch://sync' }], [{ args: [null, 7] }]])(
  'what a stranger hands over, %j, only brings the window to the front',
  async (given) => {
    const window = await started()
    await app.secondInstance([], given)
    expect([window.focused, routeOf(window).page]).toEqual([1, 'health'])
  },
)

test('a link that comes before the window is opened in it', async () => {
  const opening = openShell(['electron', '.', '--data', dir], true)
  const event = { preventDefault: vi.fn() }
  app.emit('open-url', event, 'fieldwatch://sync')
  await app.becomeReady()
  await opening
  expect(event.preventDefault).toHaveBeenCalled()
  expect(routeOf(theWindow()).page).toBe('sync')
})

test('the host is given what was typed, and the passwords of the key store', async () => {
  const config = join(dir, 'other.json')
  await started('--demo', '--port', '0', '--config', config)
  expect(startHost.mock.calls[0]![0]).toMatchObject({
    dataDir: dir,
    configFile: config,
    demo: 'always',
    page: { port: 0 },
  })
  const { secrets } = startHost.mock.calls[0]![0]
  await secrets.put('source/a/password', 'geheim')
  expect(await secrets.get('source/a/password')).toBe('geheim')
})

test('with nothing typed, the demo plant runs while nothing is configured, and no page is served', async () => {
  await started()
  expect(startHost.mock.calls[0]![0]).toMatchObject({ demo: 'when-empty' })
  expect(startHost.mock.calls[0]![0]).not.toHaveProperty('page')
})

test('with --json its first line says that it is ready', async () => {
  await started('--json')
  expect(said).toBe('{"event":"ready","url":null}\n')
})

test('an option that is not one ends it with 2 before anything is made', async () => {
  await openShell(['electron', '.', '--dat', dir], true)
  expect(machine.exitCode).toBe(2)
  expect(said).toMatch(/--dat/)
  expect(happened).toEqual([])
})

test("Chromium's own switches are not ours", async () => {
  await started('--no-sandbox', '--ozone-platform=wayland')
  expect(startHost).toHaveBeenCalledOnce()
})

test('a log that is in use is said in a window and on the terminal, and ends it with 1', async () => {
  startHost.mockRejectedValue(new FieldError('log_locked', 'it is in use by another Fieldwatch', { hint: 'Stop it.' }))
  const opening = openShell(['electron', '.', '--data', dir], true)
  await app.becomeReady()
  await opening
  expect(machine.errors).toEqual([
    { title: 'Fieldwatch cannot start', content: 'it is in use by another Fieldwatch\nStop it.' },
  ])
  expect(machine.exitCode).toBe(1)
  expect(said).toMatch(/in use by another Fieldwatch/)
  expect(BrowserWindow.getAllWindows()).toEqual([])
})

test('a data directory that cannot be made is said in words', async () => {
  writeFileSync(join(dir, 'file'), '')
  await openShell(['electron', '.', '--data', join(dir, 'file', 'data')], true)
  expect(machine.errors[0]!.content).toMatch(/cannot be made.*choose another folder with --data/)
  expect(machine.exitCode).toBe(1)
})

test('a call over the port reaches the core and answers, columns and all', async () => {
  const page = openPage(await started())
  page.loaded()
  const answer = await callOver(page.handed[0]!.ports[0]!, 'record', { offset: 5 })
  expect(answer).toEqual({
    type: 'answer',
    id: 7,
    output: { asked: { offset: 5 }, columns: Float64Array.of(1, 2, 3) },
  })
  page.handed[0]!.ports[0]!.close()
})

test('closing the window hides it, and says so once', async () => {
  const window = await started()
  window.close()
  await settled()
  expect([window.visible, machine.boxes.length]).toEqual([false, 1])
  expect(machine.boxes[0]!.message).toBe('Fieldwatch goes on capturing.')
  Tray.last!.emit('click')
  expect(window.visible).toBe(true)
  window.close()
  await settled()
  expect([window.visible, machine.boxes.length]).toEqual([false, 1])
  expect(machine.exitCode).toBeNull()
})

test('who chooses Quit there quits in order', async () => {
  const window = await started()
  machine.answer = 1
  window.close()
  await settled()
  expect(small.host.stop).toHaveBeenCalledOnce()
  expect(machine.exitCode).toBe(0)
})

test('Quit stops the host once, then closes the window and ends with 0', async () => {
  const window = await started()
  const stopped = Promise.withResolvers<undefined>()
  small.host.stop.mockImplementation(() => stopped.promise)
  item('Quit').click!()
  await settled()
  expect(small.host.stop).toHaveBeenCalledOnce()
  app.quit()
  await settled()
  expect([machine.exitCode, BrowserWindow.open.has(window)]).toEqual([null, true])
  stopped.resolve(undefined)
  await settled()
  expect([machine.exitCode, BrowserWindow.open.has(window)]).toEqual([0, false])
  expect(small.host.stop).toHaveBeenCalledOnce()
})

test('quitting while the host starts stops it when it has started, and opens no window', async () => {
  const starting = Promise.withResolvers<unknown>()
  startHost.mockReturnValue(starting.promise)
  const opening = openShell(['electron', '.', '--data', dir], true)
  await app.becomeReady()
  app.quit()
  expect(machine.exitCode).toBeNull()
  starting.resolve(small.host)
  await opening
  await settled()
  expect(small.host.stop).toHaveBeenCalledOnce()
  expect([machine.exitCode, happened.includes('window opened')]).toEqual([0, false])
})

test('sleep and waking are in the log', async () => {
  await started()
  powerMonitor.emit('suspend')
  powerMonitor.emit('resume')
  expect(small.host.link.mock.calls).toEqual([['asleep'], ['awake']])
})

test('a recorder that is down when the machine sleeps is said, and nothing falls', async () => {
  await started()
  small.host.link.mockRejectedValue(new FieldError('stopped', 'the ingest thread is not running'))
  powerMonitor.emit('suspend')
  await settled()
  expect(said).toMatch(/asleep is not in the log: the ingest thread is not running/)
  expect(machine.exitCode).toBeNull()
})

test('the tray says how things are in words, with a grey icon that is there', async () => {
  await started()
  const tray = Tray.last!
  expect(tray.image.isEmpty()).toBe(false)
  expect(labels()).toEqual(['Starting', 'Open Fieldwatch', 'Quit'])
  small.push('status', { ...status, sources: [{ ...source, state: 'up' }] })
  expect(labels()).toEqual(['No open alerts', 'Capturing from plant-a', 'Open Fieldwatch', 'Quit'])
  expect(tray.toolTip).toBe('Fieldwatch\nNo open alerts')
  const drawn = tray.drawn
  small.push('status', { ...status, time: 1_000, cpuPercent: 5, sources: [{ ...source, state: 'up', perSecond: 9 }] })
  expect(tray.drawn).toBe(drawn)
  small.push('views', { offset: 9, time: 9, alerts: 2 })
  expect(labels()[0]).toBe('2 open alerts')
})

test.runIf(process.platform === 'linux')(
  'passwords without a key store are said, in the tray and on the terminal',
  async () => {
    machine.keyStore = 'basic_text'
    await started()
    expect(labels()[1]).toMatch(/Passwords are kept, but not protected/)
    expect(said).toMatch(/not protected/)
  },
)

test('the menu goes to a page without loading the program again', async () => {
  const window = await started()
  const go = Menu.application!.items.find(({ label }) => label === 'Go')!.submenu!
  for (const { label, click } of go) {
    click!()
    await settled()
    expect(routeOf(window).page).toBe(label!.toLowerCase())
  }
  expect(window.webContents.loads).toBe(1)
})

test('links are registered with the system by an installed program only', async () => {
  await started()
  expect(happened).not.toContain('fieldwatch: registered with the system')
  reset()
  app.isPackaged = true
  const opening = openShell(['fieldwatch', '--data', dir], false)
  await app.becomeReady()
  await opening
  expect(happened).toContain('fieldwatch: registered with the system')
})

test('an error that nobody expected ends it with 1 and leaves its cause beside the log', async () => {
  await started()
  const end = process.listeners('uncaughtException').find((listener) => !others.includes(listener))!
  end(new Error('nobody expected this'), 'uncaughtException')
  expect(machine.exitCode).toBe(1)
  expect(existsSync(join(dir, 'fault.txt'))).toBe(true)
})

const source = {
  name: 'plant-a',
  url: 'mqtt://127.0.0.1',
  state: 'up',
  version: '5',
  perSecond: 3,
  error: null,
  refusedTopics: [],
  queue: { messages: 0, bytes: 0, pausedSince: null },
  dropped: [],
  leftOut: { excluded: 0, retainedAgain: 0 },
  note: null,
} as const

async function started(...args: readonly string[]): Promise<BrowserWindow> {
  const opening = openShell(['electron', '.', '--data', dir, ...args], true)
  await app.becomeReady()
  await opening
  return theWindow()
}

function theWindow(): BrowserWindow {
  const [window] = BrowserWindow.getAllWindows()
  if (window === undefined) throw new Error('there is no window')
  return window
}

function routeOf(window: BrowserWindow) {
  return parseRoute(new URL(window.webContents.mainFrame.url).hash)
}

function labels(): readonly (string | undefined)[] {
  return Tray.last!.menu!.items.filter(({ type }) => type !== 'separator').map(({ label }) => label)
}

function item(label: string) {
  return Tray.last!.menu!.items.find((one) => one.label === label)!
}
