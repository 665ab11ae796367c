import type { Millis } from '../../contract/model.ts'
import type { Devices } from './plant.ts'

/** PUBLISH packets with QoS 1, made once and sent over and over, so that making them costs the measured side nothing. */
export interface Packets {
  readonly count: number
  readonly bytes: Buffer
  /** Where packet i begins; one more than there are packets. */
  readonly at: Uint32Array
  /** Packet identifier of packet i: no two in flight have the same. */
  idOf(packet: number): number
  /** Puts the time into packets [from, to), so that each is of now. */
  date(from: number, to: number, time: Millis): void
  /** Puts all packets below a topic level of one letter. */
  aim(letter: string): void
}

/** More than may be in flight, and fewer than there are packet identifiers. */
const most = 20_000
const timeDigits = 13

/** `version` 5 has a place for properties, which stay empty. */
export function encodePackets(made: Devices, version: 4 | 5): Packets {
  const count = Math.max(most, made.topics.length)
  const packets = Array.from({ length: count }, (_, i) => {
    const device = i < made.topics.length ? i : made.pick() // every topic is there
    return publish(`p/${made.topics[device]!}`, made.message(device, 1e12), i + 1, version)
  })
  const at = new Uint32Array(count + 1)
  packets.forEach((packet, i) => {
    at[i + 1] = at[i]! + packet.length
  })
  const bytes = Buffer.concat(packets)
  return {
    count,
    bytes,
    at,
    idOf: (packet) => packet + 1,
    date(from, to, time) {
      const text = Buffer.from(String(time), 'latin1')
      for (let i = from; i < to; i++) bytes.set(text, at[i + 1]! - 1 - timeDigits)
    },
    aim(letter) {
      const code = letter.charCodeAt(0)
      for (let i = 0; i < count; i++) bytes[topicAt(bytes, at[i]!)] = code
    },
  }
}

function publish(topic: string, message: string, id: number, version: 4 | 5): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.from(message)
  const rest = Buffer.alloc(2 + name.length + 2 + (version === 5 ? 1 : 0))
  rest.writeUInt16BE(name.length, 0)
  rest.set(name, 2)
  rest.writeUInt16BE(id, 2 + name.length)
  return Buffer.concat([Buffer.from([0x32, ...lengthOf(rest.length + body.length)]), rest, body])
}

function topicAt(bytes: Buffer, packet: number): number {
  let at = packet + 1
  while ((bytes[at]! & 0x80) !== 0) at++
  return at + 3
}

function lengthOf(size: number): number[] {
  return size < 128 ? [size] : [(size & 0x7f) | 0x80, ...lengthOf(size >>> 7)]
}

/** CONNECT with MQTT 3.1.1, for the side that publishes. */
export function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId)
  const head = Buffer.from([0x10, 12 + id.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, id.length])
  return Buffer.concat([head, id])
}

/** Cuts a stream into packets: `take` gets the first byte and what follows the length. */
export function splitter(take: (head: number, body: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      let length = 0
      let shift = 0
      let i = at + 1
      while (i < bytes.length && (bytes[i]! & 0x80) !== 0) {
        length |= (bytes[i++]! & 0x7f) << shift
        shift += 7
      }
      if (i >= bytes.length) break
      length |= bytes[i++]! << shift
      if (i + length > bytes.length) break
      take(bytes[at]!, bytes.subarray(i, i + length))
      at = i + length
    }
    rest = bytes.subarray(at)
  }
}
