import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { app, type BrowserWindow, dialog, Menu } from 'electron'
import { FieldError } from '../core/contract/errors.ts'
import { WrongUse } from '../core/host/command.ts'
import { start } from '../core/host/commands/serve.ts'
import type { Host } from '../core/host/host.ts'
import { startHost } from '../core/host/host.ts'
import { packageVersion, rendererRoot } from '../core/host/package.ts'
import type { Arguments } from './arguments.ts'
import { ownArguments, readArguments } from './arguments.ts'
import { endOnFault } from './fault.ts'
import { giveOutPorts } from './ipc.ts'
import { hashOf } from './link.ts'
import { menuTemplate } from './menu.ts'
import { limitPermissions } from './permissions.ts'
import { page, registerScheme, servePages } from './protocol.ts'
import { quitInOrder } from './quit.ts'
import { keyStoreSecrets, weakness } from './secrets.ts'
import { recordSleep } from './sleep.ts'
import { openTray } from './tray.ts'
import { confine, openWindow, show } from './window.ts'

/**
 * The desktop program: one instance a data directory. Resolves when its window is open, or when it has
 * handed its arguments to the instance that is open already.
 */
export async function openShell(argv: readonly string[], fromFolder: boolean): Promise<void> {
  const own = ownArguments(argv, fromFolder)
  const args = understood(own)
  if (args === null) return
  if (!keepProfileIn(args.dataDir)) return
  // Before the log is opened: two writers on one log would be our worst fault.
  if (!app.requestSingleInstanceLock({ args: own })) {
    app.quit()
    return
  }
  endOnFault(args.dataDir)
  registerScheme()
  await new Shell(args).open()
}

function understood(own: readonly string[]): Arguments | null {
  if (own.includes('--help') || own.includes('-h')) {
    process.stdout.write(`Usage: fieldwatch start ${start.usage}\n`)
    app.exit(0)
    return null
  }
  try {
    return readArguments(own)
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error
    process.stderr.write(`fieldwatch: ${error.message}\n`)
    app.exit(2)
    return null
  }
}

/** The lock goes with Chromium's profile, so the profile goes with the data: two directories may be open at once. */
function keepProfileIn(dataDir: string): boolean {
  const profile = join(dataDir, 'window')
  try {
    mkdirSync(profile, { recursive: true })
  } catch (error) {
    cannotStart(new Error(`${profile} cannot be made: ${(error as Error).message}; choose another folder with --data`))
    return false
  }
  app.setPath('userData', profile)
  return true
}

class Shell {
  private readonly args: Arguments
  private readonly quitting: () => boolean
  private starting: Promise<Host> | null = null
  private window: BrowserWindow | null = null
  private wanted: string | null

  constructor(args: Arguments) {
    this.args = args
    this.wanted = args.link
    this.quitting = quitInOrder(() => this.stop())
    app.on('second-instance', (_event, _argv, _directory, given) => this.come(linkIn(given)))
    app.on('open-url', (event, url) => {
      event.preventDefault()
      this.come(url)
    })
    app.on('activate', () => this.come(null))
    app.on('window-all-closed', () => undefined) // the tray stays; without a listener Electron would quit
    app.on('web-contents-created', (_event, contents) => confine(contents))
    if (app.isPackaged) app.setAsDefaultProtocolClient('fieldwatch')
  }

  async open(): Promise<void> {
    await app.whenReady()
    this.starting = this.startHost()
    const host = await this.starting.catch((error: unknown) => cannotStart(error))
    if (host === null || this.quitting()) return
    recordSleep(host)
    limitPermissions()
    servePages(rendererRoot())
    giveOutPorts(host.api)
    this.draw()
    openTray(host.api, {
      notes: await weaknesses(),
      open: () => this.come(null),
      quit: () => app.quit(),
    })
    this.announce(host)
  }

  private startHost(): Promise<Host> {
    const { dataDir, configFile, demo, port } = this.args
    return startHost({
      dataDir,
      version: packageVersion(),
      demo: demo ? 'always' : 'when-empty',
      secrets: keyStoreSecrets(join(dataDir, 'secrets.sealed.json')),
      ...(configFile === null ? {} : { configFile }),
      ...(port === null ? {} : { page: { port } }),
    })
  }

  private draw(): void {
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate((hash) => this.go(hash))))
    this.window = openWindow({ quitting: this.quitting, quit: () => app.quit() })
    this.go(this.wanted === null ? '' : hashOf(this.wanted))
  }

  /** Somebody wants the window: to the front with it, at the place of the link when there is one. */
  private come(link: string | null): void {
    this.wanted = link ?? this.wanted // a link may come before the window
    if (this.window === null) return
    show(this.window)
    if (link !== null) this.go(hashOf(link))
  }

  private go(hash: string): void {
    this.window?.loadURL(page + hash).catch((error: Error) => {
      process.stderr.write(`The page could not be loaded: ${error.message}\n`) // the window stays, and so does capture
    })
  }

  private announce(host: Host): void {
    const url = host.url()
    if (this.args.json) process.stdout.write(`${JSON.stringify({ event: 'ready', url })}\n`)
    else if (url !== null) process.stdout.write(`The page is also served to a browser on this machine:\n${url}\n`)
    for (const { thread, message } of host.stopped())
      process.stderr.write(`The ${thread} thread could not start: ${message}\n`)
  }

  /** A host that is still starting is stopped as soon as it can be; one that could not start has said so. */
  private async stop(): Promise<void> {
    const host = await this.starting?.catch(() => null)
    await host?.stop()
  }
}

function linkIn(given: unknown): string | null {
  const args = typeof given === 'object' && given !== null && 'args' in given ? given.args : null
  return Array.isArray(args) ? (args.find((arg) => String(arg).startsWith('fieldwatch:')) ?? null) : null
}

async function weaknesses(): Promise<readonly string[]> {
  const weak = await weakness()
  if (weak === null) return []
  process.stderr.write(`${weak}\n`)
  return [weak]
}

function cannotStart(error: unknown): null {
  const words = inWords(error)
  process.stderr.write(`fieldwatch: ${words}\n`)
  dialog.showErrorBox('Fieldwatch cannot start', words)
  app.exit(1)
  return null
}

function inWords(error: unknown): string {
  if (error instanceof FieldError) return error.hint === null ? error.message : `${error.message}\n${error.hint}`
  return error instanceof Error ? error.message : String(error)
}
