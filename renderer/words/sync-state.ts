import type { SyncState } from '../../core/contract/calls.ts'

const held: readonly SyncState[] = ['waiting', 'action needed', 'fenced', 'stopped']

/** Nothing is being sent, and nobody chose that. */
export function isHeld(state: SyncState): boolean {
  return held.includes(state)
}
