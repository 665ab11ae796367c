import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { type Credentials, credentialsOf } from '../../config/credentials.ts'
import type { SourceConfig } from '../../contract/calls.ts'
import type { Millis } from '../../contract/model.ts'

export type Version = '5' | '3.1.1'

/** The broker may have this many messages on their way to us (MQTT 5); more brings nothing and makes it stutter. */
export const receiveMaximum = 1_000
/** How long a broker keeps what comes for us while we are away (MQTT 5). */
export const sessionSeconds = 7 * 86_400

/** Of one source; null where there is none. */
export interface SourceSecrets {
  readonly password: string | null
  /** Of its key. */
  readonly passphrase: string | null
}

export interface Connecting {
  readonly version: Version
  readonly clientId: string
  /** False: the broker keeps the session, and what comes meanwhile. */
  readonly clean: boolean
  readonly timeoutMs?: Millis
  /** What the broker publishes for us when it loses us. */
  readonly will?: NonNullable<IClientOptions['will']>
}

/**
 * One connection to the broker of a source: it is never made again by itself. `prepare` gets it before it connects.
 * Throws FieldError broker_tls when a file of its certificates is not what it should be.
 */
export function openConnection(
  source: SourceConfig,
  secrets: SourceSecrets,
  how: Connecting,
  prepare: (client: MqttClient) => void = () => {},
): MqttClient {
  const credentials = /^(mqtts|wss):/i.test(source.url) ? credentialsOf(source, secrets.passphrase, 'broker_tls') : {}
  const { password } = secrets
  const options: IClientOptions = {
    protocolVersion: how.version === '5' ? 5 : 4,
    clientId: how.clientId,
    clean: how.clean,
    connectTimeout: how.timeoutMs ?? 10_000,
    keepalive: 30,
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(source.username === null ? {} : { username: source.username }),
    ...(password === null ? {} : { password }),
    ...(how.version === '5' ? { properties: session(how.clean) } : {}),
    ...(how.will === undefined ? {} : { will: how.will }),
    ...overTls(credentials),
    log: () => {}, // else each message asks several times whether somebody is debugging: 4 % of its cost
    customHandleAcks: (_topic, _message, _packet, done) => done(0),
  }
  const client = mqtt.connect(source.url, options)
  prepare(client)
  return saysWhy(client.connect())
}

/** mqtt.js hands the names that TLS agrees on to a plain socket, but not to a WebSocket. */
function overTls(credentials: Credentials): Partial<IClientOptions> {
  return { ...credentials, wsOptions: { ...credentials } }
}

/** An error of its transport without a code, as when a server knows no such WebSocket, is told as any other. */
function saysWhy(client: MqttClient): MqttClient {
  client.stream.on('error', (error) => {
    if (!('code' in error)) client.emit('error', error)
  })
  return client
}

function session(clean: boolean) {
  return { receiveMaximum, sessionExpiryInterval: clean ? 0 : sessionSeconds }
}
