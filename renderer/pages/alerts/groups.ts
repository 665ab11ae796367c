import type { AlertRow } from '../../../core/contract/calls.ts'

export const groupNames: Record<AlertRow['group'], string> = {
  active: 'Active, not acknowledged',
  acknowledged: 'Active, acknowledged',
  returned: 'Back to normal, not acknowledged',
  shelved: 'Shelved',
  suppressed: 'Maintenance or out of service',
  closed: 'Closed',
}

const order: readonly AlertRow['group'][] = ['active', 'acknowledged', 'returned', 'shelved', 'suppressed', 'closed']

/** Rows in the order of the page: open ones by group, the worst and newest first; history by time. */
export function listed(rows: readonly AlertRow[], show: 'open' | 'history'): readonly AlertRow[] {
  if (show === 'history') return [...rows].sort((a, b) => b.alert.opened - a.alert.opened)
  return [...rows].sort(
    (a, b) =>
      order.indexOf(a.group) - order.indexOf(b.group) || a.priority - b.priority || b.alert.opened - a.alert.opened,
  )
}

/** In a flood: rows of one area that the same rule opened, as one; in the order of the first of each. */
export function folded(rows: readonly AlertRow[]): readonly (readonly AlertRow[])[] {
  const folds = new Map<string, AlertRow[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.area, row.alert.rule])
    const fold = folds.get(key)
    if (fold === undefined) folds.set(key, [row])
    else fold.push(row)
  }
  return [...folds.values()]
}

/** Neighbouring rows of one group, together. */
export function grouped(rows: readonly AlertRow[]): readonly { group: AlertRow['group']; rows: readonly AlertRow[] }[] {
  return order
    .map((group) => ({ group, rows: rows.filter((row) => row.group === group) }))
    .filter((g) => g.rows.length > 0)
}
