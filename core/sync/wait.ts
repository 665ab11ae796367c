import { setTimeout as timer } from 'node:timers/promises'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'

/** Resolves after `ms`; rejects with `stopped` as soon as the signal says so. */
export async function sleep(ms: Millis, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal })
  } catch (cause) {
    throw new FieldError('stopped', 'sync was stopped', { cause })
  }
}

/** What sync was doing with the cluster when something went wrong. */
export type Step =
  | 'connect'
  | 'topics'
  | 'create'
  | 'begin'
  | 'checkpoint'
  | 'flush'
  | 'status'
  | 'intent'
  | 'send'
  | 'offsets'
  | 'commit'
  | 'ack'

/** An error of a step; the client's own error is its cause. */
export class StepError extends Error {
  readonly step: Step

  constructor(step: Step, cause: unknown) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'StepError'
    this.step = step
  }
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** The watchdog: no wait on the cluster is longer than `ms`, whatever the client promises. */
export async function within<T>(step: Step, ms: Millis, signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(ignore) // it may still fail after we stopped waiting
  const watch = Promise.withResolvers<never>()
  watch.promise.catch(ignore)
  const stop = () => watch.reject(signal.reason)
  // No aborted timer: the error of each, which nobody sees, was 2 % of sending.
  const late = setTimeout(() => watch.reject(new TimeoutError(`no answer within ${ms / 1000} s`)), ms)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([work, watch.promise])
  } catch (error) {
    if (signal.aborted) throw new FieldError('stopped', 'sync was stopped')
    throw new StepError(step, error)
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', stop)
  }
}

function ignore(): void {}

/** Lets one loop sleep until a time or until somebody has news for it. */
export class Bell {
  private ringing = Promise.withResolvers<void>()

  ring(): void {
    this.ringing.resolve()
  }

  /** Resolves at the first ring since the last wait, or after `ms`. Rejects with `stopped`. */
  async wait(ms: Millis, signal: AbortSignal): Promise<void> {
    const done = new AbortController()
    const late = sleep(ms, AbortSignal.any([signal, done.signal]))
    late.catch(ignore)
    try {
      await Promise.race([this.ringing.promise, late])
    } finally {
      done.abort()
      this.ringing = Promise.withResolvers<void>()
    }
  }
}
