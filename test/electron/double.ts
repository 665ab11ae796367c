import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { MessageChannel, type MessagePort } from 'node:worker_threads'

// What the shell uses of Electron, behaving as Electron 45 documents it: what is too early throws, what can be
// prevented can be prevented, what is queued is queued. Put in its place with vi.mock('electron', () => import('./double.ts')).

/** In the order in which they happened. */
export const happened: string[] = []

/** What a test sets and reads of the machine around the program. */
export const machine = {
  /** Another instance has the lock of this profile. */
  taken: false,
  handedOver: null as unknown,
  exitCode: null as number | null,
  keyStore: 'gnome_libsecret',
  keyStoreThere: true,
  keyWorks: true,
  /** With which key Chromium seals: v10 is built in, v11 and v12 are of the system. */
  keyTag: 'v11',
  keyChanged: false,
  /** What a person answers to the next message box. */
  answer: 0,
  boxes: [] as { readonly message: string; readonly detail?: string }[],
  errors: [] as { readonly title: string; readonly content: string }[],
}

class PreventableEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}

type Lock = (data?: unknown) => boolean

class App extends EventEmitter {
  isPackaged = false
  private ready = Promise.withResolvers<void>()
  private isReadyNow = false
  private readonly paths = new Map<string, string>()
  private quittingNow = false

  isReady(): boolean {
    return this.isReadyNow
  }

  whenReady(): Promise<void> {
    return this.ready.promise
  }

  /** Electron says so after the entry module has been run to its end. */
  becomeReady(): Promise<void> {
    happened.push('ready')
    this.isReadyNow = true
    this.emit('ready')
    this.ready.resolve()
    return settled()
  }

  readonly requestSingleInstanceLock: Lock = (data) => {
    happened.push('lock asked')
    if (machine.taken) machine.handedOver = structuredClone(data)
    return !machine.taken
  }

  /** A second instance has handed over; told only when this one is ready. */
  async secondInstance(argv: readonly string[], data: unknown): Promise<void> {
    await this.ready.promise
    this.emit('second-instance', new PreventableEvent(), ['--changed-by-chromium', ...argv], '/', structuredClone(data))
    await settled()
  }

  setPath(name: string, path: string): void {
    if (!existsSync(path)) throw new Error(`Path must exist: ${path}`)
    happened.push(`${name} set`)
    this.paths.set(name, path)
  }

  getPath(name: string): string {
    return this.paths.get(name)!
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    happened.push(`${scheme}: registered with the system`)
    return true
  }

  quit(): void {
    if (this.quittingNow) return
    const event = new PreventableEvent()
    this.emit('before-quit', event)
    if (event.defaultPrevented) return
    this.quittingNow = true
    for (const window of [...BrowserWindow.open]) window.close()
    if (BrowserWindow.open.size > 0) {
      this.quittingNow = false // a window would not close
      return
    }
    this.emit('will-quit', new PreventableEvent())
    this.emit('quit', new PreventableEvent(), 0)
    machine.exitCode ??= 0
  }

  exit(code = 0): void {
    machine.exitCode ??= code
  }

  quitting(): boolean {
    return this.quittingNow
  }

  reset(): void {
    this.removeAllListeners()
    this.isPackaged = false
    this.ready = Promise.withResolvers<void>()
    this.isReadyNow = false
    this.quittingNow = false
    this.paths.clear()
  }
}

class WebFrameMain {
  url = ''
  parent: WebFrameMain | null
  /** The renderer's side of `postMessage`. */
  deliver: (channel: string, message: unknown, ports: readonly MessagePort[]) => void = () => undefined

  constructor(url: string, parent: WebFrameMain | null) {
    this.url = url
    this.parent = parent
  }

  postMessage(channel: string, message: unknown, transfer: readonly MessagePortMain[] = []): void {
    this.deliver(
      channel,
      message,
      transfer.map((port) => port.given()),
    )
  }
}

class WebContents extends EventEmitter {
  readonly mainFrame = new WebFrameMain('', null)
  loads = 0
  private openHandler: (details: { url: string }) => { action: 'allow' | 'deny' } = () => ({ action: 'allow' })

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }): void {
    this.openHandler = handler
  }

  reload(): void {
    this.loads += 1
  }

  /** What a page that runs `window.open(url)` would get. */
  mayOpen(url: string): boolean {
    return this.openHandler({ url }).action === 'allow'
  }

  /** What a page that goes elsewhere by itself would get. */
  mayGo(
    event: 'will-navigate' | 'will-frame-navigate' | 'will-redirect' | 'will-attach-webview',
    url: string,
  ): boolean {
    const asked = Object.assign(new PreventableEvent(), { url })
    this.emit(event, asked)
    return !asked.defaultPrevented
  }
}

