import type { DestinationConfig, SyncState } from '../contract/calls.ts'
import { type ErrorCode, FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { ofConnection } from './connection-failures.ts'
import { brokersOf, type Seen, told, waiting } from './failure-words.ts'
import { ofProtocol, topicsMissing } from './protocol-failures.ts'
import type { ProducerName } from './sender.ts'
import type { Topics } from './topics.ts'
import { StepError } from './wait.ts'

/**
 * How long to wait before the next try. `person`: only when somebody asks. `fenced`: ask the cluster who did it.
 * `rejected`: look for the record that it will not take.
 */
export type Backoff = 'soon' | 'tls' | 'login' | 'denied' | 'topic' | 'person' | 'fenced' | 'rejected'

export interface Failure {
  readonly error: FieldError
  readonly state: SyncState
  readonly backoff: Backoff
  /** Lines that grant what is missing, for whoever runs the cluster. */
  readonly grant: readonly string[]
}

/** What an error message needs to name. */
export interface Where {
  readonly destination: DestinationConfig
  readonly name: ProducerName
  /** Whom the cluster takes us for. */
  readonly principal: string
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
  for (const recognise of [ofProtocol, ofLedger, ofConnection]) {
    const failure = recognise(seen, where)
    if (failure !== null) return failure
  }
  return waiting(seen, `${brokersOf(where)} answered with something unexpected: ${seen.message}`, null)
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
  return { error, grant: [], ...standing(error.code) }
}

function standing(code: ErrorCode): Pick<Failure, 'state' | 'backoff'> {
  switch (code) {
    case 'kafka_topic_missing':
      return { state: 'action needed', backoff: 'topic' }
    case 'kafka_state':
    case 'kafka_rejected':
      return { state: 'action needed', backoff: 'person' }
    case 'kafka_fenced':
      return { state: 'fenced', backoff: 'person' }
    case 'kafka_auth':
      return { state: 'action needed', backoff: 'login' }
    case 'kafka_tls':
      return { state: 'action needed', backoff: 'tls' }
    default:
      return { state: 'waiting', backoff: 'soon' }
  }
}

/** state.db, or the disk that it is on. */
function ofLedger(seen: Seen): Failure | null {
  const code = seen.codes.map(String).find((text) => text.startsWith('SQLITE_') || text === 'ENOSPC')
  if (code === undefined) return null
  const full = code === 'SQLITE_FULL' || code === 'ENOSPC'
  const error = told(
    full ? 'disk_full' : 'internal',
    null,
    `state.db, which books what was sent, cannot be written (${code}: ${seen.message})`,
    full ? 'Make room on the disk. Nothing is sent meanwhile, so that nothing is sent twice.' : null,
  )
  return { error, state: 'waiting', backoff: 'soon', grant: [] }
}

/** Said before anything is sent, when the cluster lists no such topic. */
export function missingTopics(topics: readonly string[], where: Where): Failure {
  return topicsMissing(topics, where, null)
}
