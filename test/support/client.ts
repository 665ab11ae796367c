import { WebSocket } from 'ws'
import type { Api, CallName, Calls, Pushes, PushName } from '../../core/contract/calls.ts'
import { type ErrorData, fromErrorData } from '../../core/contract/errors.ts'
import { decodeFrame, encodeFrame } from '../../core/contract/wire.ts'

export interface Client extends Api {
  /** http://127.0.0.1:N */
  readonly origin: string
  /** `name=value`: a browser that holds it is let in too. */
  readonly cookie: string
  close(): void
}

/** The API as a page on this machine reaches it: the link is exchanged for a cookie, then frames over a WebSocket. */
export async function connectClient(link: string): Promise<Client> {
  const { origin } = new URL(link)
  const entered = await fetch(link, { redirect: 'manual' })
  const cookie = entered.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error(`${link} gave no session: ${entered.status} ${await entered.text()}`)
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api`, { headers: { cookie, origin } })
  const open = Promise.withResolvers<void>()
  socket.once('open', open.resolve)
  socket.once('error', open.reject)
  await open.promise
  return new SocketClient(socket, origin, cookie)
}

type Answer = { readonly resolve: (output: unknown) => void; readonly reject: (error: Error) => void }

class SocketClient implements Client {
  readonly origin: string
  readonly cookie: string
  private readonly socket: WebSocket
  private readonly waiting = new Map<number, Answer>()
  private readonly listeners = new Map<string, Set<(push: never) => void>>()
  private last = 0

  constructor(socket: WebSocket, origin: string, cookie: string) {
    this.origin = origin
    this.cookie = cookie
    this.socket = socket
    socket.on('message', (data: Buffer) => this.receive(data))
    socket.on('close', () => this.refuse(new Error('the core closed the connection')))
    socket.on('error', (error) => this.refuse(error))
  }

  call<K extends CallName>(name: K, input: Calls[K]['in']): Promise<Calls[K]['out']> {
    const answer = Promise.withResolvers<unknown>()
    this.last += 1
    this.waiting.set(this.last, answer)
    this.socket.send(encodeFrame({ type: 'call', id: this.last, name, input }))
    return answer.promise as Promise<Calls[K]['out']> // the core checks what it sends against the contract's types
  }

  on<K extends PushName>(name: K, listen: (push: Pushes[K]) => void): () => void {
    const listeners = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, listeners.add(listen))
    return () => listeners.delete(listen)
  }

  close(): void {
    this.socket.terminate()
  }

  private receive(data: Buffer): void {
    const frame = decodeFrame(data)
    if (frame.type === 'answer') this.settle(frame.id)?.resolve(frame.output)
    if (frame.type === 'error') this.settle(frame.id)?.reject(asError(frame.error))
    if (frame.type === 'push') this.hear(frame.name, frame.push)
  }

  private hear(name: string, push: unknown): void {
    for (const listen of this.listeners.get(name) ?? []) listen(push as never)
    this.socket.send(encodeFrame({ type: 'heard', name }))
  }

  private settle(id: number): Answer | undefined {
    const answer = this.waiting.get(id)
    this.waiting.delete(id)
    return answer
  }

  private refuse(error: Error): void {
    for (const answer of this.waiting.values()) answer.reject(error)
    this.waiting.clear()
  }
}

function asError(data: ErrorData): Error {
  return fromErrorData(data)
}
