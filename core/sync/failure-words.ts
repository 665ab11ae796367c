import { type ErrorCode, FieldError } from '../contract/errors.ts'
import type { Failure, Where } from './failures.ts'
import type { Step } from './wait.ts'

/** What the client threw: it wraps its errors, and the one that tells is often the deepest. */
export interface Seen {
  readonly chain: readonly Error[]
  readonly step: Step | null
  readonly types: readonly string[]
  readonly codes: readonly (string | number)[]
  readonly names: readonly string[]
  /** Of the deepest error. */
  readonly message: string
}

export const calm = 'Nothing is lost; it is tried again.'

export function waiting(seen: Seen, message: string, hint: string | null): Failure {
  const error = told('kafka_unreachable', seen, message, hint)
  return { error, state: 'waiting', backoff: 'soon', grant: [] }
}

/** Only a person can change it: it is not tried again before one says so. */
export function person(seen: Seen, message: string, hint: string): Failure {
  return { error: told('kafka_state', seen, message, hint), state: 'action needed', backoff: 'person', grant: [] }
}

/** Tried again rarely, so that no account is locked. */
export function login(seen: Seen, message: string, hint: string): Failure {
  return { error: told('kafka_auth', seen, message, hint), state: 'action needed', backoff: 'login', grant: [] }
}

export function brokersOf({ destination }: Where): string {
  const [first, ...others] = destination.brokers
  return others.length === 0 ? `${first}` : `${first} (and ${others.length} more)`
}

/** With the raw code behind the hint, for whoever looks it up. */
export function told(code: ErrorCode, seen: Seen | null, message: string, hint: string | null): FieldError {
  const deepest = seen?.chain.at(-1)
  const raw = seen === null ? '' : [seen.types.at(-1), seen.codes.at(-1)].filter((part) => part !== undefined).join(' ')
  return new FieldError(code, message, {
    hint: [hint, raw === '' ? null : `(${raw})`].filter((part) => part !== null).join(' '),
    ...(deepest === undefined ? {} : { cause: deepest }),
  })
}