export class BrowserWindow extends EventEmitter {
  static readonly open = new Set<BrowserWindow>()
  readonly options: Readonly<Record<string, unknown>> & { readonly webPreferences: Readonly<Record<string, unknown>> }
  readonly webContents = new WebContents()
  visible = true
  minimized = false
  focused = 0

  constructor(options: BrowserWindow['options']) {
    super()
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    this.options = options
    happened.push('window opened')
    BrowserWindow.open.add(this)
    app.emit('web-contents-created', new PreventableEvent(), this.webContents)
    app.emit('browser-window-created', new PreventableEvent(), this)
  }

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.open]
  }

  async loadURL(url: string): Promise<void> {
    this.mustBeThere()
    if (url.split('#')[0] !== this.webContents.mainFrame.url.split('#')[0]) this.webContents.loads += 1
    this.webContents.mainFrame.url = url
  }

  close(): void {
    const event = new PreventableEvent()
    this.emit('close', event)
    if (event.defaultPrevented) return
    BrowserWindow.open.delete(this)
    this.visible = false
    this.emit('closed')
    if (BrowserWindow.open.size === 0 && !app.quitting() && !app.emit('window-all-closed')) app.quit()
  }

  show(): void {
    this.mustBeThere()
    this.visible = true
  }

  hide(): void {
    this.mustBeThere()
    this.visible = false
  }

  focus(): void {
    this.mustBeThere()
    this.focused += 1
  }

  isMinimized(): boolean {
    this.mustBeThere()
    return this.minimized
  }

  restore(): void {
    this.mustBeThere()
    this.minimized = false
  }

  private mustBeThere(): void {
    if (!BrowserWindow.open.has(this)) throw new TypeError('Object has been destroyed')
  }
}

/** Queues until `start`, and gives `{ data, ports }`, unlike a port of Node. */
class MessagePortMain extends EventEmitter {
  private readonly port: MessagePort

  constructor(port: MessagePort) {
    super()
    this.port = port
    port.on('close', () => this.emit('close'))
  }

  start(): void {
    this.port.on('message', (data: unknown) => this.emit('message', { data, ports: [] }))
  }

  postMessage(message: unknown): void {
    this.port.postMessage(message)
  }

  close(): void {
    this.port.close()
  }

  /** Leaves this process, and is of no more use here. */
  given(): MessagePort {
    this.port.removeAllListeners()
    return this.port
  }
}

export class MessageChannelMain {
  readonly port1: MessagePortMain
  readonly port2: MessagePortMain

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.port1 = new MessagePortMain(port1)
    this.port2 = new MessagePortMain(port2)
  }
}

type Handler = (request: Request) => Response | Promise<Response>

class Protocol {
  privileged: readonly { readonly scheme: string; readonly privileges: Readonly<Record<string, boolean>> }[] = []
  private readonly handlers = new Map<string, Handler>()

  registerSchemesAsPrivileged(schemes: Protocol['privileged']): void {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
    happened.push('scheme registered')
    this.privileged = schemes
  }

  handle(scheme: string, handler: Handler): void {
    if (!app.isReady()) throw new Error('protocol.handle can only be called when app is ready')
    if (this.handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    this.handlers.set(scheme, handler)
  }

  /** A request as Chromium would send it. */
  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const handler = this.handlers.get(url.slice(0, url.indexOf(':')))
    if (handler === undefined) throw new Error('net::ERR_UNKNOWN_URL_SCHEME')
    return handler(new Request(url, init))
  }

  reset(): void {
    this.privileged = []
    this.handlers.clear()
  }
}

class SafeStorage {
  async isAsyncEncryptionAvailable(): Promise<boolean> {
    return app.isReady() && machine.keyStoreThere
  }

  async encryptStringAsync(text: string): Promise<Buffer> {
    this.onlyWhenReady()
    if (!machine.keyWorks)
      throw new Error('Error while encrypting the text provided to safeStorage.encryptStringAsync.')
    return Buffer.concat([Buffer.from(machine.keyTag), scrambled(Buffer.from(text))])
  }

  async decryptStringAsync(sealed: Buffer): Promise<{ readonly result: string; readonly shouldReEncrypt: boolean }> {
    this.onlyWhenReady()
    if (!machine.keyWorks || sealed.subarray(0, 3).toString() !== machine.keyTag)
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptStringAsync.')
    return { result: scrambled(sealed.subarray(3)).toString(), shouldReEncrypt: machine.keyChanged }
  }

