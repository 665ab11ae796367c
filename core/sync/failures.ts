import type { DestinationConfig, SyncState } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import type { ProducerName } from './sender.ts'
import { allTopics, type Topics, telemetryTopics } from './topics.ts'
import { type Step, StepError } from './wait.ts'

/**
 * How long to wait before the next try. `person`: only when somebody asks. `fenced`: ask the cluster who did it.
 * `rejected`: look for the record that it will not take.
 */
export type Backoff = 'soon' | 'tls' | 'login' | 'denied' | 'topic' | 'person' | 'fenced' | 'rejected'

export interface Failure {
  readonly error: FieldError
  readonly state: SyncState
  readonly backoff: Backoff
}

/** What an error message needs to name. */
export interface Where {
  readonly destination: DestinationConfig
  readonly name: ProducerName
  readonly topics: Topics
}

/** Waits before try 1, 2, 3 ...; the last one stays. Logins are rare enough not to lock an account. */
const waits: Readonly<Record<Exclude<Backoff, 'person'>, readonly Millis[]>> = {
  soon: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000],
  tls: [30_000, 60_000],
  login: [60_000, 300_000, 900_000],
  denied: [300_000],
  topic: [60_000],
  fenced: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000],
  rejected: [0],
}

const calm = 'Nothing is lost; it is tried again.'

/** Null: wait for a person. `random` in [0, 1) spreads installations that lost the same cluster. */
export function waitBefore(attempt: number, backoff: Backoff, random: number): Millis | null {
  if (backoff === 'person') return null
  const steps = waits[backoff]
  return Math.round(steps[Math.min(attempt, steps.length) - 1]! * (0.8 + 0.4 * random))
}

/** Says what happened: the thing, its value and the way out. Errors of ours are taken as they are. */
export function explain(error: unknown, where: Where): Failure {
  const seen = unwrap(error)
  const own = seen.chain.find((link) => link instanceof FieldError)
  if (own !== undefined) return ownFailure(own)
  for (const recognise of [byType, byCode, byName]) {
    const failure = recognise(seen, where)
    if (failure !== null) return failure
  }
  return waiting(seen, `${brokersOf(where)} answered with something unexpected: ${seen.message}`, null)
}

interface Seen {
  readonly chain: readonly Error[]
  readonly step: Step | null
  readonly types: readonly string[]
  readonly codes: readonly (string | number)[]
  readonly names: readonly string[]
  /** Of the deepest error. */
  readonly message: string
}

/** The client wraps its errors; the one that tells is often the deepest. */
function unwrap(error: unknown): Seen {
  const chain: Error[] = []
  collect(error, chain)
  return {
    chain,
    step: chain.find((link) => link instanceof StepError)?.step ?? null,
    types: chain.flatMap((link) => ('type' in link && typeof link.type === 'string' ? [link.type] : [])),
    codes: chain.flatMap((link) =>
      'code' in link && (typeof link.code === 'string' || typeof link.code === 'number') ? [link.code] : [],
    ),
    names: chain.map((link) => link.name),
    message: chain.at(-1)?.message ?? String(error),
  }
}

function collect(error: unknown, chain: Error[]): void {
  if (!(error instanceof Error) || chain.length > 20 || chain.includes(error)) return
  chain.push(error)
  collect(error.cause, chain)
  if ('errors' in error && Array.isArray(error.errors)) collect(error.errors[0], chain) // several topics at once
}

function ownFailure(error: FieldError): Failure {
  switch (error.code) {
    case 'kafka_topic_missing':
      return { error, state: 'action needed', backoff: 'topic' }
    case 'kafka_state':
    case 'kafka_rejected':
      return { error, state: 'action needed', backoff: 'person' }
    case 'kafka_fenced':
      return { error, state: 'fenced', backoff: 'person' }
    case 'kafka_auth':
      return { error, state: 'action needed', backoff: 'login' }
    case 'kafka_tls':
      return { error, state: 'action needed', backoff: 'tls' }
    default:
      return { error, state: 'waiting', backoff: 'soon' }
  }
}

function byType(seen: Seen, where: Where): Failure | null {
  for (const type of [...seen.types].reverse()) {
    const failure = ofType(type, seen, where)
    if (failure !== null) return failure
  }
  return null
}

