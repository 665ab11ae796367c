import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { Aedes, type AedesOptions } from 'aedes'
import { FieldError } from '../../contract/errors.ts'

/** A broker of our own: MQTT 3.1.1. */
export interface Broker {
  /** mqtt://, its address and its port. */
  readonly url: string
  /** Devices that are connected. */
  readonly clients: number
  /** Disconnects everybody; its sessions are gone with it. */
  stop(): Promise<void>
}

export interface BrokerOptions {
  /** 127.0.0.1: only this machine. */
  readonly host?: string
  /** 0, the default, takes any that is free. */
  readonly port?: number
  /** Who may come in, and what becomes of what they send: everybody, and nothing, when left out. */
  readonly rules?: Pick<AedesOptions, 'authenticate' | 'authorizePublish' | 'authorizeSubscribe'>
}

const mostClients = 1_000

/** Listens. Rejects with `bad_input` when it cannot listen there. */
export async function startBroker({ host = '127.0.0.1', port = 0, rules = {} }: BrokerOptions = {}): Promise<Broker> {
  const aedes = await Aedes.createBroker(rules)
  const server = createServer(aedes.handle) // a client that errs is disconnected, and sees that itself
  server.maxConnections = mostClients
  try {
    await listen(server, host, port)
  } catch (cause) {
    await closed(aedes)
    throw cannotListen(host, port, cause)
  }
  const { address, family, port: taken } = server.address() as AddressInfo
  return {
    url: `mqtt://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    get clients() {
      return aedes.connectedClients
    },
    stop: () => stop(aedes, server),
  }
}

function cannotListen(host: string, port: number, cause: unknown): FieldError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === 'EADDRINUSE')
    return new FieldError('bad_input', `port ${port} of the built-in broker is in use`, {
      hint: 'choose another port, or stop the other broker of this machine',
      path: 'broker.port',
      cause,
    })
  const why = cause instanceof Error ? cause.message : String(cause)
  return new FieldError('bad_input', `the built-in broker cannot listen on ${host}, port ${port}: ${why}`, {
    hint: 'use the address of an interface of this machine, and a port that this user may take',
    path: 'broker.host',
    cause,
  })
}

function listen(server: Server, host: string, port: number): Promise<void> {
  const ready = Promise.withResolvers<void>()
  server.once('error', ready.reject)
  server.listen(port, host, () => {
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
