import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { Checkpoint } from './cluster.ts'
import type { Verdict } from './coordinator.ts'

export interface Span {
  readonly from: Offset
  /** One past the last. */
  readonly to: Offset
}

/** What this side remembers of a destination. */
export interface Place {
  /** False until the first checkpoint is known to be written. */
  readonly begun: boolean
  /** Everything before is confirmed. */
  readonly acked: Offset
  /** The newest confirmed batch: a cluster that lost power may still have lost it. */
  readonly last: Span | null
  /** Written before its transaction begins, cleared when it is confirmed. */
  readonly intent: Span | null
  /** All this is from a backup, and was not compared with the cluster since. */
  readonly restored: boolean
}

export type Resume =
  /** Nothing was ever sent: write the checkpoint first, so that a missing one later means that it expired. */
  | { readonly kind: 'start'; readonly next: Offset }
  | { readonly kind: 'go'; readonly next: Offset }
  /**
   * A commit was not answered, or a confirmed one is not there: what may still hang must be decided first. Where the
   * coordinator cannot say how it had decided, a confirmed commit is one, and an unanswered one is taken for none.
   */
  | { readonly kind: 'flush'; readonly verdict: Verdict }
  /** It cannot be known whether the records before `until` arrived: they are sent marked. */
  | { readonly kind: 'marked'; readonly next: Offset; readonly until: Offset }
  | { readonly kind: 'stop'; readonly message: string; readonly hint: string }

/**
 * Where to go on, from what the cluster says (null: nothing, never to be taken for 0) and what we remember.
 * `flushed`: what could hang has been decided since, so what the cluster says now is final.
 */
export function resume(place: Place, checkpoint: Checkpoint | null, log: string, flushed: boolean): Resume {
  if (checkpoint === null) return place.restored ? afterRestore() : withoutCheckpoint(place, flushed)
  const { next } = checkpoint
  const { acked, last, intent } = place
  if (!place.restored && checkpoint.log !== null && checkpoint.log !== log) return anotherLog(checkpoint.log, log)
  if (next > Math.max(acked, intent?.to ?? 0)) return restoredHere(next, place)
  if (next === intent?.to) return { kind: 'go', next }
  const behind = next < acked
  if (behind && next !== last?.from) return wentBack(next, place)
  if (!behind && next !== acked) return restoredHere(next, place)
  if ((behind || intent !== null) && !flushed) return { kind: 'flush', verdict: behind ? 'commit' : 'abort' }
  return { kind: 'go', next }
}

/** What a person is told of it. */
export function stopped(destination: string, { message, hint }: Resume & { readonly kind: 'stop' }): FieldError {
  return new FieldError('kafka_state', `"${destination}": ${message}`, { hint })
}

function withoutCheckpoint({ begun, acked, intent }: Place, flushed: boolean): Resume {
  if (!begun && intent === null) return { kind: 'start', next: acked }
  if (intent === null) return { kind: 'go', next: acked }
  return flushed ? { kind: 'marked', next: intent.from, until: intent.to } : { kind: 'flush', verdict: 'abort' }
}

function restoredHere(next: Offset, { acked }: Place): Resume {
  return {
    kind: 'stop',
    message: `the cluster has records up to offset ${next}, but this installation remembers sending only up to ${acked}`,
    hint: 'Its data was restored from a backup, or a copy of it sends elsewhere. Give this destination another name to send the whole log again under it, or go on with the newer copy.',
  }
}

/** Also without transactions, where the cluster never knows how far it was sent to. */
export function afterRestore(): Resume & { readonly kind: 'stop' } {
  return {
    kind: 'stop',
    message:
      'this data was restored from a backup, and the cluster does not know how far it was sent to after that backup',
    hint: 'Give this destination another name to send the whole log again under it: what had arrived then arrives twice.',
  }
}

function wentBack(next: Offset, { acked }: Place): Resume {
  return {
    kind: 'stop',
    message: `the cluster has records up to offset ${next} only, but ${acked} was confirmed: it went back in time`,
    hint: 'It was restored from a backup or failed over with loss. Give this destination another name to send the whole kept log again under it.',
  }
}

function anotherLog(theirs: string, ours: string): Resume {
  return {
    kind: 'stop',
    message: `the checkpoint in the cluster belongs to log ${theirs}; this one is ${ours}`,
    hint: 'The data directory was replaced. Give this destination another name to send this log under it.',
  }
}
