import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import type { MessagePort } from 'node:worker_threads'
import { decodeFrame, encodeFrame, type Frame } from '../../core/contract/wire.ts'
import { type BrowserWindow, sendToMain } from './double.ts'

const preload = join(import.meta.dirname, '../../electron/preload.cts')

/** What a page was handed by `window.postMessage`. */
export interface Handed {
  readonly message: unknown
  readonly origin: string
  readonly ports: readonly MessagePort[]
}

export interface Page {
  readonly handed: Handed[]
  /** Every global that the preload made in the page's world; it should make none. */
  readonly exposed: readonly string[]
  /** `DOMContentLoaded`: the page's own modules have run. */
  loaded(): void
}

/** Runs the preload as a sandboxed renderer does: CommonJS, with nothing but electron to load. */
export function openPage(window: BrowserWindow): Page {
  const handed: Handed[] = []
  const listeners = new Map<string, () => void>()
  const heard = new Map<string, (event: unknown) => void>()
  const { mainFrame } = window.webContents
  const ipcRenderer = {
    on: (channel: string, listen: (event: unknown) => void) => heard.set(channel, listen),
    send: (channel: string) => sendToMain(channel, mainFrame),
  }
  mainFrame.deliver = (channel, _message, ports) => heard.get(channel)?.({ ports, sender: 'must not reach the page' })
  const world = {
    require: (name: string) => {
      if (name === 'electron') return { ipcRenderer }
      throw new Error(`module not found: ${name}`)
    },
    exports: {},
    location: { origin: originOf(mainFrame.url) },
    addEventListener: (name: string, listen: () => void) => listeners.set(name, listen),
    window: {
      postMessage: (message: unknown, origin: string, ports: readonly MessagePort[]) =>
        handed.push({ message, origin, ports }),
    },
  }
  const code = stripTypeScriptTypes(readFileSync(preload, 'utf8'))
  runInNewContext(`(() => {${code}\n})()`, world)
  const known = ['require', 'exports', 'location', 'addEventListener', 'window']
  return {
    handed,
    exposed: [...Object.keys(world), ...Object.keys(world.window)].filter(
      (name) => name !== 'postMessage' && !known.includes(name),
    ),
    loaded: () => listeners.get('DOMContentLoaded')?.(),
  }
}

/** One call over a port, and its answer. */
export function callOver(port: MessagePort, name: string, input: unknown): Promise<Frame> {
  const answer = Promise.withResolvers<Frame>()
  const hear = (bytes: Uint8Array) => {
    const frame = decodeFrame(bytes)
    if (frame.type === 'push') return
    port.off('message', hear)
    answer.resolve(frame)
  }
  port.on('message', hear)
  port.postMessage(encodeFrame({ type: 'call', id: 7, name, input }))
  return answer.promise
}

function originOf(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
