import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import type { Millis } from '../contract/model.ts'

const keepAliveMs = 60_000

/** Opens the connections of one client, counts what goes out on them, and for how long a quota wants them quiet. */
export class WireMeter {
  private readonly open = new Set<Socket>()
  private closed = 0
  private quiet: Millis = 0

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    // The type of `ssl` leaves out that the client hands on what it was given for TLS.
    const socket = ssl
      ? connectTls({ host, port, ...nameOf(host), ...(ssl as ConnectionOptions) }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, keepAliveMs)
    socket.setNoDelay(true) // a request is one write: its end need not wait for an answer to its middle
    socket.on('throttled', (ms: Millis) => {
      this.quiet += ms
    })
    this.open.add(socket)
    socket.once('close', () => {
      this.open.delete(socket)
      this.closed += socket.bytesWritten
    })
    return socket
  }

  /** Bytes since it was made, of all its connections. */
  sent(): number {
    let bytes = this.closed
    for (const socket of this.open) bytes += socket.bytesWritten
    return bytes
  }

  /** Since it was made, of all its connections. */
  held(): Millis {
    return this.quiet
  }
}

/** TLS asks for the certificate of a name; an address is none. */
function nameOf(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {}
}
