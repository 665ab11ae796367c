import type { AlertRow } from '../../core/contract/calls.ts'
import type { Offset } from '../../core/contract/model.ts'

/** The row with the newest alert after `said` that is worth calling a person for; null: none. */
export function worthSaying(rows: readonly AlertRow[], said: Offset): AlertRow | null {
  const fresh = rows.filter(({ called }) => called !== null && called > said)
  return fresh.sort((a, b) => b.called! - a.called!)[0] ?? null
}
