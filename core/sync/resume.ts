import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { Checkpoint } from './cluster.ts'
import type { Verdict } from './coordinator.ts'

export interface Span {
  readonly from: Offset
  /** One past the last. */
  readonly to: Offset
}

export interface Intent extends Span {
  /** A status record travels in its transaction, and says `to`. */
  readonly told: boolean
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
  readonly intent: Intent | null
  /**
   * All this is from a copy, and was not compared with the cluster since: records before this offset are those of the one
   * it was copied from, later ones are not. Null: it is not so.
   */
  readonly shared: Offset | null
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
  /** The checkpoint is gone: the newest status record that was committed may say where we are. */
  | { readonly kind: 'ask' }
  /** It cannot be known whether the records before `until` arrived: they are sent marked. */
  | { readonly kind: 'marked'; readonly next: Offset; readonly until: Offset }
  | { readonly kind: 'stop'; readonly message: string; readonly hint: string }

/** What the cluster says. */
export interface Seen {
  /** Null: it has none, or no longer; never to be taken for 0. */
  readonly checkpoint: Checkpoint | null
  /** What could hang has been decided, so what it says now is final. */
  readonly flushed: boolean
  /** How far the newest status record says we are; null: there is none; undefined: not asked. */
  readonly told?: Offset | null
}

/** Where to go on, from what the cluster says and what we remember. */
export function resume(place: Place, seen: Seen, log: string): Resume {
  const { checkpoint, flushed } = seen
  const { acked, last, intent, shared } = place
  if (shared !== null && acked > shared) return cutShort(acked, shared)
  if (checkpoint === null) return shared === null ? withoutCheckpoint(place, seen) : copyInDoubt(acked, shared)
  const { next } = checkpoint
  if (shared === null && checkpoint.log !== null && checkpoint.log !== log) return anotherLog(checkpoint.log, log)
  if (shared !== null && next > acked && next <= shared) return { kind: 'go', next } // sent after it was copied, and the same
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

function withoutCheckpoint(place: Place, { flushed, told }: Seen): Resume {
  const { begun, acked, intent } = place
  if (!begun && intent === null) return { kind: 'start', next: acked }
  if (intent !== null && !flushed) return { kind: 'flush', verdict: 'abort' }
  if (told === undefined) return { kind: 'ask' }
  if (told !== null && told > Math.max(acked, intent?.to ?? 0)) return restoredHere(told, place)
  if (intent === null) return { kind: 'go', next: acked }
  if (told === intent.to) return { kind: 'go', next: intent.to }
  // An older one of ours is there, and the one that travels with the intent is not: neither is the batch.
  if (told !== null && told <= intent.from && intent.told) return { kind: 'go', next: intent.from }
  return { kind: 'marked', next: intent.from, until: intent.to }
}

const anotherName =
  'give this destination another name. What both copies hold goes again under it, marked edge-maybe-dup; what came since goes under a source of its own. With "start from now" only that goes.'

function restoredHere(next: Offset, { acked }: Place): Resume {
  return {
    kind: 'stop',
    message: `the cluster has records up to offset ${next}, but this installation remembers sending only up to ${acked}`,
    hint: `Its data was restored from a backup, or a copy of it sends elsewhere. Go on with the newer copy. Or: ${anotherName}`,
  }
}

/** What it was copied from may have sent any of the records that they share. */
function copyInDoubt(acked: Offset, shared: Offset): Resume {
  return { kind: 'marked', next: acked, until: shared }
}

/** Also without transactions. */
export function cutShort(acked: Offset, head: Offset): Resume & { readonly kind: 'stop' } {
  return {
    kind: 'stop',
    message: `${acked} records were sent, but the log held only ${head} when the program started`,
    hint: `The log was replaced, or an older copy of it was put in its place. Way out: ${anotherName}`,
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
    hint: `A copy of this data directory sends under this name, or the directory was replaced. Stop the copy. Or: ${anotherName}`,
  }
}
