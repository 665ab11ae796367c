import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'

/** One connection to a broker that does as a test says, where no real one misbehaves as needed. */
export interface Scripted {
  readonly socket: Socket
  send(packet: Packet): void
}

export interface ScriptedBroker {
  readonly url: string
  /** Connections that were made so far. */
  readonly connections: number
  stop(): void
}

/** `said` hears every packet; what it does not answer is not answered. */
export async function startScripted(said: (one: Scripted, packet: Packet) => void): Promise<ScriptedBroker> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const read = parser({ protocolVersion: 5 })
    const one = { socket, send: (packet: Packet) => socket.write(generate(packet, { protocolVersion: 5 })) }
    read.on('packet', (packet) => said(one, packet))
    socket.on('data', (bytes) => read.parse(bytes))
    socket.on('error', () => undefined) // the client went away
  })
  return {
    url: `mqtt://127.0.0.1:${await listen(server)}`,
    get connections() {
      return sockets.size
    },
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Says yes to a connection and to every topic; true when it was one of these. */
export function welcome(one: Scripted, packet: Packet): boolean {
  if (packet.cmd === 'connect') one.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false })
  else if (packet.cmd === 'subscribe')
    one.send({ cmd: 'suback', messageId: packet.messageId!, granted: packet.subscriptions.map(({ qos }) => qos) })
  else return false
  return true
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
