import { readFileSync } from 'node:fs'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import type { SourceConfig } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import type { Millis } from '../../contract/model.ts'

export type Version = '5' | '3.1.1'

/** The broker may have this many messages on their way to us (MQTT 5); more brings nothing and makes it stutter. */
export const receiveMaximum = 1_000
/** How long a broker keeps what comes for us while we are away (MQTT 5). */
const sessionSeconds = 7 * 86_400

export interface Connecting {
  readonly version: Version
  readonly clientId: string
  /** False: the broker keeps the session, and what comes meanwhile. */
  readonly clean: boolean
  readonly timeoutMs?: Millis
}

/**
 * One connection to the broker of a source: it is never made again by itself.
 * Throws FieldError broker_tls when the file of the certificate authority cannot be read.
 */
export function openConnection(source: SourceConfig, password: string | null, how: Connecting): MqttClient {
  const options: IClientOptions = {
    protocolVersion: how.version === '5' ? 5 : 4,
    clientId: how.clientId,
    clean: how.clean,
    connectTimeout: how.timeoutMs ?? 10_000,
    keepalive: 30,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(source.username === null ? {} : { username: source.username }),
    ...(password === null ? {} : { password }),
    ...(source.ca === null ? {} : { ca: readAuthority(source.ca) }),
    ...(how.version === '5' ? { properties: session(how.clean) } : {}),
    customHandleAcks: (_topic, _message, _packet, done) => done(0),
  }
  return mqtt.connect(source.url, options)
}

function session(clean: boolean) {
  return { receiveMaximum, sessionExpiryInterval: clean ? 0 : sessionSeconds }
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new FieldError('broker_tls', `ca: "${file}" cannot be read`, {
      hint: 'give the PEM file with the certificate authority of the broker',
      path: 'ca',
      cause,
    })
  }
}
