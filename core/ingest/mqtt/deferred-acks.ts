import type { Duplex } from 'node:stream'
import type { IPublishPacket, MqttClient } from 'mqtt'
import { FieldError } from '../../contract/errors.ts'
import type { Acknowledge } from '../batcher.ts'
import type { Message } from './shortcut.ts'

/**
 * Holds back the acknowledgements of one mqtt.js connection until the commit that holds their messages.
 *
 * mqtt.js handles one packet at a time and goes on only when the callback of `handleMessage` is called, so that is called
 * at once (unless the queue is full), and the PUBACK that follows it is caught in `_sendPacket`. With QoS 2 the broker
 * lets go of a message at PUBREC, so that is the one that waits. `_sendPacket` is private: mqtt is pinned, and every
 * message checks that the catch still works.
 */
export class DeferredAcks implements Acknowledge {
  private readonly client: Inside
  private take: (message: Message, acks: DeferredAcks) => boolean
  private waiting: number[] = []
  /** Messages with an acknowledgement that were given to `take`, and those of them whose turn has come. */
  private given = 0
  private passed = 0
  private readonly skipped: { readonly turn: number; readonly word: number; readonly packetId: number }[] = []
  private soon: NodeJS.Immediate | null = null
  private caught = 0
  private flushedAt = Number.NEGATIVE_INFINITY
  private held: (() => void) | null = null
  private readonly send: Inside['_sendPacket']

  /** `take` gets every message once and says whether there is room for the next one now; else `resume` says so later. */
  constructor(client: MqttClient, take: (message: Message, acks: DeferredAcks) => boolean) {
    this.client = client as unknown as Inside // private names; checked by `assertInside`
    this.take = take
    assertInside(this.client)
    this.send = this.client._sendPacket
    this.client._sendPacket = this.catchAck.bind(this)
    client.handleMessage = this.handle.bind(this)
    client.options.customHandleAcks = this.handleQos2.bind(this)
    this.keepAlive(client)
  }

  /**
   * The broker may send nothing more until it hears from us: it sent right after we acknowledged, so it had been
   * waiting for that, or much of the smallest usual window (10 to 20 messages in MQTT 3.1.1) is not acknowledged.
   */
  isAwaited(): boolean {
    return this.given - this.passed >= pressing || performance.now() - this.flushedAt < rightAfterMs
  }

  /** The message is on disk: its acknowledgement leaves with the next `flush`. */
  acknowledge(packetId: number, qos: 1 | 2): void {
    this.pass(qos === 1 ? puback : pubrec, packetId)
    while (this.skipped[0]?.turn === this.passed + 1) {
      const { word, packetId: next } = this.skipped.shift()!
      this.pass(word, next)
    }
  }

  /** Called in `take`: the message is not to be stored. Acknowledgements leave in the order of their messages, so it waits its turn. */
  skip(packetId: number, qos: 1 | 2): void {
    const word = qos === 1 ? puback : pubrec
    if (this.given > this.passed + 1) this.skipped.push({ turn: this.given, word, packetId })
    else {
      this.pass(word, packetId)
      this.soon ??= setImmediate(() => this.flush())
    }
  }

  /** All that wait, as one write. When the connection has gone they are dropped: the broker sends the messages again. */
  flush(): void {
    const waiting = this.waiting
    this.waiting = []
    this.soon = null
    const { connected, stream } = this.client
    if (!connected || stream.destroyed || waiting.length === 0) return
    const bytes = Buffer.allocUnsafe(waiting.length * 2)
    for (let i = 0; i < waiting.length; i += 2) {
      bytes.writeUInt16BE(waiting[i]!, i * 2)
      bytes.writeUInt16BE(waiting[i + 1]!, i * 2 + 2)
    }
    stream.write(bytes)
    this.flushedAt = performance.now()
  }

  /** A message that mqtt.js does not see: it sends no acknowledgement, so there is none to catch. */
  message(message: Message, resume: () => void): boolean {
    const isRoom = this.give(message)
    if (!isRoom) this.held = resume
    return isRoom
  }

  /** Nothing more is taken: what still comes is passed over, and not acknowledged, so that the connection can end. */
  letGo(): void {
    this.take = () => true
    this.resume()
  }

  /** There is room again. */
  resume(): void {
    const next = this.held
    this.held = null
    next?.()
  }

  /** While nothing is read the broker's answers to our pings are not either: the link is not taken for dead then. */
  private keepAlive(client: MqttClient): void {
    const { onKeepaliveTimeout } = client
    client.onKeepaliveTimeout = () => {
      if (this.held === null) onKeepaliveTimeout.call(client)
      else {
        client.sendPing()
        client.reschedulePing(true)
      }
    }
  }

  private handle(packet: IPublishPacket, next: () => void): void {
    // With QoS 2 the message was taken at its PUBLISH; this is the PUBREL.
    if (packet.qos === 2) next()
    else if (this.give(packet)) this.goOn(packet, next)
    else this.held = () => this.goOn(packet, next)
  }

  private give(message: Message): boolean {
    if (message.qos > 0) this.given++
    return this.take(message, this)
  }

  private pass(word: number, packetId: number): void {
    this.waiting.push(word, packetId)
    this.passed++
  }

  private goOn(packet: IPublishPacket, next: () => void): void {
    const before = this.caught
    next()
    if (packet.qos === 1 && this.caught === before)
      throw new FieldError('internal', 'mqtt.js acknowledged a message by itself, before it was on disk', {
        hint: 'this build holds a version of mqtt.js that it was not made for; install the pinned one',
      })
  }

  private handleQos2(_topic: string, _message: Buffer, packet: IPublishPacket, done: (code: number) => void): void {
    if (packet.qos !== 2 || this.give(packet)) done(0)
    else this.held = () => done(0)
  }

  private catchAck(...args: Parameters<Inside['_sendPacket']>): void {
    const [packet, done] = args
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec') {
      this.caught++
      done?.()
    } else this.send.apply(this.client, args)
  }
}

// 40 02 and 50 02: valid in MQTT 3.1.1 and 5.
const puback = 0x4002
const pubrec = 0x5002

const pressing = 5
const rightAfterMs = 5

interface Inside {
  readonly connected: boolean
  readonly stream: Duplex
  _sendPacket(packet: { readonly cmd: string }, done?: () => void, ...rest: readonly unknown[]): void
}

function assertInside(client: Inside): void {
  if (typeof client._sendPacket === 'function' && 'stream' in client) return
  throw new FieldError('internal', 'mqtt.js has no _sendPacket to hold acknowledgements back with', {
    hint: 'this build holds a version of mqtt.js that it was not made for; install the pinned one',
  })
}
