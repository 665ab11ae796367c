import { existsSync } from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { limitPermissions } from '../../electron/permissions.ts'
import { confine, openWindow } from '../../electron/window.ts'
import { tempDir } from '../support/temp-dir.ts'
import { app, type BrowserWindow, machine, reset, session, settled } from './double.ts'

vi.mock('electron', () => import('./double.ts'))

let quitting: boolean
let window: BrowserWindow
beforeEach(async () => {
  reset()
  app.setPath('userData', tempDir())
  await app.becomeReady()
  app.on('web-contents-created', (_event, contents) => confine(contents))
  quitting = false
  window = openWindow({ quitting: () => quitting, quit: () => app.quit() }) as unknown as BrowserWindow // the double of it
})

test('the page is isolated, sandboxed, and has no Node', () => {
  expect(window.options.webPreferences).toEqual({
    preload: expect.stringMatching(/electron[/\\]preload\.cjs$/),
    contextIsolation: true,
    sandbox: true,
    webSecurity: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    allowRunningInsecureContent: false,
    navigateOnDragDrop: false,
    spellcheck: false,
  })
})

test('it comes back where it was: a name, under which its place and size are kept', () => {
  expect(window.options).toMatchObject({ name: 'main', windowStatePersistence: true })
  expect(existsSync(window.options.icon as string)).toBe(true)
})

test.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'] as const)(
  '%s is prevented, wherever it leads',
  (event) => {
    expect(window.webContents.mayGo(event, 'https://example.com/')).toBe(false)
    expect(window.webContents.mayGo(event, 'file:///etc/passwd')).toBe(false)
    expect(window.webContents.mayGo(event, 'fieldwatch://app/')).toBe(false)
  },
)

test('no page opens another', () => {
  expect(window.webContents.mayOpen('https://example.com/')).toBe(false)
  expect(window.webContents.mayOpen('fieldwatch://app/')).toBe(false)
})

describe('permissions', () => {
  beforeEach(() => limitPermissions())

  test.each(['clipboard-sanitized-write', 'notifications'])('%s is for our page only', (permission) => {
    const { defaultSession } = session
    expect(defaultSession.grants(permission, 'fieldwatch://app/')).toEqual([true, true])
    expect(defaultSession.grants(permission, 'fieldwatch://app.example/')).toEqual([false, false])
    expect(defaultSession.grants(permission, 'https://example.com/')).toEqual([false, false])
    expect(defaultSession.grants(permission, '')).toEqual([false, false])
  })

  test.each(['media', 'geolocation', 'clipboard-read', 'openExternal', 'fileSystem', 'usb'])(
    '%s is for nobody',
    (permission) => expect(session.defaultSession.grants(permission, 'fieldwatch://app/')).toEqual([false, false]),
  )
})

test('a page that falls is loaded again, five times, and then said', () => {
  const fall = () => window.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 })
  for (let i = 0; i < 5; i++) fall()
  expect([window.webContents.loads, machine.errors.length]).toEqual([5, 0])
  fall()
  expect(window.webContents.loads).toBe(5)
  expect(machine.errors[0]!.content).toMatch(/fell 6 times \(crashed\)\. Capture goes on\./)
})

test('when the program is on its way out the window closes', async () => {
  quitting = true
  window.close()
  await settled()
  expect(machine.boxes).toEqual([])
  expect(window.visible).toBe(false)
})