function ofType(type: string, seen: Seen, where: Where): Failure | null {
  const { destination, name } = where
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return denied(seen, where, topicsDenied(seen, where))
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return denied(seen, where, [acl(where, 'Write', `--transactional-id ${name.transactionalId}`)])
    case 'GROUP_AUTHORIZATION_FAILED':
      return denied(seen, where, [acl(where, 'Read', `--group ${name.group}`)])
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return denied(seen, where, [acl(where, seen.step === 'topics' ? 'Create' : 'IdempotentWrite', '--cluster')])
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'INVALID_TOPIC_EXCEPTION':
      return topicMissing(seen, where)
    case 'INVALID_PRODUCER_EPOCH':
      return { ...waiting(seen, `${brokersOf(where)} ended our transaction`, null), backoff: 'fenced' }
    case 'KAFKAJS_UNKNOWN_ERROR_CODE':
      return {
        ...waiting(seen, `${brokersOf(where)} answered with an error that this client does not know`, null),
        backoff: 'fenced',
      }
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'INVALID_TIMESTAMP':
    case 'INVALID_RECORD':
    case 'POLICY_VIOLATION':
      return rejected(seen, type)
    case 'UNSUPPORTED_SASL_MECHANISM':
      return login(
        seen,
        `${brokersOf(where)} does not offer login by ${destination.sasl}`,
        'Choose another way to log in.',
      )
    case 'SASL_AUTHENTICATION_FAILED':
      return refusedLogin(seen, where)
    case 'UNSUPPORTED_VERSION':
    case 'UNSUPPORTED_FOR_MESSAGE_FORMAT':
      return noTransactions(seen, where)
    case 'INVALID_TRANSACTION_TIMEOUT':
      return person(
        seen,
        `${brokersOf(where)} does not allow transactions of 60 s`,
        'Ask for transaction.max.timeout.ms of at least 60000.',
      )
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
      return waiting(seen, `${brokersOf(where)} has too few copies of the topic alive`, calm)
    case 'INVALID_REPLICATION_FACTOR':
      return person(
        seen,
        `${brokersOf(where)} has fewer brokers than the ${destination.create.replication} copies asked for`,
        'Lower the number of copies in the settings of this destination.',
      )
    default:
      return null
  }
}

const tlsCodes = new Map([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is signed by an authority that this machine does not know'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is signed by an authority that this machine does not know'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its certificate is signed by an authority that this machine does not know'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is signed by an authority that this machine does not know'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; look at the clock of this machine'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host name'],
])

function byCode(seen: Seen, where: Where): Failure | null {
  for (const code of seen.codes) {
    const text = String(code)
    const tls = tlsCodes.get(text)
    if (tls !== undefined) return tlsFailure(seen, where, tls)
    if (/^(ERR_(SSL|TLS)|EPROTO)/.test(text))
      return tlsFailure(seen, where, 'the encrypted connection could not be agreed')
    if (text === 'ENOTFOUND' || text === 'EAI_AGAIN')
      return waiting(seen, `no address is known for ${brokersOf(where)}`, 'Look at the host name, or at the network.')
    if (text.startsWith('SQLITE_')) return ledgerFailure(seen, text)
    if (text === 'ECONNREFUSED')
      return waiting(seen, `${brokersOf(where)} refuses the connection: nothing listens there`, calm)
  }
  return null
}

function byName(seen: Seen, where: Where): Failure | null {
  const is = (name: string) => seen.names.includes(name)
  if (is('KafkaJSSASLAuthenticationError')) return refusedLogin(seen, where)
  if (is('KafkaJSServerDoesNotSupportApiKey')) return noTransactions(seen, where)
  if (is('KafkaJSConnectionClosedError') || seen.codes.includes('ECONNRESET')) return closed(seen, where)
  if (is('KafkaJSBrokerNotFound') || /not connected|disconnected/i.test(seen.message))
    return waiting(seen, `the connection to ${brokersOf(where)} was lost`, calm)
  if (is('KafkaJSMetadataNotLoaded') || is('KafkaJSTopicMetadataNotLoaded')) return topicMissing(seen, where)
  if (is('KafkaJSConnectionError') || is('KafkaJSRequestTimeoutError') || is('TimeoutError'))
    return waiting(seen, `the connection to ${brokersOf(where)} gives no answer`, calm)
  return null
}

/** A broker that wants encryption closes a plain connection without a word. */
function closed(seen: Seen, where: Where): Failure {
  const { tls, sasl } = where.destination
  const early = seen.step === 'connect' || seen.step === 'topics'
  const hint =
    early && !tls
      ? 'If that port wants TLS, turn TLS on.'
      : early && sasl === 'none'
        ? 'If it wants a login, give one.'
        : calm
  return waiting(seen, `${brokersOf(where)} closed the connection`, hint)
}

