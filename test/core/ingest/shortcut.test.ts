import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import mqtt, { type IPublishPacket } from 'mqtt'
import { generate, type Packet, parser } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { DeferredAcks } from '../../../core/ingest/mqtt/deferred-acks.ts'
import { type Message, takeShortcut } from '../../../core/ingest/mqtt/shortcut.ts'
import { seeded } from '../../support/seeded.ts'

const versions = [5, 4] as const
type Version = (typeof versions)[number]

/** mqtt.js as a source has it, at the other end of a pipe; or as it comes, without the shortcut. */
class Line {
  readonly taken: Message[] = []
  /** Messages that mqtt.js saw. */
  seen = 0
  /** Why it ended. */
  readonly errors: string[] = []
  readonly answers: string[] = []
  acks!: DeferredAcks
  /** Whether the next message finds room; if not, there is some a turn of the loop later. */
  isRoom: () => boolean = () => true
  private full = false
  private readonly version: Version
  private readonly withShortcut: boolean
  private readonly broker

  constructor(version: Version, withShortcut = true) {
    this.version = version
    this.withShortcut = withShortcut
    const [ours, broker] = duplexPair()
    this.broker = broker
    const client = new mqtt.MqttClient(() => ours as never, {
      protocolVersion: version,
      manualConnect: true,
      reconnectPeriod: 0,
      clientId: 'line',
    })
    client.on('error', ({ message }) => this.errors.push(message))
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'publish') this.seen++
    })
    this.acks = new DeferredAcks(client, (message) => this.take(message))
    if (withShortcut) takeShortcut(client, this.acks.message.bind(this.acks))
    const read = parser({ protocolVersion: version })
    read.on('packet', (packet) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec') this.answers.push(`${packet.cmd} ${packet.messageId}`)
    })
    broker.on('data', (bytes) => read.parse(bytes))
    client.connect()
  }

  bytesOf(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.version })
  }

  async send(bytes: Buffer): Promise<void> {
    if (!this.broker.write(bytes)) await once(this.broker, 'drain')
  }

  /** Connects, and waits until mqtt.js has done with that. */
  async begin(): Promise<void> {
    await this.send(this.bytesOf(hello))
    do {
      this.taken.length = this.seen = 0
      await this.send(this.bytesOf({ cmd: 'publish', topic: 'a', payload: 'x', qos: 0, retain: false, dup: false }))
      await this.taking(1)
    } while (this.withShortcut && this.seen > 0)
    this.taken.length = 0
  }

  async taking(n: number): Promise<void> {
    while (this.taken.length < n) await turn()
  }

  private take(message: Message): boolean {
    expect(this.full).toBe(false) // nothing comes while there is no room
    this.taken.push(message)
    if (this.isRoom()) return true
    this.full = true
    setImmediate(() => {
      this.full = false
      this.acks.resume()
    })
    return false
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const hello: Packet = { cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false }

const others: readonly Packet[] = [
  { cmd: 'pingresp' },
  { cmd: 'pubrel', messageId: 60_000 },
  { cmd: 'suback', messageId: 2, granted: Array<number>(50).fill(0) },
]

/** Mostly plain messages, of all sizes; among them all else that a broker sends. */
function anyPacket(next: () => number, i: number, version: Version): Packet {
  const upTo = (limit: number) => Math.floor(next() * limit)
  if (upTo(8) === 0) return others[upTo(others.length)]!
  const said = version === 5 && upTo(6) === 0 ? { properties: { contentType: 'text/plain' } } : {}
  const size = [0, 1, 100, 200, 20_000, 200_000][upTo(6)]!
  return {
    cmd: 'publish',
    topic: ['a', 'línea/ø', 't/'.repeat(100)][upTo(3)]!,
    payload: Buffer.alloc(size === 0 ? 0 : upTo(size), i % 251),
    qos: ([0, 1, 1, 1, 2] as const)[upTo(5)]!,
    retain: upTo(5) === 0,
    dup: false,
    messageId: i + 1,
    ...said,
  }
}

/** What is recorded of a message. */
function told({ topic, payload, qos, retain, dup, messageId, properties }: Message): unknown {
  const id = qos === 0 ? null : messageId
  return { topic, payload: Buffer.from(payload).toString('hex'), qos, retain, dup, id, type: properties?.contentType }
}

describe.each(versions)('messages past mqtt.js %i', (version) => {
  test.each([1, 2, 3, 5, 8, 13, 21, 34])(
    'are those that were sent, in order, with whatever comes between and however it is cut, seed %i',
    async (seed) => {
      const next = seeded(seed)
      const line = new Line(version)
      line.isRoom = () => next() > 0.2
      const packets = Array.from({ length: 120 }, (_, i) => anyPacket(next, i, version))
      const messages = packets.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
      const bytes = Buffer.concat([hello, ...packets].map((packet) => line.bytesOf(packet)))
      const longest = [3, 40, 2_000, 70_000][seed % 4]!
      for (let at = 0; at < bytes.length; ) {
        const to = at + 1 + Math.floor(next() * (next() < 0.9 ? longest : 65_536))
        await line.send(bytes.subarray(at, to))
        at = to
      }
      await line.taking(messages.length)
      expect(line.taken.map(told)).toEqual(messages.map(told))
      expect(line.seen).toBeLessThan(messages.length)

      const awaited = messages.filter(({ qos }) => qos > 0)
      for (const { messageId, qos } of awaited) line.acks.acknowledge(messageId!, qos as 1 | 2)
      line.acks.flush()
      while (line.answers.length < awaited.length) await turn()
      expect(line.answers).toEqual(
        awaited.map(({ qos, messageId }) => `${qos === 1 ? 'puback' : 'pubrec'} ${messageId}`),
      )
      expect(line.errors).toEqual([])
    },
  )

  test('are not seen by mqtt.js when they are plain', async () => {
    const line = new Line(version)
    await line.begin()
    const plain = Array.from({ length: 50 }, (_, i) =>
      line.bytesOf({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, messageId: i + 1, retain: false, dup: true }),
    )
    await line.send(Buffer.concat(plain))
    await line.taking(50)
    expect(line.seen).toBe(0)
    expect(line.taken.at(-1)).toMatchObject({ dup: true, messageId: 50 })
  })

  test.each([
    ['a length without end', [0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['QoS 3', [0x36, 6, 0, 1, 97, 0, 1, 0]],
    ['a topic longer than its packet', [0x32, 6, 0, 200, 97, 0, 1, 0, 0x30, 0xff, 0x7f, ...Array(300).fill(1)]],
    ['a kind that is reserved', [0x00, 0]],
    ['bits that must not be set', [0xd1, 0]],
  ])('that are malformed are answered as mqtt.js answers them: %s', async (_, bytes) => {
    const errorsOf = async (withShortcut: boolean) => {
      const line = new Line(version, withShortcut)
      await line.begin()
      await line.send(Buffer.from(bytes))
      for (let i = 0; i < 20; i++) await turn()
      return { errors: line.errors, taken: line.taken.map(told) }
    }
    expect(await errorsOf(true)).toEqual(await errorsOf(false))
  })
})
