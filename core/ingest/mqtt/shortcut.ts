import type { Duplex, Writable } from 'node:stream'
import type { IPublishPacket, MqttClient } from 'mqtt'
import type { TopicMemo } from '../../log/topic-ids.ts'
import { TopicNames } from './topic-names.ts'

/** What a message must say to be recorded. */
export interface Message
  extends Pick<IPublishPacket, 'topic' | 'payload' | 'qos' | 'retain' | 'dup' | 'messageId' | 'properties'> {
  /** Of its topic. */
  readonly memo?: TopicMemo
}

/** Takes a message; false: no more until `resume` is called. */
type Take = (message: Message, resume: () => void) => boolean

/**
 * Reads the plain messages of a connection itself, and leaves all else to mqtt.js: other packets, QoS 2, messages with
 * properties, whatever is malformed. mqtt.js needs about 2 us for a message, this a fifth of it. While mqtt.js has not done
 * with a packet, what follows goes there too, so that the order stays. To be called before the client connects.
 */
export function takeShortcut(client: MqttClient, take: Take): void {
  const inside = client as unknown as Inside // a private name: mqtt is pinned, and without it all goes through mqtt.js
  const build = inside.streamBuilder
  inside.streamBuilder = (of) => {
    const stream = build(of)
    stream.pipe = (mqttJs) => {
      new Shortcut(inside, stream, mqttJs as unknown as Writable, take)
      return mqttJs
    }
    return stream
  }
}

interface Inside {
  readonly connected: boolean
  readonly options: { readonly protocolVersion?: number }
  streamBuilder: (client: MqttClient) => Duplex
}

class Shortcut {
  private readonly client: Inside
  private readonly stream: Duplex
  private readonly mqttJs: Writable
  private readonly take: Take
  private readonly hasProperties: boolean
  private readonly topics = new TopicNames()
  /** Of a packet whose end has not come: its beginning, and the bytes it has in all (0: not known yet). */
  private begun: Buffer[] = []
  private have = 0
  private size = 0
  /** Packets that mqtt.js has not done with. */
  private behind = 0
  private isStopped = false
  private readonly resume = () => this.goOn()

  constructor(client: Inside, stream: Duplex, mqttJs: Writable, take: Take) {
    this.client = client
    this.stream = stream
    this.mqttJs = mqttJs
    this.take = take
    this.hasProperties = client.options.protocolVersion === 5
    stream.on('data', (chunk: Buffer) => this.read(chunk))
    mqttJs.on('drain', this.resume)
  }

  private read(chunk: Buffer): void {
    if (this.have + chunk.length < this.size) {
      this.keep(chunk, this.size)
      return
    }
    const { begun, have, size } = this
    const cut = Math.max(0, size - have)
    this.begun = []
    this.have = this.size = 0
    if (cut > 0) this.packets(Buffer.concat([...begun, chunk.subarray(0, cut)]))
    const rest = cut > 0 ? chunk.subarray(cut) : have > 0 ? Buffer.concat([...begun, chunk]) : chunk
    if (this.isStopped) this.putBack(rest)
    else this.packets(rest)
  }

  private packets(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      const size = sizeOfPacket(bytes, at)
      if (size === 0 || at + size > bytes.length) {
        this.keep(bytes.subarray(at), size)
        return
      }
      const isRoom = this.packet(bytes, at, at + size)
      at += size
      if (!isRoom) {
        this.stop()
        this.putBack(bytes.subarray(at))
        return
      }
    }
  }

  private packet(bytes: Buffer, from: number, to: number): boolean {
    const message = this.behind === 0 && this.client.connected ? this.plainMessage(bytes, from, to) : null
    if (message !== null) return this.take(message, this.resume)
    this.behind++
    return this.mqttJs.write(bytes.subarray(from, to), () => {
      this.behind--
    })
  }

  /** Null: it is not a message, or not one of QoS 0 or 1 with nothing said beside its payload. */
  private plainMessage(bytes: Buffer, from: number, to: number): Message | null {
    const { hasProperties } = this
    const head = bytes[from]!
    const qos = (head >> 1) & 3
    if (head >> 4 !== publish || qos > 1) return null
    let at = from + 1
    while (bytes[at]! >= 0x80) at++
    const topic = at + 3
    const topicEnd = topic + ((bytes[at + 1]! << 8) | bytes[at + 2]!)
    const idEnd = topicEnd + 2 * qos
    const payload = idEnd + (hasProperties ? 1 : 0)
    if (payload > to || topicEnd === topic || (hasProperties && bytes[idEnd] !== 0)) return null
    const messageId = qos === 0 ? 0 : (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!
    if (qos === 1 && messageId === 0) return null
    const { name, memo } = this.topics.at(bytes, topic, topicEnd)
    return {
      topic: name,
      memo,
      payload: bytes.subarray(payload, to),
      qos: qos as 0 | 1,
      retain: (head & 1) !== 0,
      dup: (head & 8) !== 0,
      messageId,
    }
  }

  private keep(bytes: Buffer, size: number): void {
    this.begun.push(bytes)
    this.have += bytes.length
    this.size = size
  }

  private stop(): void {
    this.isStopped = true
    this.stream.pause()
  }

  private putBack(bytes: Buffer): void {
    if (bytes.length > 0) this.stream.unshift(bytes)
  }

  private goOn(): void {
    if (!this.isStopped) return
    this.isStopped = false
    this.stream.resume()
  }
}

/** In bytes; 0 while its length has not come. A length that is malformed is for mqtt.js to see: what is there of it. */
function sizeOfPacket(bytes: Buffer, at: number): number {
  let length = 0
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return 0
    length += (byte & 0x7f) * 128 ** (i - 1)
    if (byte < 0x80) return 1 + i + length
  }
  return bytes.length - at
}

const publish = 3
