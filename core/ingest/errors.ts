import { FieldError } from '../contract/errors.ts'

/** What went wrong with a broker, in its own sentence, for whatever the network, TLS or mqtt.js threw. */
export function brokerError(error: unknown, url: string): FieldError {
  if (error instanceof FieldError) return error
  const broker = brokerName(url)
  const code = codeOf(error)
  if (typeof code === 'number') return refusedByReason(code, broker, error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA')
    return new FieldError('broker_dns', `no machine is called "${broker.host}"`, {
      hint: 'check the spelling, or write its IP address',
      cause: error,
    })
  if (isUnreachable(code))
    return new FieldError('broker_refused', `${broker.host} does not answer on port ${broker.port}`, {
      hint: 'is the broker running, and is the port right? 1883 is usual, 8883 with TLS',
      cause: error,
    })
  if (isTls(code, error)) return tlsError(code, broker, error)
  if (isTimeout(code, error))
    return new FieldError('broker_timeout', `${broker.host}:${broker.port} did not answer in time`, {
      hint: 'a firewall may swallow the connection, or the port belongs to something else',
      cause: error,
    })
  const status = /Unexpected server response: (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  if (status !== undefined) return noWebSocket(status, url, error)
  return new FieldError('broker_lost', `${broker.host}:${broker.port} closed the connection${because(error)}`, {
    hint: 'it is tried again by itself; if it stays so, the port may belong to something else, or wants TLS (mqtts://)',
    cause: error,
  })
}

/** Another program has our client id: the broker said so, or it ends every connection right after it was made. */
export function takenError(url: string, clientId: string, said: boolean): FieldError {
  const { host } = brokerName(url)
  if (said)
    return new FieldError('broker_taken', `another program uses the client id "${clientId}" at ${host}`, {
      hint: 'stop the other one, or give this source a client id of its own; it is tried again after a while',
      path: 'clientId',
    })
  return new FieldError(
    'broker_taken',
    `${host} ends each connection right after it was made: another program seems to use the client id "${clientId}"`,
    {
      hint: 'stop the other one, or give this source a client id of its own; if there is none, this user may not read the topics',
      path: 'clientId',
    },
  )
}

/** The broker said goodbye (MQTT 5): why. */
export function goodbye(reason: number, url: string): FieldError {
  const { host } = brokerName(url)
  return new FieldError('broker_lost', `${host} said goodbye: ${goodbyes[reason] ?? `reason ${reason}`}`, {
    hint: 'it is tried again by itself',
    cause: { code: `reason ${reason}` },
  })
}

const goodbyes: Readonly<Record<number, string>> = {
  0: 'it gives no reason',
  130: 'it saw something in the protocol that it does not take',
  135: 'this user may no longer be here',
  137: 'it is busy',
  139: 'it is shutting down',
  141: 'it heard nothing from this machine for too long',
  147: 'too many messages were under way',
  149: 'a message was too large',
  151: 'a quota is used up',
  152: 'somebody who runs it ended the connection',
  156: 'another server is to be used for a while',
  157: 'it has moved to another server',
  160: 'the longest time of a connection is over',
}

/** The broker does not take what we announce. */
export function announcementRefused(topic: string, cause: unknown): FieldError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new FieldError('broker_topic_refused', `the broker does not take the announcement on "${topic}"${why}`, {
    hint: 'ask whoever runs the broker to let this user publish there, or leave the announcement out',
    path: 'announce',
    cause,
  })
}

/** A subscription that the broker did not grant. `reason` is its code in the SUBACK, or null when it gave none. */
export function topicRefused(topic: string, reason: number | null): FieldError {
  const why = reason === null ? '' : `: ${subackReasons[reason] ?? `reason ${reason}`}`
  return new FieldError('broker_topic_refused', `the broker refuses the topic "${topic}"${why}`, {
    hint: 'ask whoever runs the broker to let this user read it, or subscribe to less',
    path: 'topics',
  })
}

interface Broker {
  readonly host: string
  readonly port: string
}

const subackReasons: Readonly<Record<number, string>> = {
  128: 'it does not say why; usually the user may not read it',
  131: 'its own rules forbid it',
  135: 'this user may not read it',
  143: 'it does not take this filter',
  151: 'a quota is used up',
  158: 'it has no shared subscriptions',
  162: 'it allows no wildcards',
}

const usualPorts: Readonly<Record<string, string>> = { 'mqtt:': '1883', 'mqtts:': '8883', 'ws:': '80', 'wss:': '443' }

function brokerName(url: string): Broker {
  const parsed = URL.parse(url)
  return { host: parsed?.hostname || url, port: parsed?.port || (usualPorts[parsed?.protocol ?? ''] ?? '?') }
}

/** Reason code of a CONNACK (a number), or the code of a system error (a word). */
function codeOf(error: unknown): number | string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'number' || typeof error.code === 'string' ? error.code : ''
}

