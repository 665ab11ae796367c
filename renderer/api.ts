import type { Api, CallName, Calls, Pushes, PushName } from '../core/contract/calls.ts'
import { FieldError, fromErrorData } from '../core/contract/errors.ts'
import type { Millis } from '../core/contract/model.ts'
import { decodeFrame, encodeFrame, type Frame } from '../core/contract/wire.ts'

/** How the core can be reached. `since` is when it became so. */
export interface Link {
  readonly state: 'connecting' | 'up' | 'down'
  readonly since: Millis
}

/** The core, as the pages hold it. */
export interface Core extends Api {
  link(): Link
  onLink(listen: () => void): () => void
  close(): void
}

/** What carries frames. It reports `open` and `closed` any number of times, in turn. */
export interface Carrier {
  start(on: CarrierEvents): void
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
}

export interface CarrierEvents {
  open(): void
  bytes(bytes: Uint8Array): void
  closed(): void
}

/** The core that this page belongs to: over Electron's port inside the app, else over a WebSocket to where the page came from. */
export function connect(): Core {
  const shell = location.protocol === 'fieldwatch:'
  return createCore(shell ? portCarrier() : socketCarrier(socketUrl()), Date.now)
}

/** Calls made while the core is away wait for it; those already sent fail with `stopped`. Each listener hears pushes in order. */
export function createCore(carrier: Carrier, now: () => Millis): Core {
  const exchange = new Exchange(carrier, now)
  carrier.start(exchange)
  return exchange
}

interface Pending {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly resolve: (output: unknown) => void
  readonly reject: (error: Error) => void
}

const maxWaiting = 1_000

class Exchange implements Core, CarrierEvents {
  private state: Link
  private readonly links = new Set<() => void>()
  private readonly pushes = new Map<string, Set<(push: unknown) => void>>()
  private readonly sent = new Map<number, Pending>()
  private waiting = new Map<number, Pending>()
  private lastId = 0
  private readonly carrier: Carrier
  private readonly now: () => Millis

  constructor(carrier: Carrier, now: () => Millis) {
    this.carrier = carrier
    this.now = now
    this.state = { state: 'connecting', since: now() }
  }

  call<K extends CallName>(name: K, input: Calls[K]['in'], signal?: AbortSignal): Promise<Calls[K]['out']> {
    const id = ++this.lastId
    return new Promise<unknown>((resolve, reject) => {
      if (this.waiting.size >= maxWaiting)
        return reject(stopped(`${name}: ${maxWaiting} calls already wait for the core`))
      signal?.addEventListener('abort', () => this.cancel(id))
      this.put(id, { bytes: encodeFrame({ type: 'call', id, name, input }), resolve, reject })
    }) as Promise<Calls[K]['out']> // the host answers a call with its own output
  }

  on<K extends PushName>(name: K, listen: (push: Pushes[K]) => void): () => void {
    const heard = listen as (push: unknown) => void
    const all = this.pushes.get(name) ?? new Set()
    this.pushes.set(name, all.add(heard))
    return () => all.delete(heard)
  }

  link(): Link {
    return this.state
  }

  onLink(listen: () => void): () => void {
    this.links.add(listen)
    return () => this.links.delete(listen)
  }

  close(): void {
    this.carrier.close()
  }

  open(): void {
    this.become('up')
    const queued = this.waiting
    this.waiting = new Map()
    for (const [id, pending] of queued) this.put(id, pending)
  }

  closed(): void {
    this.become('down')
    const lost = [...this.sent.values()]
    this.sent.clear()
    for (const pending of lost) pending.reject(stopped('The recorder stopped before it answered'))
  }

  bytes(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (frame.type === 'push') this.hear(frame.name, frame.push)
    else this.answer(frame)
  }

  private hear(name: string, push: unknown): void {
    for (const listen of this.pushes.get(name) ?? []) listen(push)
    this.carrier.send(encodeFrame({ type: 'heard', name }))
  }

  private put(id: number, pending: Pending): void {
    if (this.state.state !== 'up') {
      this.waiting.set(id, pending)
      return
    }
    this.sent.set(id, pending)
    this.carrier.send(pending.bytes)
  }

  private cancel(id: number): void {
    const pending = this.waiting.get(id) ?? this.sent.get(id)
    if (pending === undefined) return
    if (this.sent.delete(id) && this.state.state === 'up') this.carrier.send(encodeFrame({ type: 'cancel', id }))
    this.waiting.delete(id)
    pending.reject(new DOMException('the page no longer asks', 'AbortError'))
  }

  private answer(frame: Frame): void {
    if (frame.type !== 'answer' && frame.type !== 'error') return
    const pending = this.sent.get(frame.id)
    this.sent.delete(frame.id)
    if (frame.type === 'answer') pending?.resolve(frame.output)
    else pending?.reject(fromErrorData(frame.error))
  }

  private become(state: Link['state']): void {
    if (this.state.state === state) return
    this.state = { state, since: this.now() }
    for (const listen of this.links) listen()
  }
}

function stopped(message: string): FieldError {
  return new FieldError('stopped', message, {
    hint: 'It is tried again by itself; what was captured is safe in the log.',
  })
}

function socketUrl(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api`
}

const firstRetryMs = 250
const lastRetryMs = 5_000

/** A WebSocket that is opened again after it closes, waiting 250 ms at first and 5 s at most. */
export function socketCarrier(url: string): Carrier {
  let socket: WebSocket | null = null
  let timer = 0
  let ended = false

  function open(on: CarrierEvents, retryMs: number): void {
    let wait = retryMs
    socket = new WebSocket(url)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => on.open()
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      wait = firstRetryMs // only a core that answers is well; one that only opens would be asked four times a second
      on.bytes(new Uint8Array(event.data))
    }
    socket.onclose = () => {
      if (ended) return
      on.closed()
      timer = window.setTimeout(() => open(on, Math.min(wait * 2, lastRetryMs)), wait)
    }
  }

  return {
    start: (on) => open(on, firstRetryMs),
    send: (bytes) => socket?.send(bytes),
    close() {
      ended = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}

/** The port that the shell's preload hands over; a new one replaces the old after the core was started again. */
export function portCarrier(): Carrier {
  let port: MessagePort | null = null

  function take(on: CarrierEvents, next: MessagePort): void {
    if (port !== null) on.closed()
    port?.close()
    port = next
    next.onmessage = (event: MessageEvent<Uint8Array | ArrayBuffer>) => on.bytes(asBytes(event.data))
    next.addEventListener('close', () => port === next && on.closed())
    next.start()
    on.open()
  }

  return {
    start(on) {
      addEventListener('message', (event) => {
        const handed = event.data === 'port' && event.source === window ? event.ports[0] : undefined
        if (handed !== undefined) take(on, handed)
      })
    },
    send: (bytes) => port?.postMessage(bytes),
    close: () => port?.close(),
  }
}

function asBytes(data: Uint8Array | ArrayBuffer): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data)
}
