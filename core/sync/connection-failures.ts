import { brokersOf, calm, login, type Seen, told, waiting } from './failure-words.ts'
import type { Failure, Where } from './failures.ts'

/** What went wrong before the cluster could answer: the network, TLS, the login. Null: none of these. */
export function ofConnection(seen: Seen, where: Where): Failure | null {
  for (const code of seen.codes) {
    const failure = ofTls(String(code), seen, where) ?? ofNetwork(String(code), seen, where)
    if (failure !== null) return failure
  }
  return ofClient(seen, where)
}

interface TlsWords {
  readonly why: string
  /** Of a destination with or without a CA file. */
  readonly hint: (where: Where) => string
}

const unknownAuthority: TlsWords = {
  why: 'its certificate is signed by an authority that this machine does not know',
  hint: ({ destination: { ca } }) =>
    ca === null
      ? 'Give the CA file of the cluster in the settings of this destination.'
      : `The CA file in use is ${ca}; it is not that of this cluster.`,
}

const tlsCodes = new Map<string, TlsWords>([
  ['SELF_SIGNED_CERT_IN_CHAIN', unknownAuthority],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknownAuthority],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    {
      why: 'its certificate is signed by itself',
      hint: () => 'Give that certificate as the CA file, if you trust it.',
    },
  ],
  [
    'CERT_HAS_EXPIRED',
    {
      why: 'its certificate has expired',
      hint: () => 'Ask who runs the cluster to renew it, or look at the clock here.',
    },
  ],
  ['CERT_NOT_YET_VALID', { why: 'its certificate is not valid yet', hint: () => 'Look at the clock of this machine.' }],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    {
      why: 'its certificate is for another host name',
      hint: () => 'Write the brokers, and have them announce themselves, by the name in the certificate.',
    },
  ],
])

/** What the other side says of our certificate, by the alert of TLS. */
const ownCertificate = /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED))/

function ofTls(code: string, seen: Seen, where: Where): Failure | null {
  const known = tlsCodes.get(code)
  if (known !== undefined) return tls(seen, where, known.why, known.hint(where))
  if (ownCertificate.test(code)) return tls(seen, where, ...ownRefused(where))
  if (/^(ERR_(SSL|TLS|OSSL)|EPROTO)/.test(code))
    return tls(seen, where, 'the encrypted connection could not be agreed', 'Look whether that port speaks TLS.')
  return null
}

function ownRefused({ destination: { cert } }: Where): readonly [why: string, hint: string] {
  return cert === null
    ? [
        'it asks for a certificate of this machine',
        'Give a certificate and its key in the settings of this destination.',
      ]
    : [
        `it does not accept the certificate ${cert} of this machine`,
        'It must be signed by an authority that the cluster knows, and not have ended.',
      ]
}

function tls(seen: Seen, where: Where, why: string, hint: string): Failure {
  const error = told('kafka_tls', seen, `${brokersOf(where)}: ${why}`, hint)
  return { error, state: 'action needed', backoff: 'tls', grant: [] }
}

function ofNetwork(code: string, seen: Seen, where: Where): Failure | null {
  const brokers = brokersOf(where)
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return waiting(seen, `no address is known for ${brokers}`, 'Look at the host name, or at the network.')
    case 'ECONNREFUSED':
      return waiting(seen, `${brokers} refuses the connection: nothing listens there`, calm)
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return waiting(seen, `there is no way to ${brokers} in this network`, 'Look at the network of this machine.')
    case 'ETIMEDOUT':
      return waiting(seen, `the connection to ${brokers} gives no answer`, calm)
    default:
      return null
  }
}

function ofClient(seen: Seen, where: Where): Failure | null {
  const is = (name: string) => seen.names.includes(name)
  if (is('KafkaJSSASLAuthenticationError')) return refusedLogin(seen, where)
  if (is('KafkaJSConnectionClosedError') || seen.codes.includes('ECONNRESET')) return closed(seen, where)
  const isLost = is('KafkaJSBrokerNotFound') || /not connected|disconnected/i.test(seen.message)
  if (isLost && !isEarly(seen)) return waiting(seen, `the connection to ${brokersOf(where)} was lost`, calm)
  // Of a broker that takes the connection and is silent from the first word on the client says no more than that.
  if (isLost || is('KafkaJSConnectionError') || is('KafkaJSRequestTimeoutError') || is('TimeoutError'))
    return waiting(seen, `the connection to ${brokersOf(where)} gives no answer`, calm)
  return null
}

export function refusedLogin(seen: Seen, where: Where): Failure {
  const { sasl } = where.destination
  if (/mechanism is not supported/.test(seen.message)) return noMechanism(seen, where)
  if (sasl === 'oauthbearer')
    return login(
      seen,
      `${brokersOf(where)} does not accept the token of "${where.principal}"`,
      'Issuer, audience and scope of the token must be those that the cluster expects; look at the settings there and here.',
    )
  return login(
    seen,
    `${brokersOf(where)} refused user "${where.destination.username}" or its password`,
    'Correct them in the settings of this destination; it is tried again rarely, so that no account is locked.',
  )
}

export function noMechanism(seen: Seen, where: Where): Failure {
  const message = `${brokersOf(where)} does not offer login by ${where.destination.sasl}`
  return login(seen, message, 'Choose another way to log in.')
}

/** A broker that wants encryption, a certificate or a login closes a connection without it, without a word. */
function closed(seen: Seen, where: Where): Failure {
  return waiting(seen, `${brokersOf(where)} closed the connection`, (isEarly(seen) && wanted(where)) || calm)
}

function isEarly({ step }: Seen): boolean {
  return step === 'connect' || step === 'topics'
}

function wanted({ destination: { tls, sasl, cert } }: Where): string | null {
  if (!tls) return 'If that port wants TLS, turn TLS on.'
  if (sasl === 'none' && cert === null) return 'If it wants a login or a certificate, give one.'
  return sasl === 'none' ? 'It may not accept the certificate of this machine.' : null
}
