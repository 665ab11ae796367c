export const errorCodes = [
  'bad_input',
  'config_invalid',
  'not_found',
  'offset_expired',
  'log_damaged',
  'log_locked',
  'log_newer',
  'disk_full',
  'disk_error',
  'read_only',
  'broker_dns',
  'broker_refused',
  'broker_tls',
  'broker_login',
  'broker_topic_refused',
  'broker_timeout',
  'broker_lost',
  'broker_taken',
  'kafka_unreachable',
  'kafka_auth',
  'kafka_tls',
  'kafka_denied',
  'kafka_no_transactions',
  'kafka_topic_missing',
  'kafka_fenced',
  'kafka_state',
  'kafka_rejected',
  'kafka_clock',
  'forbidden',
  'stopped',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** An error as it crosses a thread or a wire. */
export interface ErrorData {
  readonly code: ErrorCode
  /** What, its value, and the way out. */
  readonly message: string
  readonly hint: string | null
  /** The code of the cause, such as ECONNREFUSED. */
  readonly cause: string | null
  /** For `bad_input` and `config_invalid`: the path of the field. */
  readonly path: string | null
}

export class FieldError extends Error {
  readonly code: ErrorCode
  readonly hint: string | null
  readonly path: string | null

  constructor(code: ErrorCode, message: string, more: { hint?: string; path?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'FieldError'
    this.code = code
    this.hint = more.hint ?? null
    this.path = more.path ?? null
  }
}

export function toErrorData(error: unknown): ErrorData {
  if (error instanceof FieldError)
    return {
      code: error.code,
      message: error.message,
      hint: error.hint,
      cause: causeCode(error.cause),
      path: error.path,
    }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message, hint: null, cause: causeCode(error), path: null }
}

export function fromErrorData(data: ErrorData): FieldError {
  return new FieldError(data.code, data.message, {
    ...(data.hint === null ? {} : { hint: data.hint }),
    ...(data.path === null ? {} : { path: data.path }),
    ...(data.cause === null ? {} : { cause: { code: data.cause } }),
  })
}

function causeCode(cause: unknown): string | null {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return null
  return typeof cause.code === 'string' ? cause.code : null
}
