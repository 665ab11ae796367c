import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ErrorData } from '../contract/errors.ts'
import { FieldError, fromErrorData, toErrorData } from '../contract/errors.ts'

/** What one side of a channel answers (`asks`) and listens to (`tells`). */
export interface Side {
  readonly asks: { readonly [name: string]: { readonly in: unknown; readonly out: unknown } }
  readonly tells: { readonly [name: string]: unknown }
}

type Asks<S extends Side> = S['asks']
type Tells<S extends Side> = S['tells']

/** How a side does what it promises. An answer may be a promise; what it throws crosses as data. */
export interface Handlers<S extends Side> {
  readonly asks: {
    readonly [K in keyof Asks<S>]: (
      input: Asks<S>[K]['in'],
      signal: AbortSignal,
    ) => Asks<S>[K]['out'] | Promise<Asks<S>[K]['out']>
  }
  readonly tells: { readonly [K in keyof Tells<S>]: (value: Tells<S>[K]) => void }
}

/** The other side, as this one sees it. Tells arrive in order; asks are answered in any order. */
export interface Channel<There extends Side> {
  ask<K extends keyof Asks<There> & string>(
    name: K,
    input: Asks<There>[K]['in'],
    signal?: AbortSignal,
  ): Promise<Asks<There>[K]['out']>
  tell<K extends keyof Tells<There> & string>(name: K, value: Tells<There>[K]): void
  /** Rejects what is not answered yet with `reason`; later asks too. */
  close(reason: FieldError): void
}

/** What both a Worker and a MessagePort of node:worker_threads are. */
export interface Port {
  postMessage(message: unknown): void
  on(event: 'message', listen: (message: unknown) => void): unknown
}

/** Of V8's own accord a busy thread's young objects take up to 134 MB, several times what lives in it. */
const youngMegabytes = 24

/** The module of that name beside `here`: as one file with all that it imports, where it was built so. */
export function moduleBeside(here: string, name: string): URL {
  const whole = new URL(`./${name}.whole.js`, here)
  return existsSync(whole) ? whole : new URL(`./${name}${extname(here)}`, here)
}

/** A thread of this program. */
export function startWorker(file: URL, name: string, workerData: unknown): Worker {
  return new Worker(file, { workerData, name, resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes } })
}

type Message =
  | { readonly type: 'ask'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'tell'; readonly name: string; readonly value: unknown }

/** The one way in which threads talk: typed questions with answers, and notices. Records never travel here one by one. */
export function openChannel<There extends Side, Here extends Side>(
  port: Port,
  handlers: Handlers<Here>,
): Channel<There> {
  const open = new OpenChannel(port, handlers as unknown as Handlers<Side>) // names are checked where they are looked up
  return open as unknown as Channel<There>
}

interface Waiting {
  readonly resolve: (output: unknown) => void
  readonly reject: (error: Error) => void
}

class OpenChannel {
  private readonly port: Port
  private readonly handlers: Handlers<Side>
  private readonly waiting = new Map<number, Waiting>()
  private readonly running = new Map<number, AbortController>()
  private asked = 0
  private closed: FieldError | null = null

  constructor(port: Port, handlers: Handlers<Side>) {
    this.port = port
    this.handlers = handlers
    port.on('message', (message) => this.receive(message as Message)) // both ends are this class
  }

  ask(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    if (this.closed !== null) return Promise.reject(this.closed)
    if (signal?.aborted) return Promise.reject(canceled(name))
    const id = this.asked++
    const answer = Promise.withResolvers<unknown>()
    const cancel = () => this.cancel(id, name)
    signal?.addEventListener('abort', cancel, { once: true })
    this.waiting.set(id, answer)
    this.port.postMessage({ type: 'ask', id, name, input } satisfies Message)
    return answer.promise.finally(() => signal?.removeEventListener('abort', cancel))
  }

  tell(name: string, value: unknown): void {
    if (this.closed === null) this.port.postMessage({ type: 'tell', name, value } satisfies Message)
  }

  close(reason: FieldError): void {
    this.closed = reason
    for (const { reject } of this.waiting.values()) reject(reason)
    for (const running of this.running.values()) running.abort()
    this.waiting.clear()
  }

  private cancel(id: number, name: string): void {
    this.port.postMessage({ type: 'cancel', id } satisfies Message)
    this.settle(id)?.reject(canceled(name))
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'ask':
        void this.answer(message.id, message.name, message.input)
        return
      case 'cancel':
        this.running.get(message.id)?.abort()
        return
      case 'answer':
        this.settle(message.id)?.resolve(message.output)
        return
      case 'error':
        this.settle(message.id)?.reject(fromErrorData(message.error))
        return
      case 'tell':
        this.handlers.tells[message.name]?.(message.value)
        return
    }
  }

  private async answer(id: number, name: string, input: unknown): Promise<void> {
    const running = new AbortController()
    this.running.set(id, running)
    try {
      const handle = this.handlers.asks[name]
      if (handle === undefined) throw new FieldError('internal', `"${name}" is not answered on this thread`)
      this.port.postMessage({ type: 'answer', id, output: await handle(input, running.signal) } satisfies Message)
    } catch (error) {
      this.port.postMessage({ type: 'error', id, error: toErrorData(error) } satisfies Message)
    } finally {
      this.running.delete(id)
    }
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    return waiting
  }
}

function canceled(name: string): FieldError {
  return new FieldError('stopped', `${name} was called off`)
}
