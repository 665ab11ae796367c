import type { Pushes, PushName } from '../contract/calls.ts'
import { FieldError, toErrorData } from '../contract/errors.ts'
import type { Frame } from '../contract/wire.ts'
import { decodeFrame, encodeFrame } from '../contract/wire.ts'

/** What carries frames to one page: a WebSocket or a MessagePort. */
export interface Wire {
  /** Resolves when the frame has left this process. */
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void>
  close(): void
}

/** What a session asks of the host. */
export interface Core {
  answer(name: string, input: unknown, signal: AbortSignal): Promise<unknown>
  /** Listens to pushes; returns what ends it. */
  listen(heard: <K extends PushName>(name: K, push: Pushes[K]) => void): () => void
}

export interface Session {
  receive(bytes: Uint8Array): void
  close(): void
}

/** Calls that one page may have under way. A page that asks for more is broken, and is told so. */
const mostCalls = 100

/** One page's side of the API. The same over every wire. */
export function openSession(core: Core, wire: Wire): Session {
  return new OpenSession(core, wire)
}

class OpenSession implements Session {
  private readonly core: Core
  private readonly wire: Wire
  private readonly running = new Map<number, AbortController>()
  private readonly pushes = new Map<PushName, Pushes[PushName]>()
  /** Sent, and not taken by the page yet. */
  private readonly unheard = new Set<string>()
  private readonly unlisten: () => void
  private closed = false

  constructor(core: Core, wire: Wire) {
    this.core = core
    this.wire = wire
    this.unlisten = core.listen((name, push) => this.push(name, push))
  }

  receive(bytes: Uint8Array): void {
    const frame = frameOrNull(bytes)
    if (frame?.type === 'call') void this.call(frame.id, frame.name, frame.input)
    else if (frame?.type === 'cancel') this.running.get(frame.id)?.abort()
    else if (frame?.type === 'heard') this.heard(frame.name)
    else this.wire.close() // nothing that our page says: no use in guessing
  }

  close(): void {
    this.closed = true
    this.unlisten()
    for (const call of this.running.values()) call.abort()
    this.pushes.clear()
  }

  private async call(id: number, name: string, input: unknown): Promise<void> {
    const running = new AbortController()
    try {
      if (this.running.size >= mostCalls)
        throw new FieldError('bad_input', `${mostCalls} calls are under way; wait for an answer`)
      this.running.set(id, running)
      const output = await this.core.answer(name, input, running.signal)
      await this.send({ type: 'answer', id, output })
    } catch (error) {
      await this.send({ type: 'error', id, error: toErrorData(error) })
    } finally {
      if (this.running.get(id) === running) this.running.delete(id)
    }
  }

  /** A page that stands still, whatever carries the frames, gets the newest push of each name when it is ready again. */
  private push(name: PushName, push: Pushes[PushName]): void {
    if (this.unheard.has(name)) this.pushes.set(name, push)
    else {
      this.unheard.add(name)
      void this.send({ type: 'push', name, push })
    }
  }

  private heard(name: string): void {
    if (!this.unheard.delete(name)) return
    const newest = this.pushes.get(name as PushName) // it was unheard, so it is the name of a push
    this.pushes.delete(name as PushName)
    if (newest !== undefined) this.push(name as PushName, newest)
  }

  private async send(frame: Frame): Promise<void> {
    if (this.closed) return
    await this.wire.send(encodeFrame(frame)).catch(() => this.wire.close()) // a wire that cannot send is at its end
  }
}

function frameOrNull(bytes: Uint8Array): Frame | null {
  try {
    const frame = decodeFrame(bytes)
    return isFromPage(frame) ? frame : null
  } catch {
    return null
  }
}

function isFromPage(frame: Frame): boolean {
  if (typeof frame !== 'object' || frame === null) return false
  if (frame.type === 'cancel') return Number.isSafeInteger(frame.id)
  if (frame.type === 'heard') return typeof frame.name === 'string'
  return frame.type === 'call' && Number.isSafeInteger(frame.id) && typeof frame.name === 'string'
}
