import type { Core, Session } from './session.ts'
import { openSession } from './session.ts'

/** A port whose other end a page holds: Electron's MessagePortMain gives `{ data }`, node:worker_threads the bytes. */
export interface PagePort {
  postMessage(message: unknown): void
  on(event: 'message', listen: (message: unknown) => void): unknown
  on(event: 'close', listen: () => void): unknown
  start(): void
  close(): void
}

/** Answers the API over a MessagePort: what HTTP and its WebSocket are to a browser, this is to the window of the shell. */
export function servePort(core: Core, port: PagePort): Session {
  const session = openSession(core, {
    send: async (bytes) => port.postMessage(bytes),
    close: () => port.close(),
  })
  port.on('message', (message) => session.receive(bytesOf(message)))
  port.on('close', () => session.close())
  port.start()
  return session
}

function bytesOf(message: unknown): Uint8Array {
  const data = typeof message === 'object' && message !== null && 'data' in message ? message.data : message
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  return data instanceof Uint8Array ? data : new Uint8Array() // what is not bytes is not a frame
}
