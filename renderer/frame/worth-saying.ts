import type { AlertRow } from '../../core/contract/calls.ts'
import type { Offset } from '../../core/contract/model.ts'

/** The newest active alert that opened after `said`; never a historical one: it is about the past and notifies nobody. */
export function worthSaying(rows: readonly AlertRow[], said: Offset): AlertRow | null {
  const fresh = rows.filter(({ group, alert }) => group === 'active' && !alert.historical && alert.opened > said)
  return fresh.sort((a, b) => b.alert.opened - a.alert.opened)[0] ?? null
}