function waiting(seen: Seen, message: string, hint: string | null): Failure {
  return { error: told('kafka_unreachable', seen, message, hint), state: 'waiting', backoff: 'soon' }
}

function ledgerFailure(seen: Seen, code: string): Failure {
  const full = code === 'SQLITE_FULL'
  const message = `state.db, which books what was sent, cannot be written (${code}: ${seen.message})`
  const error = told(full ? 'disk_full' : 'internal', null, message, full ? 'Make room on the disk.' : null)
  return { error, state: 'waiting', backoff: 'soon' }
}

function person(seen: Seen, message: string, hint: string): Failure {
  return { error: told('kafka_state', seen, message, hint), state: 'action needed', backoff: 'person' }
}

function login(seen: Seen, message: string, hint: string): Failure {
  return { error: told('kafka_auth', seen, message, hint), state: 'action needed', backoff: 'login' }
}

function refusedLogin(seen: Seen, where: Where): Failure {
  const user = where.destination.username
  return login(
    seen,
    `${brokersOf(where)} refused user "${user}" or its password`,
    'Correct them in the settings of this destination; it is tried again rarely, so that no account is locked.',
  )
}

function tlsFailure(seen: Seen, where: Where, why: string): Failure {
  const { ca } = where.destination
  const hint =
    ca === null
      ? 'Give the CA file of the cluster in the settings of this destination.'
      : `The CA file in use is ${ca}; it may be the wrong one.`
  return { error: told('kafka_tls', seen, `${brokersOf(where)}: ${why}`, hint), state: 'action needed', backoff: 'tls' }
}

function noTransactions(seen: Seen, where: Where): Failure {
  return person(
    seen,
    `${brokersOf(where)} has no transactions, so exactly once is not possible there`,
    'Choose "at-least-once" for this destination; repeats are rare and marked.',
  )
}

function rejected(seen: Seen, type: string): Failure {
  const error = told(
    'kafka_rejected',
    seen,
    `the cluster rejects a record (${type})`,
    'It is looked for and set aside in the dead letter topic.',
  )
  return { error, state: 'catching up', backoff: 'rejected' }
}

function topicMissing(seen: Seen, where: Where): Failure {
  const { topics } = where
  return missingTopics([...telemetryTopics(topics), topics.alerts], where, seen)
}

/** Also said before anything is sent, when the cluster lists no such topic. */
export function missingTopics(topics: readonly string[], where: Where, seen: Seen | null = null): Failure {
  const named = topics.map((topic) => `"${topic}"`).join(' and ')
  const message = `${brokersOf(where)} has no topic ${named}`
  const error = told(
    'kafka_topic_missing',
    seen,
    message,
    'Create it here, or ask who runs the cluster to; it is looked for every minute.',
  )
  return { error, state: 'action needed', backoff: 'topic' }
}

function denied(seen: Seen, where: Where, lines: readonly string[]): Failure {
  const message = `${brokersOf(where)}: user "${where.destination.username ?? 'ANONYMOUS'}" lacks a permission`
  return {
    error: told('kafka_denied', seen, message, `Ask who runs the cluster for:\n${lines.join('\n')}`),
    state: 'action needed',
    backoff: 'denied',
  }
}

/** The client does not say which topic; the step tells which permission. */
function topicsDenied({ step }: Seen, where: Where): readonly string[] {
  if (step === 'offsets' || step === 'checkpoint') return [acl(where, 'Read', `--topic ${where.name.topic}`)]
  return allTopics(where.topics).map((topic) => acl(where, 'Write', `--topic ${topic}`))
}

function acl({ destination }: Where, operation: string, resource: string): string {
  const user = destination.username ?? 'ANONYMOUS'
  return `kafka-acls --bootstrap-server ${destination.brokers[0]} --add --allow-principal 'User:${user}' --operation ${operation} ${resource}`
}

function brokersOf({ destination }: Where): string {
  const [first, ...others] = destination.brokers
  return others.length === 0 ? `${first}` : `${first} (and ${others.length} more)`
}

function told(code: FieldError['code'], seen: Seen | null, message: string, hint: string | null): FieldError {
  const deepest = seen?.chain.at(-1)
  const raw = seen === null ? '' : [seen.types.at(-1), seen.codes.at(-1)].filter((part) => part !== undefined).join(' ')
  return new FieldError(code, message, {
    hint: [hint, raw === '' ? null : `(${raw})`].filter((part) => part !== null).join(' '),
    ...(deepest === undefined ? {} : { cause: deepest }),
  })
}
