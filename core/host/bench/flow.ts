import type { Socket } from 'node:net'
import type { Packets } from './packets.ts'

export interface Flow {
  readonly messages: number
  /** Null: as fast as the other side acknowledges. */
  readonly perSecond: number | null
  /** Most in flight. */
  readonly window: number
}

export interface Flowed {
  readonly messages: number
  readonly ms: number
  /** From sending to acknowledgement. */
  readonly delay: { readonly p50: number; readonly p99: number }
}

/** Sends messages over one connection and waits for every acknowledgement. */
export class Sender {
  private readonly socket: Socket
  private readonly packets: Packets
  private readonly sentAt = new Float64Array(65_536)
  private delays = new Float64Array(0)
  private flow: Flow = { messages: 0, perSecond: null, window: 0 }
  private begun = 0
  private sent = 0
  private acked = 0
  /** Packet that comes next; it goes on where the flow before ended. */
  private next = 0
  private done: ((flowed: Flowed) => void) | null = null
  private pace: NodeJS.Timeout | null = null

  constructor(socket: Socket, packets: Packets) {
    this.socket = socket
    this.packets = packets
  }

  send(flow: Flow): Promise<Flowed> {
    const flowed = Promise.withResolvers<Flowed>()
    this.flow = flow
    this.delays = new Float64Array(flow.messages)
    this.sent = this.acked = 0
    this.begun = performance.now()
    this.done = flowed.resolve
    if (flow.perSecond !== null) this.pace = setInterval(() => this.pump(), 1)
    this.pump()
    return flowed.promise
  }

  acknowledged(id: number): void {
    if (this.done === null) return
    this.delays[this.acked++] = performance.now() - this.sentAt[id]!
    if (this.acked < this.flow.messages) return
    const done = this.done
    this.done = null
    if (this.pace !== null) clearInterval(this.pace)
    done(this.flowed())
  }

  /** Sends what may be sent now. Call it after the acknowledgements of a chunk. */
  pump(): void {
    if (this.done === null) return
    const { messages, window, perSecond } = this.flow
    const now = performance.now()
    const due = perSecond === null ? messages : Math.min(messages, Math.floor(((now - this.begun) / 1_000) * perSecond))
    while (this.sent < Math.min(due, this.acked + window)) {
      const to = Math.min(this.packets.count, this.next + Math.min(due, this.acked + window) - this.sent)
      this.write(this.next, to, now)
    }
  }

  private write(from: number, to: number, now: number): void {
    const { packets } = this
    packets.date(from, to, Date.now())
    for (let i = from; i < to; i++) this.sentAt[packets.idOf(i)] = now
    this.socket.write(packets.bytes.subarray(packets.at[from], packets.at[to]))
    this.sent += to - from
    this.next = to === packets.count ? 0 : to
  }

  private flowed(): Flowed {
    const sorted = this.delays.sort()
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!
    return {
      messages: this.flow.messages,
      ms: performance.now() - this.begun,
      delay: { p50: at(0.5), p99: at(0.99) },
    }
  }
}
