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
  return new FieldError('broker_lost', `${broker.host}:${broker.port} closed the connection${because(error)}`, {
    hint: 'it is tried again by itself; if it stays so, the port may belong to something else, or wants TLS (mqtts://)',
    cause: error,
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

function tlsError(code: string, broker: Broker, cause: unknown): FieldError {
  return new FieldError('broker_tls', `no trusted connection to ${broker.host}: ${tlsReason(code, cause)}`, {
    hint: tlsHint(code),
    path: 'ca',
    cause,
  })
}

function tlsReason(code: string, cause: unknown): string {
  if (/SELF_SIGNED|UNABLE_TO_/.test(code)) return 'its certificate comes from an authority that is not known here'
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name'
  if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH/.test(code)) return 'it does not speak TLS on this port'
  return cause instanceof Error ? cause.message : code
}

function tlsHint(code: string): string {
  if (/SELF_SIGNED|UNABLE_TO_/.test(code)) return 'give the PEM file of its certificate authority'
  if (code === 'CERT_HAS_EXPIRED') return 'renew it at the broker, and check the clock of this machine'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'use the name that the certificate names'
  return 'is the port right? 8883 is usual with TLS; without it the address begins with mqtt://'
}

function isTimeout(code: string, error: unknown): boolean {
  return code === 'ETIMEDOUT' || (error instanceof Error && /connack timeout|handshake.*timed out/i.test(error.message))
}

function because(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return message === '' || message === 'closed' ? '' : ` (${message})`
}
