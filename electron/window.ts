import { join } from 'node:path'
import { BrowserWindow, type BrowserWindowConstructorOptions, dialog, type WebContents } from 'electron'
import { packageRoot } from '../core/host/package.ts'
import { mayTellOnce } from './told.ts'

/** Stated in full, also where it is Electron's default: a test reads them. */
const options: BrowserWindowConstructorOptions = {
  name: 'main', // windowStatePersistence keeps place and size under this name
  windowStatePersistence: true,
  width: 1440,
  height: 900,
  minWidth: 800,
  minHeight: 600,
  title: 'Fieldwatch',
  icon: join(packageRoot(), 'electron', 'mark.png'),
  webPreferences: {
    preload: join(import.meta.dirname, 'preload.cjs'),
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
  },
}

/** A page that falls this often has a reason that loading it again does not take away. */
const mostFalls = 5

export interface Leaving {
  /** The program is on its way out: the window may close. */
  readonly quitting: () => boolean
  readonly quit: () => void
}

/** The one window. Closing hides it: capture goes on, and the person is told so the first time. */
export function openWindow(leaving: Leaving): BrowserWindow {
  const window = new BrowserWindow(options)
  window.on('close', (event) => {
    if (leaving.quitting()) return
    event.preventDefault()
    void hide(window, leaving.quit)
  })
  loadAgainWhenItFalls(window)
  return window
}

/** In front, whatever it was before. */
export function show(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** For every page that is ever made: it stays where it is, opens no other, and gets no permission that it does not need. */
export function confine(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-frame-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

async function hide(window: BrowserWindow, quit: () => void): Promise<void> {
  const stay = !mayTellOnce('hides-to-tray') || (await staysAfterAll(window))
  if (stay) window.hide()
  else quit()
}

async function staysAfterAll(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'info',
    message: 'Fieldwatch goes on capturing.',
    detail: 'Its icon near the clock opens the window again, and so does starting Fieldwatch. To end it, choose Quit.',
    buttons: ['Go on capturing', 'Quit'],
    defaultId: 0,
    cancelId: 0,
  })
  return response === 0
}

function loadAgainWhenItFalls(window: BrowserWindow): void {
  let falls = 0
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return
    falls += 1
    if (falls <= mostFalls) window.webContents.reload()
    else
      dialog.showErrorBox(
        'The page of Fieldwatch has stopped',
        `It fell ${falls} times (${reason}). Capture goes on. Quit and start Fieldwatch to see the page again.`,
      )
  })
}