function refusedByReason(code: number, broker: Broker, cause: unknown): FieldError {
  if (code === 4 || code === 5 || code === 134 || code === 135)
    return new FieldError('broker_login', `${broker.host} does not let this user in`, {
      hint: 'check user name and password',
      path: 'username',
      cause,
    })
  if (code === 2 || code === 133)
    return new FieldError('broker_login', `${broker.host} does not take this client id`, { path: 'clientId', cause })
  const why = cause instanceof Error ? cause.message : `reason ${code}`
  return new FieldError('broker_refused', `${broker.host} refused the connection: ${why}`, { cause })
}

function isUnreachable(code: string): boolean {
  return ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTDOWN'].includes(code)
}

function isTls(code: string, error: unknown): boolean {
  if (/^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH)/.test(code))
    return true
  return error instanceof Error && /\b(TLS|SSL|certificate)\b/i.test(error.message)
}

function noWebSocket(status: string, url: string, cause: unknown): FieldError {
  const path = URL.parse(url)?.pathname ?? '/'
  return new FieldError('broker_refused', `the server has no MQTT at the path "${path}": it answers ${status}`, {
    hint: 'check the path in the address; /mqtt is usual, as in wss://host/mqtt',
    path: 'url',
    cause,
  })
}

function tlsError(code: string, broker: Broker, cause: unknown): FieldError {
  const {
    says,
    hint,
    path = 'ca',
  } = tlsFaults.find((fault) => fault.codes.test(inFull(code, cause))) ?? unknownFault(code, cause)
  return new FieldError('broker_tls', `no trusted connection to ${broker.host}: ${says}`, { hint, path, cause })
}

/** Some faults have only EPROTO as their code, and their name in the message: "tlsv1 alert no application protocol". */
function inFull(code: string, cause: unknown): string {
  return cause instanceof Error ? `${code} ${cause.message.toUpperCase().replaceAll(' ', '_')}` : code
}

interface TlsFault {
  readonly codes: RegExp
  readonly says: string
  readonly hint: string
  /** The field that it is about; the authority when it is left out. */
  readonly path?: string
}

/** What the broker answers to our certificate comes as an alert, what we find in its own as a word. */
const tlsFaults: readonly TlsFault[] = [
  {
    codes: /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/,
    says: 'it asks for a certificate of this machine and got none that it takes',
    hint: 'give the PEM files of the client certificate and its key',
    path: 'cert',
  },
  {
    codes: /ALERT_UNKNOWN_CA/,
    says: 'it does not know the authority of our certificate',
    hint: 'ask whoever runs the broker for a client certificate of its own authority',
    path: 'cert',
  },
  {
    codes: /ALERT_CERTIFICATE_EXPIRED/,
    says: 'our certificate has expired',
    hint: 'ask whoever runs the broker for a new client certificate',
    path: 'cert',
  },
  {
    codes: /ALERT_(BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|DECRYPT_ERROR)/,
    says: 'it does not take our certificate',
    hint: 'ask whoever runs the broker why; it may be revoked, or of the wrong kind',
    path: 'cert',
  },
  {
    codes: /NO_APPLICATION_PROTOCOL/,
    says: 'it does not speak the protocol that was asked for (ALPN)',
    hint: 'correct the ALPN name, or leave it out',
    path: 'alpn',
  },
  {
    codes: /SELF_SIGNED|UNABLE_TO_/,
    says: 'its certificate comes from an authority that is not known here',
    hint: 'give the PEM file of its certificate authority',
  },
  {
    codes: /^CERT_HAS_EXPIRED\b/,
    says: 'its certificate has expired',
    hint: 'renew it at the broker, and check the clock of this machine',
  },
  {
    codes: /^CERT_NOT_YET_VALID\b/,
    says: 'its certificate is not valid yet',
    hint: 'check the clock of this machine, and of the one that made the certificate',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID\b/,
    says: 'its certificate is for another name',
    hint: 'use the name that the certificate names, as address or as server name',
    path: 'serverName',
  },
  {
    codes: /WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/,
    says: 'it does not speak TLS on this port',
    hint: 'is the port right? 8883 is usual with TLS; without it the address begins with mqtt://',
    path: 'url',
  },
]

function unknownFault(code: string, cause: unknown): Omit<TlsFault, 'codes'> {
  return {
    says: cause instanceof Error ? cause.message : code,
    hint: 'is the port right? 8883 is usual with TLS; without it the address begins with mqtt://',
  }
}

function isTimeout(code: string, error: unknown): boolean {
  return code === 'ETIMEDOUT' || (error instanceof Error && /connack timeout|handshake.*timed out/i.test(error.message))
}

function because(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return message === '' || message === 'closed' ? '' : ` (${message})`
}
