import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a broker that a test can cut. */
export interface Wire {
  readonly url: string
  /** Ends the connections that are there. */
  cut(): void
  /** From now on nothing of the connections that are there gets through, and nobody is told. */
  swallow(): void
  stop(): void
}

export async function startWire(port: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined) // ended by a test
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    swallow: () => {
      for (const socket of sockets) socket.unpipe().resume()
    },
    stop: () => {
      server.close()
      cut()
    },
  }
}
