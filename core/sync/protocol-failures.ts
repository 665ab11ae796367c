import { noMechanism, refusedLogin } from './connection-failures.ts'
import { brokersOf, calm, person, type Seen, told, waiting } from './failure-words.ts'
import type { Failure, Where } from './failures.ts'
import { allTopics, telemetryTopics } from './topics.ts'

type Words = (seen: Seen, where: Where) => Failure

/** What the cluster answered, by the name that the protocol gives it. Null: it answered nothing that is known here. */
export function ofProtocol(seen: Seen, where: Where): Failure | null {
  for (const type of [...seen.types].reverse()) {
    const words = answers.get(type)
    if (words !== undefined) return words(seen, where)
  }
  if (seen.names.includes('KafkaJSServerDoesNotSupportApiKey')) return noTransactions(seen, where)
  const untold = ['KafkaJSMetadataNotLoaded', 'KafkaJSTopicMetadataNotLoaded']
  return seen.names.some((name) => untold.includes(name)) ? topicMissing(seen, where) : null
}

const answers = new Map<string, Words>([
  ['TOPIC_AUTHORIZATION_FAILED', (seen, where) => denied(seen, where, topicsDenied(seen, where))],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', transactionsDenied],
  ['GROUP_AUTHORIZATION_FAILED', (seen, where) => denied(seen, where, [['Read', `--group ${where.name.group}`]])],
  ['CLUSTER_AUTHORIZATION_FAILED', clusterDenied],
  ['UNKNOWN_TOPIC_OR_PARTITION', topicMissing],
  ['INVALID_TOPIC_EXCEPTION', topicMissing],
  ['INVALID_PRODUCER_EPOCH', (seen, where) => fenced(seen, `${brokersOf(where)} ended our transaction`)],
  ['TRANSACTION_COORDINATOR_FENCED', (seen, where) => fenced(seen, `${brokersOf(where)} ended our transaction`)],
  [
    'KAFKAJS_UNKNOWN_ERROR_CODE',
    (seen, where) => fenced(seen, `${brokersOf(where)} answered with an error that this client does not know`),
  ],
  ...each(['INVALID_TXN_STATE', 'INVALID_PRODUCER_ID_MAPPING', 'UNKNOWN_PRODUCER_ID'], lostTransaction),
  ...each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'CONCURRENT_TRANSACTIONS'], lostTransaction),
  ...each(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_TIMESTAMP', 'INVALID_RECORD'], rejected),
  ['POLICY_VIOLATION', (seen, where) => (seen.step === 'create' ? forbidden(seen, where) : rejected(seen))],
  ['UNSUPPORTED_SASL_MECHANISM', noMechanism],
  ['SASL_AUTHENTICATION_FAILED', refusedLogin],
  ...each(['UNSUPPORTED_VERSION', 'UNSUPPORTED_FOR_MESSAGE_FORMAT'], noTransactions),
  ['INVALID_TRANSACTION_TIMEOUT', shortTransactions],
  ...each(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'], fewReplicas),
  ['INVALID_REPLICATION_FACTOR', fewBrokers],
  ...each(['LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'], moving),
  ...each(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'], starting),
  ['REQUEST_TIMED_OUT', fewReplicas],
  ['KAFKA_STORAGE_ERROR', (seen, where) => waiting(seen, `a disk of ${brokersOf(where)} fails`, calm)],
])

function each(types: readonly string[], words: Words): readonly (readonly [string, Words])[] {
  return types.map((type) => [type, words])
}

const another = 'Nothing is lost; another is begun where it stood.'

function fenced(seen: Seen, message: string): Failure {
  return { ...waiting(seen, message, another), backoff: 'fenced' }
}

function lostTransaction(seen: Seen, where: Where): Failure {
  return waiting(seen, `${brokersOf(where)} lost track of our transaction`, another)
}

function rejected(seen: Seen): Failure {
  const type = seen.types.at(-1)
  const message = `the cluster rejects a record (${type})`
  const error = told('kafka_rejected', seen, message, 'It is looked for and set aside in the dead letter topic.')
  return { error, state: 'catching up', backoff: 'rejected', grant: [] }
}

function forbidden(seen: Seen, where: Where): Failure {
  return person(
    seen,
    `the policy of ${brokersOf(where)} forbids to create topics like these`,
    'Change partitions, copies or retention in the settings of this destination, or ask who runs the cluster to create them.',
  )
}

function shortTransactions(seen: Seen, where: Where): Failure {
  return person(
    seen,
    `${brokersOf(where)} does not allow transactions of 60 s`,
    'Ask for transaction.max.timeout.ms of at least 60000.',
  )
}

function fewReplicas(seen: Seen, where: Where): Failure {
  return waiting(
    seen,
    `${brokersOf(where)} has too few copies of the topic alive`,
    'Nothing is lost; it goes on when its other brokers are back (min.insync.replicas of the topic says how many).',
  )
}

function fewBrokers(seen: Seen, where: Where): Failure {
  return person(
    seen,
    `${brokersOf(where)} has fewer brokers than the ${where.destination.create.replication} copies asked for`,
    'Lower the number of copies in the settings of this destination.',
  )
}

function moving(seen: Seen, where: Where): Failure {
  return waiting(seen, `a topic of ${brokersOf(where)} moves to another broker`, calm)
}

function starting(seen: Seen, where: Where): Failure {
  return waiting(seen, `${brokersOf(where)} is starting: it cannot keep transactions yet`, calm)
}

/** A topic that was made here is not known everywhere at once; one that is gone is made again by the next try. */
function topicMissing(seen: Seen, where: Where): Failure {
  const { topics, destination } = where
  if (destination.create.allowed) return waiting(seen, `${brokersOf(where)} does not have all of our topics yet`, calm)
  return topicsMissing([...telemetryTopics(topics), topics.alerts], where, seen)
}

export function topicsMissing(topics: readonly string[], where: Where, seen: Seen | null): Failure {
  const named = topics.map((topic) => `"${topic}"`).join(' and ')
  const error = told(
    'kafka_topic_missing',
    seen,
    `${brokersOf(where)} has no topic ${named}`,
    'Create it here, or ask who runs the cluster to; it is looked for every minute.',
  )
  return { error, state: 'action needed', backoff: 'topic', grant: [] }
}

/** The mode stays what it is until a person chooses another. */
function noTransactions(seen: Seen, where: Where): Failure {
  const error = told(
    'kafka_no_transactions',
    seen,
    `${brokersOf(where)} has no transactions, so exactly once is not possible there`,
    choose('Turn them on at the cluster'),
  )
  return { error, state: 'action needed', backoff: 'person', grant: [] }
}

/** Most often a permission was forgotten; who never grants it forces the choice. Whoever asked for exactly once is not offered less. */
function transactionsDenied(seen: Seen, where: Where): Failure {
  const failure = denied(seen, where, [['Write', `--transactional-id ${where.name.transactionalId}`]])
  if (where.destination.delivery !== 'auto') return failure
  const error = told(
    'kafka_no_transactions',
    seen,
    `${brokersOf(where)}: user "${where.principal}" may not use transactions, so exactly once is not possible there`,
    `${choose('Have them granted')}\n${failure.grant.join('\n')}`,
  )
  return { ...failure, error }
}

function choose(first: string): string {
  return `Either: ${first}. Or: choose "at least once" here; then what is under way at a crash arrives twice, marked.`
}

function clusterDenied(seen: Seen, where: Where): Failure {
  return denied(seen, where, [[seen.step === 'create' ? 'Create' : 'IdempotentWrite', '--cluster']])
}

type Permission = readonly [operation: string, resource: string]

/** The client does not say which topic; the step tells which permission. */
function topicsDenied({ step }: Seen, where: Where): readonly Permission[] {
  if (step === 'offsets' || step === 'checkpoint') return [['Read', `--topic ${where.name.topic}`]]
  return allTopics(where.topics).map((topic) => [step === 'create' ? 'Create' : 'Write', `--topic ${topic}`])
}

function denied(seen: Seen, where: Where, permissions: readonly Permission[]): Failure {
  const grant = permissions.map((permission) => acl(where, permission))
  const message = `${brokersOf(where)}: user "${where.principal}" lacks a permission`
  return {
    error: told('kafka_denied', seen, message, `Ask who runs the cluster for:\n${grant.join('\n')}`),
    state: 'action needed',
    backoff: 'denied',
    grant,
  }
}

/** To be run where the cluster is managed, as someone who may. Of the names only the principal can hold what a shell reads. */
function acl({ destination, principal }: Where, [operation, resource]: Permission): string {
  const user = `User:${principal}`.replaceAll("'", `'\\''`)
  return `kafka-acls --bootstrap-server ${destination.brokers[0]} --command-config admin.properties --add --allow-principal '${user}' --operation ${operation} ${resource}`
}
