import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { answerParent, dataFromParent } from './child.ts'
import { Sender } from './flow.ts'
import { connectPacket, encodePackets, type Packets, splitter } from './packets.ts'
import { devices } from './plant.ts'
import type { FeederData, FeederSide } from './sides.ts'

// Sends made messages as fast as they are acknowledged, or at a pace: as a broker with nothing but this, or to a real one.

const { load, port } = dataFromParent() as FeederData // made by `startChild`'s caller, which is typed the same
const made = devices(load.topics, load.bytes, load.digits, 7)
const subscribers = new Map<string, Sender>()
const waiting = new Map<string, () => void>()
const ready = port === null ? listen() : publishTo(port)

answerParent<FeederSide>({
  asks: {
    ready: async () => ({ port: (await ready).port }),
    subscribed: async (client) => {
      if (subscribers.has(client)) return null
      const subscribed = Promise.withResolvers<void>()
      waiting.set(client, subscribed.resolve)
      await subscribed.promise
      return null
    },
    send: async ({ to, ...flow }) => (await ready).sender(to).send(flow),
    stop: () => null,
  },
  tells: {},
})

interface Outlet {
  readonly port: number
  sender(to: string): Sender
}

/** MQTT 5, as far as our subscribers speak it: CONNECT, SUBSCRIBE, PUBACK, PINGREQ. */
async function listen(): Promise<Outlet> {
  const packets = encodePackets(made, 5)
  const server = createServer((socket) => serve(socket, packets)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, sender: (to) => subscribers.get(to)! }
}

function serve(socket: Socket, packets: Packets): void {
  let client = ''
  const sender = new Sender(socket.setNoDelay(true), packets)
  const split = splitter((head, body) => {
    const type = head >> 4
    if (type === 4) sender.acknowledged(body.readUInt16BE(0))
    else if (type === 1) {
      client = clientIdOf(body)
      socket.write(Buffer.from([0x20, 3, 0, 0, 0]))
    } else if (type === 8) {
      socket.write(Buffer.from([0x90, 4, body[0]!, body[1]!, 0, 1]))
      subscribers.set(client, sender)
      waiting.get(client)?.()
    } else if (type === 10) socket.write(Buffer.from([0xb0, 4, body[0]!, body[1]!, 0, 0]))
    else if (type === 12) socket.write(Buffer.from([0xd0, 0]))
  })
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    split(chunk)
    sender.pump()
  })
}

/** After the name of the protocol (6), version, flags, keepalive (2) and the properties, which are fewer than 128 bytes. */
function clientIdOf(body: Buffer): string {
  const at = 11 + body[10]!
  return body.toString('utf8', at + 2, at + 2 + body.readUInt16BE(at))
}

async function publishTo(broker: number): Promise<Outlet> {
  const packets = encodePackets(made, 4)
  const socket = connect(broker, '127.0.0.1').setNoDelay(true)
  const accepted = Promise.withResolvers<void>()
  const sender = new Sender(socket, packets)
  const split = splitter((head, body) => {
    if (head >> 4 === 4) sender.acknowledged(body.readUInt16BE(0))
    else if (head >> 4 === 2) accepted.resolve()
  })
  socket.on('error', accepted.reject)
  socket.on('data', (chunk) => {
    split(chunk)
    sender.pump()
  })
  await once(socket, 'connect')
  socket.write(connectPacket('bench-publisher'))
  await accepted.promise
  return {
    port: broker,
    sender: (to) => {
      packets.aim(to.charAt(0))
      return sender
    },
  }
}
