import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { Aedes } from 'aedes'
import { FieldError } from '../../contract/errors.ts'

/** A broker of our own, for devices on this machine: MQTT 3.1.1, on loopback, without a password. */
export interface Broker {
  /** mqtt://127.0.0.1 and the port. */
  readonly url: string
  /** Disconnects everybody; its sessions are gone with it. */
  stop(): Promise<void>
}

/** Listens on 127.0.0.1; port 0 takes any that is free. Rejects with `bad_input` when the port is taken. */
export async function startBroker(port = 0): Promise<Broker> {
  const aedes = await Aedes.createBroker()
  const server = createServer(aedes.handle) // a client that errs is disconnected, and sees that itself
  try {
    await listen(server, port)
  } catch (cause) {
    await closed(aedes)
    throw new FieldError('bad_input', `port ${port} of the built-in broker is in use; choose another, or 0 for any`, {
      cause,
    })
  }
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => stop(aedes, server),
  }
}

function listen(server: Server, port: number): Promise<void> {
  const ready = Promise.withResolvers<void>()
  server.once('error', ready.reject)
  server.listen(port, '127.0.0.1', () => {
    server.off('error', ready.reject)
    ready.resolve()
  })
  return ready.promise
}

/** New connections are refused first, so that nobody comes back while the others are sent away. */
async function stop(aedes: Aedes, server: Server): Promise<void> {
  const gone = Promise.withResolvers<void>()
  server.close(() => gone.resolve())
  await closed(aedes)
  await gone.promise
}

function closed(aedes: Aedes): Promise<void> {
  const done = Promise.withResolvers<void>()
  aedes.close(() => done.resolve())
  return done.promise
}