  getSelectedStorageBackend(): string {
    return app.isReady() ? machine.keyStore : 'unknown'
  }

  private onlyWhenReady(): void {
    if (!app.isReady()) throw new Error('safeStorage cannot be used before app is ready')
  }
}

function scrambled(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 0x5a))
}

class PowerMonitor extends EventEmitter {
  override on(name: string, listen: (...args: unknown[]) => void): this {
    if (!app.isReady()) throw new Error("The 'powerMonitor' module can't be used before the app 'ready' event")
    return super.on(name, listen)
  }

  /** True when the program asked the system to wait for it. */
  shutdown(): boolean {
    const event = new PreventableEvent()
    this.emit('shutdown', event)
    return event.defaultPrevented
  }
}

export interface Item {
  readonly label?: string
  readonly role?: string
  readonly enabled?: boolean
  readonly type?: string
  readonly submenu?: readonly Item[]
  readonly click?: () => void
}

export class Menu {
  static application: Menu | null = null
  readonly items: readonly Item[]

  private constructor(items: readonly Item[]) {
    this.items = items
  }

  static buildFromTemplate(template: readonly Item[]): Menu {
    return new Menu(template)
  }

  static setApplicationMenu(menu: Menu): void {
    Menu.application = menu
  }
}

class Image {
  readonly path: string
  isTemplate = false

  constructor(path: string) {
    this.path = path
  }

  isEmpty(): boolean {
    return !existsSync(this.path)
  }

  setTemplateImage(is: boolean): void {
    this.isTemplate = is
  }
}

export class Tray extends EventEmitter {
  static last: Tray | null = null
  readonly image: Image
  toolTip = ''
  menu: Menu | null = null
  drawn = 0

  constructor(image: Image) {
    super()
    if (!app.isReady()) throw new Error('Cannot create Tray before app is ready')
    this.image = image
    Tray.last = this
  }

  setToolTip(text: string): void {
    this.toolTip = text
  }

  setContextMenu(menu: Menu): void {
    this.menu = menu
    this.drawn += 1
  }
}

type RequestHandler = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: { readonly requestingUrl: string },
) => void
type CheckHandler = (contents: unknown, permission: string, origin: string) => boolean

class Session {
  private request: RequestHandler = (_contents, _permission, answer) => answer(true)
  private check: CheckHandler = () => true

  setPermissionRequestHandler(handler: RequestHandler): void {
    this.request = handler
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    this.check = handler
  }

  /** Whether a page there gets it, by asking and by looking. */
  grants(permission: string, url: string): readonly [boolean, boolean] {
    let asked = false
    this.request(
      null,
      permission,
      (granted) => {
        asked = granted
      },
      { requestingUrl: url },
    )
    return [asked, this.check(null, permission, url)]
  }
}

export const app = new App()
export const protocol = new Protocol()
export const safeStorage = new SafeStorage()
export const powerMonitor = new PowerMonitor()
export const ipcMain = new EventEmitter()
export const session = { defaultSession: new Session() }
export const nativeImage = { createFromPath: (path: string) => new Image(path) }
export const dialog = {
  showErrorBox: (title: string, content: string) => machine.errors.push({ title, content }),
  showMessageBox: async (_window: unknown, box: { readonly message: string; readonly detail?: string }) => {
    machine.boxes.push(box)
    return { response: machine.answer, checkboxChecked: false }
  },
}

/** As it is when the program starts. */
export function reset(): void {
  happened.length = 0
  Object.assign(machine, {
    taken: false,
    handedOver: null,
    exitCode: null,
    keyStore: 'gnome_libsecret',
    keyStoreThere: true,
    keyWorks: true,
    keyTag: 'v11',
    keyChanged: false,
    answer: 0,
    boxes: [],
    errors: [],
  })
  app.reset()
  protocol.reset()
  powerMonitor.removeAllListeners()
  ipcMain.removeAllListeners()
  session.defaultSession = new Session()
  BrowserWindow.open.clear()
  Menu.application = null
  Tray.last = null
}

/** The page of a window, or another frame, asks for its port as `ipcRenderer.send` does. */
export function sendToMain(channel: string, frame: WebFrameMain | null): void {
  ipcMain.emit(channel, Object.assign(new PreventableEvent(), { senderFrame: frame }))
}

export function frame(url: string, parent: WebFrameMain | null = null): WebFrameMain {
  return new WebFrameMain(url, parent)
}

/** What was promised by now has been kept. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
